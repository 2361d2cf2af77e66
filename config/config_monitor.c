/* One monitor of the file, or the defaults of all, as a draft that knows where everything stands. */
#include <string.h>

#include "config_parts.h"
#include "text.h"

enum { SHOWN_MAX = 64 };

static const enum setting_id passwords[] = {SETTING_smtp_password, SETTING_in_password}; /* by leg - LEG_SMTP */

/* --- settings --- */

static void complain_of(struct entry *e, enum setting_id id, struct place at, const struct mistake *why)
{
    e->refused[id] = true;
    if (why->kind == MISTAKE_RESOURCES)
        complaints_memory(e->complaints);
    else
        complaints_add(e->complaints, at, "%s: %s", settings[id].key, why->text);
}

/* One name of the list. */
static bool take_event(struct entry *e, const struct node *item, uint32_t *events)
{
    struct mistake why;
    struct draft one;
    if (!scalar_is(e->complaints, item, "", settings[SETTING_notify].key)) {
        e->refused[SETTING_notify] = true;
        return false;
    }
    draft_init(&one);
    bool good = item->length > 0 && strpbrk(item->text, ", ") == NULL
                    ? draft_put_written(&one, SETTING_notify, item->text, &why)
                    : mistake_make(&why, MISTAKE_VALUE, SETTING_notify,
                                   "not the name of one event; a list such as [down, up] is right");
    if (!good)
        complain_of(e, SETTING_notify, item->at, &why);
    *events |= one.number[SETTING_notify];
    return good;
}

static bool put_events(struct entry *e, const struct node *value, struct mistake *why)
{
    uint32_t events = 0;
    bool good = true;
    if (value->kind != NODE_LIST)
        return mistake_make(why, MISTAKE_TYPE, SETTING_notify,
                            "a %s is not right here; a list of events is, [] for none",
                            value->kind == NODE_MAPPING ? "mapping" : "single value");
    for (const struct node *raw = value->to; raw != NULL; raw = raw->next)
        good = take_event(e, node_of(raw), &events) && good;
    return !good || draft_put_number(&e->draft, SETTING_notify, events, why);
}

static void put_setting(struct entry *e, enum setting_id id, const struct node *value)
{
    const struct setting *s = &settings[id];
    struct mistake why;
    bool good = true;
    e->given[id] = value->at;
    e->refused[id] = false;
    if (s->kind == KIND_NOTIFY) {
        good = put_events(e, value, &why);
    } else if (!scalar_is(e->complaints, value, "", s->key)) {
        e->refused[id] = true;
        return;
    } else if (setting_is_text(s)) {
        good = draft_put_text(&e->draft, id, value->text, value->length, &why);
    } else {
        good = draft_put_written(&e->draft, id, value->text, &why);
    }
    if (!good)
        complain_of(e, id, value->at, &why);
}

/* --- passwords --- */

static bool check_command(struct entry *e, const struct node *value)
{
    const char *where = e->leg == LEG_SMTP ? "smtp." : "incoming.";
    static const char word[] = "password_command";
    if (value->kind != NODE_LIST || value->length == 0) {
        complaints_add(e->complaints, value->at, "%s%s: %s; a list of a program and its arguments is right", where,
                       word, value->kind == NODE_LIST ? "the list is empty" : "this is no list");
        return false;
    }
    for (const struct node *raw = value->to; raw != NULL; raw = raw->next) {
        if (!scalar_is(e->complaints, node_of(raw), where, word))
            return false;
    }
    if (node_of(value->to)->length > 0)
        return true;
    complaints_add(e->complaints, value->at, "%s%s: the program has no name; its path is right", where, word);
    return false;
}

static bool check_file(struct entry *e, const struct node *value)
{
    const char *where = e->leg == LEG_SMTP ? "smtp." : "incoming.";
    if (!scalar_is(e->complaints, value, where, "password_file"))
        return false;
    if (value->length > 0)
        return true;
    complaints_add(e->complaints, value->at, "%spassword_file: empty; the path of a file is right", where);
    return false;
}

static void take_password(struct entry *e, enum secret_way way, const struct found *f)
{
    const unsigned leg = e->leg - LEG_SMTP;
    if (e->secret[leg].key != NULL) {
        complaints_add(e->complaints, f->key->at, "%s.%s: %s stands in %u:%u already; one of them is right",
                       e->leg == LEG_SMTP ? "smtp" : "incoming", f->key->text, e->secret[leg].key->text,
                       (unsigned)e->secret[leg].key->at.line, (unsigned)e->secret[leg].key->at.column);
        return;
    }
    /* Whatever the defaults said about this password is over. */
    if (!draft_take_text(&e->draft, passwords[leg], "", 0))
        complaints_memory(e->complaints);
    e->draft.has[passwords[leg]] = false;
    e->secret[leg].key = f->key;
    e->secret[leg].value = f->value;
    e->secret[leg].way = way;
    if (way == WAY_TEXT) {
        put_setting(e, passwords[leg], f->value);
        if (f->value->kind == NODE_SCALAR && f->value->length > 0 && e->password_at.line == 0)
            e->password_at = f->value->at;
    } else if (way == WAY_FILE ? !check_file(e, f->value) : !check_command(e, f->value)) {
        e->secret[leg].way = WAY_NONE;
    }
}

