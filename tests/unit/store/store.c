/* The store, through its queues, over restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "one_stage.h"

/* --- the journal --- */

static void every_ticket_is_answered(void **state)
{
    (void)state;
    enum { TICKETS = 2000 };
    struct receipt receipt = {0};
    for (uint64_t ticket = 1; ticket <= TICKETS; ticket++) {
        struct journal_entry entry = stage_probe(1, 1, (uint32_t)ticket, PROBE_SENDING);
        entry.ticket = ticket;
        post(entry);
    }
    for (uint64_t last = 0; last < TICKETS; last = receipt.ticket) {
        stage_take(stage.receipts, &receipt);
        assert_true(receipt.durable && receipt.ticket > last);
    }
}

static void receipts_of_ones_own(void **state)
{
    (void)state;
    struct receipt receipt = {0};
    struct journal_entry first = stage_probe(1, 1, 1, PROBE_SENDING), second = stage_probe(2, 2, 2, PROBE_SENDING);
    first.ticket = 7;
    second.ticket = 3; /* of the other's counting: 7 does not speak for it */
    second.worker = 1;
    post(first);
    post(second);
    stage_take(stage.second, &receipt);
    assert_true(receipt.durable);
    assert_int_equal(receipt.ticket, 3);
    stage_take(stage.receipts, &receipt);
    assert_true(receipt.durable);
    assert_int_equal(receipt.ticket, 7);
}

/* A disk that is slow must not make this fail: at most, not exactly. */
static void what_is_written_is_counted(void **state)
{
    (void)state;
    enum { ENTRIES = 100 };
    const struct definition *d = stage_definition("office", "secret");
    const struct save_change change = {.index = 1, .serial = 1, .definition = d};
    for (uint32_t i = 0; i < ENTRIES; i++)
        post(stage_probe(1, 1, i, PROBE_OUT));
    assert_true(stage_flush(&stage));
    struct store_counts before = store_counted(stage.store);
    assert_int_equal(before.entries, ENTRIES + 1); /* and the one that is flushed with */
    assert_in_range(before.commits, 1, ENTRIES);
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 1, &change, 1));
    assert_int_equal(stage_answer(&stage, 1), SAVED);
    save_batch_unref(stage_save(&stage, SAVE_TRIAL, 2, &change, 1));
    assert_int_equal(stage_answer(&stage, 2), SAVED);
    struct store_counts after = store_counted(stage.store);
    assert_int_equal(after.entries, before.entries);
    assert_int_equal(after.commits, before.commits + 1); /* a trial is none */
    definition_unref(d);
}

static void events_are_numbered(void **state)
{
    (void)state;
    enum { EVENTS = 600 };
    for (int32_t i = 1; i <= EVENTS; i++) {
        if (i == EVENTS / 2) {
            assert_true(stage_flush(&stage));
            for (uint32_t seq = 1; seq < EVENTS / 2; seq++) {
                struct news news;
                stage_take(stage.news, &news);
                assert_int_equal(news.event.seq, seq);
                news_drop(&news);
            }
            stage_reopen(&stage);
        }
        post(stage_event(i, (uint64_t)i, "office"));
    }
    for (uint32_t seq = EVENTS / 2; seq <= EVENTS; seq++) {
        struct news news;
        stage_take(stage.news, &news);
        assert_int_equal(news.kind, NEWS_EVENT);
        assert_int_equal(news.event.seq, seq);
        assert_false(news.event.announced);
        assert_int_equal(news.event.row, (int32_t)seq);
        assert_string_equal(text_bytes(news.event.name), "office");
        news_drop(&news);
    }
}

static void assert_same_status(const struct restored_row *row, const struct journal_entry *expected)
{
    assert_true(row->has_status);
    for (size_t i = 0; i < status_column_count; i++) {
        const struct status_column *column = &status_columns[i];
        assert_true(status_integer(&row->status, column, 1795490000000) ==
                    status_integer(&expected->status, column, 1795490000000));
        assert_true(text_equal(status_text(&row->status, column), status_text(&expected->status, column)));
    }
    for (size_t i = 0; i < memory_column_count; i++) {
        const struct memory_column *column = &memory_columns[i];
        assert_true(row_memory_integer(&row->memory, column) == row_memory_integer(&expected->memory, column));
        if (column->kind == MEMORY_BYTES || column->kind == MEMORY_SAMPLE)
            assert_memory_equal(row_memory_bytes(&row->memory, column), row_memory_bytes(&expected->memory, column),
                                column->bytes);
    }
}

