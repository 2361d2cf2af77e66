#include "guard.h"

#include <string.h>
#include <strings.h>

/** A password, and which settings say where it goes. */
struct guarded {
    enum leg leg;
    enum guard guard;
    enum setting_id password;
};

static const struct guarded passwords[] = {
    {LEG_SMTP, GUARD_SMTP, SETTING_smtp_password},
    {LEG_INCOMING, GUARD_INCOMING, SETTING_in_password},
};

/* Whether a password would go elsewhere, or be trusted to somebody else there: by what counts
 * in the end, not by how it is written. */
static bool goes_elsewhere(const struct definition *before, const struct definition *after, enum leg leg)
{
    struct leg_settings a, b;
    definition_leg(before, leg, &a);
    definition_leg(after, leg, &b);
    return strcasecmp(a.server, b.server) != 0 || a.port != b.port || a.security != b.security ||
           strcmp(a.username, b.username) != 0 || a.tls_verify != b.tls_verify ||
           strcasecmp(a.tls_name, b.tls_name) != 0 || a.plaintext_auth != b.plaintext_auth ||
           (leg == LEG_INCOMING && a.protocol != b.protocol);
}

static bool is_changed(const struct definition *before, const struct definition *after, enum setting_id id)
{
    return definition_number(before, id) != definition_number(after, id) ||
           strcmp(definition_text(before, id), definition_text(after, id)) != 0;
}

static bool guard_one(const struct guarded *g, const struct definition *before, const struct definition *after,
                      struct mistake *why)
{
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        bool first_time = !before->was_active && !definition_has(before, id);
        if ((settings[id].guards & g->guard) == 0 || first_time || !is_changed(before, after, id))
            continue;
        return mistake_make(why, MISTAKE_INCONSISTENT, id,
                            "would take the stored password elsewhere; giving %s in the same request is right",
                            settings[g->password].object);
    }
    return true;
}

bool guard_holds(const struct definition *before, const struct definition *after, const bool put[], struct mistake *why)
{
    for (size_t i = 0; i < sizeof passwords / sizeof passwords[0]; i++) {
        const struct guarded *g = &passwords[i];
        if (put[g->password] || definition_text(before, g->password)[0] == '\0' ||
            !goes_elsewhere(before, after, g->leg))
            continue;
        if (!guard_one(g, before, after, why))
            return false;
    }
    return true;
}
