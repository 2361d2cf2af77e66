/* emailmon doctor: its list of checks, and what they need to be made. */
#include "doctor.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "configuration.h"
#include "inquiry.h"

#define SNMPD_FILE "/etc/snmp/snmpd.conf"

/* In the order in which a mistake hides those behind it. */
static const struct doctor_item here[] = {
    {"file", doctor_file},    {"passwords", doctor_passwords}, {"state", doctor_state},
    {"snmpd", doctor_agentx}, {"view", doctor_view},           {"notifications", doctor_traps},
};
static const struct doctor_item mail[] = {
    {"names", doctor_names},   {"ports", doctor_ports},     {"certificates", doctor_certificates},
    {"logins", doctor_logins}, {"mailbox", doctor_mailbox}, {"clock", doctor_clock},
};
/* ... and in their place when none was tried. */
static const struct doctor_item no_mail[] = {{"mail", doctor_untried}, {"clock", doctor_clock}};

static void make_checks(struct doctor *d, const struct doctor_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        doctor_begin(d, items[i].word);
        items[i].check(d);
        doctor_end(d);
    }
}
#define MAKE_CHECKS(d, items) make_checks(d, items, sizeof(items) / sizeof(items)[0])

/* Who may read the file is a check of its own. */
static void keep_complaint(void *owner, bool is_warning, const char *line)
{
    struct doctor *d = owner;
    char **more = is_warning ? NULL : reallocarray(d->complaints, d->complaint_count + 1, sizeof *more);
    if (more == NULL)
        return;
    d->complaints = more;
    d->complaints[d->complaint_count] = strdup(line);
    d->complaint_count += d->complaints[d->complaint_count] != NULL;
}

/* What root alone may read comes first; then it is the user that emailmon runs as. */
static bool prepare(struct doctor *d, char *why, size_t size)
{
    const struct arguments *a = d->arguments;
    d->snmpd_file = a->snmpd_conf != NULL ? a->snmpd_conf : SNMPD_FILE;
    if (!user_choose(a->as, &d->user, why, size))
        return false;
    d->config = configuration_read_by(d->file, keep_complaint, d);
    conf_read(&d->snmpd, d->snmpd_file);
    inquiry_begin(a->user != NULL ? QUIET_AS_CONSOLE : QUIET_ALONE);
    return user_become(&d->user, why, size);
}

static void introduce(const struct doctor *d)
{
    (void)printf(
        "Judged as the user %s%s\n\n", d->user.name,
        d->user.is_other ? "; emailmon runs as the user " DOCTOR_SERVICE_USER ": as root, doctor judges as that" : "");
}

/* How many monitors the few that are tried stand for. */
static void introduce_paths(const struct doctor *d)
{
    const struct doctor_paths *p = &d->paths;
    if (p->monitors == p->count)
        return;
    (void)printf("\nThe %zu monitors that are on use %zu pair%s of servers; ", p->monitors, p->pairs,
                 p->pairs == 1 ? "" : "s");
    if (p->pairs > p->count)
        (void)printf("%zu are tried, the name of a monitor tries its own.\n\n", p->count);
    else
        (void)printf("one monitor of each is tried.\n\n");
}

/* False: there is no monitor of that name. */
static bool examine(struct doctor *d)
{
    if (d->config == NULL) {
        make_checks(d, here, 1); /* all else is in the file */
        return true;
    }
    if (!paths_choose(&d->paths, d->config, d->arguments->name))
        return false;
    introduce(d);
    MAKE_CHECKS(d, here);
    introduce_paths(d);
    paths_try(&d->paths, d->config, &d->terminal);
    if (d->paths.tried)
        MAKE_CHECKS(d, mail);
    else
        MAKE_CHECKS(d, no_mail);
    return true;
}

static void clear(struct doctor *d)
{
    paths_clear(&d->paths);
    conf_clear(&d->snmpd);
    for (size_t i = 0; i < d->complaint_count; i++)
        free(d->complaints[i]);
    free(d->complaints);
    config_free(d->config);
}

int command_doctor(const struct arguments *a)
{
    char why[512];
    (void)setlocale(LC_CTYPE, "");
    struct doctor d = {.arguments = a, .file = a->file, .terminal = terminal_of(stdout)};
    int status = EXIT_MISTAKE;
    if (!prepare(&d, why, sizeof why)) {
        (void)fprintf(stderr, "emailmon: %s\n", why);
    } else if (!examine(&d)) {
        configuration_lacks(a->file, a->name);
    } else {
        doctor_sum(&d);
        status = fflush(stdout) == 0 && d.marks[MARK_WRONG] == 0 ? EXIT_SUCCESS : EXIT_MISTAKE;
    }
    clear(&d);
    return status;
}