static void statuses_come_back(void **state)
{
    (void)state;
    struct journal_entry expected = stage_status(7, UINT64_MAX - 6, "");
    post(stage_status(9, 9, "nine"));
    post(stage_status(7, UINT64_MAX - 6, "seven"));
    post(stage_status(2, 22, "two"));
    stage_reopen(&stage);
    assert_int_equal(stage.restored->row_count, 3);
    assert_int_equal(stage.restored->rows[0].index, 2);
    const struct restored_row *row = restored_by_name(stage.restored, "seven");
    assert_ptr_equal(row, restored_by_index(stage.restored, 7));
    assert_ptr_equal(row, restored_by_serial(stage.restored, UINT64_MAX - 6));
    assert_null(row->definition);
    assert_same_status(row, &expected);
    assert_null(restored_by_name(stage.restored, ""));
    assert_null(restored_by_serial(stage.restored, 1));
    assert_null(restored_by_index(stage.restored, 8));
    journal_entry_drop(&expected);
}

static void probes_come_back(void **state)
{
    (void)state;
    enum { FOUND = 20 };
    static const enum probe_state ends[] = {PROBE_SENDING, PROBE_OUT,      PROBE_MAYBE,
                                            PROBE_REMOVED, PROBE_OPTIONAL, PROBE_LOST};
    post(stage_status(1, 1, "one"));
    for (uint32_t i = 0; i < FOUND; i++)
        post(stage_probe(1, 1, i, PROBE_CONSUMED));
    for (uint32_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        post(stage_probe(1, 1, 100 + i, PROBE_SENDING));
        if (i % 2 == 0)
            assert_true(stage_flush(&stage));
        post(stage_probe(1, 1, 100 + i, ends[i]));
    }
    stage_reopen(&stage);
    const struct restored_row *row = restored_by_index(stage.restored, 1);
    assert_int_equal(row->probe_count, 4 + 4);
    for (size_t i = 0; i < 4; i++) { /* the last that were found, then those that are still out */
        assert_int_equal(row->probes[i].state, PROBE_CONSUMED);
        assert_int_equal(row->probes[i].time_s, 1795489000 + FOUND - 4 + i);
    }
    assert_int_equal(row->probes[4].state, PROBE_SENDING);
    assert_int_equal(row->probes[5].state, PROBE_OUT);
    assert_int_equal(row->probes[5].accepted_ms, 77);
    assert_int_equal(row->probes[6].state, PROBE_MAYBE);
    assert_int_equal(row->probes[7].state, PROBE_OPTIONAL);

    post((struct journal_entry){.kind = JOURNAL_FORGET, .index = 1, .serial = 1});
    post(stage_probe(1, 1, 200, PROBE_OUT));
    stage_reopen(&stage);
    row = restored_by_index(stage.restored, 1);
    assert_int_equal(row->probe_count, 1);
    assert_int_equal(row->probes[0].time_s, 1795489000 + 200);
}

/* The row's status says what became of the probe of this number. */
static void post_fate(uint32_t number, enum probe_state state)
{
    struct journal_entry status = stage_status(1, 1, "one");
    status.memory.sent = stage_probe(1, 1, number, state).probe;
    post(status);
}

static void probe_state_is(size_t i, enum probe_state state)
{
    stage_reopen(&stage);
    const struct restored_row *row = restored_by_index(stage.restored, 1);
    assert_true(i < row->probe_count);
    assert_int_equal(row->probes[i].state, state);
    assert_int_equal(row->probes[i].accepted_ms, 77);
}

static void fate_with_the_status(void **state)
{
    (void)state;
    post(stage_probe(1, 1, 1, PROBE_SENDING));
    post(stage_probe(1, 1, 2, PROBE_SENDING));
    post_fate(2, PROBE_OUT);
    probe_state_is(0, PROBE_SENDING); /* of another one nothing is said */
    probe_state_is(1, PROBE_OUT);
    post_fate(2, PROBE_MAYBE);
    probe_state_is(1, PROBE_MAYBE);
    post(stage_probe(1, 1, 2, PROBE_OPTIONAL)); /* said of itself, it counts */
    probe_state_is(1, PROBE_OPTIONAL);
    post_fate(3, PROBE_OUT); /* a probe without a record is none */
    probe_state_is(1, PROBE_OPTIONAL);
    assert_int_equal(restored_by_index(stage.restored, 1)->probe_count, 2);
}

