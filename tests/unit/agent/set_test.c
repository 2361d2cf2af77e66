/* SET, phase by phase, without Net-SNMP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent_fake.h"
#include "agent_parts.h"
#include "set_play.h"

static int set_up(void **state)
{
    *state = play_new();
    return 0;
}

static int tear_down(void **state)
{
    play_free(*state);
    return 0;
}

/* --- what a SET does --- */

static enum row_status status_of(const struct set_play *p, int32_t index)
{
    return (enum row_status)monitors_find(p->agent->set, index)->definition->row_status;
}

static void a_row_grows_in_several_requests(void **state)
{
    struct set_play *p = *state;
    assert_string_equal(play(p, "RowStatus.7=i5"), "ok");
    assert_int_equal(status_of(p, 7), ROW_NOT_READY);
    assert_int_equal(p->agent->half_made, 1);
    assert_string_equal(play_orders(p), "put 7");
    assert_string_equal(play(p, "Name.7=sa"), "ok");
    assert_int_equal(status_of(p, 7), ROW_NOT_READY);
    assert_string_equal(play(p, REST(7)), "ok");
    assert_int_equal(status_of(p, 7), ROW_NOT_IN_SERVICE);
    assert_int_equal(p->agent->half_made, 0);
    assert_string_equal(play(p, "InPassword.7=sp RowStatus.7=i1"), "ok");
    assert_int_equal(status_of(p, 7), ROW_ACTIVE);
    assert_string_equal(play_state(p), FILE_STATE " 7=a");
    assert_string_equal(play_orders(p), "put 7, put 7, put 7");
}

static void the_worker_learns_of_a_request_at_its_end(void **state)
{
    struct set_play *p = *state;
    play_begin(p, GO(7, "a") " PollNow.7=i2 PollNow.1=i2");
    assert_true(play_take(p) && play_check(p));
    assert_null(monitors_find(p->agent->set, 7));
    assert_true(play_commit(p));
    assert_non_null(monitors_find(p->agent->set, 7));
    assert_string_equal(play_state(p), FILE_STATE " 7=a");
    assert_string_equal(play_orders(p), "");
    set_finish(p->set);
    play_end(p);
    assert_string_equal(play_orders(p), "put 7, poll 7, poll 1");
    assert_string_equal(play(p, "RowStatus.7=i6"), "ok");
    assert_string_equal(play_orders(p), "remove 7");
    assert_string_equal(play_state(p), FILE_STATE);
}

static void a_volatile_row_is_not_kept(void **state)
{
    struct set_play *p = *state;
    play_mood(p, STORE_REFUSE);
    p->agent->state_alarm = true;
    assert_string_equal(play(p, GO(7, "a") " StorageType.7=i2"), "ok");
    assert_string_equal(play(p, "PollNow.7=i2"), "ok");
    assert_string_equal(play(p, "StorageType.7=i3"), "resourceUnavailable 1");
    play_mood(p, STORE_WELL);
    assert_string_equal(play(p, "StorageType.7=i3"), "ok");
    assert_string_equal(play_state(p), FILE_STATE " 7=a");
    assert_string_equal(play(p, "StorageType.7=i2"), "ok");
    assert_string_equal(play_state(p), FILE_STATE);
}

static void what_was_refused_is_said_in_words_until_a_good_request(void **state)
{
    struct set_play *p = *state;
    assert_string_equal(play(p, GO(7, "a")), "ok");
    assert_string_equal(play(p, "SmtpPort.7=u70000"), "wrongValue 1");
    assert_string_equal(play_error(p), "emailMonSmtpPort.7: 70000 is out of range; a number from 1 to 65535 is right");
    assert_string_equal(play(p, "SmtpPort.7=u2525"), "ok");
    assert_string_equal(play_error(p), "");
    assert_string_equal(play(p, "InPassword.7=x736563726574ff"), "wrongValue 1");
    assert_null(strstr(play_error(p), "secret"));
}

/* --- AdminStatus of the file's rows --- */

static void reload(struct set_play *p, bool enabled)
{
    struct draft d;
    struct mistake why;
    const struct definition *base = fake_definition("file-1");
    assert_true(draft_from(&d, base));
    assert_true(draft_put_number(&d, SETTING_enabled, enabled ? TRUTH_TRUE : TRUTH_FALSE, &why));
    struct wanted wanted[] = {{.definition = draft_freeze(&d)}, {.definition = fake_definition("file-2")}};
    agent_take_file(p->agent, &(struct notice){.kind = NOTICE_FILE, .wanted = wanted, .wanted_count = 2, .time_ms = 2});
    draft_end(&d);
    definition_unref(base);
    definition_unref(wanted[0].definition);
    definition_unref(wanted[1].definition);
}

static bool is_on(const struct set_play *p, int32_t index)
{
    return definition_is_on(monitors_find(p->agent->set, index)->definition);
}

