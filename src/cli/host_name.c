#include "host_name.h"

#include <netdb.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "syntax.h"
#include "text.h"

/* RFC 5321 s. 4.1.4: what EHLO says must be a name that others could look up. */
static bool is_qualified(const char *name)
{
    return strchr(name, '.') != NULL && syntax_is_name(name, strlen(name)) &&
           strncmp(name, "localhost", strlen("localhost")) != 0;
}

/* The line of the hosts file that names this machine has its full name in front (hosts(5)). */
static void look_into_hosts(const char *hostname, char name[HOST_NAME_MAX_BYTES])
{
    struct hostent *entry;
    sethostent(0);
    while (name[0] == '\0' && (entry = gethostent()) != NULL) {
        bool ours = strcmp(entry->h_name, hostname) == 0;
        for (char **alias = entry->h_aliases; !ours && *alias != NULL; alias++)
            ours = strcmp(*alias, hostname) == 0;
        if (ours && is_qualified(entry->h_name))
            (void)text_copy(name, HOST_NAME_MAX_BYTES, entry->h_name);
    }
    endhostent();
}

void host_name(char name[HOST_NAME_MAX_BYTES])
{
    char hostname[HOST_NAME_MAX_BYTES];
    name[0] = '\0';
    if (gethostname(hostname, sizeof hostname) != 0)
        return;
    hostname[sizeof hostname - 1] = '\0';
    if (is_qualified(hostname))
        (void)text_copy(name, HOST_NAME_MAX_BYTES, hostname);
    else
        look_into_hosts(hostname, name);
}
