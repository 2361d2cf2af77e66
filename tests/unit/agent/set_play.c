#include "set_play.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent_fake.h"
#include "agent_parts.h"
#include "set_line.h"

enum { ROWS_MAX = 64, TEXT_MAX = 8192, VARIABLES_MAX = 512 };

/** The names that the state has, by index, and the thread that keeps them ("!off": AdminStatus over the file's). */
struct play_store {
    pthread_t thread;
    pthread_mutex_t mutex;
    struct agent *agent;
    enum store_mood mood;
    bool stopping;
    struct kept_name {
        int32_t index; /* 0: free */
        char name[128];
    } rows[ROWS_MAX];
};

/* --- the store --- */

static struct kept_name *place_of(struct play_store *s, int32_t index)
{
    struct kept_name *place = NULL;
    for (size_t i = 0; i < ROWS_MAX; i++) {
        if (s->rows[i].index == index)
            return &s->rows[i];
        if (s->rows[i].index == 0 && place == NULL)
            place = &s->rows[i];
    }
    assert_non_null(place);
    return place;
}

static void keep(struct play_store *s, const struct save_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct save_change *c = &batch->changes[i];
        struct kept_name *row = place_of(s, c->index);
        *row = (struct kept_name){0};
        if (c->definition == NULL || c->definition->storage == STORAGE_VOLATILE)
            continue;
        row->index = c->index;
        (void)snprintf(row->name, sizeof row->name, "%s%s", definition_text(c->definition, SETTING_name),
                       c->admin.set == 0            ? ""
                       : c->admin.set == TRUTH_TRUE ? "!on"
                                                    : "!off");
    }
}

static void take_save(struct play_store *s, struct save *save)
{
    struct saved saved = {save->id, SAVED};
    if (!save_batch_claim(save->batch, SAVE_BEGUN)) {
        save_drop(save);
        return;
    }
    if (save->id != 0 && s->mood == STORE_REFUSE)
        saved.answer = SAVE_REFUSED;
    else if (save->kind == SAVE_CHANGES)
        keep(s, save->batch);
    if (save->id != 0 && s->mood != STORE_LATE)
        (void)queue_post(s->agent->options.saved, &saved);
    save_drop(save);
}

static void *serve(void *owner)
{
    struct play_store *s = owner;
    struct queue *saves = s->agent->options.saves;
    for (;;) {
        struct save save;
        (void)pthread_mutex_lock(&s->mutex);
        bool stopping = s->stopping;
        queue_drain(saves);
        while (s->mood != STORE_SILENT && queue_take(saves, &save))
            take_save(s, &save);
        (void)pthread_mutex_unlock(&s->mutex);
        if (stopping)
            return NULL;
        (void)poll(&(struct pollfd){.fd = queue_fd(saves), .events = POLLIN}, 1, 1);
    }
}

void play_mood(struct set_play *p, enum store_mood mood)
{
    (void)pthread_mutex_lock(&p->store->mutex);
    p->store->mood = mood;
    (void)pthread_mutex_unlock(&p->store->mutex);
}

/* The thread takes all that is there while it holds the mutex. */
void play_settle(struct set_play *p)
{
    struct save save;
    (void)outbox_flush(p->agent->keep.saves);
    (void)pthread_mutex_lock(&p->store->mutex);
    while (p->store->mood != STORE_SILENT && queue_take(p->agent->options.saves, &save))
        take_save(p->store, &save);
    (void)pthread_mutex_unlock(&p->store->mutex);
}

static int by_index(const void *a, const void *b)
{
    const struct kept_name *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

const char *play_state(struct set_play *p)
{
    static char text[TEXT_MAX];
    struct kept_name *rows = p->store->rows;
    size_t used = 0;
    play_settle(p);
    (void)pthread_mutex_lock(&p->store->mutex);
    qsort(rows, ROWS_MAX, sizeof *rows, by_index);
    text[0] = '\0';
    for (size_t i = 0; i < ROWS_MAX && used < sizeof text; i++) {
        if (rows[i].index != 0)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%d=%s", used == 0 ? "" : " ",
                                     (int)rows[i].index, rows[i].name);
    }
    (void)pthread_mutex_unlock(&p->store->mutex);
    return text;
}

/* --- the beginning and the end --- */

static void add_file(struct agent *a)
{
    struct wanted wanted[] = {{.definition = fake_definition("file-1")}, {.definition = fake_definition("file-2")}};
    agent_take_file(a, &(struct notice){.kind = NOTICE_FILE, .wanted = wanted, .wanted_count = 2, .time_ms = 1});
    for (size_t i = 0; i < 2; i++)
        definition_unref(wanted[i].definition);
}

