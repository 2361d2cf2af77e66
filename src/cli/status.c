/* emailmon status: reads the state that `emailmon run` keeps, also while none runs. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "configuration.h"
#include "status_show.h"
#include "status_watch.h"

static int show_once(const struct config *config, const struct arguments *a)
{
    char why[512];
    const struct terminal t = terminal_of(stdout);
    struct showing showing = {.config = config, .file = a->file, .name = a->name, .json = a->json};
    bool ok = status_read(&showing, why, sizeof why);
    if (ok)
        status_show(&showing, &t);
    else
        (void)fprintf(stderr, "emailmon: %s\n", why);
    status_forget(&showing);
    return ok && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_MISTAKE;
}

int command_status(const struct arguments *a)
{
    (void)setlocale(LC_CTYPE, "");
    struct config *config = configuration_read(a->file, false);
    if (config == NULL)
        return EXIT_MISTAKE;
    int status = a->watch ? status_watch(config, a) : show_once(config, a);
    config_free(config);
    return status;
}
