/*
 * What the parts of the file's reader share: the vocabulary, one mapping at a time, one monitor at a time.
 */
#ifndef EMAILMON_CONFIG_PARTS_H
#define EMAILMON_CONFIG_PARTS_H

#include "complaints.h"
#include "yaml_tree.h"

/** config_parse(bytes, n, c): What config_read() does with a file's bytes; NULL, and why
 * is in ${c}, when there is any mistake. */
struct config *config_parse(const char *bytes, size_t n, struct complaints *c);

/* --- keys (config_keys.c) --- */

enum { KEYS_MAX = 40, KEY_WHERE_MAX = 16 };

/** What a key of a monitor is: a setting by its enum setting_id, or one of these. */
enum monitor_key {
    KEY_INDEX = SETTING_COUNT,
    KEY_DEVICES,
    KEY_SMTP,     /* the mapping of the leg */
    KEY_INCOMING, /* the same; in the order of the legs */
    KEY_PASSWORD_FILE,
    KEY_PASSWORD_COMMAND
};

/** The keys that one mapping may have. */
struct key_list {
    char where[KEY_WHERE_MAX]; /* what stands before them in words: "", "smtp." */
    struct {
        const char *word;
        size_t length;
        unsigned what; /* enum monitor_key and so on: a number of the list's owner */
    } keys[KEYS_MAX];
    size_t count;
};

/**
 * keys_add(k, word, what): One more; ${word} must live as long as ${k}.
 * keys_add_monitor(k, where): those settings whose key begins with ${where} ("smtp."; "": those of no group) and what
 * belongs to them.
 */
void keys_add(struct key_list *k, const char *word, unsigned what);
void keys_add_monitor(struct key_list *k, const char *where);

/** One key of a mapping with its value (no alias). */
struct found {
    unsigned what;
    const struct node *key, *value;
};

/**
 * mapping_walk(c, mapping, keys, take, owner): Call ${take} for every known key of ${mapping}, in the file's order;
 * unknown ones, those that stand there twice, and a ${mapping} that is none (nothing at all is an empty one) are
 * complained of.
 */
void mapping_walk(struct complaints *c, const struct node *mapping, const struct key_list *keys,
                  void (*take)(void *owner, const struct found *f), void *owner);

/** scalar_is(c, value, where, word): Whether ${value} is a scalar; complains when it is not. */
bool scalar_is(struct complaints *c, const struct node *value, const char *where, const char *word);

/* --- what is not about one monitor (config_general.c) --- */

/** general_defaults(g): false: memory.  general_add_keys(k, where): as keys_add_monitor; ${what} is for general_take.
 * general_take(c, g, f): a value.  general_finish(g): what follows from the others; false: memory. */
bool general_defaults(struct config_general *g);
void general_add_keys(struct key_list *k, const char *where);
void general_take(struct complaints *c, struct config_general *g, const struct found *f);
bool general_finish(struct config_general *g);
void general_end(struct config_general *g);

/** general_changed(a, b, i): The key of the ${i}th setting when ${a} and ${b} differ in
 * it, else "" (NULL: there are no more). */
const char *general_changed(const struct config_general *a, const struct config_general *b, size_t i);

/* --- monitors (config_monitor.c) --- */

/** How a leg's password is given. */
enum secret_way { WAY_NONE, WAY_TEXT, WAY_FILE, WAY_COMMAND };

/** The defaults, or one monitor over them, as far as they are read. */
struct entry {
    struct complaints *complaints;
    const struct key_list *top, *groups; /* a monitor's keys; those of its two legs */
    const struct node *node;             /* the mapping */
    bool is_defaults;
    enum leg leg; /* whose mapping is walked */
    struct draft draft;
    struct place given[SETTING_COUNT]; /* where in this mapping; line 0: not in it */
    bool refused[SETTING_COUNT];       /* given, and wrong: no other complaint may follow from it */
    struct {
        enum secret_way way;
        const struct node *value, *key; /* of this mapping; key NULL: from the defaults */
    } secret[2];                        /* by leg - LEG_SMTP */
    int32_t index;
    struct place index_at;
    const struct node *device, *devices;
    struct place password_at; /* of a password that stands in the file itself; line 0: none */
};

/** entry_read(e, c, top, groups, defaults, node): Read ${node} into ${e}; ${defaults} NULL: these are the defaults.
 * ${e} points into ${node}.  entry_end(e): wipe. */
void entry_read(struct entry *e, struct complaints *c, const struct key_list *top, const struct key_list *groups,
                const struct entry *defaults, const struct node *node);
void entry_end(struct entry *e);

/* --- monitors into rows (config_rows.c) --- */

struct rows;

/** rows_new(config, c): to fill ${config}->wanted and ->sources; NULL: memory.  rows_add(r, e): check and keep a
 * monitor, once for each of its devices.  rows_finish(r): the rules about all of them; free. */
struct rows *rows_new(struct config *config, struct complaints *c);
void rows_add(struct rows *r, struct entry *e);
void rows_finish(struct rows *r);

#endif
