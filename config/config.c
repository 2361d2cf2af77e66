#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_parts.h"

enum { FILE_BYTES_MAX = 256 << 20, FILE_BYTES_FIRST = 1 << 16 };

/* Keys of the file that are mappings or lists of their own; the others are those of config_general.c. */
enum root_key { KEY_DEFAULTS = KEYS_MAX, KEY_MONITORS, KEY_LIMITS, KEY_TLS };

struct reader {
    struct complaints complaints;
    struct config *config;
    struct key_list root, limits, tls;
    struct key_list monitor, legs[2]; /* by leg - LEG_SMTP */
    const struct node *defaults, *monitors;
    struct place password_at; /* of the first password in the file; line 0: none */
};

/* --- the file's bytes --- */

struct bytes {
    char *start;
    size_t n;
};

static void drop_bytes(struct bytes *b)
{
    if (b->start != NULL)
        explicit_bzero(b->start, b->n);
    free(b->start);
    *b = (struct bytes){0};
}

/* Not realloc(): it would leave passwords behind. */
static bool grow(struct bytes *b, size_t room)
{
    char *more = malloc(room);
    size_t n = b->n;
    if (more == NULL)
        return false;
    if (n > 0)
        memcpy(more, b->start, n);
    drop_bytes(b);
    *b = (struct bytes){.start = more, .n = n};
    return true;
}

static bool refuse_file(struct complaints *c, const char *what)
{
    complaints_add(c, (struct place){1, 1}, "%s", what);
    return false;
}

static bool refuse_errno(struct complaints *c, const char *what, int error)
{
    complaints_add(c, (struct place){1, 1}, "%s: %s; a file that emailmon may read is right", what, strerror(error));
    return false;
}