static void gone_rows_stay_gone(void **state)
{
    (void)state;
    post(stage_status(1, 11, "one"));
    assert_true(stage_flush(&stage));
    post((struct journal_entry){.kind = JOURNAL_GONE, .index = 1, .serial = 11});
    post(stage_status(1, 11, "one"));
    assert_true(stage_flush(&stage));
    post(stage_status(1, 11, "one"));
    post(stage_status(1, 12, "another"));
    stage_reopen(&stage);
    assert_int_equal(stage.restored->row_count, 1);
    assert_int_equal(stage.restored->rows[0].serial, 12);
    assert_int_equal(stage.restored->gone_count, 1);
    assert_int_equal(stage.restored->gone[0].serial, 11);
    assert_true(stage.restored->gone[0].until_ms > wall_now_ms() + 6 * INT64_C(86400000));
}

static void two_rows_of_one_index(void **state)
{
    (void)state;
    struct journal_entry later = stage_status(1, 12, "later");
    later.status.last_poll++;
    post(stage_status(1, 11, "earlier"));
    post(later);
    post(stage_probe(1, 11, 1, PROBE_OUT));
    stage_reopen(&stage);
    assert_int_equal(stage.restored->row_count, 1);
    assert_string_equal(text_bytes(stage.restored->rows[0].name), "later");
    assert_int_equal(stage.restored->gone_count, 1);
}

static void settled_events(void **state)
{
    (void)state;
    struct journal_entry quiet = stage_event(3, 3, "quiet");
    quiet.event.notify = false;
    post(stage_event(1, 1, "one"));
    post(stage_event(2, 2, "two"));
    post(quiet);
    assert_true(stage_flush(&stage));
    post((struct journal_entry){.kind = JOURNAL_SETTLED, .seq = 1});
    stage_reopen(&stage);
    const struct restored *r = stage.restored;
    assert_int_equal(r->event_count, 3);
    assert_int_equal(r->last_seq, 3);
    assert_true(r->events[0].settled && !r->events[1].settled && r->events[2].settled);
    const struct event *e = &r->events[1].event;
    assert_int_equal(e->seq, 2);
    assert_int_equal(e->time_ms, 1795489999002);
    assert_int_equal(e->row, 2);
    assert_int_equal(e->kind, EVENT_DOWN);
    assert_int_equal(e->old, VERDICT_UP);
    assert_int_equal(e->new, VERDICT_DOWN);
    assert_int_equal(e->proof, PROOF_NONE);
    assert_int_equal(e->leg, LEG_SMTP);
    assert_int_equal(e->stage, STAGE_CONNECT);
    assert_int_equal(e->cause, CAUSE_REFUSED);
    assert_true(e->notify && !e->announced);
    assert_int_equal(e->smtp_cert_days, -3);
    assert_int_equal(e->in_cert_days, CERT_DAYS_NONE);
    assert_string_equal(text_bytes(e->name), "two");
    assert_null(e->device);
    assert_string_equal(text_bytes(e->text), "refused");
}

/* --- saves --- */

static void assert_same_definition(const struct definition *a, const struct definition *b)
{
    assert_true(definition_equal(a, b));
    assert_memory_equal(a->set, b->set, sizeof a->set);
}

static void definitions_come_back(void **state)
{
    (void)state;
    const struct definition *d = stage_definition("made by SET", "secret");
    const struct save_change changes[] = {{.index = 5, .serial = 55, .definition = d}};
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 1, changes, 1));
    assert_int_equal(stage_answer(&stage, 1), SAVED);
    stage_reopen(&stage);
    const struct restored_row *row = restored_by_name(stage.restored, "made by SET");
    assert_non_null(row);
    assert_int_equal(row->index, 5);
    assert_int_equal(row->serial, 55);
    assert_false(row->has_status);
    assert_true(row->memory.first_poll);
    assert_same_definition(row->definition, d);

    const struct save_change gone[] = {{.index = 5, .serial = 55}};
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 2, gone, 1));
    assert_int_equal(stage_answer(&stage, 2), SAVED);
    stage_reopen(&stage);
    assert_int_equal(stage.restored->row_count, 0);
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 0, changes, 1)); /* the edit is undone */
    post(stage_status(5, 55, "made by SET"));
    stage_reopen(&stage);
    assert_int_equal(stage.restored->row_count, 1);
    assert_same_definition(stage.restored->rows[0].definition, d);
    assert_true(stage.restored->rows[0].has_status);
    assert_int_equal(stage.restored->gone_count, 0);
    definition_unref(d);
}

