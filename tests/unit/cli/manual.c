/* emailmon(1) is written by hand; here it is held against what `emailmon help` tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE_MAX = 1 << 16, LINE_MAX_BYTES = 256 };

static char page[PAGE_MAX], help[PAGE_MAX];
static const char command_head[] = "  emailmon ", option_head[] = "  -", item[] = "\n.It Cm ";

static bool read_all(FILE *from, char text[PAGE_MAX])
{
    size_t n = from != NULL ? fread(text, 1, PAGE_MAX - 1, from) : 0;
    return n > 0 && n < PAGE_MAX - 1;
}

static int read_both(void **state)
{
    (void)state;
    FILE *f = fopen(MANUAL, "re"), *said = popen(PROGRAM " help", "re");
    bool ok = read_all(f, page) && read_all(said, help);
    return ok && fclose(f) == 0 && pclose(said) == 0 ? 0 : 1;
}

/* The page's line that begins what is told of a command: ".It Cm test Fl c Ar file ...". */
static const char *line_of(const char *command)
{
    static char line[LINE_MAX_BYTES];
    (void)snprintf(line, sizeof line, "%s%s", item, command);
    const char *from = strstr(page, line);
    while (from != NULL && strchr(" \n", from[strlen(line)]) == NULL)
        from = strstr(from + 1, line);
    if (from == NULL)
        fail_msg("the manual says nothing of emailmon %s", command);
    (void)snprintf(line, sizeof line, "%.*s ", (int)strcspn(from + 1, "\n"), from + 1);
    return line;
}

/* "-c", or "[--json]", as it stands in that line: "Fl c ", "Fl -json ". */
static void expect_option(const char *command, const char *option)
{
    char wanted[LINE_MAX_BYTES];
    option += *option == '[';
    (void)snprintf(wanted, sizeof wanted, "Fl %.*s ", (int)strcspn(option + 1, "]"), option + 1);
    if (strstr(line_of(command), wanted) == NULL)
        fail_msg("the manual does not say that emailmon %s has %s", command, option);
}

/* Calls ${take} with each line of the help that begins with ${head}; returns how many there were. */
static unsigned each_line(const char *head, void (*take)(char *behind_head))
{
    char line[LINE_MAX_BYTES];
    unsigned count = 0;
    for (const char *at = help, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        if (strncmp(at, head, strlen(head)) != 0)
            continue;
        (void)snprintf(line, sizeof line, "%.*s", (int)(end - at), at);
        take(line + strlen(head));
        count++;
    }
    return count;
}

static void expect_command(char *words)
{
    char *rest, *command = strtok_r(words, " \n", &rest);
    (void)line_of(command);
    for (char *word; (word = strtok_r(NULL, " \n", &rest)) != NULL;)
        if (word[0] == '-' || strncmp(word, "[-", 2) == 0)
            expect_option(command, word);
}

static void every_command_is_told(void **state)
{
    (void)state;
    assert_true(each_line(command_head, expect_command) > 0);
}

static void expect_explained(char *option)
{
    char wanted[LINE_MAX_BYTES];
    (void)snprintf(wanted, sizeof wanted, " Fl %.*s", (int)strcspn(option, " "), option);
    const char *at = strstr(page, wanted);
    while (at != NULL && strchr(" \n", at[strlen(wanted)]) == NULL)
        at = strstr(at + 1, wanted);
    if (at == NULL)
        fail_msg("the manual says nothing of -%s", option);
}

static void every_option_is_told(void **state)
{
    (void)state;
    assert_true(each_line(option_head, expect_explained) > 0);
}

static void nothing_else_is_told(void **state)
{
    char wanted[LINE_MAX_BYTES];
    (void)state;
    for (const char *at = page; (at = strstr(at, item)) != NULL;) {
        at += strlen(item);
        (void)snprintf(wanted, sizeof wanted, "%s%.*s ", command_head, (int)strcspn(at, " \n"), at);
        if (strstr(help, wanted) == NULL && strncmp(at, "help\n", 5) != 0)
            fail_msg("the manual tells of \"%s\", which is no command", wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"the manual tells every command with its options", every_command_is_told, NULL, NULL, NULL},
        {"the manual tells every option that the help explains", every_option_is_told, NULL, NULL, NULL},
        {"the manual tells of no command that there is not", nothing_else_is_told, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("cli: the manual", tests, read_both, NULL);
}
