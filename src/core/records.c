#include "records.h"

#include <stdlib.h>

void order_drop(void *order)
{
    struct order *o = order;
    definition_unref(o->definition);
    o->definition = NULL;
}

void report_drop(void *report)
{
    struct report *r = report;
    if (r->kind == REPORT_STATUS)
        status_clear(&r->status);
}

void journal_entry_drop(void *entry)
{
    struct journal_entry *j = entry;
    if (j->kind != JOURNAL_STATUS)
        return;
    if (j->has_event)
        event_clear(&j->event);
    text_unref(j->name);
    j->name = NULL;
    status_clear(&j->status);
}

struct save_batch *save_batch_new(size_t n)
{
    struct save_batch *b = calloc(1, sizeof *b + n * sizeof b->changes[0]);
    if (b == NULL)
        return NULL;
    b->references = 1;
    b->count = n;
    return b;
}

struct save_batch *save_batch_ref(struct save_batch *b)
{
    if (b != NULL)
        __atomic_add_fetch(&b->references, 1, __ATOMIC_RELAXED);
    return b;
}

void save_batch_unref(struct save_batch *b)
{
    if (b == NULL || __atomic_sub_fetch(&b->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    for (size_t i = 0; i < b->count; i++)
        definition_unref(b->changes[i].definition);
    free(b);
}

bool save_batch_claim(struct save_batch *b, enum save_state state)
{
    int waiting = SAVE_WAITING;
    return __atomic_compare_exchange_n(&b->state, &waiting, (int)state, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

void save_drop(void *save)
{
    struct save *s = save;
    save_batch_unref(s->batch);
    s->batch = NULL;
}

void news_drop(void *news)
{
    struct news *n = news;
    if (n->kind == NEWS_EVENT)
        event_clear(&n->event);
}

void notice_drop(void *notice)
{
    struct notice *n = notice;
    for (size_t i = 0; i < n->wanted_count; i++)
        definition_unref(n->wanted[i].definition);
    free(n->wanted);
    n->wanted = NULL;
    n->wanted_count = 0;
    text_unref(n->text);
    n->text = NULL;
}
