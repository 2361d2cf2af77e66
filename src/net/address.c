#include "address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

/* RFC 4007 s. 11: behind a '%' stands the zone, an interface's name or number. */
static bool parse_scope(const char *zone, uint32_t *scope)
{
    uint64_t number;
    *scope = if_nametoindex(zone);
    if (*scope != 0)
        return true;
    if (!number_parse(zone, 1, UINT32_MAX, &number))
        return false;
    *scope = (uint32_t)number;
    return true;
}

bool address_parse(const char *text, struct address *a)
{
    char plain[ADDRESS_TEXT_MAX];
    struct address found = {0};
    const char *zone = strchr(text, '%');
    size_t length = zone == NULL ? strlen(text) : (size_t)(zone - text);

    if (length >= sizeof plain)
        return false;
    memcpy(plain, text, length);
    plain[length] = '\0';
    if (zone == NULL && inet_pton(AF_INET, plain, found.bytes) == 1)
        found.family = 4;
    else if (inet_pton(AF_INET6, plain, found.bytes) == 1)
        found.family = 6;
    else
        return false;
    if (zone != NULL && !parse_scope(zone + 1, &found.scope))
        return false;
    *a = found;
    return true;
}

void address_print(const struct address *a, char out[ADDRESS_TEXT_MAX + 18])
{
    char zone[IF_NAMESIZE];
    const size_t size = ADDRESS_TEXT_MAX + 18;
    out[0] = '\0';
    if (a->family == 0)
        return;
    if (inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->bytes, out, (socklen_t)size) == NULL || a->scope == 0)
        return;
    size_t used = strlen(out);
    if (if_indextoname(a->scope, zone) != NULL)
        (void)snprintf(out + used, size - used, "%%%s", zone);
    else
        (void)snprintf(out + used, size - used, "%%%u", (unsigned)a->scope);
}

bool address_equal(const struct address *a, const struct address *b)
{
    return a->family == b->family && a->scope == b->scope &&
           memcmp(a->bytes, b->bytes, a->family == 4 ? 4 : sizeof a->bytes) == 0;
}
