#include "draft.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

static const enum setting_id passwords[] = {SETTING_smtp_password, SETTING_in_password}; /* by leg - LEG_SMTP */

void draft_init(struct draft *d)
{
    *d = (struct draft){.row_status = ROW_ACTIVE, .storage = STORAGE_READ_ONLY};
    for (enum setting_id id = 0; id < SETTING_COUNT; id++)
        d->number[id] = settings[id].default_number;
}

/* All texts may be secret: a password put into the wrong setting is still one. */
static void forget_text(char *text)
{
    if (text == NULL)
        return;
    explicit_bzero(text, strlen(text));
    free(text);
}

void draft_end(struct draft *d)
{
    for (enum setting_id id = 0; id < SETTING_COUNT; id++)
        forget_text(d->text[id]);
    explicit_bzero(d, sizeof *d);
    draft_init(d);
}

const char *draft_text(const struct draft *d, enum setting_id id)
{
    if (d->text[id] != NULL)
        return d->text[id];
    return d->has[id] || settings[id].default_text == NULL ? "" : settings[id].default_text;
}

bool draft_take_text(struct draft *d, enum setting_id id, const char *bytes, size_t n)
{
    char *copy = NULL;
    if (n > 0) {
        copy = strndup(bytes, n);
        if (copy == NULL)
            return false;
    }
    forget_text(d->text[id]);
    d->text[id] = copy;
    d->has[id] = d->put[id] = true;
    return true;
}

bool draft_from(struct draft *d, const struct definition *definition)
{
    draft_init(d);
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        if (!definition_has(definition, id))
            continue;
        const char *text = definition_text(definition, id);
        if (setting_is_text(&settings[id]) && !draft_take_text(d, id, text, strlen(text))) {
            draft_end(d);
            return false;
        }
        d->number[id] = definition_number(definition, id);
        d->has[id] = true;
    }
    d->row_status = (enum row_status)definition->row_status;
    d->storage = (enum storage)definition->storage;
    d->was_active = definition->was_active;
    d->overridden = definition->overridden;
    d->secret[0] = (enum secret_state)definition->secret[0];
    d->secret[1] = (enum secret_state)definition->secret[1];
    (void)text_copy(d->secret_why, sizeof d->secret_why, definition->text + definition->secret_why);
    memset(d->put, 0, sizeof d->put);
    return true;
}

/* --- freezing --- */

enum { FROZEN_TEXT_MAX = 1 + (SETTING_COUNT + 1) * (FAILURE_TEXT_MAX + 1) };

/* The texts of a definition while they are laid out; offset 0 is the empty text. */
struct layout {
    size_t used;
    char bytes[FROZEN_TEXT_MAX];
};

/* Equal texts share one place: both legs often have one user and one password. */
static uint16_t lay_out(struct layout *l, const char *text)
{
    size_t n = strlen(text) + 1;
    const char *same = memmem(l->bytes, l->used, text, n);
    if (same != NULL)
        return (uint16_t)(same - l->bytes);
    size_t offset = l->used;
    memcpy(l->bytes + offset, text, n);
    l->used += n;
    return (uint16_t)offset;
}

static enum secret_state secret_of(const struct draft *d, unsigned which)
{
    bool needed = which == LEG_INCOMING - LEG_SMTP || d->number[SETTING_smtp_auth] == TRUTH_TRUE;
    if (!needed)
        return SECRET_READY;
    if (d->secret[which] == SECRET_WAITING || d->secret[which] == SECRET_FAILED)
        return d->secret[which];
    return draft_text(d, passwords[which])[0] == '\0' ? SECRET_MISSING : SECRET_READY;
}

static void freeze_settings(const struct draft *d, struct definition *head, struct layout *l)
{
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        char *member = (char *)head + settings[id].offset;
        if (setting_is_text(&settings[id])) {
            uint16_t offset = lay_out(l, draft_text(d, id));
            memcpy(member, &offset, sizeof offset);
        } else if (settings[id].kind == KIND_NUMBER) {
            memcpy(member, &d->number[id], sizeof d->number[id]);
        } else {
            *(uint8_t *)member = (uint8_t)d->number[id];
        }
        if (d->has[id])
            head->set[id / 32] |= (uint32_t)1 << (id % 32);
    }
}

const struct definition *draft_freeze(const struct draft *d)
{
    struct definition head = {
        .references = 1,
        .row_status = (uint8_t)d->row_status,
        .storage = (uint8_t)d->storage,
        .was_active = d->was_active || d->row_status == ROW_ACTIVE,
        .overridden = d->overridden,
        .secret = {(uint8_t)secret_of(d, 0), (uint8_t)secret_of(d, 1)},
    };
    struct layout l = {.used = 1};
    freeze_settings(d, &head, &l);
    if (head.secret[0] == SECRET_FAILED || head.secret[1] == SECRET_FAILED)
        head.secret_why = lay_out(&l, d->secret_why);
    head.text_bytes = (uint16_t)l.used;

    struct definition *made = malloc(sizeof head + l.used);
    if (made != NULL) {
        *made = head;
        memcpy(made->text, l.bytes, l.used);
    }
    explicit_bzero(l.bytes, l.used);
    return made;
}
