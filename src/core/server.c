#include "server.h"

#include <string.h>

#include "syntax.h"

static const char device_variable[] = "%Device.Address";

bool server_uses_device(const char *written)
{
    return strstr(written, device_variable) != NULL;
}

static bool append(char *out, size_t *used, const char *bytes, size_t n)
{
    if (n > SERVER_MAX - *used)
        return false;
    memcpy(out + *used, bytes, n);
    *used += n;
    out[*used] = '\0';
    return true;
}

bool server_replace(const char *written, const char *device, char out[SERVER_MAX + 1])
{
    size_t used = 0;
    out[0] = '\0';
    for (const char *at = written;;) {
        const char *variable = strstr(at, device_variable);
        size_t before = variable == NULL ? strlen(at) : (size_t)(variable - at);
        bool fits = append(out, &used, at, before);
        if (fits && variable == NULL)
            return true;
        if (!fits || !append(out, &used, device, strlen(device)))
            break;
        at = variable + sizeof device_variable - 1;
    }
    out[0] = '\0';
    return false;
}

bool server_may_be_valid(const char *written)
{
    /* A part of a name, a part of an IPv4 address, an IPv6 address: some device of these shapes must fit. */
    static const char *const devices[] = {"x", "1", "::1"};
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        char host[SERVER_MAX + 1];
        if (server_replace(written, devices[i], host) && syntax_is_host(host, strlen(host)))
            return true;
    }
    return false;
}
