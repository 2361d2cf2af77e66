#include "talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "short_memory.h"
#include "talk_script.h"

enum { CUTS_MAX = 1500, ALLOCATIONS_MAX = 10000 };

/* One play of a row. */
struct play {
    const struct talk *row;
    const struct talk_machine *machine;
    struct talk_script script;
    struct session *session;
    void *fixture;
    enum want want;
    size_t cut;   /* in two at this octet of what the server says in all; 0: not */
    bool single;  /* octet by octet */
    size_t heard; /* octets of the server so far */
    char *said;   /* by the client, not yet compared */
    size_t said_bytes;
    char tag[4];
    bool tagged;
    size_t settled_at, settled_before; /* it settled with octets (before, at] */
    bool lacking;                      /* memory ran short: words may be missing */
    char *trace;
    size_t trace_bytes;
};

/* What must be the same in every play of a row. */
struct outcome {
    size_t octets, settled_at;
    bool settled;
    uint64_t progress;
};

/* The machine's memory may run short, the test's own never does. */
static char *own_memory(char *old, size_t n)
{
    memory_spare(true);
    char *bytes = realloc(old, n > 0 ? n : 1);
    memory_spare(false);
    assert_non_null(bytes);
    return bytes;
}

static void append(char **to, size_t *n, const void *bytes, size_t more)
{
    *to = own_memory(*to, *n + more + 1);
    memcpy(*to + *n, bytes, more);
    *n += more;
    (*to)[*n] = '\0';
}

static void on_trace(void *owner, bool from_server, const char *bytes, size_t n)
{
    struct play *p = owner;
    append(&p->trace, &p->trace_bytes, from_server ? "S: " : "C: ", 3);
    append(&p->trace, &p->trace_bytes, bytes, n);
    append(&p->trace, &p->trace_bytes, "\n", 1);
}

static void must_not_hold(const struct play *p, const char *what, const char *bytes, size_t n)
{
    for (const char *const *secret = p->machine->secrets; secret != NULL && *secret != NULL; secret++)
        if (n > 0 && memmem(bytes, n, *secret, strlen(*secret)) != NULL)
            fail_msg("%s: the secret %s stands in the %s:\n%.*s", p->row->name, *secret, what, (int)n, bytes);
}

/* --- one step --- */

/* What the driver does after every call: send all, and look whether the result stands. */
static void after(struct play *p, size_t heard_before)
{
    size_t n;
    const void *bytes = session_output(p->session, &n);
    if (n > 0)
        append(&p->said, &p->said_bytes, bytes, n);
    session_sent(p->session, n);
    if (session_settled(p->session) && p->settled_at == SIZE_MAX) {
        p->settled_at = p->heard;
        p->settled_before = heard_before;
    }
}

static void feed(struct play *p, const char *bytes, size_t n)
{
    char *piece = own_memory(NULL, n);
    memcpy(piece, bytes, n);
    size_t before = p->heard;
    p->heard += n;
    p->want = session_feed(p->session, piece, n);
    free(piece);
    after(p, before);
}

static void nothing_more_was_said(const struct play *p)
{
    if (p->said_bytes > 0)
        fail_msg("%s: the client said too:\n%s", p->row->name, p->said);
}

static void server_speaks(struct play *p, const struct talk_step *step)
{
    size_t n;
    char *bytes = talk_octets(step, p->tag, &n);
    nothing_more_was_said(p);
    if (p->single) {
        for (size_t i = 0; i < n; i++)
            feed(p, bytes + i, 1);
    } else if (p->cut > p->heard && p->cut < p->heard + n) {
        size_t first = p->cut - p->heard;
        feed(p, bytes, first);
        feed(p, bytes + first, n - first);
    } else {
        feed(p, bytes, n);
    }
    free(bytes);
}

static void learn_tag(struct play *p, const struct talk_step *step)
{
    size_t at = 0;
    while (at < step->n && step->octets[at] != TALK_TAG)
        at++;
    if (p->tagged || at == step->n || at + 4 > p->said_bytes)
        return;
    memcpy(p->tag, p->said + at, 4);
    p->tagged = true;
}

