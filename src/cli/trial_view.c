#include "trial_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"

enum { STEP_COLUMNS = 44 };

static void print_line(bool from_server, const char *line)
{
    (void)fputs("      ", stdout);
    terminal_put(from_server ? "S: " : "C: ", COLOUR_DIM, 0);
    terminal_put(line, from_server ? COLOUR_DIM : COLOUR_NONE, 0);
    (void)putchar('\n');
}

static void print_said(struct trial_view *v)
{
    for (size_t i = 0; i < v->said_count; i++) {
        print_line(false, v->said[i]);
        free(v->said[i]);
    }
    v->said_count = 0;
}

static void end_step(struct trial_view *v)
{
    char span[32];
    if (v->stage == STAGE_NONE)
        return;
    terminal_span(span, sizeof span, (int64_t)(monotonic_now_ms() - v->stage_began_ms));
    if (v->open)
        (void)printf("%10s\n", span);
    v->open = false;
    v->stage = STAGE_NONE;
    (void)fflush(stdout);
}

static const char *protocol_word(const struct trial_view *v, enum leg leg)
{
    if (leg == LEG_SMTP)
        return "SMTP";
    return definition_number(v->definition, SETTING_in_type) == PROTOCOL_POP3 ? "POP3" : "IMAP";
}

static const char *security_word(enum security security)
{
    switch (security) {
    case SECURITY_STARTTLS:
        return ", STARTTLS";
    case SECURITY_TLS:
        return ", TLS";
    case SECURITY_NONE:
        break;
    }
    return ", without TLS";
}

static void begin_leg(struct trial_view *v, enum leg leg)
{
    struct leg_settings to;
    char head[512];
    definition_leg(v->definition, leg, &to);
    (void)snprintf(head, sizeof head, "%s by %s: %s port %u%s", leg == LEG_SMTP ? "sending" : "looking",
                   protocol_word(v, leg), to.server, (unsigned)to.port, security_word(to.security));
    (void)putchar('\n');
    terminal_put(head, COLOUR_BOLD, 0);
    (void)putchar('\n');
    v->leg = leg;
}

/* The steps of the first look were told; those of the next ones are the same, unless somebody wants to see it all. */
static bool is_repeated(const struct trial_view *v, enum leg leg)
{
    return leg == LEG_INCOMING && v->looks > 0 && !v->trace;
}

static void show_stage(void *owner, enum leg leg, enum stage stage)
{
    struct trial_view *v = owner;
    if (is_repeated(v, leg))
        return;
    end_step(v);
    if (v->leg != leg)
        begin_leg(v, leg);
    if (stage == STAGE_NONE)
        return;
    v->stage = stage;
    v->stage_began_ms = monotonic_now_ms();
    v->open = !v->trace;
    (void)fputs("  ", stdout);
    terminal_put(stage_sentence(stage), COLOUR_NONE, v->open ? STEP_COLUMNS : 0);
    if (v->trace)
        (void)putchar('\n');
    print_said(v);
    (void)fflush(stdout);
}

static void show_tls(const struct leg_outcome *outcome)
{
    const struct tls_facts *tls = &outcome->tls;
    if (tls->version[0] != '\0')
        (void)printf(", %s", tls->version);
    if (!tls->has_certificate)
        return;
    (void)printf(", certificate %s", tls->verified ? "proven" : "not proven");
    if (tls->expires_s != 0)
        (void)printf(", %" PRId32 " days left", tls_days_left(tls->expires_s, outcome->settled_ms / 1000));
}

static void show_leg(void *owner, enum leg leg, const struct leg_outcome *outcome)
{
    struct trial_view *v = owner;
    char line[FAILURE_TEXT_MAX + 1], span[32];
    end_step(v);
    print_said(v);
    if (v->leg != leg && !is_repeated(v, leg))
        begin_leg(v, leg);
    if (failure_print(&outcome->failure, line, sizeof line) > 0) {
        (void)fputs("  ", stdout);
        terminal_put(line, COLOUR_BAD, 0);
        (void)putchar('\n');
    }
    v->looks += leg == LEG_INCOMING;
    terminal_span(span, sizeof span, outcome->whole_ms);
    (void)printf("  %s in all", span);
    show_tls(outcome);
    if (outcome->mechanism[0] != '\0')
        (void)printf(", logged in by %s", outcome->mechanism);
    (void)putchar('\n');
    (void)fflush(stdout);
    v->leg = LEG_NONE;
}

static void show_waiting(void *owner, enum trial_wait what, uint32_t waited_s, uint32_t again_s)
{
    struct trial_view *v = owner;
    end_step(v);
    if (what != TRIAL_WAIT_ARRIVAL)
        return;
    (void)printf("\nnot there yet after %" PRIu32 " s; looking again in %" PRIu32 " s\n", waited_s, again_s);
    (void)fflush(stdout);
}

static void show_line(void *owner, enum leg leg, bool from_server, const char *bytes, size_t n)
{
    struct trial_view *v = owner;
    char shown[1024];
    (void)leg;
    (void)text_readable(shown, sizeof shown, bytes, n);
    if (!from_server && v->said_count < TRIAL_VIEW_SAID_MAX) {
        v->said[v->said_count] = strdup(shown);
        if (v->said[v->said_count] != NULL) {
            v->said_count++;
            return;
        }
    }
    print_said(v);
    print_line(from_server, shown);
}

const struct trial_events trial_view_events = {.stage = show_stage, .leg = show_leg, .waiting = show_waiting};
const struct trial_events trial_view_traced = {
    .stage = show_stage, .leg = show_leg, .waiting = show_waiting, .line = show_line};

static enum colour colour_of(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_UP:
        return COLOUR_GOOD;
    case VERDICT_DOWN:
        return COLOUR_BAD;
    case VERDICT_UNKNOWN:
    case VERDICT_DISABLED:
        break;
    }
    return COLOUR_DOUBT;
}

void trial_view_result(struct trial_view *v, const struct trial_result *result)
{
    char line[FAILURE_TEXT_MAX + 1], span[32];
    end_step(v);
    print_said(v);
    (void)putchar('\n');
    terminal_put(verdict_word(result->verdict), colour_of(result->verdict), 0);
    if (failure_print(&result->failure, line, sizeof line) > 0)
        (void)printf(": %s", line);
    if (result->arrival_ms >= 0) {
        terminal_span(span, sizeof span, result->arrival_ms);
        (void)printf(": the probe was there %s after it was accepted, %s", span,
                     result->deleted ? "and is deleted" : "but could not be deleted");
    }
    (void)putchar('\n');
}
