#include "set_stage.h"

#include <string.h>

#include "must.h"

enum { KEPT_MAX = 512, QUEUE_ROOM = 64 };

static struct agent agent;

/** What the state holds, in no order; definition NULL: not any more. */
static struct {
    size_t count;
    struct {
        int32_t index;
        const struct definition *definition;
    } rows[KEPT_MAX];
} kept;

static struct queue *orders;

/* --- the state --- */

static void drop_kept(void)
{
    for (size_t i = 0; i < kept.count; i++)
        definition_unref(kept.rows[i].definition);
    kept.count = 0;
}

static void keep_change(const struct save_change *c)
{
    size_t i = 0;
    while (i < kept.count && kept.rows[i].index != c->index)
        i++;
    if (i == kept.count) {
        must(kept.count++ < KEPT_MAX);
        kept.rows[i].index = c->index;
        kept.rows[i].definition = NULL;
    }
    definition_unref(kept.rows[i].definition);
    bool is_kept = c->definition != NULL && c->definition->storage != STORAGE_VOLATILE;
    kept.rows[i].definition = is_kept ? definition_ref(c->definition) : NULL;
}

/* What waits for an answer has had it; what does not is kept, now or later. */
void stage_take_saves(bool refuses)
{
    struct save save;
    (void)outbox_flush(agent.keep.saves);
    while (queue_take(agent.options.saves, &save)) {
        must(save_batch_claim(save.batch, SAVE_BEGUN));
        for (size_t i = 0; i < save.batch->count && save.kind == SAVE_CHANGES && !(refuses && save.id != 0); i++)
            keep_change(&save.batch->changes[i]);
        save_drop(&save);
        (void)outbox_flush(agent.keep.saves);
    }
}

void stage_answer_next(bool refuses)
{
    struct saved saved;
    while (queue_take(agent.options.saved, &saved))
        continue;
    saved = (struct saved){agent.keep.last_id + 1, refuses ? SAVE_REFUSED : SAVED};
    must(queue_post(agent.options.saved, &saved));
}

void stage_take_orders(void)
{
    struct order order;
    do {
        dispatch_flush(&agent.dispatch);
        while (queue_take(orders, &order))
            order_drop(&order);
    } while (dispatch_waits(&agent.dispatch));
}

void stage_check_kept(void)
{
    size_t durable = 0;
    for (size_t i = 0; i < monitors_count(agent.set); i++)
        durable += monitors_at(agent.set, i)->definition->storage != STORAGE_VOLATILE;
    for (size_t i = 0; i < kept.count; i++) {
        const struct monitor *row = monitors_find(agent.set, kept.rows[i].index);
        must(kept.rows[i].definition == NULL || (row != NULL && row->definition == kept.rows[i].definition));
        durable -= kept.rows[i].definition != NULL;
    }
    must(durable == 0);
}

/* --- the agent --- */

static uint64_t serial_of(void *owner, const char *name)
{
    static uint64_t serial;
    (void)owner, (void)name;
    return ++serial;
}

static const struct definition *file_row(const char *name)
{
    static const struct {
        enum setting_id id;
        const char *written;
    } settings_of_it[] = {{SETTING_device, "192.0.2.1"},
                          {SETTING_smtp_to, "to@example.com"},
                          {SETTING_smtp_from, "b@example.com"},
                          {SETTING_in_username, "user"},
                          {SETTING_in_password, "secret"}};
    struct draft d;
    struct mistake why;
    draft_init(&d);
    must(draft_put_written(&d, SETTING_name, name, &why));
    for (size_t i = 0; i < sizeof settings_of_it / sizeof settings_of_it[0]; i++)
        must(draft_put_written(&d, settings_of_it[i].id, settings_of_it[i].written, &why));
    const struct definition *made = draft_freeze(&d);
    draft_end(&d);
    return made;
}

struct agent *stage_begin(void)
{
    static struct wanted wanted[2];
    if (wanted[0].definition == NULL) {
        wanted[0].definition = file_row("file-1");
        wanted[1].definition = file_row("file-2");
        orders = queue_new(QUEUE_ROOM, sizeof(struct order));
        agent.options.saves = queue_new(QUEUE_ROOM, sizeof(struct save));
        agent.options.saved = queue_new(QUEUE_ROOM, sizeof(struct saved));
    }
    agent.set = monitors_new(serial_of, NULL);
    must(agent.set != NULL && dispatch_init(&agent.dispatch, &orders, 1) &&
         keep_init(&agent.keep, agent.options.saves, agent.options.saved));
    agent.half_made = agent.lacking_secrets = 0;
    agent.state_alarm = false;
    agent_take_file(&agent, &(struct notice){.kind = NOTICE_FILE, .wanted = wanted, .wanted_count = 2, .time_ms = 1});
    stage_take_saves(false);
    stage_take_orders();
    return &agent;
}

void stage_end(void)
{
    stage_take_orders();
    dispatch_clear(&agent.dispatch);
    keep_clear(&agent.keep);
    monitors_free(agent.set);
    drop_kept();
    text_unref(agent.set_error);
    text_unref(agent.config_error);
    agent.set_error = agent.config_error = NULL;
}
