#include "configuration.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Both: a core file may also go to a program (core_pattern), which no limit stops; and who may not dump a process may
 * not read its memory either, not even as the same user. */
static void close_memory(void)
{
    const struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)prctl(PR_SET_DUMPABLE, 0);
}

static void print_complaint(void *owner, bool is_warning, const char *line)
{
    const bool *warn = owner;
    if (!is_warning || *warn)
        (void)fprintf(stderr, "%s%s\n", line, is_warning ? " (warning)" : "");
}

struct config *configuration_read_by(const char *path, config_complaint *complain, void *owner)
{
    close_memory();
    return config_read(path, complain, owner);
}

struct config *configuration_read(const char *path, bool warn)
{
    return configuration_read_by(path, print_complaint, &warn);
}

size_t configuration_find(const struct config *c, const char *name)
{
    size_t i = 0;
    while (i < c->wanted_count && strcmp(definition_text(c->wanted[i].definition, SETTING_name), name) != 0)
        i++;
    return i;
}

void configuration_lacks(const char *path, const char *name)
{
    (void)fprintf(stderr, "emailmon: no monitor is called %s in %s; names are told by `emailmon status`\n", name, path);
}
