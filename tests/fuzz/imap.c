/* IMAP against a server that says anything. */
#include "drive.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    drive_look(bytes, n, imap_look_new);
    return 0;
}
