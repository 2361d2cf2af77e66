#include "phrases.h"

enum colour phrase_colour(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_UP:
        return COLOUR_GOOD;
    case VERDICT_DOWN:
        return COLOUR_BAD;
    case VERDICT_UNKNOWN:
        return COLOUR_DOUBT;
    case VERDICT_DISABLED:
        break;
    }
    return COLOUR_DIM;
}

const char *phrase_protocol(const struct leg_settings *leg)
{
    if (leg->leg == LEG_SMTP)
        return "SMTP";
    return leg->protocol == PROTOCOL_POP3 ? "POP3" : "IMAP";
}

static const char *security_words(enum security security)
{
    switch (security) {
    case SECURITY_STARTTLS:
        return "STARTTLS";
    case SECURITY_TLS:
        return "TLS";
    case SECURITY_NONE:
        break;
    }
    return "without TLS";
}

void phrase_leg(char *dst, size_t size, const struct definition *d, enum leg leg)
{
    struct leg_settings to;
    definition_leg(d, leg, &to);
    (void)snprintf(dst, size, "%s: %s port %u, %s", phrase_protocol(&to), to.server, (unsigned)to.port,
                   security_words(to.security));
}

void phrase_no_monitor(char *dst, size_t size, const char *name, const char *file)
{
    (void)snprintf(dst, size, "no monitor is called %s; `emailmon status -c %s` lists them", name, file);
}
