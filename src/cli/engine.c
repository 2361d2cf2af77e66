#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "agent.h"
#include "crew.h"
#include "host_name.h"
#include "keys.h"
#include "loader.h"
#include "service.h"
#include "store.h"

enum { QUEUE_ROOM = 1024, POST_EVERY_US = 10000, POST_TRIES = 200 };

struct engine {
    struct log *log;
    uint32_t last_made; /* the upper half of the last new serial; the agent's thread alone */
    struct keys keys;
    struct queue *reports, *journal, *news, *notices, *saves, *saved;
    const struct restored *restored; /* what the state knew; all who need it have a reference of their own */
    struct store *store;
    struct crew crew;
    struct agent *agent;
    struct loader *loader;
};

/* One table of the queues, for making and freeing them. */
static const struct {
    size_t offset; /* in struct engine */
    size_t record_bytes;
    void (*drop)(void *record);
} queues[] = {
    {offsetof(struct engine, reports), sizeof(struct report), report_drop},
    {offsetof(struct engine, journal), sizeof(struct journal_entry), journal_entry_drop},
    {offsetof(struct engine, news), sizeof(struct news), news_drop},
    {offsetof(struct engine, notices), sizeof(struct notice), notice_drop},
    {offsetof(struct engine, saves), sizeof(struct save), save_drop},
    {offsetof(struct engine, saved), sizeof(struct saved), NULL},
};
enum { QUEUE_COUNT = sizeof queues / sizeof queues[0] };

static struct queue **queue_slot(struct engine *e, size_t i)
{
    return (struct queue **)(void *)((char *)e + queues[i].offset);
}

static bool make_queues(struct engine *e, size_t workers)
{
    for (size_t i = 0; i < QUEUE_COUNT; i++) {
        *queue_slot(e, i) = queue_new(QUEUE_ROOM, queues[i].record_bytes);
        if (*queue_slot(e, i) == NULL)
            return false;
    }
    return crew_init(&e->crew, workers, QUEUE_ROOM);
}

/*
 * A row that is new.  The lower half is random, so that it was never used before.  The upper half grows: rows that were
 * made one after the other are polled one after the other, and so share pages of the state, which is ordered by
 * serials.
 */
static uint64_t serial_of(void *owner, const char *name)
{
    struct engine *e = owner;
    const uint32_t now_s = (uint32_t)(wall_now_ms() / 1000);
    uint32_t random;
    (void)name;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return 0;
    e->last_made = now_s > e->last_made ? now_s : e->last_made + 1;
    return (uint64_t)e->last_made << 32 | random; /* 0 is that of the probes of `emailmon test` */
}

static bool token_key(const struct keys *keys, const char *label, struct token_key *key)
{
    memcpy(key->instance, keys->instance, sizeof key->instance);
    return keys_derive(keys, label, key->key);
}

static bool start_store(struct engine *e, const struct config_general *general, char *why, size_t size)
{
    const struct store_options options = {.log = e->log,
                                          .path = general->state,
                                          .keys = &e->keys,
                                          .journal = e->journal,
                                          .receipts = e->crew.receipts,
                                          .workers = e->crew.count,
                                          .news = e->news,
                                          .saves = e->saves,
                                          .saved = e->saved};
    e->store = store_open(&options, &e->restored, why, size);
    return e->store != NULL && store_start(e->store, why, size);
}

static bool start_workers(struct engine *e, const struct config_general *general, char *why, size_t size)
{
    char hello_name[HOST_NAME_MAX_BYTES];
    struct failure failure = failure_none;
    struct worker_options options = {.log = e->log,
                                     .dns = general->dns,
                                     .ca_file = general->ca_file,
                                     .hello_name = hello_name,
                                     .in_flight = general->in_flight,
                                     .per_host = general->per_host,
                                     .history_s = general->history_s,
                                     .restored = e->restored,
                                     .reports = e->reports,
                                     .journal = e->journal};
    host_name(hello_name);
    bool started = false;
    if (token_key(&e->keys, "probe", &options.key) && token_key(&e->keys, "test", &options.test_key))
        started = crew_start(&e->crew, &options, &failure);
    else
        failure = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
    if (!started)
        (void)failure_print(&failure, why, size);
    failure_clear(&failure);
    explicit_bzero(&options.key, sizeof options.key);
    explicit_bzero(&options.test_key, sizeof options.test_key);
    return started;
}

static bool start_agent(struct engine *e, const struct config_general *general, char *why, size_t size)
{
    char instance[INSTANCE_TEXT_MAX];
    keys_instance_text(&e->keys, instance);
    const struct agent_options options = {.log = e->log,
                                          .agentx = general->agentx,
                                          .version = EMAILMON_VERSION,
                                          .instance = instance,
                                          .serial_of = serial_of,
                                          .serial_owner = e,
                                          .history_s = general->history_s,
                                          .restored = e->restored,
                                          .journal = e->journal,
                                          .notices = e->notices,
                                          .reports = e->reports,
                                          .news = e->news,
                                          .saved = e->saved,
                                          .orders = e->crew.orders,
                                          .workers = e->crew.count,
                                          .saves = e->saves};
    e->agent = agent_start(&options, why, size);
    return e->agent != NULL;
}

struct engine *engine_start(const char *path, struct config *config, struct log *log, char *why, size_t size)
{
    const struct config_general *general = &config->general;
    struct engine *e = calloc(1, sizeof *e);
    (void)snprintf(why, size, "no memory or no descriptors to start with");
    if (e == NULL)
        goto free_config;
    e->log = log;
    if (!make_queues(e, general->workers) || !keys_load(general->key_file, true, &e->keys, why, size) ||
        !start_store(e, general, why, size) || !start_workers(e, general, why, size) ||
        !start_agent(e, general, why, size))
        goto stop;
    e->loader = loader_start(path, config, e->notices, log, service_ready);
    config = NULL; /* the loader's, also when it could not start */
    restored_unref(e->restored);
    e->restored = NULL;
    if (e->loader != NULL)
        return e;
    (void)snprintf(why, size, "no memory or no thread to read passwords with");
stop:
    engine_stop(e);
free_config:
    if (config != NULL)
        config_free(config);
    return NULL;
}

void engine_reload(struct engine *e)
{
    service_reloading();
    loader_reload(e->loader);
}

/* The agent tells the workers, and goes on serving until they have ended. */
static void tell_to_stop(struct engine *e)
{
    const struct notice notice = {.kind = NOTICE_STOP};
    for (int i = 0; e->agent != NULL && i < POST_TRIES && !queue_post(e->notices, &notice); i++)
        (void)usleep(POST_EVERY_US);
    if (e->agent == NULL)
        crew_dismiss(&e->crew);
}

void engine_stop(struct engine *e)
{
    loader_stop(e->loader);
    tell_to_stop(e);
    crew_stop(&e->crew);
    agent_stop(e->agent);
    store_stop(e->store); /* the last: what the others told is on disk */
    restored_unref(e->restored);
    for (size_t i = 0; i < QUEUE_COUNT; i++)
        queue_free(*queue_slot(e, i), queues[i].drop);
    crew_clear(&e->crew);
    keys_wipe(&e->keys);
    free(e);
}
