/* Which keys a mapping may have, and what to say of the others. */
#include <stdio.h>
#include <string.h>

#include "config_parts.h"
#include "text.h"

enum { WORD_MAX = 48, LIST_MAX = 512, NEAR = 3 };

/* --- lists --- */

void keys_add(struct key_list *k, const char *word, unsigned what)
{
    if (k->count == KEYS_MAX)
        return; /* the tests see every setting read */
    k->keys[k->count].word = word;
    k->keys[k->count].length = strlen(word);
    k->keys[k->count].what = what;
    k->count++;
}

void keys_add_monitor(struct key_list *k, const char *where)
{
    const size_t n = strlen(where);
    (void)text_copy(k->where, sizeof k->where, where);
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        const char *dot = strchr(settings[id].key, '.');
        size_t group = dot == NULL ? 0 : (size_t)(dot - settings[id].key) + 1;
        if (group == n && strncmp(settings[id].key, where, n) == 0)
            keys_add(k, settings[id].key + n, id);
    }
    if (n > 0) {
        keys_add(k, "password_file", KEY_PASSWORD_FILE);
        keys_add(k, "password_command", KEY_PASSWORD_COMMAND);
        return;
    }
    keys_add(k, "index", KEY_INDEX);
    keys_add(k, "devices", KEY_DEVICES);
    keys_add(k, "smtp", KEY_SMTP);
    keys_add(k, "incoming", KEY_INCOMING);
}

static size_t find_key(const struct key_list *k, const struct node *key)
{
    for (size_t i = 0; i < k->count; i++) {
        if (k->keys[i].length == key->length && memcmp(k->keys[i].word, key->text, key->length) == 0)
            return i;
    }
    return KEYS_MAX;
}

/* --- unknown ones --- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters to add, drop, change or swap with their neighbour until ${a} is ${b}; both at most WORD_MAX long. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[m];
}

static const char *nearest(const struct key_list *k, const struct node *key)
{
    const char *near = NULL;
    size_t best = NEAR;
    if (key->length > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < k->count; i++) {
        size_t d = distance(key->text, key->length, k->keys[i].word, k->keys[i].length);
        /* A short word is as near to any other. */
        if (d < best && 2 * d < k->keys[i].length) {
            best = d;
            near = k->keys[i].word;
        }
    }
    return near;
}

static void refuse_key(struct complaints *c, const struct key_list *k, const struct node *key)
{
    char shown[WORD_MAX + 1], list[LIST_MAX] = "";
    /* Of {password:secret}, which lacks a blank, only the word may be repeated. */
    size_t n = strcspn(key->text, ":= ");
    (void)text_readable(shown, sizeof shown, key->text, n);
    if (key->text[n] == ':' || key->text[n] == '=') {
        complaints_add(c, key->at, "%s%s: no value; a colon and a blank before the value are right", k->where, shown);
        return;
    }
    const char *near = nearest(k, key);
    if (near != NULL) {
        complaints_add(c, key->at, "%s%s: there is no such key; %s%s is right", k->where, shown, k->where, near);
        return;
    }
    size_t used = 0;
    for (size_t i = 0; i < k->count && used < sizeof list; i++) {
        int more = snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ", k->keys[i].word);
        used += more < 0 ? 0 : (size_t)more;
    }
    complaints_add(c, key->at, "%s%s: there is no such key; one of these is right: %s", k->where, shown, list);
}

/* --- one mapping --- */

struct group {
    char words[KEY_WHERE_MAX + sizeof ": "];
};

/* "smtp: " of "smtp." */
static struct group group_of(const struct key_list *k)
{
    struct group g;
    size_t n = strlen(k->where);
    (void)snprintf(g.words, sizeof g.words, "%.*s%s", n > 0 ? (int)n - 1 : 0, k->where, n > 0 ? ": " : "");
    return g;
}

static void walk_pair(struct complaints *c, const struct key_list *keys, const struct node *key,
                      const struct node *seen[KEYS_MAX], struct found *f)
{
    f->key = NULL;
    if (key->kind != NODE_SCALAR) {
        complaints_add(c, key->at, "%sa key that is no word; a word is right", group_of(keys).words);
        return;
    }
    size_t i = find_key(keys, key);
    if (i == KEYS_MAX) {
        refuse_key(c, keys, key);
        return;
    }
    if (seen[i] != NULL) {
        complaints_add(c, key->at, "%s%s: stands here twice, first at %u:%u; once is right", keys->where,
                       keys->keys[i].word, (unsigned)seen[i]->at.line, (unsigned)seen[i]->at.column);
        return;
    }
    seen[i] = key;
    f->what = keys->keys[i].what;
    f->key = key;
}

void mapping_walk(struct complaints *c, const struct node *mapping, const struct key_list *keys,
                  void (*take)(void *owner, const struct found *f), void *owner)
{
    const struct node *seen[KEYS_MAX] = {NULL};
    struct found f;
    if (node_is_nothing(mapping))
        return;
    if (mapping->kind != NODE_MAPPING) {
        complaints_add(c, mapping->at, "%s%s is not right here; a mapping (key: value) is", group_of(keys).words,
                       mapping->kind == NODE_LIST ? "a list" : "a single value");
        return;
    }
    for (const struct node *key = mapping->to; key != NULL; key = key->next->next) {
        walk_pair(c, keys, node_of(key), seen, &f);
        f.value = node_of(key->next);
        if (f.key != NULL)
            take(owner, &f);
    }
}

bool scalar_is(struct complaints *c, const struct node *value, const char *where, const char *word)
{
    if (value->kind == NODE_SCALAR)
        return true;
    complaints_add(c, value->at, "%s%s: a %s is not right here; a single value is", where, word,
                   value->kind == NODE_LIST ? "list" : "mapping");
    return false;
}
