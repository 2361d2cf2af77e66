/*
 * As whom doctor judges: permissions are right or wrong only for somebody.  Root becomes the user that emailmon runs
 * as, for good, once it has read what root alone may read; so every check is made as emailmon itself would fare.
 */
#ifndef EMAILMON_DOCTOR_USER_H
#define EMAILMON_DOCTOR_USER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DOCTOR_SERVICE_USER "emailmon"

struct doctor_user {
    uid_t uid;
    gid_t gid;
    char name[64], group[64];
    bool is_other; /* emailmon has a user of its own here, and this is somebody else */
};

/** user_choose(as, u, why, size): ${as} (--as), else emailmon's own user when we are root and it is there, else who we
 *  are.  user_become(u, why, size): Be ${u} from now on.  False: one line in ${why}. */
bool user_choose(const char *as, struct doctor_user *u, char *why, size_t size);
bool user_become(const struct doctor_user *u, char *why, size_t size);

/** user_blocked(path, folder): Whether a folder above ${path} is closed to us; which is in ${folder}. */
bool user_blocked(const char *path, char folder[PATH_MAX]);

/** user_describe(path, dst, size): Whose it is: "root:root, mode 0755"; "" when that cannot be seen. */
void user_describe(const char *path, char *dst, size_t size);

#endif
