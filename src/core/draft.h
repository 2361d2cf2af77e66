/*
 * A draft: a definition in the making.  Wide and mutable, owned by one thread, short-lived.  All
 * rules about one setting stand with its kind, all rules about two in draft_check(); YAML, SET
 * and the command line have none of their own.
 */
#ifndef EMAILMON_DRAFT_H
#define EMAILMON_DRAFT_H

#include "definition.h"

/** What is wrong with a value.  SNMP answers wrongType, wrongLength, wrongValue,
 * inconsistentValue, ... by this word. */
enum mistake_kind {
    MISTAKE_NONE,
    MISTAKE_TYPE,         /* a text where a number belongs ... */
    MISTAKE_LENGTH,       /* a text too short or too long */
    MISTAKE_VALUE,        /* out of range, not one of the words, control characters */
    MISTAKE_MISSING,      /* a required setting is not there */
    MISTAKE_INCONSISTENT, /* right alone, wrong beside another */
    MISTAKE_NOT_WRITABLE, /* not by whoever asks */
    MISTAKE_NEVER,        /* there can be no such row */
    MISTAKE_ABSENT,       /* there is no such row now */
    MISTAKE_RESOURCES,    /* no memory, or the state cannot be written */
    MISTAKE_SAVE,         /* it was not kept */
    MISTAKE_UNDO          /* what was kept instead stays so for now */
};

/** One mistake: "smtp.port: 70000 is out of range; a number from 1 to 65535 is right". */
struct mistake {
    enum mistake_kind kind;
    enum setting_id setting; /* which one; SETTING_COUNT: none in particular */
    char text[FAILURE_TEXT_MAX + 1];
};

/** mistake_make(why, kind, setting, format, ...): Fill ${why}, its text cut to fit; always false, to be returned. */
bool mistake_make(struct mistake *why, enum mistake_kind kind, enum setting_id setting, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct draft {
    uint32_t number[SETTING_COUNT];
    char *text[SETTING_COUNT]; /* owned; NULL: "" when given, else the default; read it by draft_text() */
    bool has[SETTING_COUNT];   /* given, not the default */
    bool put[SETTING_COUNT];   /* given since draft_init() or draft_from() */
    enum row_status row_status;
    enum storage storage;
    bool was_active;             /* before this draft */
    bool overridden;             /* as in struct definition */
    enum secret_state secret[2]; /* by leg - LEG_SMTP; what draft_freeze publishes, but MISSING is found by itself */
    char secret_why[FAILURE_TEXT_MAX + 1];
};

/** draft_init(d): every setting its default, nothing given, ROW_ACTIVE, STORAGE_READ_ONLY.  Cannot fail. */
void draft_init(struct draft *d);

/** draft_from(d, definition): what ${definition} says.  False when memory is short (then ${d} is draft_init's). */
bool draft_from(struct draft *d, const struct definition *definition);

/** draft_end(d): wipe secrets, free.  Safe twice. */
void draft_end(struct draft *d);

/** draft_text(d, id): What a TEXT or SECRET is now, the default when it was not given; "" for a required
 * one that is missing.  Valid until ${d} changes. */
const char *draft_text(const struct draft *d, enum setting_id id);

/** draft_take_text(d, id, bytes, n): Set a TEXT or SECRET that was checked before (${n} octets, no NUL in them).
 * False, and ${d} as before, when memory is short. */
bool draft_take_text(struct draft *d, enum setting_id id, const char *bytes, size_t n);

/**
 * draft_put_text(d, id, bytes, n, why): Set a TEXT or SECRET (Kind, length, UTF-8 without control characters, the
 * rules of names, addresses and server names); a SECRET is at hand then.  draft_put_number: any other kind (range;
 * for words the number).  On false ${d} is as before and ${why} says what would be right.
 * draft_put_written(d, id, written, why): Set any kind from how a person writes it in YAML or on a command line: words,
 * durations ("5m"), numbers, texts.  NOTIFY: names with commas or spaces between them, "" for none.
 */
bool draft_put_text(struct draft *d, enum setting_id id, const char *bytes, size_t n, struct mistake *why);
bool draft_put_number(struct draft *d, enum setting_id id, uint32_t number, struct mistake *why);
bool draft_put_written(struct draft *d, enum setting_id id, const char *written, struct mistake *why);

/** draft_override(d, enabled, why): `enabled` of a row of the file by somebody else: it stays so until the file says
 *  something new about it.  ${enabled}: enum truth. */
bool draft_override(struct draft *d, uint32_t enabled, struct mistake *why);

/**
 * draft_check(d, report, owner): The rules about a whole monitor: required settings, %Device.Address without a
 * device, a server or address that is none once it is replaced, auth without a user name ...  Calls ${report} (may
 * be NULL) for every mistake.
 * Return how many there were.
 */
unsigned draft_check(const struct draft *d, void (*report)(void *owner, const struct mistake *m), void *owner);

/** draft_freeze(d): Return a new definition with one reference, or NULL when memory is short.  ${d} stays as it is. */
const struct definition *draft_freeze(const struct draft *d);

#endif
