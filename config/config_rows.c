/* Monitors of the file become rows: one for each device, with what only all of them together can get wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_parts.h"
#include "text.h"

enum { ROOM_FIRST = 64, SHOWN_MAX = 64 };

/* What the rows may not have in common, and where it stands. */
struct mark {
    const char *name; /* the definition's */
    int32_t index;
    struct place name_at, index_at; /* line 0: it has none */
    size_t order;
};

struct rows {
    struct config *config;
    struct complaints *complaints;
    struct mark *marks; /* one a monitor */
    size_t wanted_room, source_room;
};

struct rows *rows_new(struct config *config, struct complaints *c)
{
    struct rows *r = calloc(1, sizeof *r);
    if (r != NULL)
        *r = (struct rows){.config = config, .complaints = c};
    return r;
}

/* --- keeping --- */

static bool make_room(struct rows *r)
{
    struct config *c = r->config;
    if (c->wanted_count < r->wanted_room)
        return true;
    size_t room = r->wanted_room == 0 ? ROOM_FIRST : 2 * r->wanted_room;
    struct wanted *wanted = reallocarray(c->wanted, room, sizeof *wanted);
    if (wanted != NULL)
        c->wanted = wanted;
    struct mark *marks = reallocarray(r->marks, room, sizeof *marks);
    if (marks != NULL)
        r->marks = marks;
    if (wanted == NULL || marks == NULL)
        return false;
    r->wanted_room = room;
    return true;
}

static char **copy_command(const struct node *list)
{
    char **copy = calloc((size_t)list->length + 1, sizeof *copy);
    size_t i = 0;
    for (const struct node *raw = list->to; copy != NULL && raw != NULL; raw = raw->next) {
        copy[i] = strdup(node_of(raw)->text);
        if (copy[i++] == NULL)
            break;
    }
    if (copy != NULL && i > 0 && copy[i - 1] == NULL) {
        while (--i > 0)
            free(copy[i - 1]);
        free(copy);
        copy = NULL;
    }
    return copy;
}

static bool add_source(struct rows *r, const struct entry *e, enum leg leg)
{
    struct config *c = r->config;
    const struct node *value = e->secret[leg - LEG_SMTP].value;
    if (c->source_count == r->source_room) {
        size_t room = r->source_room == 0 ? ROOM_FIRST : 2 * r->source_room;
        struct secret_source *more = reallocarray(c->sources, room, sizeof *more);
        if (more == NULL)
            return false;
        c->sources = more;
        r->source_room = room;
    }
    struct secret_source *s = &c->sources[c->source_count];
    *s = (struct secret_source){.monitor = c->wanted_count, .leg = leg};
    if (e->secret[leg - LEG_SMTP].way == WAY_FILE)
        s->file = strdup(value->text);
    else
        s->command = copy_command(value);
    if (s->file == NULL && s->command == NULL)
        return false;
    c->source_count++;
    return true;
}

/* A password that no login needs is not fetched. */
static bool needs_source(const struct entry *e, enum leg leg)
{
    enum secret_way way = e->secret[leg - LEG_SMTP].way;
    return (way == WAY_FILE || way == WAY_COMMAND) &&
           (leg == LEG_INCOMING || e->draft.number[SETTING_smtp_auth] == TRUTH_TRUE);
}

static bool keep(struct rows *r, struct entry *e, struct place name_at)
{
    struct config *c = r->config;
    if (!make_room(r))
        return false;
    for (enum leg leg = LEG_SMTP; leg <= LEG_INCOMING; leg++) {
        bool waits = needs_source(e, leg);
        e->draft.secret[leg - LEG_SMTP] = waits ? SECRET_WAITING : SECRET_READY;
        if (waits && !add_source(r, e, leg))
            return false;
    }
    const struct definition *made = draft_freeze(&e->draft);
    if (made == NULL)
        return false;
    r->marks[c->wanted_count] = (struct mark){.name = definition_text(made, SETTING_name),
                                              .index = e->index,
                                              .name_at = name_at,
                                              .index_at = e->index_at,
                                              .order = c->wanted_count};
    c->wanted[c->wanted_count++] = (struct wanted){.index = e->index, .definition = made};
    return true;
}

/* --- checking --- */

/* What a rule about two settings looks at beside the one that it complains of. */
static bool rests_on_refused(const struct entry *e, enum setting_id id)
{
    if (e->refused[id])
        return true;
    if (id == SETTING_smtp_server || id == SETTING_in_server)
        return e->refused[SETTING_device];
    return id == SETTING_smtp_auth && e->refused[SETTING_smtp_username];
}

/* Where the monitor itself says it, else the monitor: it lacks what the defaults or the table expect of it.  A server
 * that only the device spoils is the device's mistake. */
