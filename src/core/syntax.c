#include "syntax.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool parses_as(int family, const char *s, size_t n)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];
    if (n >= sizeof copy || memchr(s, '\0', n) != NULL)
        return false;
    memcpy(copy, s, n);
    copy[n] = '\0';
    return inet_pton(family, copy, address) == 1;
}

bool syntax_is_ipv4(const char *s, size_t n)
{
    return parses_as(AF_INET, s, n);
}

bool syntax_is_ipv6(const char *s, size_t n)
{
    enum { ZONE_MAX = 15 }; /* an interface's name */
    const char *zone = memchr(s, '%', n);
    if (zone == NULL)
        return parses_as(AF_INET6, s, n);

    size_t zone_length = n - (size_t)(zone - s) - 1;
    if (zone_length < 1 || zone_length > ZONE_MAX)
        return false;
    for (size_t i = 1; i <= zone_length; i++) {
        if (!is_alphanumeric(zone[i]) && memchr(".-_", zone[i], 3) == NULL)
            return false;
    }
    return parses_as(AF_INET6, s, (size_t)(zone - s));
}

static bool is_label(const char *s, size_t n, bool last)
{
    bool has_letter = false;
    if (n < 1 || n > SYNTAX_LABEL_MAX || s[0] == '-' || s[n - 1] == '-')
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_alphanumeric(s[i]) && s[i] != '-' && s[i] != '_')
            return false;
        has_letter = has_letter || !is_digit(s[i]);
    }
    return has_letter || !last;
}

bool syntax_is_name(const char *s, size_t n)
{
    if (n > 0 && s[n - 1] == '.')
        n--;
    if (n < 1 || n > SYNTAX_HOST_MAX)
        return false;
    for (size_t i = 0;;) {
        const char *dot = memchr(s + i, '.', n - i);
        size_t length = dot == NULL ? n - i : (size_t)(dot - s) - i;
        if (!is_label(s + i, length, dot == NULL))
            return false;
        if (dot == NULL)
            return true;
        i += length + 1;
    }
}

static bool has_brackets(const char *s, size_t n)
{
    return n >= 2 && s[0] == '[' && s[n - 1] == ']';
}

bool syntax_is_host(const char *s, size_t n)
{
    if (has_brackets(s, n))
        return syntax_is_ipv6(s + 1, n - 2);
    return syntax_is_ipv4(s, n) || syntax_is_ipv6(s, n) || syntax_is_name(s, n);
}

void syntax_bare_host(const char **s, size_t *n)
{
    if (has_brackets(*s, *n)) {
        (*s)++;
        *n -= 2;
    } else if (*n > 0 && (*s)[*n - 1] == '.' && memchr(*s, ':', *n) == NULL) { /* a zone may end with one, too */
        (*n)--;
    }
}

/* Dot-string of RFC 5321 s. 4.1.2: atoms with single dots between them. */
static bool is_dot_string(const char *s, size_t n)
{
    static const char others[] = "!#$%&'*+-/=?^_`{|}~";
    bool after_dot = true;
    for (size_t i = 0; i < n; i++) {
        bool dot = s[i] == '.';
        if (dot ? after_dot : !is_alphanumeric(s[i]) && memchr(others, s[i], sizeof others - 1) == NULL)
            return false;
        after_dot = dot;
    }
    return !after_dot;
}

/* Quoted-string of RFC 5321 s. 4.1.2, with its quotes: printable ASCII, where " and \ stand behind a \. */
static bool is_quoted_string(const char *s, size_t n)
{
    if (n < 2 || s[0] != '"' || s[n - 1] != '"')
        return false;
    for (size_t i = 1; i < n - 1; i++) {
        if (s[i] < 0x20 || s[i] > 0x7E || s[i] == '"')
            return false;
        if (s[i] == '\\' && (++i == n - 1 || s[i] < 0x20 || s[i] > 0x7E))
            return false;
    }
    return true;
}

/* Address literal of RFC 5321 s. 4.1.3, with its brackets. */
static bool is_literal(const char *s, size_t n)
{
    static const char tag[] = "IPv6:";
    const size_t tag_length = sizeof tag - 1;
    if (!has_brackets(s, n))
        return false;
    s++;
    n -= 2;
    if (n > tag_length && strncasecmp(s, tag, tag_length) == 0)
        return parses_as(AF_INET6, s + tag_length, n - tag_length);
    return syntax_is_ipv4(s, n);
}

bool syntax_is_address(const char *s, size_t n)
{
    const char *at = memrchr(s, '@', n);
    if (at == NULL)
        return false;
    size_t local_length = (size_t)(at - s), domain_length = n - local_length - 1;
    if (local_length > SYNTAX_LOCAL_PART_MAX || domain_length == 0)
        return false;
    if (!is_dot_string(s, local_length) && !is_quoted_string(s, local_length))
        return false;
    return is_literal(at + 1, domain_length) || (syntax_is_name(at + 1, domain_length) && s[n - 1] != '.');
}
