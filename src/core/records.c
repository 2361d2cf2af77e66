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
