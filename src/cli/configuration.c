#include "configuration.h"

#include <stdio.h>
#include <string.h>

static void print_complaint(void *owner, bool is_warning, const char *line)
{
    const bool *warn = owner;
    if (!is_warning || *warn)
        (void)fprintf(stderr, "%s%s\n", line, is_warning ? " (warning)" : "");
}

struct config *configuration_read(const char *path, bool warn)
{
    return config_read(path, print_complaint, &warn);
}

size_t configuration_find(const struct config *c, const char *name)
{
    size_t i = 0;
    while (i < c->wanted_count && strcmp(definition_text(c->wanted[i].definition, SETTING_name), name) != 0)
        i++;
    return i;
}
