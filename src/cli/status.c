/* emailmon status: reads the state that `emailmon run` keeps, also while none runs. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "configuration.h"
#include "status_view.h"
#include "terminal.h"

enum { WATCH_EVERY_S = 2 };

static int show(const struct config *config, const struct arguments *a)
{
    struct view view;
    if (!view_read(config, &view))
        return EXIT_MISTAKE;
    const struct view_row *row = a->name == NULL ? NULL : view_find(&view, a->name);
    int status = EXIT_SUCCESS;
    if (a->name != NULL && row == NULL) {
        (void)fprintf(stderr, "emailmon: no monitor is called %s; `emailmon status -c %s` lists them\n", a->name,
                      a->file);
        status = EXIT_MISTAKE;
    } else if (a->json) {
        view_json(&view, row);
    } else if (row != NULL) {
        view_row(&view, row);
    } else {
        view_table(&view);
    }
    view_clear(&view);
    return fflush(stdout) == 0 ? status : EXIT_MISTAKE;
}

/* Ctrl-C ends it: nothing is left to be cleaned up. */
static int watch(const struct config *config, const struct arguments *a)
{
    int status;
    do {
        if (terminal_is())
            (void)fputs("\x1B[H\x1B[2J", stdout);
        status = show(config, a);
        (void)sleep(WATCH_EVERY_S);
    } while (status == EXIT_SUCCESS);
    return status;
}

int command_status(const struct arguments *a)
{
    (void)setlocale(LC_CTYPE, "");
    struct config *config = configuration_read(a->file, false);
    if (config == NULL)
        return EXIT_MISTAKE;
    int status = a->watch ? watch(config, a) : show(config, a);
    config_free(config);
    return status;
}