/* A pipe is as good as a file: its size is not known before its end. */
static bool take_bytes(struct complaints *c, int fd, const struct stat *st, struct bytes *b)
{
    static const char too_large[] = "larger than 256 MiB; a smaller file is right";
    size_t room = st->st_size > 0 ? (size_t)st->st_size + 1 : FILE_BYTES_FIRST;
    if (st->st_size > FILE_BYTES_MAX)
        return refuse_file(c, too_large);
    if (!grow(b, room)) {
        complaints_memory(c);
        return false;
    }
    for (;;) {
        ssize_t got = read(fd, b->start + b->n, room - b->n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return refuse_errno(c, "cannot be read", errno);
        if (got == 0)
            return true;
        b->n += (size_t)got;
        if (b->n > FILE_BYTES_MAX)
            return refuse_file(c, too_large);
        if (b->n == room && !grow(b, room *= 2)) {
            complaints_memory(c);
            return false;
        }
    }
}

static bool read_file(struct complaints *c, const char *path, struct bytes *b, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return refuse_errno(c, "cannot be opened", errno);
    bool good;
    if (fstat(fd, st) != 0)
        good = refuse_errno(c, "cannot be read", errno);
    else if (S_ISDIR(st->st_mode))
        good = refuse_errno(c, "cannot be read", EISDIR);
    else
        good = take_bytes(c, fd, st, b);
    (void)close(fd);
    return good;
}

/* --- the tree --- */

static void take_group(void *owner, const struct found *f)
{
    struct reader *r = owner;
    general_take(&r->complaints, &r->config->general, f);
}

static void take_root(void *owner, const struct found *f)
{
    struct reader *r = owner;
    switch (f->what) {
    case KEY_DEFAULTS:
        r->defaults = f->value;
        break;
    case KEY_MONITORS:
        r->monitors = f->value;
        break;
    case KEY_LIMITS:
        mapping_walk(&r->complaints, f->value, &r->limits, take_group, r);
        break;
    case KEY_TLS:
        mapping_walk(&r->complaints, f->value, &r->tls, take_group, r);
        break;
    default: /* no enumeration: places in another file's table */
        general_take(&r->complaints, &r->config->general, f);
    }
}

static void learn_keys(struct reader *r)
{
    general_add_keys(&r->root, "");
    keys_add(&r->root, "limits", KEY_LIMITS);
    keys_add(&r->root, "tls", KEY_TLS);
    keys_add(&r->root, "defaults", KEY_DEFAULTS);
    keys_add(&r->root, "monitors", KEY_MONITORS);
    general_add_keys(&r->limits, "limits.");
    general_add_keys(&r->tls, "tls.");
    keys_add_monitor(&r->monitor, "");
    keys_add_monitor(&r->legs[0], "smtp.");
    keys_add_monitor(&r->legs[1], "incoming.");
}

static void note_password(struct reader *r, const struct entry *e)
{
    if (r->password_at.line == 0)
        r->password_at = e->password_at;
}

static void read_monitors(struct reader *r, const struct entry *defaults)
{
    const struct node *list = r->monitors;
    if (list == NULL || node_is_nothing(list))
        return;
    if (list->kind != NODE_LIST) {
        complaints_add(&r->complaints, list->at, "monitors: this is no list; one \"- name: ...\" a monitor is right");
        return;
    }
    struct rows *rows = rows_new(r->config, &r->complaints);
    if (rows == NULL) {
        complaints_memory(&r->complaints);
        return;
    }
    for (const struct node *raw = list->to; raw != NULL; raw = raw->next) {
        const struct node *node = node_of(raw);
        struct entry monitor;
        entry_read(&monitor, &r->complaints, &r->monitor, r->legs, defaults, node);
        note_password(r, &monitor);
        if (node->kind == NODE_MAPPING || node_is_nothing(node)) /* else that was the mistake */
            rows_add(rows, &monitor);
        entry_end(&monitor);
    }
    rows_finish(rows);
}

static void read_tree(struct reader *r, const struct node *root)
{
    /* Half an editor's save must not take all monitors away. */
    if (node_is_nothing(root)) {
        complaints_add(&r->complaints, root->at,
                       "nothing stands in the file; a list of monitors is right, [] for none");
        return;
    }
    static const struct node nothing = {.kind = NODE_SCALAR, .plain = true};
    struct entry defaults;
    mapping_walk(&r->complaints, root, &r->root, take_root, r);
    entry_read(&defaults, &r->complaints, &r->monitor, r->legs, NULL, r->defaults != NULL ? r->defaults : &nothing);
    note_password(r, &defaults);
    read_monitors(r, &defaults);
    entry_end(&defaults);
    if (!general_finish(&r->config->general))
        complaints_memory(&r->complaints);
}

/* --- the whole --- */

/* A file of root's that a group may read is one that root has given to that group: emailmon's own. */
static bool is_open(const struct stat *st)
{
    const bool given = st->st_uid == 0 && st->st_gid != 0;
    return (st->st_mode & S_IROTH) != 0 || ((st->st_mode & S_IRGRP) != 0 && !given);
}

static void warn_of_mode(const char *path, const struct stat *st, struct place at, config_complaint *complain,
                         void *owner)
{
    char *line;
    if (!is_open(st))
        return;
    if (asprintf(&line,
                 "%s:%u:%u: a password stands here, and others may read the file (mode %04o); mode 0600, or "
                 "password_file, is right",
                 path, (unsigned)at.line, (unsigned)at.column, (unsigned)(st->st_mode & ALLPERMS)) < 0)
        return;
    complain(owner, true, line);
    free(line);
}

static struct config *config_new(void)
{
    struct config *c = calloc(1, sizeof *c);
    if (c == NULL || general_defaults(&c->general))
        return c;
    config_free(c);
    return NULL;
}

/* NULL when there is any complaint; *password_at: where the first password stands. */
static struct config *parse(const char *bytes, size_t n, struct complaints *c, struct place *password_at)
{
    struct reader r = {.complaints = *c, .config = config_new()};
    struct tree *tree = r.config != NULL ? tree_read(bytes, n, &r.complaints) : NULL;
    if (r.config == NULL)
        complaints_memory(&r.complaints);
    if (tree != NULL) {
        learn_keys(&r);
        read_tree(&r, tree_root(tree));
        tree_free(tree);
    }
    *c = r.complaints;
    *password_at = r.password_at;
    if (!complaints_any(c))
        return r.config;
    config_free(r.config);
    return NULL;
}

struct config *config_parse(const char *bytes, size_t n, struct complaints *c)
{
    struct place password_at;
    return parse(bytes, n, c, &password_at);
}

struct config *config_read(const char *path, config_complaint *complain, void *owner)
{
    struct complaints complaints = {0};
    struct config *config = NULL;
    struct place password_at = {0};
    struct bytes b = {0};
    struct stat st = {0};
    if (read_file(&complaints, path, &b, &st))
        config = parse(b.start, b.n, &complaints, &password_at);
    drop_bytes(&b);
    if (config != NULL)
        config->has_password = password_at.line != 0;
    if (password_at.line != 0)
        warn_of_mode(path, &st, password_at, complain, owner);
    complaints_tell(&complaints, path, complain, owner);
    complaints_end(&complaints);
    return config;
}

void config_free(struct config *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->wanted_count; i++)
        definition_unref(c->wanted[i].definition);
    free(c->wanted);
    for (size_t i = 0; i < c->source_count; i++) {
        free(c->sources[i].file);
        for (char **word = c->sources[i].command; word != NULL && *word != NULL; word++)
            free(*word);
        free(c->sources[i].command);
    }
    free(c->sources);
    general_end(&c->general);
    free(c);
}
