/* The mail paths, as they were tried: names, ports, certificates, logins, the mailbox. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "doctor_remedy.h"
#include "row_memory.h"

enum { LIST_BYTES = 160 };

static const char dots[] = ", ...";

/* Names that are told once each, as many as fit. */
struct list {
    char text[LIST_BYTES];
    size_t count;
};

static bool list_has(const struct list *l, const char *name)
{
    const size_t n = strlen(name);
    for (const char *at = l->text; (at = strstr(at, name)) != NULL; at++) {
        if ((at == l->text || at[-1] == ' ') && (at[n] == '\0' || at[n] == ','))
            return true;
    }
    return false;
}

static void list_add(struct list *l, const char *name)
{
    size_t n = strlen(l->text);
    if (list_has(l, name))
        return;
    l->count++;
    if (n + strlen(name) + sizeof dots + 2 < sizeof l->text)
        (void)snprintf(l->text + n, sizeof l->text - n, "%s%s", n > 0 ? ", " : "", name);
    else if (n > 0 && strstr(l->text, dots) == NULL)
        (void)snprintf(l->text + n, sizeof l->text - n, "%s", dots);
}

/* --- what a leg came to --- */

enum came {
    CAME_PAST, /* it passed this check */
    CAME_HERE, /* it failed in it */
    CAME_SHORT /* it did not get that far */
};

/* A leg without its password has no conversation. */
static struct failure failure_of_leg(const struct tried_leg *leg)
{
    struct failure why = failure_none;
    if (leg->talked)
        why = failure_copy(&leg->outcome.failure);
    else if (!leg_lacks_secret(&leg->to, &why))
        why = failure_make(LEG_LOCAL, STAGE_LOCAL, CAUSE_RESOURCES, 0);
    return why;
}

/* A clock that is wrong keeps certificates from being judged; what is of this machine, without a stage, everything. */
static enum came how_far(const struct failure *why, enum mail_check check)
{
    if (!failure_is(why))
        return CAME_PAST;
    const enum mail_check failed = remedy_check(why);
    if (failed == check)
        return CAME_HERE;
    if (why->stage == STAGE_LOCAL)
        return CAME_SHORT;
    return (failed == MAIL_CLOCK ? MAIL_CERTIFICATES : failed) <= check ? CAME_SHORT : CAME_PAST;
}

/* Whether an earlier path has told the same of the same server. */
static bool is_told(const struct doctor *d, size_t path, enum leg leg, const struct failure *why)
{
    const struct tried_leg *now = &d->paths.list[path].legs[leg - LEG_SMTP];
    for (size_t i = 0; i < path; i++) {
        const struct tried_leg *before = &d->paths.list[i].legs[leg - LEG_SMTP];
        if (before->talked && failure_same(&before->outcome.failure, why) && before->to.port == now->to.port &&
            strcmp(before->to.server, now->to.server) == 0)
            return true;
    }
    return false;
}

/* --- saying it --- */

static void say_failure(struct doctor *d, enum mark mark, const struct tried_path *path, const struct tried_leg *leg,
                        const struct failure *why)
{
    char line[FAILURE_TEXT_MAX + 1], mend[768];
    const struct remedy_words words = {
        .file = d->file, .user = d->user.name, .definition = path->definition, .to = &leg->to};
    (void)failure_print(why, line, sizeof line);
    doctor_say(d, mark, "%s: %s", definition_text(path->definition, SETTING_name), line);
    remedy_write(why, &words, mend, sizeof mend);
    doctor_mend(d, "%s", mend);
}

/* A password that was said to be unreadable is not said twice. */
static bool is_known(const struct doctor *d, const struct failure *why)
{
    return why->cause == CAUSE_SECRET && d->passwords_closed;
}

/* Every leg that ${applies} to and failed in this check; those that passed go into ${passed}.  How many came short. */
static size_t walk_legs(struct doctor *d, enum mail_check check, bool (*applies)(const struct tried_leg *leg),
                        void (*passed)(void *owner, const struct tried_leg *leg), void *owner)
{
    size_t came_short = 0;
    for (size_t i = 0; i < 2 * d->paths.count; i++) {
        const struct tried_path *path = &d->paths.list[i / 2];
        const struct tried_leg *leg = &path->legs[i % 2];
        if (!applies(leg))
            continue;
        struct failure why = failure_of_leg(leg);
        const enum came came = how_far(&why, check);
        if (came == CAME_PAST)
            passed(owner, leg);
        else if (came == CAME_SHORT || is_known(d, &why))
            came_short++;
        else if (!is_told(d, i / 2, leg->to.leg, &why))
            say_failure(d, MARK_WRONG, path, leg, &why);
        failure_clear(&why);
    }
    return came_short;
}

void doctor_untried(struct doctor *d)
{
    if (d->paths.count == 0)
        doctor_say(d, MARK_UNCLEAR, "not tried: no monitor of %s is on", d->file);
    else
        doctor_say(d, MARK_UNCLEAR, "not tried: no memory, no threads or no random numbers");
}

static void say_passed(struct doctor *d, const struct list *list, size_t came_short, const char *how)
{
    if (list->count > 0)
        doctor_say(d, MARK_OK, "%s%s", list->text, how);
    else if (d->said == 0 && came_short > 0)
        doctor_say(d, MARK_UNCLEAR, "not tried: no mail path got so far");
}

/* --- names, ports --- */

