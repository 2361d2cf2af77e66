#include "complaints.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 16 };

void complaints_memory(struct complaints *c)
{
    c->memory = true;
}

bool complaints_any(const struct complaints *c)
{
    return c->count > 0 || c->memory;
}

static bool make_room(struct complaints *c)
{
    if (c->count < c->room)
        return true;
    size_t room = c->room == 0 ? ROOM_FIRST : 2 * c->room;
    struct complaint *more = reallocarray(c->list, room, sizeof *more);
    if (more == NULL)
        return false;
    c->list = more;
    c->room = room;
    return true;
}

void complaints_add(struct complaints *c, struct place at, const char *format, ...)
{
    struct complaint made = {.at = at};
    va_list arguments;
    va_start(arguments, format);
    int n = vasprintf(&made.text, format, arguments);
    va_end(arguments);
    if (n < 0) {
        c->memory = true;
    } else if (!make_room(c)) {
        c->memory = true;
        free(made.text);
    } else {
        c->list[c->count++] = made;
    }
}

/* Texts too, so that equal complaints stand together. */
static int by_place(const void *left, const void *right)
{
    const struct complaint *a = left, *b = right;
    if (a->at.line != b->at.line)
        return a->at.line < b->at.line ? -1 : 1;
    if (a->at.column != b->at.column)
        return a->at.column < b->at.column ? -1 : 1;
    return strcmp(a->text, b->text);
}

static void tell(struct place at, const char *text, const char *path, config_complaint *complain, void *owner)
{
    char *line;
    if (asprintf(&line, "%s:%" PRIu32 ":%" PRIu32 ": %s", path, at.line, at.column, text) < 0) {
        complain(owner, false, text); /* better without its place than not at all */
        return;
    }
    complain(owner, false, line);
    free(line);
}

void complaints_tell(struct complaints *c, const char *path, config_complaint *complain, void *owner)
{
    if (c->count > 0)
        qsort(c->list, c->count, sizeof *c->list, by_place);
    for (size_t i = 0; i < c->count; i++) {
        if (i == 0 || by_place(&c->list[i - 1], &c->list[i]) != 0)
            tell(c->list[i].at, c->list[i].text, path, complain, owner);
    }
    if (c->memory)
        tell((struct place){1, 1}, "memory is short; the file was not read whole", path, complain, owner);
}

void complaints_end(struct complaints *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->list[i].text);
    free(c->list);
    *c = (struct complaints){0};
}