/* --- keys --- */

static void take_leg_key(void *owner, const struct found *f)
{
    struct entry *e = owner;
    if (f->what == passwords[e->leg - LEG_SMTP])
        take_password(e, WAY_TEXT, f);
    else if (f->what == KEY_PASSWORD_FILE)
        take_password(e, WAY_FILE, f);
    else if (f->what == KEY_PASSWORD_COMMAND)
        take_password(e, WAY_COMMAND, f);
    else
        put_setting(e, (enum setting_id)f->what, f->value);
}

static void take_index(struct entry *e, const struct node *value)
{
    uint64_t index;
    char shown[SHOWN_MAX + 1];
    e->index_at = value->at;
    if (!scalar_is(e->complaints, value, "", "index"))
        return;
    if (number_parse(value->text, 1, INT32_MAX, &index)) {
        e->index = (int32_t)index;
        return;
    }
    (void)text_readable(shown, sizeof shown, value->text, value->length);
    complaints_add(e->complaints, value->at, "index: \"%s\" is not valid; a number from 1 to %d is right", shown,
                   INT32_MAX);
}

static void take_devices(struct entry *e, const struct node *value)
{
    e->devices = value;
    if (value->kind == NODE_LIST && value->length > 0)
        return;
    complaints_add(e->complaints, value->at, "devices: %s; a list of devices is right",
                   value->kind == NODE_LIST ? "the list is empty" : "this is no list");
    e->refused[SETTING_device] = true;
}

/* A monitor's own, which no defaults can say. */
static bool is_own(unsigned what)
{
    return what == SETTING_name || what == SETTING_device || what == KEY_INDEX || what == KEY_DEVICES;
}

static void take_key(void *owner, const struct found *f)
{
    struct entry *e = owner;
    if (e->is_defaults && is_own(f->what)) {
        complaints_add(e->complaints, f->key->at, "defaults: %s is each monitor's own; it is right in monitors",
                       f->key->text);
        return;
    }
    if (f->what == KEY_SMTP || f->what == KEY_INCOMING) {
        e->leg = (enum leg)(LEG_SMTP + (f->what - KEY_SMTP));
        mapping_walk(e->complaints, f->value, &e->groups[e->leg - LEG_SMTP], take_leg_key, e);
    } else if (f->what == KEY_INDEX) {
        take_index(e, f->value);
    } else if (f->what == KEY_DEVICES) {
        take_devices(e, f->value);
    } else {
        put_setting(e, (enum setting_id)f->what, f->value);
        if (f->what == SETTING_device)
            e->device = f->value;
    }
}

/* --- the whole --- */

static bool copy_draft(struct draft *to, const struct draft *from)
{
    draft_init(to);
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        to->number[id] = from->number[id];
        if (from->text[id] != NULL && !draft_take_text(to, id, from->text[id], strlen(from->text[id])))
            return false;
        to->has[id] = from->has[id];
    }
    return true;
}

static void check_places(struct entry *e)
{
    if (e->devices == NULL)
        return;
    if (e->device != NULL)
        complaints_add(e->complaints, e->devices->at, "devices: device stands in %u:%u already; one of them is right",
                       (unsigned)e->device->at.line, (unsigned)e->device->at.column);
    if (e->index_at.line == 0)
        return;
    e->index = 0;
    complaints_add(e->complaints, e->index_at,
                   "index: devices make more than one row; an index is right only "
                   "beside a single device");
}

void entry_read(struct entry *e, struct complaints *c, const struct key_list *top, const struct key_list *groups,
                const struct entry *defaults, const struct node *node)
{
    *e = (struct entry){.complaints = c, .top = top, .groups = groups, .node = node, .is_defaults = defaults == NULL};
    draft_init(&e->draft);
    if (defaults != NULL) {
        if (!copy_draft(&e->draft, &defaults->draft))
            complaints_memory(c);
        memcpy(e->refused, defaults->refused, sizeof e->refused);
        for (size_t leg = 0; leg < 2; leg++) {
            e->secret[leg].way = defaults->secret[leg].way;
            e->secret[leg].value = defaults->secret[leg].value;
        }
    }
    mapping_walk(c, node, top, take_key, e);
    check_places(e);
}

void entry_end(struct entry *e)
{
    draft_end(&e->draft);
}
