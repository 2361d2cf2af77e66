/* emailmon check: every mistake of the file, before a running emailmon sees it. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "configuration.h"

int command_check(const struct arguments *a)
{
    struct config *config = configuration_read(a->file, true);
    if (config == NULL)
        return EXIT_MISTAKE;
    (void)printf("%s: %zu monitor%s, no mistake\n", a->file, config->wanted_count,
                 config->wanted_count == 1 ? "" : "s");
    config_free(config);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_MISTAKE;
}