static void client_spoke(struct play *p, const struct talk_step *step)
{
    size_t n;
    if (p->want == WANT_FAILED && p->said_bytes == 0 && memory_has_failed())
        return; /* there was none for its goodbye */
    learn_tag(p, step);
    char *bytes = talk_octets(step, p->tag, &n);
    if (n != p->said_bytes || memcmp(bytes, p->said, n) != 0)
        fail_msg("%s: the client said\n%.*sand not\n%.*s(octets %zu, %zu)", p->row->name, (int)p->said_bytes,
                 p->said == NULL ? "" : p->said, (int)n, bytes, p->said_bytes, n);
    free(bytes);
    p->said_bytes = 0;
}

static void must_want(const struct play *p, enum want want)
{
    if (p->want != want)
        fail_msg("%s: it wants %d, not %d; %s %s", p->row->name, (int)p->want, (int)want,
                 stage_word(session_failure(p->session)->stage), cause_word(session_failure(p->session)->cause));
}

static void act(struct play *p, const struct talk_step *step)
{
    struct failure silence = failure_make(LEG_NONE, STAGE_NONE, CAUSE_TIMED_OUT, 0);
    switch (step->act) {
    case TALK_SERVER:
        server_speaks(p, step);
        return;
    case TALK_CLIENT:
        client_spoke(p, step);
        return;
    case TALK_TLS:
        must_want(p, WANT_TLS);
        p->want = session_secured(p->session);
        break;
    case TALK_HOLD:
        must_want(p, WANT_HOLD);
        p->want = session_resume(p->session);
        break;
    case TALK_EOF:
        p->want = session_eof(p->session);
        break;
    case TALK_SILENCE:
        p->want = session_broken(p->session, &silence);
        break;
    }
    after(p, p->heard);
}

/* --- one play --- */

static void check_failure(const struct play *p)
{
    const struct talk *t = p->row;
    const struct failure *f = session_failure(p->session);
    must_not_hold(p, "server's words", text_bytes(f->reply), text_length(f->reply));
    must_not_hold(p, "detail", text_bytes(f->detail), text_length(f->detail));
    if (t->end != WANT_FAILED) {
        assert_false(failure_is(f));
        assert_true(t->end != WANT_CLOSE || session_settled(p->session));
        return;
    }
    assert_false(session_settled(p->session));
    enum leg leg = t->leg != 0 ? t->leg : p->machine->leg;
    if (f->leg != leg || f->stage != t->stage || f->cause != t->cause || f->code != t->code)
        fail_msg("%s: failed with %s %s %s %d, not %s %s %s %d", t->name, leg_word(f->leg), stage_word(f->stage),
                 cause_word(f->cause), (int)f->code, leg_word(leg), stage_word(t->stage), cause_word(t->cause),
                 (int)t->code);
    if (t->reply != NULL && !(p->lacking && f->reply == NULL))
        assert_string_equal(text_bytes(f->reply), t->reply);
    if (t->detail != NULL && !(p->lacking && f->detail == NULL) && strstr(text_bytes(f->detail), t->detail) == NULL)
        fail_msg("%s: the detail is \"%s\"", t->name, text_bytes(f->detail));
}

static void check_settled(const struct play *p, const struct outcome *first)
{
    bool settled = p->settled_at != SIZE_MAX;
    assert_int_equal(settled, first->settled);
    if (settled && (p->settled_at < first->settled_at || p->settled_before > first->settled_at))
        fail_msg("%s: settled at octet %zu, byte by byte at %zu", p->row->name, p->settled_at, first->settled_at);
}

static bool is_out_of_memory(const struct play *p)
{
    return p->want == WANT_FAILED && session_failure(p->session)->leg == LEG_LOCAL;
}

/* To its end, or as far as memory suffices. */
static void run_script(struct play *p)
{
    const struct session_trace trace = {.line = on_trace, .owner = p};
    p->settled_at = SIZE_MAX;
    p->session = p->machine->make(p->row, &p->fixture);
    if (p->session == NULL) {
        assert_true(memory_has_failed());
        p->want = WANT_FAILED;
        return;
    }
    session_set_trace(p->session, &trace);
    p->want = session_start(p->session, "192.0.2.1");
    after(p, 0);
    for (size_t i = 0; i < p->script.count && !is_out_of_memory(p); i++)
        act(p, &p->script.steps[i]);
}

static void end_play(struct play *p)
{
    session_free(p->session);
    if (p->machine->done != NULL)
        p->machine->done(p->fixture);
    free(p->said);
    free(p->trace);
    p->session = NULL;
    p->said = p->trace = NULL;
    p->said_bytes = p->trace_bytes = p->heard = 0;
    p->tagged = false;
}