static void an_admin_status_outlives_reloads_until_the_file_changes_its_mind(void **state)
{
    struct set_play *p = *state;
    assert_string_equal(play(p, "AdminStatus.1=i2"), "ok");
    assert_false(is_on(p, 1));
    assert_string_equal(play_state(p), "1=file-1!off 2=file-2");
    assert_string_equal(play_orders(p), "put 1");
    reload(p, true);
    assert_false(is_on(p, 1));
    assert_string_equal(play_orders(p), "");
    reload(p, false);
    assert_false(is_on(p, 1));
    assert_string_equal(play_state(p), FILE_STATE);
    reload(p, true);
    assert_true(is_on(p, 1));
    assert_string_equal(play(p, "AdminStatus.1=i2"), "ok");
    assert_string_equal(play(p, "AdminStatus.1=i1"), "ok");
    assert_string_equal(play_state(p), FILE_STATE);
}

static void a_password_that_comes_late_leaves_the_admin_status(void **state)
{
    struct set_play *p = *state;
    assert_string_equal(play(p, "AdminStatus.1=i2"), "ok");
    struct draft d;
    struct mistake why;
    const struct definition *base = fake_definition("file-1");
    assert_true(draft_from(&d, base));
    assert_true(draft_put_text(&d, SETTING_in_password, "late", 4, &why));
    struct wanted wanted = {.definition = draft_freeze(&d)};
    agent_take_definition(p->agent, &(struct notice){.kind = NOTICE_DEFINITION, .wanted = &wanted, .wanted_count = 1});
    draft_end(&d);
    definition_unref(base);
    definition_unref(wanted.definition);
    const struct definition *now = monitors_find(p->agent->set, 1)->definition;
    assert_string_equal(definition_text(now, SETTING_in_password), "late");
    assert_false(is_on(p, 1));
}

/* --- failures --- */

static void nothing_remains_of_a_request_that_ends_at_any_phase(void **state)
{
    struct set_play *p = *state;
    static const char line[] = GO(7, "a") " Interval.3=u7 AdminStatus.1=i2 RowStatus.4=i6 PollNow.2=i2";
    assert_string_equal(play(p, GO(3, "c")), "ok");
    assert_string_equal(play(p, GO(4, "d")), "ok");
    char *kept = strdup(play_state(p));
    struct status up;
    status_init(&up);
    up.verdict = VERDICT_UP; /* a row that is turned off and on again has not lost it */
    up.proof = PROOF_ROUND_TRIP;
    monitors_set_status(p->agent->set, monitors_find(p->agent->set, 1), &up);
    (void)play_orders(p);
    for (int phases = 0; phases <= 4; phases++) {
        char *before = play_tree(p);
        play_begin(p, line);
        assert_true(phases < 1 || play_take(p));
        assert_true(phases < 2 || play_check(p));
        assert_true(phases < 3 || play_commit(p));
        assert_true(phases < 3 || play_undo(p));
        if (phases < 3)
            set_drop(p->set);
        play_end(p);
        play_expect_tree(p, before);
        assert_string_equal(play_state(p), kept);
        assert_string_equal(play_orders(p), "");
        assert_null(p->agent->open_set);
    }
    free(kept);
}

static void a_commit_that_is_not_kept_leaves_no_trace(void **state)
{
    static const struct {
        enum store_mood mood;
        const char *error;
    } moods[] = {
        {STORE_REFUSE, "the state cannot be written"},
        {STORE_SILENT, "the state is not written in time"},
        {STORE_LATE, "the state is not written in time"},
    };
    struct set_play *p = *state;
    for (size_t i = 0; i < sizeof moods / sizeof moods[0]; i++) {
        char *before = play_tree(p);
        play_mood(p, moods[i].mood);
        assert_string_equal(play(p, GO(7, "a")), "commitFailed 1");
        assert_string_equal(play_error(p), moods[i].error);
        play_expect_tree(p, before);
        play_mood(p, STORE_WELL);
        assert_string_equal(play_state(p), FILE_STATE);
        assert_string_equal(play_orders(p), "");
        assert_int_equal(keep_is_late(&p->agent->keep), moods[i].mood == STORE_LATE);
    }
    assert_string_equal(play(p, GO(7, "a")), "ok"); /* a trial finds the state well */
    const struct saved late = {.id = p->agent->keep.late_id, .answer = SAVED};
    assert_true(queue_post(p->agent->options.saved, &late));
    keep_take(&p->agent->keep);
    assert_false(keep_is_late(&p->agent->keep));
}

