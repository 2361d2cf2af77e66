/* snmpd: its AgentX socket, what its views show, where its notifications go. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_lines.h"
#include "doctor_vacm.h"
#include "inquiry.h"
#include "master_hello.h"

enum { HELLO_MS = 2000, HELLO_TRIES = 5, SHOWN_TRIES = 10, AGAIN_US = 200000 };
enum { COMMUNITIES_MAX = 4, ADDRESS_MAX = 128, SUBTREE_MAX = 128 };

#define VERSION_BELOW ".1.1.1.0" /* emailMonVersion.0, below emailMonMIB */

/* Where a line for snmpd belongs: a file of our own, if its folder is read. */
static void name_conf(const struct doctor *d, char *dst, size_t size)
{
    const struct conf_line *folder = conf_last(&d->snmpd, "includeDir");
    if (folder != NULL && folder->count > 1)
        (void)snprintf(dst, size, "%s/emailmon.conf", conf_word(folder, 1));
    else
        (void)snprintf(dst, size, "%s", d->snmpd_file);
}

static void mend_conf(struct doctor *d, const char *line, const char *other)
{
    char conf[PATH_MAX];
    name_conf(d, conf, sizeof conf);
    doctor_mend(d, "write `%s` into %s, then: systemctl restart snmpd%s", line, conf, other);
}

/* --- the socket --- */

static const char *socket_path(const struct doctor *d)
{
    static const char local[] = "unix:";
    const char *agentx = d->config->general.agentx;
    return strncmp(agentx, local, sizeof local - 1) == 0 ? agentx + sizeof local - 1 : NULL;
}

/* "unix:/a" of one is "/a" of the other. */
static bool is_same_socket(const char *a, const char *b)
{
    static const char local[] = "unix:";
    const size_t n = sizeof local - 1;
    return strcmp(strncmp(a, local, n) == 0 ? a + n : a, strncmp(b, local, n) == 0 ? b + n : b) == 0;
}

/* Nobody is there: what snmpd's own file says of it. */
static void say_absent(struct doctor *d, const char *what)
{
    const char *agentx = d->config->general.agentx;
    const struct conf_line *at = conf_last(&d->snmpd, "agentXSocket");
    doctor_say(d, MARK_WRONG, "%s: %s", agentx, what);
    if (d->snmpd.has_none)
        doctor_mend(d, "is snmpd running (systemctl start snmpd), and does %s say `master agentx`?", d->snmpd_file);
    else if (!lines_are_master(&d->snmpd))
        mend_conf(d, "master agentx", "");
    else if (at != NULL && !is_same_socket(conf_word(at, 1), agentx))
        doctor_mend(d, "%s line %u says that it is elsewhere: in %s write `agentx: %s%s`", at->file, at->number,
                    d->file, strchr(conf_word(at, 1), ':') == NULL ? "unix:" : "", conf_word(at, 1));
    else if (at == NULL && !is_same_socket("/var/agentx/master", agentx))
        doctor_mend(d,
                    "in %s write `agentx: unix:/var/agentx/master`, where snmpd has it unless agentXSocket says "
                    "otherwise",
                    d->file);
    else
        doctor_mend(d, "systemctl restart snmpd");
}

static void say_closed(struct doctor *d)
{
    char closed[PATH_MAX], owner[160], line[160];
    const char *path = socket_path(d);
    const bool is_folder = path != NULL && user_blocked(path, closed);
    user_describe(is_folder ? closed : path != NULL ? path : "", owner, sizeof owner);
    doctor_say(d, MARK_WRONG, "%s: the user %s may not use %s (%s)", d->config->general.agentx, d->user.name,
               is_folder ? closed : "the socket", owner);
    if (is_folder) { /* snmpd applies agentXPerms to a folder when it makes it, and never again */
        doctor_mend(d, "chmod o+x %s", closed);
        return;
    }
    (void)snprintf(line, sizeof line, "agentXPerms 0660 0711 Debian-snmp %s", d->user.group);
    mend_conf(d, line, "");
}

/* Who mends something restarts snmpd, and runs doctor at once: it is there in a moment. */
static enum hello greet(const char *agentx, int *number)
{
    enum hello hello = master_hello(agentx, HELLO_MS, number);
    for (int i = 0; i < HELLO_TRIES && (hello == HELLO_NO_SOCKET || hello == HELLO_REFUSED); i++) {
        (void)usleep(AGAIN_US);
        hello = master_hello(agentx, HELLO_MS, number);
    }
    return hello;
}