static void play(struct play *p, struct outcome *first)
{
    run_script(p);
    nothing_more_was_said(p);
    must_want(p, p->row->end);
    check_failure(p);
    must_not_hold(p, "trace", p->trace, p->trace_bytes);
    if (p->machine->check != NULL)
        p->machine->check(p->row, p->session, p->fixture);
    if (p->single || p->row->whole)
        *first = (struct outcome){p->heard, p->settled_at, p->settled_at != SIZE_MAX, session_progress(p->session)};
    check_settled(p, first);
    assert_int_equal(session_progress(p->session), first->progress);
    end_play(p);
}

/* --- memory that runs short --- */

/* The end is the row's, or a failure of this machine: never another one of the server's. */
static void check_short_end(const struct play *p)
{
    if (is_out_of_memory(p)) {
        assert_int_equal(session_failure(p->session)->stage, STAGE_LOCAL);
        assert_int_equal(session_failure(p->session)->cause, CAUSE_RESOURCES);
    } else {
        nothing_more_was_said(p);
        must_want(p, p->row->end);
        check_failure(p);
    }
    if (p->machine->check_short != NULL)
        p->machine->check_short(p->row, p->session, p->fixture, p->said, p->said_bytes);
}

/* Returns whether the row needed less memory. */
static bool play_short(struct play *p, unsigned n, void (*fails)(unsigned n))
{
    fails(n);
    run_script(p);
    p->lacking = memory_has_failed();
    memory_fails_at(0);
    if (p->session != NULL)
        check_short_end(p);
    end_play(p);
    return !p->lacking;
}

static void play_all_short(struct play *p)
{
    unsigned n = 1;
    while (!play_short(p, n, memory_fails_at))
        assert_true(++n < ALLOCATIONS_MAX);
    for (n = 1; !play_short(p, n, memory_fails_from);)
        n += 1 + n / 8;
}

/* --- a row as a test --- */

struct bound_row {
    const struct talk *row;
    const struct talk_machine *machine;
};

static void test_row(void **state)
{
    const struct bound_row *bound = *state;
    struct play p = {.row = bound->row, .machine = bound->machine, .single = true};
    struct outcome first = {0};
    memory_fails_at(0);
    talk_parse(bound->row->script, &p.script);
    if (bound->row->flights != 0)
        assert_int_equal(talk_flights(&p.script), bound->row->flights);
    if (!bound->row->whole)
        play(&p, &first);
    p.single = false;
    play(&p, &first);
    size_t stride = first.octets / CUTS_MAX + 1;
    for (p.cut = 1; !bound->row->whole && p.cut < first.octets; p.cut += stride)
        play(&p, &first);
    p.cut = 0;
    play_all_short(&p);
    talk_script_free(&p.script);
}

char *talk_trace(const struct talk *t, const struct talk_machine *machine)
{
    struct play p = {.row = t, .machine = machine};
    talk_parse(t->script, &p.script);
    run_script(&p);
    char *trace = p.trace;
    p.trace = NULL;
    end_play(&p);
    talk_script_free(&p.script);
    return trace;
}

int talk_main(const char *group, const struct talk_machine *machine, const struct talk_table *tables,
              size_t table_count, const struct CMUnitTest *others, size_t other_count)
{
    size_t count = other_count, made = 0;
    for (size_t i = 0; i < table_count; i++)
        count += tables[i].count;
    struct CMUnitTest *tests = calloc(count + 1, sizeof *tests);
    struct bound_row *bound = calloc(count + 1, sizeof *bound);
    if (tests == NULL || bound == NULL)
        abort();
    for (size_t i = 0; i < table_count; i++)
        for (size_t j = 0; j < tables[i].count; j++, made++) {
            bound[made] = (struct bound_row){&tables[i].rows[j], machine};
            tests[made] = (struct CMUnitTest){
                .name = tables[i].rows[j].name, .test_func = test_row, .initial_state = &bound[made]};
        }
    for (size_t i = 0; i < other_count; i++)
        tests[made++] = others[i];
    int failed = _cmocka_run_group_tests(group, tests, made, NULL, NULL);
    free(tests);
    free(bound);
    return failed;
}