static struct place place_of(const struct entry *e, const struct mistake *m)
{
    bool server = m->setting == SETTING_smtp_server || m->setting == SETTING_in_server;
    if (m->kind == MISTAKE_MISSING || m->setting == SETTING_COUNT)
        return e->node->at;
    if (server && e->device != NULL)
        return e->device->at;
    return e->given[m->setting].line != 0 ? e->given[m->setting] : e->node->at;
}

static void report(void *owner, const struct mistake *m)
{
    const struct entry *e = owner;
    if (m->setting == SETTING_COUNT)
        complaints_add(e->complaints, place_of(e, m), "%s", m->text);
    else if (!rests_on_refused(e, m->setting))
        complaints_add(e->complaints, place_of(e, m), "%s: %s", settings[m->setting].key, m->text);
}

static void add_one(struct rows *r, struct entry *e, struct place name_at)
{
    (void)draft_check(&e->draft, report, e);
    if (!keep(r, e, name_at))
        complaints_memory(r->complaints);
}

static bool put(struct entry *e, enum setting_id id, const char *bytes, size_t n, const struct node *device)
{
    struct mistake why;
    if (draft_put_text(&e->draft, id, bytes, n, &why))
        return true;
    if (why.kind == MISTAKE_RESOURCES)
        complaints_memory(e->complaints);
    else
        complaints_add(e->complaints, device->at, "devices: %s%s", id == SETTING_name ? "the name with @device: " : "",
                       why.text);
    return false;
}

/* office@192.0.2.10; false: complained of. */
static bool put_device(struct entry *e, const char *base, const struct node *device)
{
    char name[2 * FAILURE_TEXT_MAX + 2];
    if (!scalar_is(e->complaints, device, "", "devices"))
        return false;
    if (device->length == 0) {
        complaints_add(e->complaints, device->at, "devices: an empty device; an address is right");
        return false;
    }
    if (!put(e, SETTING_device, device->text, device->length, device))
        return false;
    int n = snprintf(name, sizeof name, "%s@%s", base, device->text);
    return base[0] == '\0' || put(e, SETTING_name, name, (size_t)n, device);
}

void rows_add(struct rows *r, struct entry *e)
{
    if (e->devices == NULL || e->devices->kind != NODE_LIST || e->devices->length == 0) {
        add_one(r, e, e->given[SETTING_name]);
        return;
    }
    char base[FAILURE_TEXT_MAX + 1];
    (void)text_copy(base, sizeof base, draft_text(&e->draft, SETTING_name));
    for (const struct node *raw = e->devices->to; raw != NULL; raw = raw->next) {
        const struct node *device = node_of(raw);
        bool whole = put_device(e, base, device);
        e->device = device;
        e->refused[SETTING_device] = !whole;
        add_one(r, e, whole ? device->at : (struct place){0});
    }
}

/* --- all of them --- */

static int by_order(const struct mark *a, const struct mark *b)
{
    return a->order < b->order ? -1 : a->order > b->order;
}

static int by_name(const void *left, const void *right)
{
    int names = strcmp(((const struct mark *)left)->name, ((const struct mark *)right)->name);
    return names != 0 ? names : by_order(left, right);
}

static int by_index(const void *left, const void *right)
{
    const struct mark *a = left, *b = right;
    if (a->index != b->index)
        return a->index < b->index ? -1 : 1;
    return by_order(a, b);
}

static void check_names(struct rows *r)
{
    const struct mark *first = NULL;
    qsort(r->marks, r->config->wanted_count, sizeof *r->marks, by_name);
    for (const struct mark *m = r->marks; m < r->marks + r->config->wanted_count; m++) {
        char shown[SHOWN_MAX + 1];
        if (m->name[0] == '\0' || m->name_at.line == 0)
            continue;
        if (first == NULL || strcmp(first->name, m->name) != 0) {
            first = m;
            continue;
        }
        (void)text_readable(shown, sizeof shown, m->name, strlen(m->name));
        complaints_add(r->complaints, m->name_at,
                       "name: \"%s\" is used twice, first at %u:%u; a name of its own for each monitor is right", shown,
                       (unsigned)first->name_at.line, (unsigned)first->name_at.column);
    }
}

static void check_indexes(struct rows *r)
{
    const struct mark *first = NULL;
    qsort(r->marks, r->config->wanted_count, sizeof *r->marks, by_index);
    for (const struct mark *m = r->marks; m < r->marks + r->config->wanted_count; m++) {
        if (m->index == 0)
            continue;
        if (first == NULL || first->index != m->index) {
            first = m;
            continue;
        }
        complaints_add(r->complaints, m->index_at,
                       "index: %d is used twice, first at %u:%u; an index of its own, or none, is right", (int)m->index,
                       (unsigned)first->index_at.line, (unsigned)first->index_at.column);
    }
}

void rows_finish(struct rows *r)
{
    if (r == NULL)
        return;
    if (r->config->wanted_count > 0) {
        check_names(r);
        check_indexes(r);
    }
    free(r->marks);
    free(r);
}
