/* What emailmon writes: the state, with its folder, its key file and its disk. */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "doctor.h"
#include "keys.h"
#include "store.h"

enum { FREE_WARNING_MIB = 100, FREE_WRONG_MIB = 16 }; /* the log of a busy state grows to 16 MiB */

/* Whether emailmon's own user may do that with a file; if not, who has it. */
static bool may(const char *path, int mode, char *owner, size_t size)
{
    if (access(path, mode) == 0)
        return true;
    const int error = errno;
    user_describe(path, owner, size);
    if (owner[0] == '\0')
        (void)snprintf(owner, size, "%s", strerror(error));
    errno = error;
    return false;
}

static bool check_folder(struct doctor *d, const char *folder)
{
    char owner[160], closed[PATH_MAX];
    struct stat st;
    const char *user = d->user.name;
    if (user_blocked(folder, closed)) {
        user_describe(closed, owner, sizeof owner);
        doctor_say(d, MARK_WRONG, "%s: the user %s may not enter %s (%s)", d->config->general.state, user, closed,
                   owner);
        doctor_mend(d, "chmod o+x %s", closed);
    } else if (stat(folder, &st) != 0) {
        doctor_say(d, MARK_WRONG, "%s: its folder is not there", d->config->general.state);
        doctor_mend(d, "install -d -m 700 -o %s -g %s %s", user, d->user.group, folder);
    } else if (!may(folder, R_OK | W_OK | X_OK, owner, sizeof owner)) {
        const bool read_only = errno == EROFS;
        doctor_say(d, MARK_WRONG, "%s: the user %s cannot write into its folder (%s%s)", d->config->general.state, user,
                   owner, read_only ? ", on a read-only file system" : "");
        if (read_only)
            doctor_mend(d, "in %s name a file elsewhere: `state: PATH`", d->file);
        else
            doctor_mend(d, "chown %s:%s %s && chmod 700 %s", user, d->user.group, folder, folder);
    } else {
        return true;
    }
    return false;
}

/* Files that another user left there, root above all, who tried `emailmon run` once. */
static bool check_file(struct doctor *d, const char *path)
{
    char owner[160];
    if (access(path, F_OK) != 0 || may(path, R_OK | W_OK, owner, sizeof owner))
        return true;
    doctor_say(d, MARK_WRONG, "%s: the user %s cannot write it (%s)", path, d->user.name, owner);
    doctor_mend(d, "chown %s:%s %s*", d->user.name, d->user.group, d->config->general.state);
    return false;
}

static bool check_files(struct doctor *d)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", d->config->general.state, endings[i]);
        if (!check_file(d, path))
            return false;
    }
    return true;
}

static bool check_key(struct doctor *d, bool has_state)
{
    const char *path = d->config->general.key_file;
    char why[512];
    struct keys keys;
    if (access(path, F_OK) != 0) {
        if (!has_state)
            return true;
        doctor_say(d, MARK_WARNING, "%s: the state is there, and its key file is not", path);
        doctor_mend(d, "restore it from the state's backup; else a new one is made, and passwords of rows made by SET "
                       "are to be set again");
        return false;
    }
    bool loaded = keys_load(path, false, &keys, why, sizeof why);
    keys_wipe(&keys);
    if (!loaded)
        doctor_split(d, MARK_WRONG, why);
    return loaded;
}

/* ${words}: how much there is, for the line that says that all is well. */
static bool check_room(struct doctor *d, const char *folder, char *words, size_t size)
{
    struct statvfs disk;
    words[0] = '\0';
    if (statvfs(folder, &disk) != 0)
        return true;
    const uint64_t free_mib = (uint64_t)disk.f_bavail * disk.f_frsize >> 20;
    const bool is_much = free_mib >= UINT64_C(10) << 10;
    (void)snprintf(words, size, "; %" PRIu64 " %s free", is_much ? free_mib >> 10 : free_mib, is_much ? "GiB" : "MiB");
    if (free_mib >= FREE_WARNING_MIB)
        return true;
    doctor_say(d, free_mib < FREE_WRONG_MIB ? MARK_WRONG : MARK_WARNING, "%s: %" PRIu64 " MiB are left on its disk",
               d->config->general.state, free_mib);
    doctor_mend(d, "make room, or in %s name a file on another disk: `state: PATH`", d->file);
    return false;
}

static void count_row(void *owner, const struct stored_row *row)
{
    (void)row;
    ++*(size_t *)owner;
}

/* What stands in it; a state that is no state is found out here. */
static bool check_contents(struct doctor *d, size_t *rows)
{
    struct stored_state state = {0};
    char why[512];
    if (!store_read_status(d->config->general.state, NULL, &state, count_row, rows, why, sizeof why)) {
        doctor_split(d, MARK_WRONG, why);
        return false;
    }
    d->running = state.running;
    return true;
}

void doctor_state(struct doctor *d)
{
    const char *state = d->config->general.state;
    char copy[PATH_MAX], room[48];
    size_t rows = 0;
    (void)snprintf(copy, sizeof copy, "%s", state);
    const char *folder = dirname(copy);
    if (!check_folder(d, folder) || !check_files(d))
        return;
    const bool is_there = access(state, F_OK) == 0;
    bool right = check_key(d, is_there);
    right = check_room(d, folder, room, sizeof room) && right;
    right = (!is_there || check_contents(d, &rows)) && right;
    if (right && is_there)
        doctor_say(d, MARK_OK, "%s: %zu row%s, %s%s", state, rows, rows == 1 ? "" : "s",
                   d->running ? "emailmon runs" : "emailmon does not run", room);
    else if (right)
        doctor_say(d, MARK_OK, "%s: not there yet, and can be made%s", state, room);
}
