/*
 * What the other threads tell the agent.  A share of each queue at a time, so that requests are answered between.
 */
#include "agent_parts.h"

enum { SHARE = 256, STOP_MS = 2500 };

static void take_stop(struct agent *a)
{
    if (a->stopping)
        return;
    a->stopping = true;
    a->stop_by_ms = monotonic_now_ms() + STOP_MS;
    set_settle(a); /* its orders come before this one */
    if (!dispatch_all(&a->dispatch, &(struct order){.kind = ORDER_STOP}))
        a->dispatch.stopped = a->dispatch.workers; /* not all can even be told */
}

static void take_notice(struct agent *a, void *record)
{
    struct notice *notice = record;
    switch (notice->kind) {
    case NOTICE_FILE:
        agent_take_file(a, notice);
        break;
    case NOTICE_FILE_ERROR:
        agent_take_file_error(a, notice);
        break;
    case NOTICE_DEFINITION:
        agent_take_definition(a, notice);
        break;
    case NOTICE_STOP:
        take_stop(a);
        break;
    }
    notice_drop(notice);
}

/* A report may be older than the last edit: what the definition says of being watched at all is always right. */
static void take_status(struct agent *a, struct report *report)
{
    struct monitor *row = monitors_find(a->set, report->index);
    if (row == NULL || row->serial != report->serial)
        return;
    struct status *status = &report->status;
    if (!definition_is_on(row->definition)) {
        status->verdict = VERDICT_DISABLED;
        status->proof = PROOF_NONE;
    } else if (status->verdict == VERDICT_DISABLED) {
        status->verdict = VERDICT_UNKNOWN;
    }
    monitors_set_status(a->set, row, status);
}

static void take_report(struct agent *a, void *record)
{
    struct report *report = record;
    switch (report->kind) {
    case REPORT_STATUS:
        take_status(a, report);
        break;
    case REPORT_PROCESS:
        a->dispatch.processes[report->worker] = report->process;
        break;
    case REPORT_STOPPED:
        a->dispatch.stopped++;
        break;
    }
    report_drop(report);
}

/* What whoever watches the console is told, in the log too: it may be all that is left when nobody did. */
static void log_event(const struct agent *a, const struct event *event)
{
    const char *text = text_bytes(event->text);
    const char *colon = *text != '\0' ? ": " : "";
    enum log_priority priority = event->kind == EVENT_UP ? LOG_LINE_NOTICE : LOG_LINE_WARNING;
    if (event->kind == EVENT_CERTIFICATE)
        log_write(a->options.log, priority, "%s: certificate of the %s leg%s%s", text_bytes(event->name),
                  leg_word(event->leg), colon, text);
    else
        log_write(a->options.log, priority, "%s: %s, was %s%s%s", text_bytes(event->name), verdict_word(event->new),
                  verdict_word(event->old), colon, text);
}

static void add_event(struct agent *a, const struct event *event)
{
    if (event->seq != 0 && !event_log_add(a->events, event, event->notify))
        log_write(a->options.log, LOG_LINE_ERROR,
                  "event %u is missing in the event table: out of memory, or there twice", event->seq);
}

/* An event that could not be numbered is announced at once with number 0.  When the state can be written it comes again
 * with its number: then its notification still waits, or is no concern any more. */
static void take_event(struct agent *a, const struct event *event)
{
    add_event(a, event);
    if (!event->announced) {
        if (event->notify)
            agent_notify(a, event);
        log_event(a, event);
    } else if (event->notify && !notes_number(&a->notes, event->told, event->seq)) {
        agent_settle(a, event->seq);
    }
}

static void take_news(struct agent *a, void *record)
{
    struct news *news = record;
    switch (news->kind) {
    case NEWS_EVENT:
        take_event(a, &news->event);
        break;
    case NEWS_ALARM:
        a->state_alarm = news->state_alarm;
        break;
    }
    news_drop(news);
}

static void take_share(struct agent *a, struct inbox *inbox, void *record, void (*take)(struct agent *a, void *record))
{
    if (!inbox->ready)
        return;
    queue_drain(inbox->queue);
    for (size_t i = 0; i < SHARE; i++) {
        if (!queue_take(inbox->queue, record)) {
            inbox->ready = false;
            return;
        }
        take(a, record);
    }
}

void agent_take_all(struct agent *a)
{
    struct notice notice;
    struct report report;
    struct news news;
    take_share(a, &a->notices, &notice, take_notice);
    take_share(a, &a->reports, &report, take_report);
    take_share(a, &a->news, &news, take_news);
    if (a->saved.ready)
        keep_take(&a->keep);
    a->saved.ready = false;
}

bool agent_has_mail(const struct agent *a)
{
    return a->notices.ready || a->reports.ready || a->news.ready;
}
