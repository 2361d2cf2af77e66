/* An IP address, as a value: what names resolve to, what is connected to, what limits and locks count by. */
#ifndef EMAILMON_ADDRESS_H
#define EMAILMON_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ADDRESS_TEXT_MAX = 46 };

struct address {
    uint8_t family; /* 4 or 6; 0: none */
    uint8_t bytes[16];
    uint32_t scope; /* of a link-local IPv6 address */
};

/** address_parse(text, a): An IPv4 or IPv6 literal without brackets ("fe80::1%eth0"
 * too).  address_print: the reverse. */
bool address_parse(const char *text, struct address *a);
void address_print(const struct address *a, char out[ADDRESS_TEXT_MAX + 18]);
bool address_equal(const struct address *a, const struct address *b);

#endif
