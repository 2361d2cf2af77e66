#include "definition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server.h"
#include "syntax.h"

enum { IMAP_PORT = 143, IMAPS_PORT = 993, POP3_PORT = 110, POP3S_PORT = 995 }; /* RFC 8314 s. 7, RFC 9051, RFC 1939 */

/* References are counted in what everybody else sees as constant. */
static struct definition *counted(const struct definition *d)
{
    union {
        const struct definition *shown;
        struct definition *held;
    } both = {.shown = d};
    return both.held;
}

const struct definition *definition_ref(const struct definition *d)
{
    if (d != NULL)
        __atomic_add_fetch(&counted(d)->references, 1, __ATOMIC_RELAXED);
    return d;
}

void definition_unref(const struct definition *d)
{
    if (d == NULL || __atomic_sub_fetch(&counted(d)->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    explicit_bzero(counted(d), sizeof *d + d->text_bytes);
    free(counted(d));
}

static const void *member(const struct definition *d, enum setting_id id)
{
    return (const char *)d + settings[id].offset;
}

const char *definition_text(const struct definition *d, enum setting_id id)
{
    uint16_t offset;
    if (!setting_is_text(&settings[id]))
        return "";
    memcpy(&offset, member(d, id), sizeof offset);
    return d->text + offset;
}

uint32_t definition_number(const struct definition *d, enum setting_id id)
{
    uint32_t number = 0;
    if (settings[id].kind == KIND_NUMBER)
        memcpy(&number, member(d, id), sizeof number);
    else if (!setting_is_text(&settings[id]))
        number = *(const uint8_t *)member(d, id);
    return number;
}

bool definition_has(const struct definition *d, enum setting_id id)
{
    return (d->set[id / 32] >> (id % 32) & 1) != 0;
}

bool definition_is_true(const struct definition *d, enum setting_id id)
{
    return definition_number(d, id) == TRUTH_TRUE;
}

/* Which setting plays which part in a leg: the only difference between the two. */
struct leg_ids {
    enum setting_id server, port, security, username, password, timeout_s, tls_verify, tls_name, plaintext_auth;
};

#define LEG_IDS(leg)                                                                                                   \
    {                                                                                                                  \
        SETTING_##leg##_server, SETTING_##leg##_port, SETTING_##leg##_security, SETTING_##leg##_username,              \
            SETTING_##leg##_password, SETTING_##leg##_timeout_s, SETTING_##leg##_tls_verify, SETTING_##leg##_tls_name, \
            SETTING_##leg##_plaintext_auth                                                                             \
    }

static const struct leg_ids legs[] = {LEG_IDS(smtp), LEG_IDS(in)};

static uint16_t standard_port(enum protocol protocol, enum security security)
{
    if (protocol == PROTOCOL_POP3)
        return security == SECURITY_TLS ? POP3S_PORT : POP3_PORT;
    return security == SECURITY_TLS ? IMAPS_PORT : IMAP_PORT;
}

/* Of a row that is not whole yet the server may be none; it is "" then. */
static void fill_server(const struct definition *d, enum setting_id id, char server[256])
{
    char written[SERVER_MAX + 1];
    const char *host = written;
    server[0] = '\0';
    if (!server_replace(definition_text(d, id), definition_text(d, SETTING_device), written))
        return;
    size_t n = strlen(written);
    syntax_bare_host(&host, &n);
    memcpy(server, host, n);
    server[n] = '\0';
}

void definition_leg(const struct definition *d, enum leg leg, struct leg_settings *out)
{
    const unsigned which = leg - LEG_SMTP;
    const struct leg_ids *ids = &legs[which];

    *out = (struct leg_settings){
        .leg = leg,
        .protocol = (enum protocol)definition_number(d, SETTING_in_type),
        .port = (uint16_t)definition_number(d, ids->port),
        .security = (enum security)definition_number(d, ids->security),
        .auth = leg == LEG_INCOMING || definition_is_true(d, SETTING_smtp_auth),
        .username = definition_text(d, ids->username),
        .password = definition_text(d, ids->password),
        .timeout_s = definition_number(d, ids->timeout_s),
        .tls_verify = definition_is_true(d, ids->tls_verify),
        .tls_name = definition_text(d, ids->tls_name),
        .plaintext_auth = definition_is_true(d, ids->plaintext_auth),
        .secret = (enum secret_state)d->secret[which],
        .secret_why = d->secret[which] == SECRET_FAILED ? d->text + d->secret_why : "",
    };
    fill_server(d, ids->server, out->server);
    if (out->tls_name[0] == '\0')
        out->tls_name = out->server;
    if (out->port == 0)
        out->port = standard_port(out->protocol, out->security);
}

bool definition_is_polled(const struct definition *d)
{
    return definition_is_on(d) && d->secret[0] != SECRET_WAITING && d->secret[1] != SECRET_WAITING;
}

bool definition_is_on(const struct definition *d)
{
    return d->row_status == ROW_ACTIVE && definition_is_true(d, SETTING_enabled);
}

const struct definition *definition_override(const struct definition *file, uint8_t enabled)
{
    if (enabled == file->enabled)
        return definition_ref(file);
    size_t bytes = sizeof *file + file->text_bytes;
    struct definition *copy = malloc(bytes);
    if (copy == NULL)
        return NULL;
    memcpy(copy, file, bytes);
    copy->references = 1;
    copy->enabled = enabled;
    copy->overridden = true;
    return copy;
}

const struct definition *definition_keep_override(const struct definition *file, const struct definition *before)
{
    /* Two values only: the file said then what `enabled` is not now; when it says the
     * same as then they differ still. */
    if (before == NULL || !before->overridden)
        return definition_ref(file);
    return definition_override(file, before->enabled);
}

bool definition_equal(const struct definition *a, const struct definition *b)
{
    if (a->row_status != b->row_status || a->storage != b->storage || a->overridden != b->overridden ||
        memcmp(a->secret, b->secret, sizeof a->secret) != 0)
        return false;
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        if (definition_number(a, id) != definition_number(b, id) ||
            strcmp(definition_text(a, id), definition_text(b, id)) != 0)
            return false;
    }
    return strcmp(a->text + a->secret_why, b->text + b->secret_why) == 0;
}

static bool same_leg(const struct definition *a, const struct definition *b, enum leg leg)
{
    struct leg_settings x, y;
    definition_leg(a, leg, &x);
    definition_leg(b, leg, &y);
    return strcasecmp(x.server, y.server) == 0 && x.port == y.port;
}

static bool same_text(const struct definition *a, const struct definition *b, enum setting_id id)
{
    return strcmp(definition_text(a, id), definition_text(b, id)) == 0;
}

bool definition_same_path(const struct definition *a, const struct definition *b)
{
    return same_text(a, b, SETTING_smtp_to) && same_text(a, b, SETTING_smtp_from) &&
           same_text(a, b, SETTING_in_username) && a->in_type == b->in_type && same_leg(a, b, LEG_SMTP) &&
           same_leg(a, b, LEG_INCOMING);
}

/* FNV-1a, the final NUL too, so that no two lists of texts run into one. */
static uint64_t mix_text(uint64_t h, const char *text, bool fold)
{
    const char *c = text;
    do {
        unsigned char octet = (unsigned char)*c;
        if (fold && octet >= 'A' && octet <= 'Z')
            octet = (unsigned char)(octet | 0x20);
        h = (h ^ octet) * 1099511628211U;
    } while (*c++ != '\0');
    return h;
}

static const uint64_t mix_start = 14695981039346656037U;

uint64_t definition_mailbox(const struct definition *d)
{
    struct leg_settings s;
    definition_leg(d, LEG_INCOMING, &s);
    uint64_t h = mix_text(mix_text(mix_start, s.server, true), s.username, true);
    return h ^ h >> 32; /* the low bits alone know little of the early octets' high ones */
}

uint64_t definition_path(const struct definition *d)
{
    static const enum setting_id texts[] = {SETTING_smtp_to, SETTING_smtp_from, SETTING_in_username};
    uint64_t h = (mix_start ^ d->in_type) * 1099511628211U;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        h = mix_text(h, definition_text(d, texts[i]), false);
    for (enum leg leg = LEG_SMTP; leg <= LEG_INCOMING; leg++) {
        struct leg_settings s;
        char port[sizeof "65535"];
        definition_leg(d, leg, &s);
        (void)snprintf(port, sizeof port, "%u", (unsigned)s.port);
        h = mix_text(mix_text(h, s.server, true), port, false);
    }
    return h;
}
