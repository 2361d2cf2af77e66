#include "trial_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "phrases.h"

enum { STEP_COLUMNS = 44, SPAN_COLUMNS = 10, PATIENCE_MS = 1000 };

void trial_view_init(struct trial_view *v, const struct terminal *t, const struct definition *definition, bool trace)
{
    *v = (struct trial_view){.t = *t, .definition = definition, .trace = trace, .leg = LEG_NONE, .stage = STAGE_NONE};
}

/* Whether looks after the first one are a line that is written over. */
static bool shows_in_place(const struct trial_view *v)
{
    return v->t.moves && !v->trace;
}

/* --- lines that stay --- */

/* What is written over leaves nothing. */
static void clear_fleeting(struct trial_view *v)
{
    if (v->fleeting)
        (void)fputs("\r\x1B[K", v->t.out);
    v->fleeting = false;
}

static void print_line(const struct trial_view *v, bool from_server, const char *line)
{
    (void)fputs("      ", v->t.out);
    terminal_put(&v->t, from_server ? "S: " : "C: ", COLOUR_DIM, 0);
    terminal_put(&v->t, line, from_server ? COLOUR_DIM : COLOUR_NONE, 0);
    (void)fputc('\n', v->t.out);
}

static void print_said(struct trial_view *v)
{
    for (size_t i = 0; i < v->said_count; i++) {
        print_line(v, false, v->said[i]);
        free(v->said[i]);
    }
    v->said_count = 0;
}

static void print_step(const struct trial_view *v)
{
    (void)fputs("  ", v->t.out);
    terminal_put(&v->t, stage_sentence(v->stage), COLOUR_NONE, v->open ? STEP_COLUMNS : 0);
}

static void print_span(const struct trial_view *v, uint64_t since_ms)
{
    char span[32];
    terminal_span(span, sizeof span, (int64_t)(monotonic_now_ms() - since_ms));
    (void)fprintf(v->t.out, "%*s", SPAN_COLUMNS, span);
}

static void end_step(struct trial_view *v)
{
    bool again = v->fleeting && v->open;
    clear_fleeting(v);
    if (v->stage == STAGE_NONE)
        return;
    if (again)
        print_step(v);
    if (v->open) {
        print_span(v, v->stage_began_ms);
        (void)fputc('\n', v->t.out);
    }
    v->open = false;
    v->stage = STAGE_NONE;
    (void)fflush(v->t.out);
}

static void begin_leg(struct trial_view *v, enum leg leg)
{
    char server[512], head[600];
    phrase_leg(server, sizeof server, v->definition, leg);
    (void)snprintf(head, sizeof head, "%s by %s", leg == LEG_SMTP ? "sending" : "looking", server);
    (void)fputc('\n', v->t.out);
    terminal_put(&v->t, head, COLOUR_BOLD, 0);
    (void)fputc('\n', v->t.out);
    v->leg = leg;
}

/* --- what is under way --- */

static void print_waiting(const struct trial_view *v)
{
    static const struct {
        const char *text;
        unsigned limit_s;
    } waits[] = {[TRIAL_WAIT_ARRIVAL] = {"waiting for the probe to arrive", TRIAL_ARRIVAL_S},
                 [TRIAL_WAIT_MAILBOX] = {"waiting for the mailbox, which is in use", TRIAL_LOCKED_S}};
    char line[160], next[48] = "looking";
    uint64_t now_ms = monotonic_now_ms();
    if (now_ms < v->again_ms)
        (void)snprintf(next, sizeof next, "looking again in %" PRIu64 " s", (v->again_ms - now_ms + 999) / 1000);
    (void)snprintf(line, sizeof line, "%s: %" PRIu64 " s of %u s, %s", waits[v->wait].text,
                   (now_ms - v->wait_began_ms) / 1000, waits[v->wait].limit_s, next);
    terminal_fit(&v->t, line, COLOUR_DIM, 1); /* one less: the cursor stays in the line */
}

/* A step that takes its time shows how long; a trace has lines below the step's own. */
static void print_patience(const struct trial_view *v)
{
    if (v->open)
        print_step(v);
    else
        (void)fputs("     ", v->t.out);
    print_span(v, v->stage_began_ms);
}

/* Only where it can be written over, and of a step only when it takes its time. */
static void show_tick(void *owner)
{
    struct trial_view *v = owner;
    bool step = v->stage != STAGE_NONE && monotonic_now_ms() - v->stage_began_ms >= PATIENCE_MS;
    if (!v->t.moves || (!step && !v->waits))
        return;
    (void)fputc('\r', v->t.out);
    if (step)
        print_patience(v);
    else
        print_waiting(v);
    (void)fputs("\x1B[K", v->t.out);
    (void)fflush(v->t.out);
    v->fleeting = true;
}

