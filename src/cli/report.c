/* emailmon report: the state as one page, for a web server or a mail. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "configuration.h"
#include "report_page.h"

static void refuse(const char *path, const char *why)
{
    (void)fprintf(stderr, "emailmon: %s: %s; name a file in a folder that you may write, or - for standard output\n",
                  path, why);
}

static bool print_to(FILE *out, const struct report_data *report)
{
    report_print(out, report);
    return fflush(out) == 0 && ferror(out) == 0;
}

/* As a file that is made anew would be: who may read it says the umask. */
static bool open_mode(int fd)
{
    const mode_t mask = umask(0);
    (void)umask(mask);
    return fchmod(fd, 0666 & ~mask) == 0;
}

/* Under another name first: a web server never sees half a page. */
static bool replace(const char *path, const struct report_data *report)
{
    char made[PATH_MAX + sizeof ".XXXXXX"];
    (void)snprintf(made, sizeof made, "%s.XXXXXX", path);
    const int fd = mkstemp(made);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (fd < 0)
        return false;
    bool ok = out != NULL && print_to(out, report) && open_mode(fd);
    ok = (out != NULL ? fclose(out) : close(fd)) == 0 && ok && rename(made, path) == 0;
    const int error = errno;
    if (!ok)
        (void)unlink(made);
    errno = error;
    return ok;
}

/* A pipe or a device stays what it is. */
static bool write_through(const char *path, const struct report_data *report)
{
    FILE *out = fopen(path, "w");
    const bool ok = out != NULL && print_to(out, report);
    return out != NULL && fclose(out) == 0 && ok;
}

static bool print_file(const char *path, const struct report_data *report)
{
    char real[PATH_MAX]; /* behind a symbolic link */
    struct stat st;
    if (strcmp(path, "-") == 0)
        return print_to(stdout, report);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return write_through(path, report);
    return replace(realpath(path, real) != NULL ? real : path, report);
}

int command_report(const struct arguments *a)
{
    char why[512];
    struct report_data report;
    struct config *config = configuration_read(a->file, false);
    if (config == NULL)
        return EXIT_MISTAKE;
    bool ok = report_read(&report, config, a->file, a->name, why, sizeof why);
    if (!ok) {
        (void)fprintf(stderr, "emailmon: %s\n", why);
    } else {
        ok = print_file(a->output, &report);
        if (!ok)
            refuse(a->output, strerror(errno));
        report_clear(&report);
    }
    config_free(config);
    return ok ? EXIT_SUCCESS : EXIT_MISTAKE;
}