static const struct definition *stored_as(const char *name, enum storage storage)
{
    const struct definition *d = stage_definition(name, "secret");
    union {
        const struct definition *shown;
        struct definition *held;
    } both = {.shown = d};
    both.held->storage = (uint8_t)storage; /* nobody else has it yet */
    return d;
}

static void file_rows_keep_their_index(void **state)
{
    (void)state;
    const struct definition *file = stored_as("of the file", STORAGE_READ_ONLY);
    const struct definition *brief = stored_as("volatile", STORAGE_VOLATILE);
    const struct save_change changes[] = {
        {.index = 3, .serial = 33, .definition = file, .admin = {.set = TRUTH_FALSE, .file = TRUTH_TRUE}},
        {.index = 4, .serial = 44, .definition = brief}};
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 0, changes, 2));
    stage_reopen(&stage);
    assert_int_equal(stage.restored->row_count, 1);
    const struct restored_row *row = restored_by_index(stage.restored, 3);
    assert_null(row->definition);
    assert_int_equal(row->admin.set, TRUTH_FALSE);
    assert_int_equal(row->admin.file, TRUTH_TRUE);

    const struct save_change gone[] = {{.index = 3, .serial = 33}};
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 0, gone, 1));
    stage_reopen(&stage);
    assert_int_equal(stage.restored->row_count, 0);
    assert_int_equal(stage.restored->promise_count, 1);
    assert_int_equal(stage.restored->promises[0].index, 3);
    assert_string_equal(text_bytes(stage.restored->promises[0].name), "of the file");
    definition_unref(file);
    definition_unref(brief);
}

static void dropped_saves(void **state)
{
    (void)state;
    const struct definition *d = stage_definition("late", "");
    const struct save_change change = {.index = 1, .serial = 1, .definition = d};
    struct save save = {.id = 1, .batch = save_batch_new(1)};
    save.batch->changes[0] = change;
    (void)definition_ref(d);
    assert_true(save_batch_claim(save.batch, SAVE_DROPPED));
    assert_false(save_batch_claim(save.batch, SAVE_BEGUN));
    assert_true(queue_post(stage.saves, &save));
    struct save_batch *mine = stage_save(&stage, SAVE_TRIAL, 2, &change, 1);
    assert_int_equal(stage_answer(&stage, 2), SAVED);
    assert_false(save_batch_claim(mine, SAVE_DROPPED));
    save_batch_unref(mine);
    definition_unref(d);
    stage_reopen(&stage);
    assert_int_equal(stage.restored->row_count, 0);
}

static void another_key(void **state)
{
    (void)state;
    const struct definition *d = stage_definition("sealed", "secret");
    const struct save_change change = {.index = 1, .serial = 1, .definition = d};
    struct leg_settings leg;
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 1, &change, 1));
    assert_int_equal(stage_answer(&stage, 1), SAVED);
    stage_close(&stage);
    assert_true(keys_random(&stage.keys));
    stage_run(&stage);
    const struct restored_row *row = restored_by_name(stage.restored, "sealed");
    assert_non_null(row->definition);
    assert_string_equal(definition_text(row->definition, SETTING_in_password), "");
    assert_string_equal(definition_text(row->definition, SETTING_in_username), "probe");
    definition_leg(row->definition, LEG_INCOMING, &leg);
    assert_int_equal(leg.secret, SECRET_FAILED);
    assert_non_null(strstr(leg.secret_why, "set the password again"));

    struct draft draft;
    struct mistake why;
    assert_true(draft_from(&draft, row->definition));
    assert_true(draft_put_text(&draft, SETTING_in_password, "new", 3, &why));
    const struct definition *mended = draft_freeze(&draft);
    draft_end(&draft);
    assert_int_equal(mended->secret[LEG_INCOMING - LEG_SMTP], SECRET_READY);
    const struct save_change again = {.index = 1, .serial = 1, .definition = mended};
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 2, &again, 1));
    assert_int_equal(stage_answer(&stage, 2), SAVED);
    stage_reopen(&stage);
    assert_same_definition(restored_by_name(stage.restored, "sealed")->definition, mended);
    definition_unref(mended);
    definition_unref(d);
}

static bool file_holds(const char *path, const char *text)
{
    char bytes[1 << 18];
    FILE *file = fopen(path, "r");
    size_t n = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file != NULL)
        (void)fclose(file);
    return memmem(bytes, n, text, strlen(text)) != NULL;
}

