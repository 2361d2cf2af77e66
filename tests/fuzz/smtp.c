/* SMTP with any server. */
#include "smtp.h"
#include "fuzz_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char message[] = "Subject: x\r\n\r\n.dot\r\n";
    if (n < 2)
        return 0;
    const struct leg_settings leg = {.leg = LEG_SMTP,
                                     .security = bytes[0] & 1 ? SECURITY_STARTTLS : SECURITY_NONE,
                                     .auth = (bytes[0] & 2) != 0,
                                     .plaintext_auth = (bytes[0] & 4) != 0,
                                     .username = "probe",
                                     .password = "open sesame"};
    struct login_memory memory = {.worked = bytes[0] >> 5 & 7, .offered = 0x1F, .refused = (bytes[0] & 16) != 0};
    const struct smtp_task task = {.leg = &leg,
                                   .hello_name = "probe.example",
                                   .from = "a@b",
                                   .to = "c@d",
                                   .message = message,
                                   .message_bytes = sizeof message - 1,
                                   .no_data = (bytes[0] & 8) != 0,
                                   .memory = &memory};
    struct session *s = smtp_new(&task);
    if (s != NULL)
        fuzz_play(s, bytes + 2, n - 2, bytes[1]);
    return 0;
}