void doctor_agentx(struct doctor *d)
{
    const char *agentx = d->config->general.agentx;
    int number;
    switch (greet(agentx, &number)) {
    case HELLO_WELCOME:
        d->agentx = true;
        doctor_say(d, MARK_OK, "%s: snmpd answers as an AgentX master", agentx);
        break;
    case HELLO_NO_SOCKET:
        say_absent(d, "there is no AgentX socket");
        break;
    case HELLO_REFUSED:
        say_absent(d, "nobody listens there");
        break;
    case HELLO_CLOSED:
        say_closed(d);
        break;
    case HELLO_SILENT:
        doctor_say(d, MARK_WRONG, "%s: it takes the connection, and does not answer", agentx);
        doctor_mend(d, "snmpd hangs, or something else listens there: systemctl restart snmpd");
        break;
    case HELLO_FOREIGN:
        doctor_say(d, MARK_WRONG, "%s: what listens there does not speak AgentX", agentx);
        doctor_mend(d, "in %s name snmpd's own socket: `agentx: unix:/var/agentx/master`", d->file);
        break;
    case HELLO_DECLINED:
        doctor_say(d, MARK_WRONG, "%s: the AgentX master takes no subagent (error %d)", agentx, number);
        doctor_mend(d, "its log says why: journalctl -u snmpd");
        break;
    }
}

/* --- the view --- */

/* How we ask, and which line of snmpd's file lets us (NULL: none that we know). */
struct asking {
    struct inquiry who;
    const struct conf_line *line;
    char peer[ADDRESS_MAX];
    struct inquiry_answer answer;
};

/* The line of snmpd's file that knows ${community}; NULL: none does. */
static const struct conf_line *line_of(const struct doctor *d, const char *community)
{
    for (size_t i = 0; i < d->snmpd.count; i++) {
        const char *known = line_community(&d->snmpd.lines[i]);
        if (known != NULL && strcmp(known, community) == 0)
            return &d->snmpd.lines[i];
    }
    return NULL;
}

/* Each community that snmpd's file names, until one is answered.  False: there is none. */
static bool ask_by_file(struct doctor *d, struct asking *a)
{
    size_t tried = 0;
    for (size_t i = 0; i < d->snmpd.count && tried < COMMUNITIES_MAX && !a->answer.answered; i++) {
        const char *community = line_community(&d->snmpd.lines[i]);
        if (community == NULL)
            continue;
        tried++;
        a->line = &d->snmpd.lines[i];
        a->who.community = community;
        inquiry_ask(&a->who, &a->answer);
    }
    return tried > 0;
}

static bool ask(struct doctor *d, struct asking *a)
{
    if (d->arguments->snmpd != NULL)
        (void)snprintf(a->peer, sizeof a->peer, "%s", d->arguments->snmpd);
    else
        lines_peer(&d->snmpd, a->peer, sizeof a->peer);
    a->who = (struct inquiry){.peer = a->peer, .community = d->arguments->community, .user = d->arguments->user};
    if (a->who.community == NULL && a->who.user == NULL)
        return ask_by_file(d, a);
    if (a->who.community != NULL)
        a->line = line_of(d, a->who.community);
    inquiry_ask(&a->who, &a->answer);
    return true;
}

/* Without the community itself: it is a password of sorts. */
static void describe_asking(const struct asking *a, char *dst, size_t size)
{
    if (a->line != NULL)
        (void)snprintf(dst, size, "%s by the community of %s line %u", a->peer, a->line->file, a->line->number);
    else
        (void)snprintf(dst, size, "%s by the given %s", a->peer, a->who.community != NULL ? "community" : "user");
}

static const char *view_of(const struct asking *a)
{
    return a->line != NULL ? line_view(a->line) : "";
}

static void say_shown(struct doctor *d, const struct asking *a, const char *how)
{
    (void)snprintf(d->peer, sizeof d->peer, "%s", a->peer);
    doctor_say(d, MARK_OK, "emailmon %s with %u row%s is seen at %s%s", a->answer.version, (unsigned)a->answer.rows,
               a->answer.rows == 1 ? "" : "s", how,
               d->arguments->snmpd == NULL && lines_are_local(&d->snmpd)
                   ? "; snmpd answers this machine alone (agentAddress)"
                   : "");
}

static void say_hidden(struct doctor *d, const struct asking *a, const char *how)
{
    char subtree[SUBTREE_MAX], line[256];
    const char *view = view_of(a);
    inquiry_subtree(subtree, sizeof subtree);
    if (d->running)
        doctor_say(d, MARK_WRONG, "emailmon runs, and snmpd at %s does not show its table: the view hides it", how);
    else
        doctor_say(d, MARK_WRONG, "the view %s of %s line %u hides emailmon's table", view, a->line->file,
                   a->line->number);
    (void)snprintf(line, sizeof line, "view %s included %s", view[0] != '\0' ? view : "systemonly", subtree);
    mend_conf(d, line, view[0] != '\0' ? "" : " (the view is the one that this community or user has)");
}

/* What cannot be seen yet, but is written down. */
static bool will_be_hidden(const struct doctor *d, const struct asking *a)
{
    char name[SUBTREE_MAX + sizeof VERSION_BELOW];
    const char *view = view_of(a);
    inquiry_subtree(name, SUBTREE_MAX);
    (void)memcpy(name + strlen(name), VERSION_BELOW, sizeof VERSION_BELOW);
    return view[0] != '\0' && vacm_shows(&d->snmpd, view, name) == SHOWN_NO;
}

