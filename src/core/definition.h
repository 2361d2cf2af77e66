/*
 * A definition: what an administrator wrote about one monitor.  Published definitions are immutable, counted, and
 * may be read by any thread; a change makes a new one (see draft.h).  All texts stand in one block behind the
 * struct, so that 100,000 of them stay small.
 */
#ifndef EMAILMON_DEFINITION_H
#define EMAILMON_DEFINITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "setting.h"

/** RowStatus of RFC 2579 as a row's state (the states a row can be in). */
enum row_status { ROW_ACTIVE = 1, ROW_NOT_IN_SERVICE = 2, ROW_NOT_READY = 3 };

/** StorageType of RFC 2579, and thereby who owns the row: readOnly rows come from the file, the others from SET. */
enum storage { STORAGE_VOLATILE = 2, STORAGE_NON_VOLATILE = 3, STORAGE_READ_ONLY = 5 };

/** Where a leg's password stands.  WAITING rows are not polled; a leg that lacks its secret opens no connection. */
enum secret_state {
    SECRET_READY,   /* not needed, or here */
    SECRET_MISSING, /* needed, and never set */
    SECRET_WAITING, /* its command is running */
    SECRET_FAILED   /* its file could not be read or its command failed; secret_why says how */
};

struct definition {
    uint32_t references; /* atomic; only definition_ref/unref touch it */
    uint16_t text_bytes; /* length of text[] */
    uint8_t row_status;  /* enum row_status */
    uint8_t storage;     /* enum storage */
    uint8_t was_active;  /* is active, or has been */
    uint8_t overridden;  /* of a row of the file: `enabled` is not what the file says, by a SET of AdminStatus */
    uint8_t secret[2];   /* enum secret_state of LEG_SMTP, LEG_INCOMING (index: leg - LEG_SMTP) */
    uint16_t secret_why; /* offset into text[]: why a secret failed; 0 when none did */
    uint32_t set[2];     /* bit i of the pair: setting i was given, not left to its default */
#define MEMBER_NUMBER                                   uint32_t
#define MEMBER_SECONDS                                  uint32_t
#define MEMBER_TEXT                                     uint16_t /* offset into text[] */
#define MEMBER_SECRET                                   uint16_t
#define MEMBER_TRUTH                                    uint8_t
#define MEMBER_SECURITY                                 uint8_t
#define MEMBER_PROTOCOL                                 uint8_t
#define MEMBER_NOTIFY                                   uint8_t
#define SETTING(member, object, key, column, kind, ...) MEMBER_##kind member;
#include "settings.def"
    char text[]; /* text[0] is NUL: offset 0 is the empty text */
};

/**
 * definition_ref(d): One more reference; returns ${d}; accepts NULL.
 * definition_unref(d): One less; the last wipes (it may hold passwords) and frees.  Accepts NULL.
 */
const struct definition *definition_ref(const struct definition *d);
void definition_unref(const struct definition *d);

/**
 * definition_text(d, id): A text setting as written, NUL-terminated; valid as long as ${d}.
 * definition_number(d, id): A number; TRUTH as 1 or 2.
 * definition_has(d, id): Whether it was given (a REQUIRED one that was not: reads "").
 * definition_is_true(d, id): of a TRUTH setting.
 */
const char *definition_text(const struct definition *d, enum setting_id id);
uint32_t definition_number(const struct definition *d, enum setting_id id);
bool definition_has(const struct definition *d, enum setting_id id);
bool definition_is_true(const struct definition *d, enum setting_id id);

/** One leg of a definition, whichever it is: what a conversation needs.  Texts live as long as the definition. */
struct leg_settings {
    enum leg leg;           /* LEG_SMTP or LEG_INCOMING */
    enum protocol protocol; /* of LEG_INCOMING */
    char server[256];       /* with %Device.Address replaced */
    uint16_t port;          /* never 0 */
    enum security security;
    bool auth; /* incoming: always */
    const char *username;
    const char *password;
    uint32_t timeout_s;
    bool tls_verify;
    const char
        *tls_name; /* the name that is verified: tls_name, else the server; points into this struct or the definition */
    bool plaintext_auth;
    enum secret_state secret;
    const char *secret_why; /* "" unless SECRET_FAILED */
};

/** definition_leg(d, leg, out): Fill ${out} for LEG_SMTP or LEG_INCOMING.  ${out} must not be copied (tls_name). */
void definition_leg(const struct definition *d, enum leg leg, struct leg_settings *out);

/** definition_override(file, enabled): ${file}'s row with AdminStatus ${enabled} (enum truth) whatever the file says.
 *  One reference; NULL: memory. */
const struct definition *definition_override(const struct definition *file, uint8_t enabled);

/** definition_keep_override(file, before): What becomes of ${before} when the file says ${file} of that row: ${file},
 *  but `enabled` stays overridden as long as the file says of it what it said then.  One reference; NULL: memory.
 *  ${before} NULL: a new row. */
const struct definition *definition_keep_override(const struct definition *file, const struct definition *before);

/** definition_is_on(d): active and enabled; else its verdict is disabled.
 * definition_is_polled(d): and no secret WAITING. */
bool definition_is_on(const struct definition *d);
bool definition_is_polled(const struct definition *d);

/**
 * definition_equal(a, b): every setting, state and secret equal: nothing to do for a reload.  A setting that was
 * given its default is equal to one that was left out.
 * definition_same_path(a, b): the same destination and mailbox (SMTP server, port, sender, recipient; protocol, server,
 * port, user): only then outstanding probes stay expected over a change.
 */
bool definition_equal(const struct definition *a, const struct definition *b);
bool definition_same_path(const struct definition *a, const struct definition *b);

/** definition_path(d): 64 bits of what definition_same_path() compares: equal for equal paths, in each release. */
uint64_t definition_path(const struct definition *d);

/** definition_mailbox(d): 64 bits of where its probes are looked for (server and user, without regard to case): equal
 *  for all rows that may share a session. */
uint64_t definition_mailbox(const struct definition *d);

#endif
