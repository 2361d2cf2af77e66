/* The fake mail server by itself, for measurements: fake_mail [smtp=PORT] [pop3=PORT] [imap=PORT] [FAULT=NUMBER]...
 * Says its ports.  Then each line of its input is a command: FAULT=NUMBER, a break ("smtp dot close done", "smtp
 * none"), "mails" (every mail: user, number), or "counts"; "." ends each answer.  Ends when its input does, and says
 * what it counted. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_mail.h"

static const char *const count_words[FAKE_COUNTS] = {
    "smtp connections", "pop3 connections", "imap connections", "open",     "open at most", "logins",
    "logins refused",   "mails taken",      "mails deleted",    "overlaps", "commands"};

static int help(void)
{
    (void)fprintf(stderr, "fake_mail [smtp=PORT] [pop3=PORT] [imap=PORT] [FAULT=NUMBER]...; ends with its input\n");
    for (unsigned i = 0; i < FAKE_FAULTS; i++)
        (void)fprintf(stderr, "  %-14s %s\n", fake_fault_word(i), fake_fault_text(i));
    (void)fprintf(stderr, "on its input also breaks: PROTOCOL PHASE ACT [done]; the phases:\n");
    for (unsigned i = 0; i < FAKE_PHASES; i++)
        (void)fprintf(stderr, "  %-14s %s\n", fake_phase_word(i), fake_phase_text(i));
    (void)fprintf(stderr, "the acts:");
    for (unsigned i = 0; i < FAKE_ACTS; i++)
        (void)fprintf(stderr, " %s", fake_act_word(i));
    (void)fprintf(stderr, "\n");
    return 2;
}

static bool take(char *argument, uint16_t ports[FAKE_PROTOCOLS], unsigned faults[FAKE_FAULTS])
{
    enum fake_fault fault;
    char *number = strchr(argument, '=');
    if (number == NULL)
        return false;
    *number++ = '\0';
    for (unsigned i = 0; i < FAKE_PROTOCOLS; i++)
        if (strcmp(argument, fake_protocol_word(i)) == 0) {
            ports[i] = (uint16_t)strtoul(number, NULL, 10);
            return true;
        }
    if (!fake_fault_named(argument, &fault))
        return false;
    faults[fault] = (unsigned)strtoul(number, NULL, 10);
    return true;
}

static void say_counts(struct fake_mail *f)
{
    for (unsigned i = 0; i < FAKE_COUNTS; i++)
        (void)printf("%s: %" PRIu64 "\n", count_words[i], fake_counted(f, i));
}

static void say_mail(void *owner, const char *user, uint32_t uid)
{
    (void)owner;
    (void)printf("%s %" PRIu32 "\n", user, uid);
}

static void obey(struct fake_mail *f, char *line)
{
    enum fake_fault fault;
    enum fake_protocol protocol;
    struct fake_break b;
    char *number = strchr(line, '=');
    if (number != NULL)
        *number++ = '\0';
    if (number != NULL && fake_fault_named(line, &fault))
        fake_set(f, fault, (unsigned)strtoul(number, NULL, 10));
    else if (strcmp(line, "mails") == 0)
        fake_each(f, say_mail, NULL);
    else if (strcmp(line, "counts") == 0)
        say_counts(f);
    else if (fake_break_named(line, &protocol, &b))
        fake_break(f, protocol, &b);
    else
        (void)printf("no such command\n");
}

static void serve(struct fake_mail *f)
{
    char line[256];
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        obey(f, line);
        (void)puts(".");
        (void)fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    uint16_t ports[FAKE_PROTOCOLS] = {0};
    unsigned faults[FAKE_FAULTS] = {0};
    for (int i = 1; i < argc; i++)
        if (!take(argv[i], ports, faults))
            return help();
    (void)signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to clients that have gone */
    struct fake_mail *f = fake_start(ports);
    if (f == NULL) {
        perror("fake_mail");
        return 1;
    }
    for (unsigned i = 0; i < FAKE_FAULTS; i++)
        fake_set(f, i, faults[i]);
    for (unsigned i = 0; i < FAKE_PROTOCOLS; i++)
        (void)printf("%s %u\n", fake_protocol_word(i), (unsigned)fake_port(f, i));
    (void)fflush(stdout);
    serve(f);
    say_counts(f);
    fake_stop(f);
    return 0;
}
