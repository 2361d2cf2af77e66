/* The fake mail server by itself, for measurements: fake_mail [smtp=PORT] [pop3=PORT] [imap=PORT] [FAULT=NUMBER]...
 * Says its ports, ends when its input does, and says what it counted. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_mail.h"

static const char *const protocol_words[FAKE_PROTOCOLS] = {"smtp", "pop3", "imap"};
static const char *const count_words[FAKE_COUNTS] = {
    "smtp connections", "pop3 connections", "imap connections", "open",     "open at most", "logins",
    "logins refused",   "mails taken",      "mails deleted",    "overlaps", "commands"};

static int help(void)
{
    (void)fprintf(stderr, "fake_mail [smtp=PORT] [pop3=PORT] [imap=PORT] [FAULT=NUMBER]...; ends with its input\n");
    for (unsigned i = 0; i < FAKE_FAULTS; i++)
        (void)fprintf(stderr, "  %-14s %s\n", fake_fault_word(i), fake_fault_text(i));
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
        if (strcmp(argument, protocol_words[i]) == 0) {
            ports[i] = (uint16_t)strtoul(number, NULL, 10);
            return true;
        }
    if (!fake_fault_named(argument, &fault))
        return false;
    faults[fault] = (unsigned)strtoul(number, NULL, 10);
    return true;
}

int main(int argc, char **argv)
{
    uint16_t ports[FAKE_PROTOCOLS] = {0};
    unsigned faults[FAKE_FAULTS] = {0};
    char input[256];
    for (int i = 1; i < argc; i++)
        if (!take(argv[i], ports, faults))
            return help();
    struct fake_mail *f = fake_start(ports);
    if (f == NULL) {
        perror("fake_mail");
        return 1;
    }
    for (unsigned i = 0; i < FAKE_FAULTS; i++)
        fake_set(f, i, faults[i]);
    for (unsigned i = 0; i < FAKE_PROTOCOLS; i++)
        (void)printf("%s %u\n", protocol_words[i], (unsigned)fake_port(f, i));
    (void)fflush(stdout);
    while (read(STDIN_FILENO, input, sizeof input) > 0) {
    }
    for (unsigned i = 0; i < FAKE_COUNTS; i++)
        (void)printf("%s: %" PRIu64 "\n", count_words[i], fake_counted(f, i));
    fake_stop(f);
    return 0;
}
