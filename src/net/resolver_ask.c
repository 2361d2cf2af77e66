#include "resolver_ask.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "resolver_ask_parts.h"

enum {
    RECORDS_MAX = 64, /* looked at of one answer; the rest adds nothing to RESOLVED_MAX addresses */
    PACE_MS = 5, /* ASKER_BURST questions, twice as many datagrams, in so much time: answers to more find no buffer */
    /* There are name servers that never answer for IPv6: then the other kind has to do; but not before a question that
       was lost was asked again. */
    OTHER_KIND_MS = 2000
};

/* One of the two questions. */
struct half {
    struct question *question;
    bool is_v6;
    bool asked; /* c-ares will still call */
    bool in;
    int status; /* of c-ares */
    size_t count;
    struct address addresses[RESOLVED_MAX];
    uint32_t ttl_s;
};

struct question {
    struct asker *asker; /* NULL: dropped or answered, only c-ares still has it */
    struct question *next, **place;
    void (*answered)(void *owner, const struct answer *answer);
    void *owner;
    struct deadline *patience;
    uint64_t until_ms;
    struct half halves[2]; /* IPv6, IPv4 */
    char name[];
};

/* --- lists --- */

static void enter_list(struct question *q, struct question **list)
{
    q->place = list;
    q->next = *list;
    if (q->next != NULL)
        q->next->place = &q->next;
    *list = q;
}

static void leave_list(struct question *q)
{
    if (q->place == NULL)
        return;
    *q->place = q->next;
    if (q->next != NULL)
        q->next->place = q->place;
    q->place = NULL;
}

/* --- what c-ares says --- */

static void put_record(struct half *h, const void *bytes, size_t n, int ttl_s)
{
    uint32_t ttl = ttl_s > 0 ? (uint32_t)ttl_s : 0;
    if (h->count == 0 || ttl < h->ttl_s)
        h->ttl_s = ttl;
    if (h->count == RESOLVED_MAX)
        return;
    h->addresses[h->count].family = h->is_v6 ? 6 : 4;
    memcpy(h->addresses[h->count++].bytes, bytes, n);
}

static int parse_v6(struct half *h, const unsigned char *bytes, int n)
{
    struct ares_addr6ttl records[RECORDS_MAX];
    int count = RECORDS_MAX;
    int status = ares_parse_aaaa_reply(bytes, n, NULL, records, &count);
    for (int i = 0; status == ARES_SUCCESS && i < count; i++)
        put_record(h, &records[i].ip6addr, sizeof records[i].ip6addr, records[i].ttl);
    return status;
}

static int parse_v4(struct half *h, const unsigned char *bytes, int n)
{
    struct ares_addrttl records[RECORDS_MAX];
    int count = RECORDS_MAX;
    int status = ares_parse_a_reply(bytes, n, NULL, records, &count);
    for (int i = 0; status == ARES_SUCCESS && i < count; i++)
        put_record(h, &records[i].ipaddr, sizeof records[i].ipaddr, records[i].ttl);
    return status;
}

static bool has_answer(const struct question *q)
{
    const struct half *h = q->halves;
    return h[0].in && h[1].in;
}

static void free_if_done(struct question *q)
{
    if (q->asker == NULL && !q->halves[0].asked && !q->halves[1].asked)
        free(q);
}

static void on_reply(void *argument, int status, int timeouts, unsigned char *bytes, int n)
{
    struct half *h = argument;
    struct question *q = h->question;
    (void)timeouts;
    h->asked = false;
    if (q->asker == NULL) {
        free_if_done(q);
        return;
    }
    h->in = true;
    h->status = status;
    if (status == ARES_SUCCESS)
        h->status = h->is_v6 ? parse_v6(h, bytes, n) : parse_v4(h, bytes, n);
    if (h->status == ARES_SUCCESS && h->count == 0)
        h->status = ARES_ENODATA; /* nothing but aliases */
    /* The owner is told by asker_settle(), or by this clock where c-ares answers inside the very call that asked. */
    uint64_t now_ms = loop_now_ms(q->asker->loop);
    if (has_answer(q)) {
        leave_list(q);
        enter_list(q, &q->asker->answered);
        deadline_set(q->patience, 0);
    } else if (h->count > 0 && now_ms + OTHER_KIND_MS < q->until_ms) {
        deadline_set(q->patience, OTHER_KIND_MS);
    }
}

/* --- the answer --- */

size_t addresses_in_turns(const struct address *v6, size_t v6_count, const struct address *v4, size_t v4_count,
                          struct address out[RESOLVED_MAX])
{
    size_t n = 0;
    for (size_t i = 0; n < RESOLVED_MAX && (i < v6_count || i < v4_count); i++) {
        if (i < v6_count)
            out[n++] = v6[i];
        if (i < v4_count && n < RESOLVED_MAX)
            out[n++] = v4[i];
    }
    return n;
}

static bool is_denial(const struct half *h)
{
    return h->in && (h->status == ARES_ENOTFOUND || h->status == ARES_ENODATA || h->status == ARES_EBADNAME);
}

static const char *say_denial(const struct question *q)
{
    const struct half *h = q->halves;
    if (h[0].status == ARES_EBADNAME || h[1].status == ARES_EBADNAME)
        return "this cannot be a host name";
    return h[0].status == ARES_ENOTFOUND || h[1].status == ARES_ENOTFOUND ? "the name servers know no such name"
                                                                          : "the name exists, but has no address";
}

static const char *say_failure(const struct question *q)
{
    const struct half *h = is_denial(&q->halves[0]) ? &q->halves[1] : &q->halves[0];
    if (!h->in || h->status == ARES_ETIMEOUT)
        return "the name servers do not answer in time";
    if (h->status == ARES_ECONNREFUSED || h->status == ARES_ESERVFAIL || h->status == ARES_EREFUSED)
        return "the name servers fail, refuse, or cannot be reached";
    if (h->status == ARES_EBADRESP)
        return "the name servers' answer is malformed";
    return ares_strerror(h->status);
}

