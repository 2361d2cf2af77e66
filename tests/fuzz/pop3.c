/* POP3 against a server that says anything. */
#include "drive.h"
#include "look.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    drive_look(pop3_look_new, bytes, n);
    return 0;
}
