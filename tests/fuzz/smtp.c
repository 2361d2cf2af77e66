/* SMTP against a server that says anything. */
#include "drive.h"

#include "smtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char message[] = "Subject: x\r\n\r\n.dot\r\n";
    struct leg_settings leg;
    if (n < DRIVE_HEAD)
        return 0;
    drive_leg(bytes, n, LEG_SMTP, &leg);
    struct login_memory memory = {
        .worked = bytes[1] % (MECHANISM_COUNT + 1), .offered = 0x1F, .refused = (bytes[0] & 0x40) != 0};
    const struct smtp_task task = {.leg = &leg,
                                   .hello_name = (bytes[0] & 0x20) != 0 ? "" : "client.example.org",
                                   .from = "a@example.org",
                                   .to = "b@example.org",
                                   .message = message,
                                   .message_bytes = sizeof message - 1,
                                   .no_data = (bytes[0] & 0x10) != 0,
                                   .memory = &memory};
    drive(smtp_new(&task), &leg, bytes, n);
    return 0;
}