static struct answer answer_of(const struct question *q)
{
    const struct half *v6 = &q->halves[0], *v4 = &q->halves[1];
    struct answer a = {.verdict = SERVERS_KNOW};
    a.count = addresses_in_turns(v6->addresses, v6->count, v4->addresses, v4->count, a.addresses);
    if (a.count > 0) {
        a.ttl_s = v6->count == 0 || (v4->count > 0 && v4->ttl_s < v6->ttl_s) ? v4->ttl_s : v6->ttl_s;
        a.partial = (v6->count == 0 && !is_denial(v6)) || (v4->count == 0 && !is_denial(v4));
        return a;
    }
    bool denied = is_denial(v6) && is_denial(v4);
    a.verdict = denied ? SERVERS_DENY : SERVERS_FAIL;
    a.text = denied ? say_denial(q) : say_failure(q);
    return a;
}

/* --- the question --- */

static void end(struct question *q)
{
    leave_list(q);
    q->asker = NULL;
    deadline_free(q->patience);
    q->patience = NULL;
}

void question_drop(struct question *q)
{
    end(q);
    free_if_done(q);
}

static void tell(struct question *q)
{
    struct answer answer = answer_of(q);
    void (*answered)(void *, const struct answer *) = q->answered;
    void *owner = q->owner;
    question_drop(q);
    answered(owner, &answer);
}

static void patience_due(void *owner)
{
    tell(owner);
}

void asker_settle(struct asker *a)
{
    bool gone = false;
    a->gone = &gone;
    while (a->answered != NULL) {
        struct question *q = a->answered;
        a->answered = q->next;
        if (q->next != NULL)
            q->next->place = &a->answered;
        q->place = NULL;
        tell(q);
        if (gone)
            return;
    }
    a->gone = NULL;
}

/* A name with a dot in it is meant as it stands: the search list must not make another one of it. */
static void ask(struct question *q, struct half *h)
{
    struct asker *a = q->asker;
    const int type = h->is_v6 ? ns_t_aaaa : ns_t_a;
    if (a->of_system && strchr(q->name, '.') == NULL)
        ares_search(a->channel, q->name, ns_c_in, type, on_reply, h);
    else
        ares_query(a->channel, q->name, ns_c_in, type, on_reply, h);
}

/* Its time begins now: that it waited here is no name server's fault. */
static void send_question(struct question *q)
{
    struct asker *a = q->asker;
    if (a->allowance-- == ASKER_BURST)
        deadline_set(a->pace, PACE_MS);
    leave_list(q);
    enter_list(q, &a->asked);
    q->until_ms = loop_now_ms(a->loop) + RESOLVE_TOTAL_MS;
    deadline_set(q->patience, RESOLVE_TOTAL_MS);
    q->halves[0].asked = q->halves[1].asked = true;
    ask(q, &q->halves[0]);
    ask(q, &q->halves[1]);
}

void asker_send(struct asker *a)
{
    a->allowance = ASKER_BURST;
    while (a->waiting != NULL && a->allowance > 0)
        send_question(a->waiting); /* the newest first: all of them leave within moments */
    asker_rearm(a);
}

struct question *question_new(struct asker *a, const char *name,
                              void (*answered)(void *owner, const struct answer *answer), void *owner)
{
    asker_refresh(a);
    size_t n = strlen(name) + 1;
    struct question *q = calloc(1, sizeof *q + n);
    if (q == NULL)
        return NULL;
    q->patience = deadline_new(a->loop, patience_due, q);
    if (q->patience == NULL) {
        free(q);
        return NULL;
    }
    q->asker = a;
    q->answered = answered;
    q->owner = owner;
    memcpy(q->name, name, n);
    for (unsigned i = 0; i < 2; i++)
        q->halves[i] = (struct half){.question = q, .is_v6 = i == 0};
    enter_list(q, &a->waiting);
    if (a->allowance > 0) {
        send_question(q);
        asker_rearm(a);
    }
    return q;
}

/* --- the hosts file --- */

static size_t look_in_file(struct asker *a, const char *name, int family, struct address out[RESOLVED_MAX])
{
    struct hostent *host = NULL;
    size_t n = 0;
    if (ares_gethostbyname_file(a->channel, name, family, &host) != ARES_SUCCESS)
        return 0;
    for (char **at = host->h_addr_list; n < RESOLVED_MAX && *at != NULL; at++, n++) {
        out[n] = (struct address){.family = host->h_addrtype == AF_INET6 ? 6 : 4};
        memcpy(out[n].bytes, *at, out[n].family == 6 ? sizeof(struct in6_addr) : sizeof(struct in_addr));
    }
    ares_free_hostent(host);
    return n;
}

size_t asker_hosts(struct asker *a, const char *name, struct address out[RESOLVED_MAX])
{
    static const struct address loopback[] = {{.family = 6, .bytes = {[15] = 1}},
                                              {.family = 4, .bytes = {127, 0, 0, 1}}};
    struct address v6[RESOLVED_MAX], v4[RESOLVED_MAX];
    if (!a->of_system)
        return 0;
    size_t v6_count = look_in_file(a, name, AF_INET6, v6), v4_count = look_in_file(a, name, AF_INET, v4);
    if (v6_count + v4_count == 0 && strcasecmp(name, "localhost") == 0)
        return addresses_in_turns(&loopback[0], 1, &loopback[1], 1, out);
    return addresses_in_turns(v6, v6_count, v4, v4_count, out);
}
