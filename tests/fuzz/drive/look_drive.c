#include <stdlib.h>
#include <string.h>

#include "drive.h"
#include "must.h"
#include "tokens.h"

struct looks {
    struct session *(*new)(const struct look_task *task);
    struct look_task task; /* of the look in hand */
    struct drop_memory *drop;
    bool missing;
    uint64_t judged, doomed; /* mails of the look in hand; those of them that are to be deleted */
    uint64_t deletions;      /* POP3: that were asked for */
};

static enum disposal judge(void *owner, const struct mail_facts *mail)
{
    struct looks *l = owner;
    must(mail->token_count <= LOOK_TOKENS_MAX);
    enum disposal what = tokens_judge(mail);
    l->judged++;
    l->doomed += what == DISPOSAL_DELETE;
    return what;
}

static bool missing(void *owner)
{
    const struct looks *l = owner;
    return l->missing;
}

static struct session *make(struct drive *d, void *owner)
{
    struct looks *l = owner;
    l->judged = l->doomed = l->deletions = 0;
    l->missing = (d->flags & DRIVE_OWN_1) != 0;
    l->task = (struct look_task){.leg = &d->leg,
                                 .memory = &d->memory,
                                 .cache = d->cache,
                                 .drop = l->drop,
                                 .expects_old = (d->flags & DRIVE_OWN_2) != 0,
                                 .judge = judge,
                                 .missing = missing,
                                 .owner = l};
    return l->new (&l->task);
}

/* --- manners: foreign mail is neither deleted nor marked as read --- */

/* How many uids a sequence-set has, "1:3,7". */
static uint64_t set_total(const char *set)
{
    uint64_t total = 0;
    for (char *end; *set >= '0' && *set <= '9'; set = *end == ',' ? end + 1 : end) {
        unsigned long low = strtoul(set, &end, 10), high = low;
        if (*end == ':')
            high = strtoul(end + 1, &end, 10);
        must(low <= high);
        total += high - low + 1;
    }
    return total;
}

static void check_line(const struct drive *d, struct looks *l, const char *line)
{
    static const char *const sets[] = {" UID STORE ", " UID EXPUNGE "}, *const never[] = {" CLOSE", "BODY["};
    bool dele = strncmp(line, "DELE ", strlen("DELE ")) == 0;
    bool deletes = dele || strstr(line, " EXPUNGE") != NULL;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        const char *at = strstr(line, sets[i]);
        must(at == NULL || set_total(at + strlen(sets[i])) <= l->doomed);
        deletes = deletes || at != NULL;
    }
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        must(strstr(line, never[i]) == NULL);
    l->deletions += dele;
    must(!deletes || (d->held && l->doomed > 0 && l->deletions <= l->doomed));
}

static void said(const struct drive *d, void *owner, const char *bytes, size_t n)
{
    char line[8192];
    for (const char *end; n > 0; bytes = end + 1) {
        end = memchr(bytes, '\n', n);
        size_t length = (size_t)(end - bytes);
        n -= length + 1;
        if (length >= sizeof line) /* a response of SASL's */
            continue;
        memcpy(line, bytes, length);
        line[length] = '\0';
        check_line(d, owner, line);
    }
}

/* --- the report --- */

static void ended(const struct drive *d, void *owner, const struct session *s, enum want want)
{
    const struct looks *l = owner;
    const struct look_report *r = look_report(s);
    bool failed = failure_is(&r->deletion_failure);
    (void)d;
    must(!r->finished || r->scanned);
    must(want != WANT_CLOSE || r->scanned || l->drop != NULL);
    must(r->asked <= l->doomed && l->judged <= r->inspected);
    must(r->deletion == DELETION_NONE || r->asked > 0);
    must(failed ==
         (r->deletion == DELETION_REFUSED || r->deletion == DELETION_INEFFECTIVE || r->deletion == DELETION_BROKEN));
    must(!failed || r->deletion_failure.stage == STAGE_DELETE);
    must(r->login_delay_s <= LOOK_DELAY_MAX_S);
}

void drive_look(struct session *(*new)(const struct look_task *task), const uint8_t *input, size_t n)
{
    static const struct drive_machine machine = {LEG_INCOMING, make, said, ended};
    struct looks l = {.new = new, .drop = drop_memory_new()};
    must(l.drop != NULL);
    drive(&machine, &l, input, n);
    (void)drop_memory_entries(l.drop);
    drop_memory_free(l.drop);
}
