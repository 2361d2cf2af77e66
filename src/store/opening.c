#include "opening.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "reader.h"
#include "schema.h"

enum { LOCK_TRIES = 10, LOCK_EVERY_US = 20000 };

static bool beside(const char *state, const char *ending, char path[PATH_MAX])
{
    int n = snprintf(path, PATH_MAX, "%s%s", state, ending);
    return n > 0 && n < PATH_MAX;
}

/* --- the lock --- */

int opening_lock(const char *state, char *why, size_t size)
{
    char path[PATH_MAX];
    if (!beside(state, ".lock", path)) {
        (void)snprintf(why, size, "state %s: the name is too long", state);
        return -1;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        (void)snprintf(why, size, "state %s: %s; its folder must be there, and be writable for emailmon", state,
                       strerror(errno));
        return -1;
    }
    /* `emailmon status` holds it for a moment, to see whether anybody has it. */
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return fd;
        (void)usleep(LOCK_EVERY_US);
    }
    if (errno == EWOULDBLOCK)
        (void)snprintf(why, size,
                       "state %s: another emailmon has it; end that one, or give this one a `state` of its own", state);
    else
        (void)snprintf(why, size, "state %s: it cannot be locked: %s", state, strerror(errno));
    (void)close(fd);
    return -1;
}

bool opening_is_locked(const char *state)
{
    char path[PATH_MAX];
    if (!beside(state, ".lock", path))
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(fd);
    return held;
}

/* --- one attempt --- */

struct attempt {
    const struct opening *of;
    sqlite3 *db;
    struct restored *restored;
    int code;     /* SQLite's, of what failed */
    int error;    /* errno of that moment */
    bool damaged; /* the file itself is wrong */
    char why[256];
};

static bool fail(struct attempt *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(struct attempt *a, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(a->why, sizeof a->why, format, arguments);
    va_end(arguments);
    return false;
}

/* Steps of opening, each only when the one before it was right. */
static bool check(struct attempt *a)
{
    enum schema_finding finding = SCHEMA_OURS;
    bool whole = false;
    a->code = schema_check(a->db, &finding);
    if (a->code != SQLITE_OK)
        return false;
    if (finding == SCHEMA_FOREIGN)
        return fail(a, "it is a database of another program; name another file in `state`");
    if (finding == SCHEMA_LATER)
        return fail(a, "a later emailmon wrote it; run that one, or name another file in `state`");
    a->code = database_prepare_writing(a->db);
    if (a->code == SQLITE_OK)
        a->code = schema_check_whole(a->db, &whole);
    a->damaged = a->code == SQLITE_OK && !whole;
    return whole;
}

static bool load(struct attempt *a)
{
    a->code = schema_migrate(a->db);
    if (a->code == SQLITE_OK)
        a->code = reader_mend(a->db, wall_now_ms());
    if (a->code == SQLITE_OK && a->of->behind)
        a->code = reader_doubt(a->db);
    if (a->code != SQLITE_OK)
        return false;
    a->restored = restored_new();
    a->code = a->restored != NULL ? reader_load(a->db, a->of->sealer, a->of->log, a->restored) : SQLITE_NOMEM;
    return a->code == SQLITE_OK;
}

static bool attempt(struct attempt *a)
{
    a->code = database_open(a->of->path, DATABASE_WRITE, &a->db);
    a->error = errno;
    if (a->code == SQLITE_OK && check(a) && load(a))
        return true;
    if (a->db != NULL && a->code != SQLITE_OK && a->code != SQLITE_CANTOPEN)
        a->error = sqlite3_system_errno(a->db);
    a->damaged = a->damaged || database_is_damage(a->code);
    if (a->why[0] == '\0')
        (void)fail(a, "%s%s%s", sqlite3_errstr(a->code), a->error != 0 ? ": " : "",
                   a->error != 0 ? strerror(a->error) : "");
    database_close(a->db);
    restored_unref(a->restored);
    a->db = NULL;
    a->restored = NULL;
    return false;
}

/* --- a damaged one --- */

/* Its log goes with it: somebody may be able to read more out of both. */
static bool set_aside(const char *state, struct log *log)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char ending[64], from[PATH_MAX], to[PATH_MAX];
    struct tm tm;
    const time_t now = time(NULL);
    char moment[sizeof "20260101T000000Z"];
    (void)gmtime_r(&now, &tm);
    (void)strftime(moment, sizeof moment, "%Y%m%dT%H%M%SZ", &tm);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        (void)snprintf(ending, sizeof ending, ".damaged-%s%s", moment, endings[i]);
        if (!beside(state, endings[i], from) || !beside(state, ending, to))
            return false;
        if (rename(from, to) != 0 && (errno != ENOENT || i == 0))
            return false;
    }
    log_write(
        log, LOG_LINE_ERROR,
        "state %s: it is damaged, and was set aside as %s.damaged-%s; a new one begins: rows made by SET, verdicts "
        "and events of before are not known",
        state, state, moment);
    return true;
}

sqlite3 *opening_state(const struct opening *o, struct restored **restored, char *why, size_t size)
{
    struct attempt a = {.of = o};
    bool ok = attempt(&a), was_damaged = !ok && a.damaged;
    if (was_damaged && set_aside(o->path, o->log)) {
        a = (struct attempt){.of = o};
        ok = attempt(&a);
    }
    if (!ok) {
        (void)snprintf(why, size, "state %s: it cannot be opened: %s", o->path, a.why);
        return NULL;
    }
    a.restored->damaged = was_damaged;
    *restored = a.restored;
    return a.db;
}
