#include "status_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "folder.h"

#define STATUS_FILE_HEAD "emailmon status 1"

static bool beside(const char *state, const char *ending, char *path, size_t size)
{
    int n = snprintf(path, size, "%s%s", state, ending);
    return n > 0 && (size_t)n < size;
}

bool status_file_path(const char *state, char *path, size_t size)
{
    return beside(state, ".status", path, size);
}

bool status_file_lock_path(const char *state, char *path, size_t size)
{
    return beside(state, ".lock", path, size);
}

/* --- writing --- */

static void write_row(FILE *file, const struct kept_row *row)
{
    (void)fprintf(file, "%" PRId32 "\t%s", row->index, text_bytes(row->name));
    for (size_t i = 0; i < status_column_count; i++) {
        const struct status_column *column = &status_columns[i];
        if (column->kind == STATUS_TEXT)
            (void)fprintf(file, "\t%s", text_bytes(status_text(&row->status, column)));
        else if (column->kind == STATUS_AGE) /* the moment itself: its age goes on growing */
            (void)fprintf(file, "\t%" PRId64, status_moment(&row->status, column));
        else
            (void)fprintf(file, "\t%" PRId64, status_integer(&row->status, column, 0));
    }
    (void)fputc('\n', file);
}

bool status_file_write(const char *path, struct kept_rows *rows, int64_t wall_ms)
{
    char name[FOLDER_NAME_MAX];
    FILE *file = folder_begin(path, name, FOLDER_REPLACE);
    if (file == NULL)
        return false;
    kept_rows_sort(rows);
    (void)fprintf(file, STATUS_FILE_HEAD "\t%" PRId64 "\n", wall_ms);
    for (size_t i = 0; i < rows->count; i++)
        write_row(file, rows->rows[i]);
    return folder_commit(file, path, name, FOLDER_REPLACE);
}

/* --- reading --- */

static bool take_integer(char **line, int64_t *value)
{
    char *field = strsep(line, "\t"), *end;
    if (field == NULL || *field == '\0')
        return false;
    errno = 0;
    *value = strtoll(field, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool take_column(char **line, struct status *status, const struct status_column *column)
{
    int64_t value;
    if (column->kind != STATUS_TEXT)
        return take_integer(line, &value) && status_put_integer(status, column, value);
    char *field = strsep(line, "\t");
    if (field == NULL || strlen(field) > FAILURE_TEXT_MAX)
        return false;
    status_put_text(status, column, text_new(field, strlen(field)));
    return true;
}

static bool take_row(char *line, struct stored_row *row)
{
    int64_t index;
    if (!take_integer(&line, &index) || index < 1 || index > INT32_MAX)
        return false;
    row->index = (int32_t)index;
    row->name = strsep(&line, "\t");
    if (row->name == NULL)
        return false;
    for (size_t i = 0; i < status_column_count; i++) {
        if (!take_column(&line, &row->status, &status_columns[i]))
            return false;
    }
    return line == NULL;
}

/* Whoever has the state holds a lock on a file of its own, as long as it lives. */
static bool is_running(const char *state)
{
    char path[FOLDER_NAME_MAX];
    if (!status_file_lock_path(state, path, sizeof path))
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(fd);
    return held;
}

static bool read_head(char *line, int64_t *written_ms)
{
    char *head = strsep(&line, "\t");
    return head != NULL && strcmp(head, STATUS_FILE_HEAD) == 0 && take_integer(&line, written_ms) && line == NULL;
}

/* One line, without its end: the first one tells about the file, the others are rows. */
static bool take_line(char *line, bool first, struct stored_state *state, struct stored_row *row)
{
    return first ? read_head(line, &state->written_ms) : take_row(line, row);
}

static bool read_rows(FILE *file, struct stored_state *state, void (*each)(void *owner, const struct stored_row *row),
                      void *owner)
{
    struct stored_row row = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    bool first = true, ok = true;
    status_init(&row.status);
    while (ok && (n = getline(&line, &room, file)) > 0) {
        bool whole = line[n - 1] == '\n' && strlen(line) == (size_t)n;
        line[n - 1] = '\0';
        ok = whole && take_line(line, first, state, &row);
        if (ok && !first)
            each(owner, &row);
        first = false;
        status_clear(&row.status);
    }
    free(line);
    return ok && !first && ferror(file) == 0;
}

bool store_read_status(const char *path, struct stored_state *state,
                       void (*row)(void *owner, const struct stored_row *row), void *owner, char *why, size_t size)
{
    char name[FOLDER_NAME_MAX];
    if (!status_file_path(path, name, sizeof name)) {
        (void)snprintf(why, size, "state %s: the name is too long", path);
        return false;
    }
    FILE *file = fopen(name, "re");
    if (file == NULL) {
        (void)snprintf(why, size, "%s: %s; %s", name, strerror(errno),
                       errno == ENOENT ? "`emailmon run` has not been started with this state yet"
                                       : "run this as root or as emailmon's own user");
        return false;
    }
    state->running = is_running(path);
    bool ok = read_rows(file, state, row, owner);
    (void)fclose(file);
    if (!ok)
        (void)snprintf(why, size, "%s: it is damaged; `emailmon run` writes it anew", name);
    return ok;
}