struct set_play *play_new(void)
{
    struct set_play *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->agent = fake_agent();
    p->agent->options.log = log_new();
    p->store = calloc(1, sizeof *p->store);
    assert_non_null(p->store);
    p->store->agent = p->agent;
    (void)pthread_mutex_init(&p->store->mutex, NULL);
    assert_int_equal(pthread_create(&p->store->thread, NULL, serve, p->store), 0);
    p->variables = calloc(VARIABLES_MAX, sizeof *p->variables);
    p->texts = malloc(TEXT_MAX);
    assert_non_null(p->variables);
    assert_non_null(p->texts);
    add_file(p->agent);
    (void)play_orders(p);
    return p;
}

void play_free(struct set_play *p)
{
    (void)pthread_mutex_lock(&p->store->mutex);
    p->store->stopping = true;
    (void)pthread_mutex_unlock(&p->store->mutex);
    (void)pthread_join(p->store->thread, NULL);
    (void)pthread_mutex_destroy(&p->store->mutex);
    free(p->store);
    set_free(p->set);
    free(p->variables);
    free(p->texts);
    log_free(p->agent->options.log);
    fake_agent_free(p->agent);
    free(p);
}

/* --- phases --- */

void play_begin(struct set_play *p, const char *line)
{
    assert_true(text_copy(p->texts, TEXT_MAX, line));
    assert_true(set_line_read(p->texts, p->variables, VARIABLES_MAX, &p->count));
    p->set = set_new(p->agent);
    assert_non_null(p->set);
}

bool play_take(struct set_play *p)
{
    return set_take(p->set, p->variables, p->count, &p->fault);
}

bool play_check(struct set_play *p)
{
    return set_check(p->set, p->variables, p->count, &p->fault);
}

bool play_commit(struct set_play *p)
{
    return set_commit(p->set, &p->fault);
}

bool play_undo(struct set_play *p)
{
    return set_undo(p->set, &p->fault);
}

void play_end(struct set_play *p)
{
    set_free(p->set);
    p->set = NULL;
}

static const char *error_word(enum mistake_kind kind)
{
    static const char *const words[] = {
        [MISTAKE_NONE] = "none",
        [MISTAKE_TYPE] = "wrongType",
        [MISTAKE_LENGTH] = "wrongLength",
        [MISTAKE_VALUE] = "wrongValue",
        [MISTAKE_MISSING] = "inconsistentValue",
        [MISTAKE_INCONSISTENT] = "inconsistentValue",
        [MISTAKE_NOT_WRITABLE] = "notWritable",
        [MISTAKE_NEVER] = "noCreation",
        [MISTAKE_ABSENT] = "inconsistentName",
        [MISTAKE_RESOURCES] = "resourceUnavailable",
        [MISTAKE_SAVE] = "commitFailed",
        [MISTAKE_UNDO] = "undoFailed",
    };
    return words[kind];
}

const char *play(struct set_play *p, const char *line)
{
    static char answer[64];
    play_begin(p, line);
    bool ok = play_take(p) && play_check(p) && play_commit(p);
    if (ok)
        set_finish(p->set);
    else
        set_drop(p->set);
    play_end(p);
    (void)snprintf(answer, sizeof answer, "%s %zu", error_word(p->fault.why.kind), p->fault.place + 1);
    return ok ? "ok" : answer;
}

/* --- what is there --- */

char *play_tree(const struct set_play *p)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    for (size_t i = 0; i < monitors_count(p->agent->set); i++) {
        const struct monitor *row = monitors_at(p->agent->set, i);
        const struct definition *d = row->definition;
        (void)fprintf(out, "%d:%llu:%u:%u:%u:%d", (int)row->index, (unsigned long long)row->serial,
                      (unsigned)d->row_status, (unsigned)d->storage, (unsigned)d->overridden, row->status.verdict);
        for (enum setting_id id = 0; id < SETTING_COUNT; id++)
            (void)fprintf(out, " %d:%s:%u", (int)definition_has(d, id), definition_text(d, id),
                          (unsigned)definition_number(d, id));
        (void)fprintf(out, "\n");
    }
    (void)fprintf(out, "next %d half-made %zu lacking %zu changed %lld\n", (int)monitors_free_index(p->agent->set),
                  p->agent->half_made, p->agent->lacking_secrets, (long long)p->agent->table_changed_at);
    assert_int_equal(fclose(out), 0);
    return text;
}

void play_expect_tree(const struct set_play *p, char *before)
{
    char *now = play_tree(p);
    assert_string_equal(now, before);
    free(now);
    free(before);
}

const char *play_error(const struct set_play *p)
{
    return text_bytes(p->agent->set_error);
}

const char *play_orders(struct set_play *p)
{
    static char text[TEXT_MAX];
    static const char *const words[] = {[ORDER_PUT] = "put", [ORDER_REMOVE] = "remove", [ORDER_POLL] = "poll"};
    size_t used = 0;
    struct order order;
    text[0] = '\0';
    while (queue_take(p->agent->options.orders[0], &order)) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %d", used == 0 ? "" : ", ", words[order.kind],
                                 (int)order.index);
        order_drop(&order);
    }
    return text;
}
