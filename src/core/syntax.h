/*
 * The shapes of host names and mail addresses.  Only the shape: whether they exist is for the network to say.
 */
#ifndef EMAILMON_SYNTAX_H
#define EMAILMON_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

/* RFC 1035 s. 2.3.4, RFC 5321 s. 4.5.3.1.1, in octets. */
enum { SYNTAX_HOST_MAX = 253, SYNTAX_LABEL_MAX = 63, SYNTAX_LOCAL_PART_MAX = 64 };

/** syntax_is_ipv4(s, n): 192.0.2.1.  syntax_is_ipv6(s, n): 2001:db8::1, also with a zone (fe80::1%eth0); no brackets.
 */
bool syntax_is_ipv4(const char *s, size_t n);
bool syntax_is_ipv6(const char *s, size_t n);

/**
 * syntax_is_name(s, n): A host name: labels of letters, digits, hyphens (not at an edge; RFC 1123 s. 2.1) and, because
 * they are met in the field, underscores; the last label is not all digits, so that a mistyped IPv4 address is no name;
 * one dot may stand at the end.
 */
bool syntax_is_name(const char *s, size_t n);

/** syntax_is_host(s, n): A name, an IPv4 address, an IPv6 address without or with brackets: what can be connected to.
 */
bool syntax_is_host(const char *s, size_t n);

/** syntax_bare_host(s, n): What of a valid host is handed to the resolver: moves ${s} and ${n} inside the brackets of
 * an IPv6 address, and cuts the dot at the end of a name. */
void syntax_bare_host(const char **s, size_t *n);

/**
 * syntax_is_address(s, n): A mailbox of RFC 5321 s. 4.1.2, ASCII: local part (dot-string or quoted string) of at most
 * 64 octets, "@", and a host name without a dot at its end or an address literal ([192.0.2.1], [IPv6:2001:db8::1]).
 */
bool syntax_is_address(const char *s, size_t n);

#endif
