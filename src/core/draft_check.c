/* The rules about a whole monitor. */
#include <string.h>

#include "draft.h"
#include "server.h"
#include "syntax.h"
#include "text.h"

enum { QUOTED_MAX = 64 }; /* octets of a wrong value that are repeated */

/* Who is told, and how many there were. */
struct findings {
    void (*report)(void *owner, const struct mistake *m);
    void *owner;
    unsigned count;
};

static void find(struct findings *f, const struct mistake *m)
{
    f->count++;
    if (f->report != NULL)
        f->report(f->owner, m);
}

static void check_required(const struct draft *d, struct findings *f)
{
    struct mistake m;
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        if (!setting_is_text(&settings[id]) || settings[id].default_text != NULL || draft_text(d, id)[0] != '\0')
            continue;
        mistake_make(&m, MISTAKE_MISSING, id, "missing; every monitor needs it");
        find(f, &m);
    }
}

static void check_server(const struct draft *d, enum setting_id id, struct findings *f)
{
    const char *written = draft_text(d, id), *device = draft_text(d, SETTING_device);
    char host[SERVER_MAX + 1];
    struct mistake m;

    if (!server_uses_device(written))
        return; /* valid since it was put */
    if (device[0] == '\0')
        mistake_make(&m, MISTAKE_INCONSISTENT, id,
                     "%%Device.Address stands for nothing; a device, or a server without it, is right");
    else if (!server_replace(written, device, host))
        mistake_make(&m, MISTAKE_INCONSISTENT, id,
                     "longer than %d octets once %%Device.Address is replaced; a shorter one is right", SERVER_MAX);
    else if (!syntax_is_host(host, strlen(host)))
        mistake_make(&m, MISTAKE_INCONSISTENT, id,
                     "\"%.*s\" (%%Device.Address replaced) is not valid; a host name or an IP address is right",
                     (int)text_cut(host, strlen(host), QUOTED_MAX), host);
    else
        return;
    find(f, &m);
}

static void check_login(const struct draft *d, struct findings *f)
{
    struct mistake m;
    if (d->number[SETTING_smtp_auth] != TRUTH_TRUE || draft_text(d, SETTING_smtp_username)[0] != '\0')
        return;
    mistake_make(&m, MISTAKE_INCONSISTENT, SETTING_smtp_auth,
                 "a login needs a user name; smtp.username, or smtp.auth false, is right");
    find(f, &m);
}

unsigned draft_check(const struct draft *d, void (*report)(void *owner, const struct mistake *m), void *owner)
{
    struct findings f = {.report = report, .owner = owner};
    check_required(d, &f);
    check_server(d, SETTING_smtp_server, &f);
    check_server(d, SETTING_in_server, &f);
    check_login(d, &f);
    return f.count;
}
