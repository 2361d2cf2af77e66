/* emailmon: the commands, their options, and the help that is a screen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "mib_text.h"

enum option {
    OPTION_FILE = 1 << 0,
    OPTION_JSON = 1 << 1,
    OPTION_WATCH = 1 << 2,
    OPTION_TRACE = 1 << 3,
    OPTION_SNMP = 1 << 4, /* as whom doctor judges, and how it asks snmpd */
    OPTION_OUTPUT = 1 << 5
};
enum name_rule { NAME_NONE, NAME_OPTIONAL, NAME_NEEDED };

struct command {
    const char *word;
    const char *usage; /* what stands behind the word */
    const char *text;  /* what it does */
    unsigned options;  /* enum option; OPTION_FILE and OPTION_OUTPUT are then needed */
    enum name_rule name;
    int (*run)(const struct arguments *a);
};

static const struct command commands[] = {
    {"run", "-c FILE", "the agent, in the foreground", OPTION_FILE, NAME_NONE, command_run},
    {"check", "-c FILE", "read the file, tell every mistake in it", OPTION_FILE, NAME_NONE, command_check},
    {"test", "-c FILE NAME [--trace]", "one round trip of a monitor now, step by step", OPTION_FILE | OPTION_TRACE,
     NAME_NEEDED, command_test},
    {"status", "-c FILE [NAME] [--json] [--watch]", "what a running emailmon has found out",
     OPTION_FILE | OPTION_JSON | OPTION_WATCH, NAME_OPTIONAL, command_status},
    {"doctor", "-c FILE [NAME] [--as USER ...]", "what is wrong, and how it is mended", OPTION_FILE | OPTION_SNMP,
     NAME_OPTIONAL, command_doctor},
    {"export", "-c FILE", "rows made by SET, as YAML", OPTION_FILE, NAME_NONE, command_export},
    {"report", "-c FILE -o HTML [NAME]", "a page for a browser, with charts of the last week",
     OPTION_FILE | OPTION_OUTPUT, NAME_OPTIONAL, command_report},
    {"mib", "", "print the MIB file", 0, NAME_NONE, command_mib},
    {"version", "", "print the version", 0, NAME_NONE, command_version},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_help(void)
{
    (void)puts("emailmon: does mail really get through?\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        (void)printf("  emailmon %-7s%-34s %s\n", commands[i].word, commands[i].usage, commands[i].text);
    (void)puts("\n"
               "  -c FILE   the configuration, in YAML\n"
               "  -o HTML   the file to write; - is standard output\n"
               "  --trace   show the conversation with the servers, secrets masked\n"
               "  --json    for programs (status-json.md says what each field is); with NAME its events too\n"
               "  --watch   again every two seconds, until Ctrl-C: all, NAME, or with --json a document a line;\n"
               "            on a terminal in place, as much as fits\n"
               "\n"
               "`doctor` tries one monitor of each pair of servers (NAME: that one) and asks snmpd as a console does:\n"
               "  --as USER            judge as this user; default for root: emailmon's own\n"
               "  --snmpd ADDRESS      where snmpd answers; default: what snmpd.conf says, else 127.0.0.1:161\n"
               "  --snmpd-conf FILE    default: /etc/snmp/snmpd.conf\n"
               "  --community WORD     ask by it; default: those of snmpd.conf\n"
               "  --user NAME          ask by SNMPv3, with level and passphrases of snmp.conf\n"
               "\n"
               "`status` has the worst first; its lines fit the terminal, and are whole in a pipe.\n"
               "`test` ends with 0 when mail gets through, 2 when it does not, 3 when that cannot be known; `doctor`\n"
               "ends with 1 when something is wrong; every command when it was called or configured wrongly.");
}

static int mistake(const char *what, const char *which)
{
    (void)fprintf(stderr, "emailmon: %s%s; `emailmon help` lists what is right\n", what, which);
    return EXIT_MISTAKE;
}

/* One flag of the command line; false: there is none of that name. */
static bool take_flag(const char *word, unsigned allowed, struct arguments *a)
{
    const struct {
        const char *word;
        enum option option;
        bool *flag;
    } flags[] = {
        {"--json", OPTION_JSON, &a->json}, {"--watch", OPTION_WATCH, &a->watch}, {"--trace", OPTION_TRACE, &a->trace}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(word, flags[i].word) == 0 && (allowed & flags[i].option) != 0) {
            *flags[i].flag = true;
            return true;
        }
    }
    return false;
}

/* Where the word behind an option of the command line goes; NULL: there is no such option.  ${needs}: what it lacks
 * without that word. */
static const char **value_of(const char *word, unsigned allowed, struct arguments *a, const char **needs)
{
    const struct {
        const char *word;
        enum option option;
        const char **value;
        const char *needs;
    } values[] = {{"-c", OPTION_FILE, &a->file, "-c needs a file"},
                  {"-o", OPTION_OUTPUT, &a->output, "-o needs a file"},
                  {"--as", OPTION_SNMP, &a->as, "--as needs a user"},
                  {"--snmpd", OPTION_SNMP, &a->snmpd, "--snmpd needs an address"},
                  {"--snmpd-conf", OPTION_SNMP, &a->snmpd_conf, "--snmpd-conf needs a file"},
                  {"--community", OPTION_SNMP, &a->community, "--community needs a word"},
                  {"--user", OPTION_SNMP, &a->user, "--user needs a name"}};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (strcmp(word, values[i].word) == 0 && (allowed & values[i].option) != 0) {
            *needs = values[i].needs;
            return values[i].value;
        }
    }
    return NULL;
}

static int run_command(const struct command *command, int count, char **words)
{
    struct arguments a = {0};
    for (int i = 0; i < count; i++) {
        const char *needs, **value = value_of(words[i], command->options, &a, &needs);
        if (value != NULL) {
            if (++i == count)
                return mistake(needs, "");
            *value = words[i];
        } else if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0) {
            print_help();
            return EXIT_SUCCESS;
        } else if (words[i][0] == '-') {
            if (!take_flag(words[i], command->options, &a))
                return mistake("unknown option ", words[i]);
        } else if (command->name == NAME_NONE || a.name != NULL) {
            return mistake("one word too many: ", words[i]);
        } else {
            a.name = words[i];
        }
    }
    if ((command->options & OPTION_FILE) != 0 && a.file == NULL)
        return mistake("-c FILE is missing for ", command->word);
    if ((command->options & OPTION_OUTPUT) != 0 && a.output == NULL)
        return mistake("-o HTML is missing for ", command->word);
    if (command->name == NAME_NEEDED && a.name == NULL)
        return mistake("the name of a monitor is missing for ", command->word);
    return command->run(&a);
}

int command_mib(const struct arguments *a)
{
    (void)a;
    return fputs(mib_text, stdout) >= 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_MISTAKE;
}

int command_version(const struct arguments *a)
{
    (void)a;
    return printf("emailmon %s\n", EMAILMON_VERSION) > 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_MISTAKE;
}

int main(int argc, char **argv)
{
    const char *word = argc < 2 ? "help" : argv[1];
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(word, commands[i].word) == 0)
            return run_command(&commands[i], argc - 2, argv + 2);
    }
    if (strcmp(word, "--version") == 0)
        return command_version(NULL);
    if (strcmp(word, "help") != 0 && strcmp(word, "--help") != 0 && strcmp(word, "-h") != 0)
        return mistake("unknown command ", word);
    print_help();
    return argc < 2 ? EXIT_MISTAKE : EXIT_SUCCESS;
}
