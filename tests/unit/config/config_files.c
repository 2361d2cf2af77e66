#include "config_files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATHS = 4, PATH_BYTES = 256, FILES_MAX = 64 };

static char folder[] = "/tmp/emailmon-config-XXXXXX";
static char made[FILES_MAX][PATH_BYTES];
static size_t made_count;

int files_begin(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

int files_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < made_count; i++)
        (void)unlink(made[i]);
    return rmdir(folder);
}

const char *file_path(const char *name)
{
    static char paths[PATHS][PATH_BYTES];
    static size_t next;
    char *path = paths[next++ % PATHS];
    (void)snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    return path;
}

static void remember(const char *path)
{
    for (size_t i = 0; i < made_count; i++) {
        if (strcmp(made[i], path) == 0)
            return;
    }
    assert_true(made_count < FILES_MAX);
    (void)snprintf(made[made_count++], PATH_BYTES, "%s", path);
}

const char *file_write(const char *name, const char *bytes, size_t n, unsigned mode)
{
    const char *path = file_path(name);
    remember(path);
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (n > 0) {
        ssize_t put = write(fd, bytes, n);
        assert_true(put > 0);
        bytes += put;
        n -= (size_t)put;
    }
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
    return path;
}

const char *file_put(const char *name, const char *text)
{
    return file_write(name, text, strlen(text), 0600);
}

/* --- reading --- */

struct listener {
    const char *path;
    FILE *mistakes, *warnings;
};

static void on_complaint(void *owner, bool is_warning, const char *line)
{
    struct listener *l = owner;
    size_t n = strlen(l->path);
    if (strncmp(line, l->path, n) == 0 && line[n] == ':')
        line += n + 1;
    assert_true(fprintf(is_warning ? l->warnings : l->mistakes, "%s\n", line) > 0);
}

struct config *file_read(const char *path, struct said *said)
{
    size_t n;
    struct listener l = {.path = path};
    l.mistakes = open_memstream(&said->mistakes, &n);
    l.warnings = open_memstream(&said->warnings, &n);
    assert_non_null(l.mistakes);
    assert_non_null(l.warnings);
    struct config *c = config_read(path, on_complaint, &l);
    assert_int_equal(fclose(l.mistakes), 0);
    assert_int_equal(fclose(l.warnings), 0);
    return c;
}

void said_end(struct said *said)
{
    free(said->mistakes);
    free(said->warnings);
    *said = (struct said){0};
}

struct config *file_good(const char *text)
{
    struct said said;
    struct config *c = file_read(file_put("good.yaml", text), &said);
    assert_string_equal(said.mistakes, "");
    said_end(&said);
    assert_non_null(c);
    return c;
}