static bool any_leg(const struct tried_leg *leg)
{
    (void)leg;
    return true;
}

static void list_name(void *owner, const struct tried_leg *leg)
{
    list_add(owner, leg->to.server);
}

static void list_port(void *owner, const struct tried_leg *leg)
{
    char name[sizeof leg->to.server + sizeof ":65535"];
    (void)snprintf(name, sizeof name, "%s:%u", leg->to.server, (unsigned)leg->to.port);
    list_add(owner, name);
}

void doctor_names(struct doctor *d)
{
    struct list list = {.count = 0};
    say_passed(d, &list, walk_legs(d, MAIL_NAMES, any_leg, list_name, &list), "");
}

void doctor_ports(struct doctor *d)
{
    struct list list = {.count = 0};
    say_passed(d, &list, walk_legs(d, MAIL_PORTS, any_leg, list_port, &list), "");
}

/* --- certificates --- */

static bool has_tls(const struct tried_leg *leg)
{
    return leg->to.security != SECURITY_NONE;
}

struct certificates {
    struct list list;
    size_t unproven;
    int32_t least_days;
};

static void take_certificate(void *owner, const struct tried_leg *leg)
{
    struct certificates *c = owner;
    const struct tls_facts *tls = &leg->outcome.tls;
    list_add(&c->list, leg->to.server);
    c->unproven += !tls->verified;
    if (tls->verified && tls->expires_s != 0) {
        int32_t days = tls_days_left(tls->expires_s, leg->outcome.settled_ms / 1000);
        c->least_days = days < c->least_days ? days : c->least_days;
    }
}

void doctor_certificates(struct doctor *d)
{
    struct certificates c = {.least_days = INT32_MAX};
    char how[160] = "";
    const size_t came_short = walk_legs(d, MAIL_CERTIFICATES, has_tls, take_certificate, &c);
    if (c.least_days != INT32_MAX)
        (void)snprintf(how, sizeof how, ": proven, the first to end does in %" PRId32 " days", c.least_days);
    if (c.unproven > 0)
        (void)snprintf(how + strlen(how), sizeof how - strlen(how), "; %zu not proven (`tls_verify: false`)",
                       c.unproven);
    if (c.least_days < CERTIFICATE_WARN_DAYS) {
        doctor_say(d, MARK_WARNING, "%s%s", c.list.text, how);
        doctor_mend(d, "renew it at its server before that");
    } else {
        say_passed(d, &c.list, came_short, how);
    }
    if (c.list.count == 0 && came_short == 0 && d->said == 0)
        doctor_say(d, MARK_OK, "none is asked for: no leg uses TLS");
}

/* --- logins --- */

static bool logs_in(const struct tried_leg *leg)
{
    return leg->to.auth;
}

static void take_login(void *owner, const struct tried_leg *leg)
{
    char name[sizeof leg->to.server + sizeof leg->outcome.mechanism + sizeof " by "];
    (void)snprintf(name, sizeof name, "%s by %s", leg->to.server, leg->outcome.mechanism);
    list_add(owner, name);
}

void doctor_logins(struct doctor *d)
{
    struct list list = {.count = 0};
    say_passed(d, &list, walk_legs(d, MAIL_LOGINS, logs_in, take_login, &list), "");
}

/* --- the mailbox --- */

static void ignore_leg(void *owner, const struct tried_leg *leg)
{
    (void)owner;
    (void)leg;
}

/* A probe that went, and was not found. */
static void say_undelivered(struct doctor *d, const struct tried_path *path)
{
    if (path->result.failure.cause != CAUSE_AWAITING_PROOF)
        say_failure(d, MARK_WRONG, path, &path->legs[LEG_INCOMING - LEG_SMTP], &path->result.failure);
    else
        doctor_say(d, MARK_UNCLEAR, "%s: not waited for: %s", definition_text(path->definition, SETTING_name),
                   d->paths.stopped ? "it was interrupted" : "time was up");
}

static void say_undeleted(struct doctor *d, const struct tried_path *path)
{
    say_failure(d, MARK_WARNING, path, &path->legs[LEG_INCOMING - LEG_SMTP], &path->result.failure);
}

static void say_delivered(struct doctor *d, size_t through, int64_t slowest_ms)
{
    char span[32];
    terminal_span(span, sizeof span, slowest_ms);
    if (d->paths.count == 1)
        doctor_say(d, MARK_OK, "the probe was there after %s", span);
    else
        doctor_say(d, MARK_OK, "%zu of %zu probes were there, the last after %s", through, d->paths.count, span);
}

void doctor_mailbox(struct doctor *d)
{
    size_t through = 0;
    int64_t slowest_ms = 0;
    size_t came_short = walk_legs(d, MAIL_MAILBOX, any_leg, ignore_leg, NULL);
    for (size_t i = 0; i < d->paths.count; i++) {
        const struct tried_path *path = &d->paths.list[i];
        if (path->result.failure.leg == LEG_DELIVERY)
            say_undelivered(d, path);
        if (path->result.verdict != VERDICT_UP)
            continue;
        if (!path->result.deleted)
            say_undeleted(d, path);
        through++;
        if (path->result.arrival_ms > slowest_ms)
            slowest_ms = path->result.arrival_ms;
    }
    if (through > 0)
        say_delivered(d, through, slowest_ms);
    else if (d->said == 0 && came_short > 0)
        doctor_say(d, MARK_UNCLEAR, "not tried: no mail path got so far");
}