/* --- what a trial tells --- */

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
    print_step(v);
    if (v->trace)
        (void)fputc('\n', v->t.out);
    print_said(v);
    (void)fflush(v->t.out);
}

static void print_tls(const struct trial_view *v, const struct leg_outcome *outcome)
{
    const struct tls_facts *tls = &outcome->tls;
    if (tls->version[0] != '\0')
        (void)fprintf(v->t.out, ", %s", tls->version);
    if (!tls->has_certificate)
        return;
    (void)fprintf(v->t.out, ", certificate %s", tls->verified ? "proven" : "not proven");
    if (tls->expires_s != 0)
        (void)fprintf(v->t.out, ", %" PRId32 " days left", tls_days_left(tls->expires_s, outcome->settled_ms / 1000));
}

static void print_outcome(const struct trial_view *v, const struct leg_outcome *outcome)
{
    char span[32];
    terminal_span(span, sizeof span, outcome->whole_ms);
    (void)fprintf(v->t.out, "  %s in all", span);
    print_tls(v, outcome);
    if (outcome->mechanism[0] != '\0')
        (void)fprintf(v->t.out, ", logged in by %s", outcome->mechanism);
    (void)fputc('\n', v->t.out);
}

static void show_leg(void *owner, enum leg leg, const struct leg_outcome *outcome)
{
    struct trial_view *v = owner;
    char line[FAILURE_TEXT_MAX + 1];
    bool repeated = is_repeated(v, leg);
    end_step(v);
    v->looks += leg == LEG_INCOMING;
    if (repeated && shows_in_place(v))
        return; /* the result says what came of it */
    print_said(v);
    if (v->leg != leg && !repeated)
        begin_leg(v, leg);
    if (failure_print(&outcome->failure, line, sizeof line) > 0) {
        (void)fputs("  ", v->t.out);
        terminal_wrap(&v->t, line, COLOUR_BAD, strlen("  "));
    }
    print_outcome(v, outcome);
    (void)fflush(v->t.out);
    v->leg = LEG_NONE;
}

static void show_waiting(void *owner, enum trial_wait what, uint32_t waited_s, uint32_t again_s)
{
    struct trial_view *v = owner;
    end_step(v);
    if (!v->waits || v->wait != what)
        v->wait_began_ms = monotonic_now_ms() - waited_s * UINT64_C(1000);
    if (v->t.moves) {
        (void)fputs(v->waits ? "" : "\n", v->t.out);
    } else if (what == TRIAL_WAIT_ARRIVAL) {
        (void)fprintf(v->t.out, "\nnot there yet after %" PRIu32 " s; looking again in %" PRIu32 " s\n", waited_s,
                      again_s);
    }
    v->waits = true;
    v->wait = what;
    v->again_ms = monotonic_now_ms() + again_s * UINT64_C(1000);
    (void)fflush(v->t.out);
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
    clear_fleeting(v);
    print_said(v);
    print_line(v, from_server, shown);
}

const struct trial_events trial_view_events = {
    .stage = show_stage, .leg = show_leg, .waiting = show_waiting, .tick = show_tick};
const struct trial_events trial_view_traced = {
    .stage = show_stage, .leg = show_leg, .waiting = show_waiting, .tick = show_tick, .line = show_line};

/* What came of it, behind the verdict; a probe that was found may still have failed to be deleted. */
static void word_result(const struct trial_result *result, char *dst, size_t size)
{
    char line[FAILURE_TEXT_MAX + 1], span[32];
    size_t n = failure_print(&result->failure, line, sizeof line);
    (void)snprintf(dst, size, "%s%s", n > 0 ? ": " : "", line);
    if (result->arrival_ms < 0)
        return;
    terminal_span(span, sizeof span, result->arrival_ms);
    (void)snprintf(dst + strlen(dst), size - strlen(dst), ": the probe was there %s after it was accepted, %s", span,
                   result->deleted ? "and is deleted" : "but could not be deleted");
}

void trial_view_result(struct trial_view *v, const struct trial_result *result)
{
    char text[2 * FAILURE_TEXT_MAX];
    const char *verdict = verdict_word(result->verdict);
    end_step(v);
    print_said(v);
    if (!(v->waits && shows_in_place(v))) /* the wait had a blank line already */
        (void)fputc('\n', v->t.out);
    word_result(result, text, sizeof text);
    terminal_put(&v->t, verdict, phrase_colour(result->verdict), 0);
    terminal_wrap(&v->t, text, COLOUR_NONE, strlen(verdict));
}
