/*
 * The table of settings as an array, for everything that walks it: defaults, YAML,
 * GET and SET, command line, store, tests.
 */
#ifndef EMAILMON_SETTING_H
#define EMAILMON_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Which setting: an index into settings[]. */
enum setting_id {
#define SETTING(member, ...) SETTING_##member,
#include "settings.def"
    SETTING_COUNT
};

/** What a value looks like.  The numbers of TRUTH, SECURITY, PROTOCOL are the
 * MIB's; NOTIFY has bit 0 for down(0) ... */
enum setting_kind {
    KIND_NUMBER,
    KIND_TEXT,
    KIND_SECRET,
    KIND_TRUTH,
    KIND_SECURITY,
    KIND_PROTOCOL,
    KIND_NOTIFY,
    KIND_SECONDS = KIND_NUMBER /* told apart by struct setting's duration */
};

enum truth { TRUTH_TRUE = 1, TRUTH_FALSE = 2 };
enum security { SECURITY_NONE = 1, SECURITY_STARTTLS = 2, SECURITY_TLS = 3 };
enum protocol { PROTOCOL_POP3 = 1, PROTOCOL_IMAP = 2 };
enum notify { NOTIFY_DOWN = 1 << 0, NOTIFY_UP = 1 << 1, NOTIFY_UNKNOWN = 1 << 2, NOTIFY_CERTIFICATE = 1 << 3 };

/** Whose stored password a setting guards (bits). */
enum guard { GUARD_NONE = 0, GUARD_SMTP = 1, GUARD_INCOMING = 2, GUARD_BOTH = 3 };

struct setting {
    const char *object; /* MIB object, "emailMonInterval" */
    const char *key;    /* YAML key with its group, "smtp.server" */
    unsigned column;    /* of emailMonTable */
    enum setting_kind kind;
    uint32_t min, max; /* of the number, or of the octets of a text */
    uint32_t default_number;
    const char *default_text; /* texts: NULL = required */
    enum guard guards;
    bool duration;    /* a NUMBER of seconds: YAML also takes 5m */
    const char *text; /* what it is, for people */
    size_t offset;    /* of its member in struct definition */
};

extern const struct setting settings[SETTING_COUNT];

/** A word and its number, as in YAML and in the MIB's enumerations; a list ends with a NULL word. */
struct word {
    const char *word;
    uint32_t number;
};

/** setting_words(kind): The words of TRUTH, SECURITY, PROTOCOL, NOTIFY (numbers of NOTIFY are bit masks); else NULL. */
const struct word *setting_words(enum setting_kind kind);

/** setting_is_text(s): Whether values are texts (TEXT, SECRET) rather than numbers. */
bool setting_is_text(const struct setting *s);

/** setting_by_key(key) / setting_by_column(column): the setting, or NULL. */
const struct setting *setting_by_key(const char *key);
const struct setting *setting_by_column(unsigned column);

/** setting_id(s): its place in settings[]. */
enum setting_id setting_id(const struct setting *s);

#endif
