#include "agent_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "edit.h"

static uint64_t serial_of(void *owner, const char *name)
{
    static uint64_t serial;
    (void)owner;
    (void)name;
    return ++serial;
}

static void put(struct draft *d, enum setting_id id, const char *written)
{
    struct mistake why;
    assert_true(draft_put_written(d, id, written, &why));
}

const struct definition *fake_definition(const char *name)
{
    struct draft d;
    draft_init(&d);
    put(&d, SETTING_name, name);
    put(&d, SETTING_device, "192.0.2.1");
    put(&d, SETTING_notify, "down,certificate");
    put(&d, SETTING_smtp_to, "to@example.com");
    put(&d, SETTING_smtp_from, "from@example.com");
    put(&d, SETTING_in_username, "user");
    put(&d, SETTING_in_password, "secret");
    assert_int_equal(draft_check(&d, NULL, NULL), 0);
    const struct definition *definition = draft_freeze(&d);
    draft_end(&d);
    assert_non_null(definition);
    return definition;
}

static void publish(struct edit *e)
{
    struct mistake why = {.kind = MISTAKE_NONE};
    assert_true(edit_check(e, &why, NULL));
    edit_publish(e, NULL, NULL);
    edit_end(e);
}

struct monitors *fake_set(const int32_t *indexes, size_t n)
{
    struct monitors *set = monitors_new(serial_of, NULL);
    assert_non_null(set);
    struct edit *e = edit_begin(set);
    for (size_t i = 0; i < n; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "row-%d", (int)indexes[i]);
        const struct definition *definition = fake_definition(name);
        assert_true(edit_put(e, indexes[i], definition));
        definition_unref(definition);
    }
    publish(e);
    return set;
}

void fake_incomplete(struct monitors *set, int32_t index)
{
    struct edit *e = edit_begin(set);
    struct draft *d = edit_draft(e, index, true);
    assert_non_null(d);
    d->row_status = ROW_NOT_READY;
    d->storage = STORAGE_NON_VOLATILE;
    publish(e);
}

struct event fake_event(uint32_t seq)
{
    return (struct event){.seq = seq,
                          .time_ms = 1000,
                          .row = 7,
                          .kind = EVENT_DOWN,
                          .old = VERDICT_UP,
                          .new = VERDICT_DOWN,
                          .proof = PROOF_NONE,
                          .leg = LEG_SMTP,
                          .stage = STAGE_AUTH,
                          .cause = CAUSE_BAD_CREDENTIALS,
                          .notify = true,
                          .name = text_new("row-7", 5),
                          .text = text_new("no", 2)};
}
