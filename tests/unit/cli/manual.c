/* emailmon(1) is written by hand; here it is held against what `emailmon help` tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE_MAX = 1 << 16, LINE_MAX_BYTES = 256 };

static char page[PAGE_MAX];

static int read_page(void **state)
{
    (void)state;
    FILE *f = fopen(MANUAL, "re");
    if (f == NULL)
        return 1;
    size_t n = fread(page, 1, sizeof page - 1, f);
    (void)fclose(f);
    return n > 0 && n < sizeof page - 1 ? 0 : 1;
}

/* The page's line that begins what is told of a command: ".It Cm test Fl c Ar file ...". */
static const char *line_of(const char *command)
{
    static char line[LINE_MAX_BYTES];
    (void)snprintf(line, sizeof line, "\n.It Cm %s", command);
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
    FILE *help = popen(PROGRAM " help", "re");
    assert_non_null(help);
    while (fgets(line, sizeof line, help) != NULL) {
        if (strncmp(line, head, strlen(head)) != 0)
            continue;
        take(line + strlen(head));
        count++;
    }
    assert_int_equal(pclose(help), 0);
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
    assert_true(each_line("  emailmon ", expect_command) > 0);
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
    assert_true(each_line("  -", expect_explained) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"the manual tells every command with its options", every_command_is_told, NULL, NULL, NULL},
        {"the manual tells every option that the help explains", every_option_is_told, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("cli: the manual", tests, read_page, NULL);
}
