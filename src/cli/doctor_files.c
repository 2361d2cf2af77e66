/* What emailmon reads: the configuration, and password files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "key_map.h"

/* A file that emailmon's own user cannot read: it is not there, or it is closed, or a folder above it is. */
static void say_unreadable(struct doctor *d, const char *path, int error)
{
    char owner[160], folder[PATH_MAX];
    const char *user = d->user.name, *group = d->user.group;
    const bool blocked = error == EACCES && user_blocked(path, folder);
    user_describe(blocked ? folder : path, owner, sizeof owner);
    if (blocked) {
        doctor_say(d, MARK_WRONG, "%s: the user %s may not enter %s (%s)", path, user, folder, owner);
        doctor_mend(d, "chgrp %s %s && chmod g+x %s", group, folder, folder);
    } else if (error == EACCES) {
        doctor_say(d, MARK_WRONG, "%s: the user %s may not read it (%s)", path, user, owner);
        doctor_mend(d, "chown root:%s %s && chmod 640 %s", group, path, path);
    } else {
        doctor_say(d, MARK_WRONG, "%s: %s", path, strerror(error));
        doctor_mend(d, "write it, then: chown root:%s %s && chmod 640 %s", group, path, path);
    }
}

/* --- the file --- */

void doctor_file(struct doctor *d)
{
    for (size_t i = 0; i < d->complaint_count; i++)
        doctor_split(d, MARK_WRONG, d->complaints[i]);
    if (d->config == NULL && d->complaint_count == 0)
        doctor_say(d, MARK_WRONG, "%s: no memory to read it", d->file);
    if (d->config == NULL)
        return;
    if (access(d->file, R_OK) == 0)
        doctor_say(d, MARK_OK, "%s: %zu monitor%s, no mistake", d->file, d->config->wanted_count,
                   d->config->wanted_count == 1 ? "" : "s");
    else
        say_unreadable(d, d->file, errno);
}

/* --- passwords --- */

/* Others than root and emailmon: the group counts when it is neither's. */
static bool is_open_to_others(const struct doctor *d, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    const bool foreign_group = st.st_gid != 0 && st.st_gid != d->user.gid;
    return (st.st_mode & S_IROTH) != 0 || ((st.st_mode & S_IRGRP) != 0 && foreign_group);
}

static void say_open(struct doctor *d, const char *what, const char *path)
{
    char owner[160];
    user_describe(path, owner, sizeof owner);
    doctor_say(d, MARK_WRONG, "%s %s holds a password, and others may read it (%s)", what, path, owner);
    doctor_mend(d, "chown root:%s %s && chmod 640 %s", d->user.group, path, path);
}

/* systemd shows credentials to the service alone. */
static bool is_credential(const char *path)
{
    static const char folder[] = "/run/credentials/";
    return strncmp(path, folder, sizeof folder - 1) == 0;
}

static bool check_password_file(struct doctor *d, const char *path)
{
    if (access(path, R_OK) == 0) {
        if (!is_open_to_others(d, path))
            return true;
        say_open(d, "password_file", path);
        return false;
    }
    const int error = errno;
    d->passwords_closed = true;
    if (is_credential(path))
        doctor_say(d, MARK_UNCLEAR, "not judged: %s is there for the running service alone", path);
    else
        say_unreadable(d, path, error);
    return false;
}

/* Many monitors may share a file: it is looked at once. */
static bool check_password_files(struct doctor *d, size_t *count)
{
    const struct config *c = d->config;
    struct key_map seen = {0};
    bool right = true;
    for (size_t i = 0; i < c->source_count; i++) {
        char *file = c->sources[i].file;
        const uint64_t key = file == NULL ? 0 : key_mix(0, file, strlen(file));
        if (file == NULL || key_map_get(&seen, key) != NULL)
            continue;
        (void)key_map_put(&seen, key, file); /* without memory it is looked at again */
        ++*count;
        right = check_password_file(d, file) && right;
    }
    key_map_clear(&seen);
    return right;
}

void doctor_passwords(struct doctor *d)
{
    size_t files = 0;
    bool right = !d->config->has_password || !is_open_to_others(d, d->file);
    if (!right)
        say_open(d, "the file", d->file);
    if (!check_password_files(d, &files) || !right)
        return;
    if (files > 0)
        doctor_say(d, MARK_OK, "%zu password file%s, closed to others", files, files == 1 ? "" : "s");
    else
        doctor_say(d, MARK_OK, "none stands where others may read it");
}