static void say_unasked(struct doctor *d)
{
    if (d->snmpd.has_none)
        doctor_say(d, MARK_UNCLEAR, "not asked: %s: %s", d->snmpd_file, strerror(d->snmpd.error));
    else
        doctor_say(d, MARK_UNCLEAR, "not asked: %s names no community", d->snmpd_file);
    doctor_mend(d, "say how your console asks: --community WORD, or --user NAME with its passphrases in snmp.conf");
}

/* A community may be for others than this machine. */
static bool is_for_others(const struct asking *a)
{
    static const char *const here[] = {"", "default", "localhost"};
    const char *source = a->line != NULL ? line_source(a->line) : "";
    for (size_t i = 0; i < sizeof here / sizeof here[0]; i++) {
        if (strcmp(source, here[i]) == 0)
            return false;
    }
    return strncmp(source, "127.", 4) != 0;
}

static void say_silent(struct doctor *d, const struct asking *a, const char *how)
{
    if (is_for_others(a)) {
        doctor_say(d, MARK_UNCLEAR, "no answer from %s, which is for %s alone", how, line_source(a->line));
        doctor_mend(d, "ask by one that this machine may use: --community WORD");
        return;
    }
    doctor_say(d, MARK_WARNING, "no answer from snmpd at %s (%s)", how, a->answer.why);
    doctor_mend(d,
                "say where it listens and how your console asks: --snmpd ADDRESS:PORT --community WORD; or in %s "
                "`agentAddress 127.0.0.1:161`",
                d->snmpd_file);
}

static void judge_before_it_runs(struct doctor *d, const struct asking *a, const char *how)
{
    if (a->answer.shown)
        doctor_say(d, MARK_WARNING, "another emailmon (%s, %u rows), not that of this state, serves the table at %s",
                   a->answer.version, (unsigned)a->answer.rows, how);
    else if (will_be_hidden(d, a))
        say_hidden(d, a, how);
    else
        doctor_say(d, MARK_UNCLEAR, "snmpd answers at %s; the table is there once emailmon runs", how);
}

/* ... and emailmon a moment later. */
static void wait_for_table(struct asking *a)
{
    for (int i = 0; i < SHOWN_TRIES && a->answer.answered && !a->answer.shown; i++) {
        (void)usleep(AGAIN_US);
        inquiry_ask(&a->who, &a->answer);
    }
}

static void judge_while_it_runs(struct doctor *d, struct asking *a, const char *how)
{
    if (d->agentx)
        wait_for_table(a);
    if (a->answer.shown)
        say_shown(d, a, how);
    else if (d->agentx)
        say_hidden(d, a, how);
    else
        doctor_say(d, MARK_UNCLEAR, "not judged: emailmon cannot reach snmpd, so there is no table to see");
}

void doctor_view(struct doctor *d)
{
    char how[PATH_MAX + 256];
    struct asking a = {.line = NULL};
    if (!ask(d, &a)) {
        say_unasked(d);
        return;
    }
    describe_asking(&a, how, sizeof how);
    d->targets = a.answer.targets;
    if (!a.answer.answered)
        say_silent(d, &a, how);
    else if (d->running)
        judge_while_it_runs(d, &a, how);
    else
        judge_before_it_runs(d, &a, how);
}

/* --- notifications --- */

static bool is_anybody_to_be_told(const struct config *c)
{
    for (size_t i = 0; i < c->wanted_count; i++) {
        if (definition_number(c->wanted[i].definition, SETTING_notify) != 0)
            return true;
    }
    return c->wanted_count == 0; /* rows made by SET may be */
}

void doctor_traps(struct doctor *d)
{
    const struct conf_line *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < d->snmpd.count; i++) {
        if (line_sink(&d->snmpd.lines[i]) == NULL)
            continue;
        if (count++ == 0)
            first = &d->snmpd.lines[i];
    }
    if (first != NULL && count > 1)
        doctor_say(d, MARK_OK, "they go to %s and %zu more (%s line %u)", line_sink(first), count - 1, first->file,
                   first->number);
    else if (first != NULL)
        doctor_say(d, MARK_OK, "they go to %s (%s line %u)", line_sink(first), first->file, first->number);
    else if (d->targets)
        doctor_say(d, MARK_OK, "they go where SNMP-TARGET-MIB says");
    else if (!is_anybody_to_be_told(d->config))
        doctor_say(d, MARK_OK, "no monitor asks for notifications (`notify: []`)");
    else if (d->snmpd.error != 0)
        doctor_say(d, MARK_UNCLEAR, "not judged: %s: %s", d->snmpd_file, strerror(d->snmpd.error));
    else {
        doctor_say(d, MARK_WRONG, "snmpd sends notifications nowhere: %s has no trap sink", d->snmpd_file);
        mend_conf(d, "trap2sink CONSOLE public", "; or in emailmon's file `notify: []`, when nobody is to be told");
    }
}