static void secrets_are_sealed(void **state)
{
    (void)state;
    char log[160];
    struct stat st;
    const struct definition *d = stage_definition("plain-name", "plain-secret");
    const struct save_change change = {.index = 1, .serial = 1, .definition = d};
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 1, &change, 1));
    assert_int_equal(stage_answer(&stage, 1), SAVED);
    (void)snprintf(log, sizeof log, "%s-wal", stage.path);
    assert_true(file_holds(log, "plain-name"));
    assert_false(file_holds(log, "plain-secret"));
    assert_true(stat(stage.path, &st) == 0 && (st.st_mode & 0777) == 0600);
    assert_true(stat(log, &st) == 0 && (st.st_mode & 0777) == 0600);
    stage_close(&stage);
    assert_true(file_holds(stage.path, "plain-name"));
    assert_false(file_holds(stage.path, "plain-secret"));
    definition_unref(d);
}

/* --- who else looks at it --- */

static void second_is_refused(void **state)
{
    (void)state;
    struct test_store second = stage;
    second.store = NULL;
    second.restored = NULL;
    assert_false(stage_try_open(&second));
    assert_non_null(strstr(second.why, "another emailmon has it"));
}

struct seen {
    char names[128];
    bool polled;
    struct status last; /* texts counted */
};

static void see(void *owner, const struct stored_row *row)
{
    struct seen *seen = owner;
    size_t used = strlen(seen->names);
    (void)snprintf(seen->names + used, sizeof seen->names - used, "%d=%s ", (int)row->index, row->name);
    seen->polled = row->polled;
    status_copy(&seen->last, &row->status);
}

static void status_is_read(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct stored_state found;
    status_init(&seen.last);
    post(stage_status(7, 77, "seven"));
    post(stage_status(4, 44, "f\xC3\xBCr"));
    assert_true(stage_flush(&stage));
    for (int running = 1; running >= 0; running--) {
        seen.names[0] = '\0';
        if (!running)
            stage_close(&stage);
        if (!store_read_status(stage.path, NULL, &found, see, &seen, stage.why, sizeof stage.why))
            fail_msg("%s", stage.why);
        assert_string_equal(seen.names, "4=f\xC3\xBCr 7=seven ");
        assert_int_equal(seen.last.failure_cause, CAUSE_REFUSED);
        assert_int_equal(found.running, running);
        assert_true(seen.polled);
        assert_in_range(found.written_ms, wall_now_ms() - 60000, wall_now_ms());
    }
    seen.names[0] = '\0';
    assert_true(store_read_status(stage.path, "seven", &found, see, &seen, stage.why, sizeof stage.why));
    assert_string_equal(seen.names, "7=seven ");
    status_clear(&seen.last);
    assert_int_equal(unlink(stage.path), 0);
    assert_false(store_read_status(stage.path, NULL, &found, see, &seen, stage.why, sizeof stage.why));
    assert_non_null(strstr(stage.why, "has not been started"));
}

/* ${words}: of `enabled`. */
static void save_row(int32_t index, const char *name, const char *words)
{
    struct draft draft;
    struct mistake why;
    const struct definition *whole = stage_definition(name, "secret");
    assert_true(draft_from(&draft, whole) && draft_put_written(&draft, SETTING_enabled, words, &why));
    struct save_change change = {.index = index, .serial = (uint64_t)index, .definition = draft_freeze(&draft)};
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, (uint64_t)index, &change, 1));
    assert_int_equal(stage_answer(&stage, (uint64_t)index), SAVED);
    draft_end(&draft);
    definition_unref(whole);
    definition_unref(change.definition);
}

static void never_polled(void **state)
{
    (void)state;
    static const struct {
        const char *name, *enabled;
        enum verdict verdict;
    } rows[] = {{"on", "true", VERDICT_UNKNOWN}, {"off", "false", VERDICT_DISABLED}};
    for (int32_t i = 0; i < 2; i++) {
        struct seen seen = {0};
        struct stored_state found;
        status_init(&seen.last);
        save_row(i + 1, rows[i].name, rows[i].enabled);
        assert_true(store_read_status(stage.path, rows[i].name, &found, see, &seen, stage.why, sizeof stage.why));
        assert_int_equal(seen.last.verdict, rows[i].verdict);
        assert_false(seen.polled);
    }
}

