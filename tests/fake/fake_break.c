/* Conversations that are broken: where, and what is done there instead. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_parts.h"

enum { LONG = 70000, LONG_DRIP = 600 }; /* longer than any line may be; than any patience lasts */

static const char *const protocol_words[FAKE_PROTOCOLS] = {"smtp", "pop3", "imap"};

static const struct {
    const char *word, *text;
} phases[FAKE_PHASES] = {
#define PHASE(enumerator, word, text) [PHASE_##enumerator] = {word, text},
#include "fake_phase.def"
};

static const struct {
    const char *word;
    const char *replies[FAKE_PROTOCOLS];
    const char *tls;
    size_t tls_bytes;
} acts[FAKE_ACTS] = {
#define ACT(enumerator, word, smtp, pop3, imap, tls)                                                                   \
    [ACT_##enumerator] = {word, {smtp, pop3, imap}, tls, sizeof(tls) - 1},
#include "fake_act.def"
};

/* --- what is done --- */

static void say_long(struct connection *c, size_t n)
{
    char *line = malloc(n);
    if (line == NULL)
        return;
    memset(line, 'a', n);
    fake_say_bytes(c, line, n);
    free(line);
}

static void say_reply(struct connection *c, enum fake_act act)
{
    const char *reply = acts[act].replies[c->protocol];
    if (c->fake->breaks[c->protocol].phase == PHASE_TLS)
        fake_say_bytes(c, acts[act].tls, acts[act].tls_bytes);
    else if (reply != NULL && c->protocol == FAKE_IMAP && strncmp(reply, "%s", 2) == 0)
        fake_say(c, "%s%s", c->tag[0] != '\0' ? c->tag : "*", reply + 2);
    else if (reply != NULL)
        fake_say_bytes(c, reply, strlen(reply));
}

static void play(struct connection *c, const struct fake_break *b)
{
    c->prompt = c->out.count;
    say_reply(c, b->act);
    switch (b->act) {
    case ACT_TEMPORARY:
    case ACT_PERMANENT:
    case ACT_EIGHTY:
    case ACT_UNKNOWN:
    case ACT_CREDENTIALS:
    case ACT_IN_USE: /* refused, and it goes on */
        c->fake->counts[COUNT_LOGINS_REFUSED] += b->phase == PHASE_LOGIN;
        return;
    case ACT_CLOSE:
    case ACT_SHUTDOWN:
    case ACT_RESET:
        c->resets = b->act == ACT_RESET;
        fake_close(c);
        break;
    case ACT_DRIP:
        c->drips = true;
        say_long(c, LONG_DRIP);
        break;
    case ACT_OVERSIZE:
        say_long(c, LONG);
        break;
    case ACT_SILENCE:
    case ACT_MALFORMED:
    case ACT_INJECTION:
    case FAKE_ACTS:
        break;
    }
    c->deaf = true;
}

/* --- where --- */

bool fake_breaks(struct connection *c, enum fake_phase phase)
{
    const struct fake_break *b = &c->fake->breaks[c->protocol];
    if (phase == PHASE_NONE || b->phase != phase || ++c->visits < b->nth)
        return false;
    c->broken = true;
    play(c, b);
    return true;
}

bool fake_does(const struct connection *c, enum fake_phase phase)
{
    const struct fake_break *b = &c->fake->breaks[c->protocol];
    return b->phase != phase || b->done || c->visits + 1 < b->nth;
}

/* A port with nobody behind it, which stays ours, or one whose queue is full: what comes then is not answered. */
static void close_door(struct fake_mail *f, enum fake_protocol protocol, enum fake_act act)
{
    const struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(f->ports[protocol]), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int *listener = &f->listeners[protocol], *filler = &f->fillers[protocol], one = 1;
    if (*filler >= 0)
        return;
    *filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)epoll_ctl(f->epoll, EPOLL_CTL_DEL, *listener, NULL);
    if (act == ACT_SILENCE) {
        (void)listen(*listener, 0);
        (void)!connect(*filler, (const struct sockaddr *)&at, sizeof at);
    } else {
        (void)close(*listener);
        *listener = -1;
        (void)setsockopt(*filler, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        (void)!bind(*filler, (const struct sockaddr *)&at, sizeof at);
    }
}

void fake_break(struct fake_mail *f, enum fake_protocol protocol, const struct fake_break *b)
{
    (void)pthread_mutex_lock(&f->mutex);
    f->breaks[protocol] = *b;
    if (b->phase == PHASE_CONNECT)
        close_door(f, protocol, b->act);
    (void)pthread_mutex_unlock(&f->mutex);
}

/* --- words --- */

const char *fake_protocol_word(enum fake_protocol protocol)
{
    return protocol_words[protocol];
}

const char *fake_phase_word(enum fake_phase phase)
{
    return phases[phase].word;
}

const char *fake_phase_text(enum fake_phase phase)
{
    return phases[phase].text;
}

const char *fake_act_word(enum fake_act act)
{
    return acts[act].word;
}

bool fake_break_named(char *words, enum fake_protocol *protocol, struct fake_break *b)
{
    const char *word[4] = {"", "", "", ""};
    for (size_t i = 0; i < 4 && words != NULL; i++)
        word[i] = strsep(&words, " ");
    *b = (struct fake_break){.done = strcmp(word[3], "done") == 0};
    for (*protocol = 0; *protocol < FAKE_PROTOCOLS && strcmp(word[0], protocol_words[*protocol]) != 0;)
        ++*protocol;
    for (; b->phase < FAKE_PHASES && strcmp(word[1], phases[b->phase].word) != 0;)
        b->phase++;
    for (; b->act < FAKE_ACTS && strcmp(word[2], acts[b->act].word) != 0;)
        b->act++;
    bool known = *protocol < FAKE_PROTOCOLS && b->phase < FAKE_PHASES;
    return known && (b->act < FAKE_ACTS || b->phase == PHASE_NONE);
}
