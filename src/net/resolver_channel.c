/* c-ares on the loop: its sockets, its clock, its life. */
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "loop_uv.h"
#include "resolver_ask_parts.h"

/*
 * c-ares waits so long for the first try of a server, and twice as long for the second, so that one silent server of
 * two or three leaves time for the others within RESOLVE_TOTAL_MS.
 */
enum {
    TRY_MS = 1500,
    CONF_CHECK_MS = 10 * 1000, /* resolv.conf is looked at so often */
    CONF_WAIT_MS = 30 * 1000   /* a change of it waits so long for a moment without questions */
};

struct asker_socket {
    uv_poll_t poll;
    struct asker *asker;
    struct asker_socket *next;
    ares_socket_t fd;
};

/* --- its sockets --- */

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct asker_socket *s = poll->data;
    struct asker *a = s->asker;
    ares_socket_t fd = s->fd; /* c-ares may close it, and s with it */
    bool reads = status < 0 || (events & UV_READABLE) != 0;
    bool writes = status < 0 || (events & UV_WRITABLE) != 0;
    ares_process_fd(a->channel, reads ? fd : ARES_SOCKET_BAD, writes ? fd : ARES_SOCKET_BAD);
    asker_rearm(a);
    asker_settle(a);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct asker_socket **place_of(struct asker *a, ares_socket_t fd)
{
    struct asker_socket **place = &a->sockets;
    while (*place != NULL && (*place)->fd != fd)
        place = &(*place)->next;
    return place;
}

static void forget_socket(struct asker_socket **place)
{
    struct asker_socket *s = *place;
    if (s == NULL)
        return;
    *place = s->next;
    uv_close((uv_handle_t *)&s->poll, on_closed);
}

/* Without memory the socket is not watched, and its questions fail by their clocks. */
static struct asker_socket *add_socket(struct asker *a, ares_socket_t fd)
{
    struct asker_socket *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    if (uv_poll_init(&a->loop->uv, &s->poll, fd) != 0) {
        free(s);
        return NULL;
    }
    s->poll.data = s;
    s->asker = a;
    s->fd = fd;
    s->next = a->sockets;
    a->sockets = s;
    return s;
}

static void socket_wants(void *data, ares_socket_t fd, int reads, int writes)
{
    struct asker *a = data;
    struct asker_socket **place = place_of(a, fd);
    if (!reads && !writes) {
        forget_socket(place);
        return;
    }
    struct asker_socket *s = *place != NULL ? *place : add_socket(a, fd);
    if (s != NULL)
        (void)uv_poll_start(&s->poll, (reads ? UV_READABLE : 0) | (writes ? UV_WRITABLE : 0), on_ready);
}

/* --- its clock --- */

void asker_rearm(struct asker *a)
{
    struct timeval left;
    if (ares_timeout(a->channel, NULL, &left) == NULL) {
        deadline_clear(a->tick);
        return;
    }
    deadline_set(a->tick, (uint64_t)left.tv_sec * 1000 + (uint64_t)(left.tv_usec + 999) / 1000);
}

static void tick_due(void *owner)
{
    struct asker *a = owner;
    ares_process_fd(a->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    asker_rearm(a);
    asker_settle(a);
}

static void pace_due(void *owner)
{
    asker_send(owner);
}

/* --- its life --- */

static int open_channel(struct asker *a, const char *servers, ares_channel *channel)
{
    union {
        const char *shown;
        char *taken; /* c-ares copies it */
    } conf = {.shown = a->conf};
    struct ares_options options = {.flags = a->of_system ? 0 : ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
                                   .timeout = TRY_MS,
                                   .tries = RESOLVE_TRIES,
                                   .sock_state_cb = socket_wants,
                                   .sock_state_cb_data = a,
                                   .resolvconf_path = conf.taken};
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;
    int error = ares_init_options(channel, &options, mask);
    if (error != ARES_SUCCESS || a->of_system)
        return error;
    error = ares_set_servers_ports_csv(*channel, servers);
    if (error != ARES_SUCCESS)
        ares_destroy(*channel);
    return error;
}

static struct timespec time_of(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 ? s.st_mtim : (struct timespec){0};
}

static bool conf_is_changed(struct asker *a, uint64_t now_ms)
{
    if (a->conf_changed_ms != 0)
        return true;
    if (!a->of_system || now_ms - a->conf_checked_ms < CONF_CHECK_MS)
        return false;
    a->conf_checked_ms = now_ms;
    struct timespec seen = time_of(a->conf);
    return seen.tv_sec != a->conf_time.tv_sec || seen.tv_nsec != a->conf_time.tv_nsec;
}

/* Questions that are out would end with the old channel; so they may finish, unless there are always some. */
void asker_refresh(struct asker *a)
{
    uint64_t now_ms = loop_now_ms(a->loop);
    ares_channel fresh;
    if (!conf_is_changed(a, now_ms))
        return;
    if (a->conf_changed_ms == 0)
        a->conf_changed_ms = now_ms;
    if (a->asked != NULL && now_ms - a->conf_changed_ms < CONF_WAIT_MS)
        return;
    a->conf_changed_ms = 0;
    struct timespec seen = time_of(a->conf);
    if (open_channel(a, NULL, &fresh) != ARES_SUCCESS)
        return; /* the next look at it tries again */
    ares_channel old = a->channel;
    a->channel = fresh;
    a->conf_time = seen;
    ares_destroy(old);
}

struct asker *asker_new(struct loop *loop, const char *servers, const char *conf, struct failure *why)
{
    int error = ARES_ENOMEM;
    struct asker *a = calloc(1, sizeof *a);
    if (a != NULL) {
        a->loop = loop;
        a->of_system = servers == NULL || servers[0] == '\0';
        a->conf = conf;
        a->conf_time = time_of(conf);
        a->conf_checked_ms = loop_now_ms(loop);
        a->tick = deadline_new(loop, tick_due, a);
        a->pace = deadline_new(loop, pace_due, a);
        a->allowance = ASKER_BURST;
        a->library = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
        if (a->tick != NULL && a->pace != NULL && a->library)
            error = open_channel(a, servers, &a->channel);
        if (error == ARES_SUCCESS)
            return a;
        a->channel = NULL;
    }
    *why = failure_make(LEG_LOCAL, STAGE_RESOLVE, error == ARES_ENOMEM ? CAUSE_RESOURCES : CAUSE_NAME_SERVER, 0);
    failure_detail(why, "%s: %s", a == NULL || a->of_system ? "the system's name servers" : servers,
                   error == ARES_EBADSTR ? "not a list of IP addresses, with ports or without" : ares_strerror(error));
    asker_free(a);
    return NULL;
}

void asker_free(struct asker *a)
{
    if (a == NULL)
        return;
    if (a->gone != NULL)
        *a->gone = true;
    while (a->waiting != NULL)
        question_drop(a->waiting);
    while (a->asked != NULL)
        question_drop(a->asked);
    while (a->answered != NULL)
        question_drop(a->answered);
    if (a->channel != NULL)
        ares_destroy(a->channel); /* ends what is still asked, and closes its sockets */
    while (a->sockets != NULL)
        forget_socket(&a->sockets);
    if (a->library)
        ares_library_cleanup();
    deadline_free(a->tick);
    deadline_free(a->pace);
    free(a);
}