static void see_event(void *owner, const struct event *event)
{
    struct seen *seen = owner;
    size_t used = strlen(seen->names);
    assert_string_equal(text_bytes(event->text), "refused");
    assert_int_equal(event->kind, EVENT_DOWN);
    (void)snprintf(seen->names + used, sizeof seen->names - used, "%d=%s ", (int)event->seq, text_bytes(event->name));
}

static void events_are_read(void **state)
{
    (void)state;
    struct seen seen = {0};
    post(stage_event(7, 77, "seven")); /* 1 */
    post(stage_event(4, 44, "four"));
    post(stage_event(7, 77, "seven"));
    post(stage_event(7, 77, "renamed")); /* 4 */
    assert_true(stage_flush(&stage));
    assert_true(store_read_events(stage.path, 7, 2, see_event, &seen, stage.why, sizeof stage.why));
    assert_string_equal(seen.names, "4=renamed 3=seven ");
    seen.names[0] = '\0';
    assert_true(store_read_events(stage.path, 4, 2, see_event, &seen, stage.why, sizeof stage.why));
    assert_string_equal(seen.names, "2=four ");
    seen.names[0] = '\0';
    assert_true(store_read_events(stage.path, 5, 2, see_event, &seen, stage.why, sizeof stage.why));
    assert_string_equal(seen.names, "");
}

static void see_definition(void *owner, int32_t index, const struct definition *definition)
{
    struct seen *seen = owner;
    size_t used = strlen(seen->names);
    (void)snprintf(seen->names + used, sizeof seen->names - used, "%d=%s ", (int)index,
                   definition_text(definition, SETTING_name));
}

static void one_definition_is_read(void **state)
{
    (void)state;
    struct seen seen = {0};
    const struct save_change changes[] = {{.index = 3, .serial = 33, .definition = stage_definition("three", "secret")},
                                          {.index = 5, .serial = 22, .definition = stage_definition("five", "secret")}};
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 1, changes, 2));
    assert_int_equal(stage_answer(&stage, 1), SAVED);
    assert_true(store_read_definitions(stage.path, 5, see_definition, &seen, stage.why, sizeof stage.why));
    assert_true(store_read_definitions(stage.path, 4, see_definition, &seen, stage.why, sizeof stage.why));
    assert_string_equal(seen.names, "5=five ");
    assert_true(store_read_definitions(stage.path, 0, see_definition, &seen, stage.why, sizeof stage.why));
    assert_string_equal(seen.names, "5=five 3=three 5=five ");
    definition_unref(changes[0].definition);
    definition_unref(changes[1].definition);
}

int main(void)
{
#define SENTENCE(sentence, function)                                                                                   \
    {                                                                                                                  \
        sentence, function, begin, end, NULL                                                                           \
    }
    const struct CMUnitTest tests[] = {
        SENTENCE("every ticket is answered by its receipt or a later one", every_ticket_is_answered),
        SENTENCE("a worker gets receipts for its own tickets alone", receipts_of_ones_own),
        SENTENCE("commits and the entries in them are counted", what_is_written_is_counted),
        SENTENCE("events get numbers without gap over a restart, in the order in which they happened",
                 events_are_numbered),
        SENTENCE("every column of a status and of a row's memory comes back", statuses_come_back),
        SENTENCE("outstanding probes come back with their state, and the last that were found", probes_come_back),
        SENTENCE("what became of a probe is said with the row's status, until its own record says more",
                 fate_with_the_status),
        SENTENCE("a row that is gone is not made again by what comes late", gone_rows_stay_gone),
        SENTENCE("of two rows with one index the one polled last stays", two_rows_of_one_index),
        SENTENCE("an event comes back whole, and says whether its notification is settled", settled_events),
        SENTENCE("a definition comes back as it was, and so does one that was removed and put back",
                 definitions_come_back),
        SENTENCE("a row of the file keeps its index and its AdminStatus, a volatile one nothing",
                 file_rows_keep_their_index),
        SENTENCE("a save that was dropped, and a trial, leave nothing", dropped_saves),
        SENTENCE("with another key a row stays, says that its password must be set again, and takes it", another_key),
        SENTENCE("no password is readable in the state, which only its owner may read", secrets_are_sealed),
        SENTENCE("a second emailmon on the same state is refused", second_is_refused),
        SENTENCE("the status is readable while emailmon runs and when it does not", status_is_read),
        SENTENCE("a row made by SET that was never polled is disabled where its definition says so", never_polled),
        SENTENCE("a row's last events are readable, newest first, and no other's", events_are_read),
        SENTENCE("the definition of one row made by SET is readable, and those of all", one_definition_is_read),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