static void while_the_state_is_known_to_be_unwritable_nothing_is_promised(void **state)
{
    struct set_play *p = *state;
    p->agent->state_alarm = true;
    play_mood(p, STORE_REFUSE);
    char *before = play_tree(p);
    assert_string_equal(play(p, GO(7, "a")), "resourceUnavailable 1");
    assert_string_equal(play(p, "AdminStatus.1=i2"), "resourceUnavailable 1");
    assert_string_equal(play(p, "PollNow.1=i2"), "ok");
    assert_string_equal(play(p, "RowStatus.9=i6"), "ok");
    play_mood(p, STORE_SILENT);
    assert_string_equal(play(p, GO(7, "a")), "resourceUnavailable 1");
    play_expect_tree(p, before);
    play_mood(p, STORE_WELL);
    assert_string_equal(play(p, GO(7, "a")), "ok");
}

static void an_undo_that_is_not_kept_says_so_and_is_made_up_for(void **state)
{
    static const enum store_mood moods[] = {STORE_REFUSE, STORE_SILENT, STORE_LATE};
    struct set_play *p = *state;
    for (size_t i = 0; i < sizeof moods / sizeof moods[0]; i++) {
        char *before = play_tree(p);
        play_mood(p, STORE_WELL);
        play_begin(p, GO(7, "a"));
        assert_true(play_take(p) && play_check(p) && play_commit(p));
        play_mood(p, moods[i]);
        assert_false(play_undo(p));
        assert_int_equal(p->fault.why.kind, MISTAKE_UNDO);
        play_end(p);
        play_expect_tree(p, before);
        play_mood(p, STORE_WELL);
        assert_string_equal(play_state(p), FILE_STATE);
    }
}

static void the_end_of_the_session_settles_a_request(void **state)
{
    struct set_play *p = *state;
    char *before = play_tree(p);
    play_begin(p, GO(7, "a"));
    assert_true(play_take(p) && play_check(p));
    set_settle(p->agent);
    assert_false(play_commit(p));
    assert_true(play_undo(p));
    play_end(p);
    play_expect_tree(p, before);

    play_begin(p, GO(7, "a"));
    assert_true(play_take(p) && play_check(p) && play_commit(p));
    set_settle(p->agent); /* it is on disk: it is done */
    assert_string_equal(play_orders(p), "put 7");
    assert_false(play_undo(p));
    assert_int_equal(p->fault.why.kind, MISTAKE_UNDO);
    play_end(p);
    assert_non_null(monitors_find(p->agent->set, 7));
    assert_string_equal(play_state(p), FILE_STATE " 7=a");
}

static void a_file_that_comes_between_ends_a_request(void **state)
{
    struct set_play *p = *state;
    play_begin(p, GO(7, "a"));
    assert_true(play_take(p));
    reload(p, false);
    assert_false(play_check(p));
    assert_int_equal(p->fault.why.kind, MISTAKE_RESOURCES);
    play_end(p);
    play_begin(p, GO(7, "a"));
    assert_true(play_take(p) && play_check(p));
    reload(p, true);
    assert_false(play_commit(p));
    play_end(p);
    assert_null(monitors_find(p->agent->set, 7));
}

static void a_row_that_nobody_finishes_goes_after_five_minutes(void **state)
{
    struct set_play *p = *state;
    assert_string_equal(play(p, "RowStatus.7=i5"), "ok");
    assert_string_equal(play(p, "RowStatus.8=i5 " ROW(8, "b")), "ok");
    uint64_t begun_ms = monitors_find(p->agent->set, 7)->not_ready_ms;
    agent_drop_half_made(p->agent, begun_ms + HALF_MADE_MS - 1);
    assert_non_null(monitors_find(p->agent->set, 7));
    assert_string_equal(play(p, "Description.7=sx"), "ok"); /* that is not enough */
    agent_drop_half_made(p->agent, begun_ms + HALF_MADE_MS + 1000);
    assert_null(monitors_find(p->agent->set, 7));
    assert_non_null(monitors_find(p->agent->set, 8));
    assert_string_equal(play_state(p), FILE_STATE " 8=b");
    assert_int_equal(p->agent->half_made, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_row_grows_in_several_requests),
        TEST(the_worker_learns_of_a_request_at_its_end),
        TEST(a_volatile_row_is_not_kept),
        TEST(what_was_refused_is_said_in_words_until_a_good_request),
        TEST(an_admin_status_outlives_reloads_until_the_file_changes_its_mind),
        TEST(a_password_that_comes_late_leaves_the_admin_status),
        TEST(nothing_remains_of_a_request_that_ends_at_any_phase),
        TEST(a_commit_that_is_not_kept_leaves_no_trace),
        TEST(while_the_state_is_known_to_be_unwritable_nothing_is_promised),
        TEST(an_undo_that_is_not_kept_says_so_and_is_made_up_for),
        TEST(the_end_of_the_session_settles_a_request),
        TEST(a_file_that_comes_between_ends_a_request),
        TEST(a_row_that_nobody_finishes_goes_after_five_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
