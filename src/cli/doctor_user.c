#include "doctor_user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void name_user(uid_t uid, char *dst, size_t size)
{
    const struct passwd *p = getpwuid(uid);
    if (p != NULL)
        (void)snprintf(dst, size, "%s", p->pw_name);
    else
        (void)snprintf(dst, size, "%u", (unsigned)uid);
}

static void name_group(gid_t gid, char *dst, size_t size)
{
    const struct group *g = getgrgid(gid);
    if (g != NULL)
        (void)snprintf(dst, size, "%s", g->gr_name);
    else
        (void)snprintf(dst, size, "%u", (unsigned)gid);
}

/* False: there is no such user. */
static bool take_user(const char *name, struct doctor_user *u)
{
    const struct passwd *p = getpwnam(name);
    if (p == NULL)
        return false;
    u->uid = p->pw_uid;
    u->gid = p->pw_gid;
    return true;
}

bool user_choose(const char *as, struct doctor_user *u, char *why, size_t size)
{
    struct doctor_user service;
    const bool has_service = take_user(DOCTOR_SERVICE_USER, &service);
    *u = (struct doctor_user){.uid = geteuid(), .gid = getegid()};
    if (as != NULL && !take_user(as, u)) {
        (void)snprintf(why, size, "no user is called %s; `getent passwd` lists who there is", as);
        return false;
    }
    if (as == NULL && geteuid() == 0)
        (void)take_user(DOCTOR_SERVICE_USER, u);
    name_user(u->uid, u->name, sizeof u->name);
    name_group(u->gid, u->group, sizeof u->group);
    u->is_other = has_service && u->uid != service.uid;
    return true;
}

bool user_become(const struct doctor_user *u, char *why, size_t size)
{
    if (u->uid == geteuid())
        return true;
    if (geteuid() == 0 && initgroups(u->name, u->gid) == 0 && setresgid(u->gid, u->gid, u->gid) == 0 &&
        setresuid(u->uid, u->uid, u->uid) == 0)
        return true;
    (void)snprintf(why, size, "it cannot become the user %s: %s; run it as root", u->name, strerror(errno));
    return false;
}

bool user_blocked(const char *path, char folder[PATH_MAX])
{
    for (const char *slash = path; (slash = strchr(slash, '/')) != NULL; slash++) {
        int n = slash == path ? 1 : (int)(slash - path);
        if (snprintf(folder, PATH_MAX, "%.*s", n, path) >= PATH_MAX)
            return false;
        if (access(folder, X_OK) != 0)
            return errno == EACCES;
    }
    return false;
}

void user_describe(const char *path, char *dst, size_t size)
{
    struct stat st;
    char user[64], group[64];
    dst[0] = '\0';
    if (stat(path, &st) != 0)
        return;
    name_user(st.st_uid, user, sizeof user);
    name_group(st.st_gid, group, sizeof group);
    (void)snprintf(dst, size, "%s:%s, mode %04o", user, group, (unsigned)(st.st_mode & ALLPERMS));
}
