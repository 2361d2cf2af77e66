#include "status_show.h"

#include "phrases.h"

static bool read_details(const struct showing *s, const struct view *view, struct view_details *details, char *why,
                         size_t size)
{
    *details = (struct view_details){0};
    if (s->name == NULL)
        return true;
    if (view->count > 0)
        return details_read(s->config, &view->rows[0], details, why, size);
    phrase_no_monitor(why, size, s->name, s->file);
    return false;
}

bool status_read(struct showing *s, char *why, size_t size)
{
    struct view view;
    struct view_details details;
    if (!view_read(s->config, s->name, &view, why, size))
        return false;
    if (!read_details(s, &view, &details, why, size)) {
        view_clear(&view);
        return false;
    }
    status_forget(s);
    s->view = view;
    s->details = details;
    if (!s->json)
        view_sort(&s->view); /* a program has them in the order of indexes */
    return true;
}

/* How many monitors a terminal has lines for; one at least. */
static size_t rows_of(const struct terminal *t)
{
    return t->lines > VIEW_TABLE_LINES ? t->lines - VIEW_TABLE_LINES : 1;
}

void status_show(const struct showing *s, const struct terminal *t)
{
    if (s->json)
        view_json(&s->view, s->name == NULL ? NULL : &s->details, t->out, s->a_line ? " " : "\n");
    else if (s->name != NULL)
        view_page(&s->view, &s->view.rows[0], &s->details, t);
    else
        view_table(&s->view, t, s->in_place ? rows_of(t) : 0);
}

void status_forget(struct showing *s)
{
    view_clear(&s->view);
    details_clear(&s->details);
}
