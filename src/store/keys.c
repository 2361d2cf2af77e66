#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"

/* The file: three lines of text, so that a person sees what it is and a restored backup is seen to be whole. */
#define KEY_FILE_HEAD "emailmon key 1\n"
#define KEY_FILE_UUID "instance "
#define KEY_FILE_KEY  "master "
enum {
    KEY_FILE_BYTES = sizeof KEY_FILE_HEAD - 1 + sizeof KEY_FILE_UUID - 1 + (INSTANCE_TEXT_MAX - 1) + 1 +
                     sizeof KEY_FILE_KEY - 1 + 2 * KEY_BYTES + 1
};

static void write_hex(const uint8_t *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 0x0F];
    }
    *out = '\0';
}

/* Lower-case digits only: one key file has one spelling.  Hyphens are skipped, where an UUID has them. */
static bool read_hex(const char *text, size_t n, uint8_t *bytes, size_t count)
{
    size_t nibbles = 0;
    for (size_t i = 0; i < n; i++) {
        const char *digits = "0123456789abcdef";
        const char *found = text[i] != '\0' ? strchr(digits, text[i]) : NULL;
        if (text[i] == '-')
            continue;
        if (found == NULL || nibbles >= 2 * count)
            return false;
        unsigned nibble = (unsigned)(found - digits);
        bytes[nibbles / 2] = (uint8_t)(nibbles % 2 == 0 ? nibble << 4 : bytes[nibbles / 2] | nibble);
        nibbles++;
    }
    return nibbles == 2 * count;
}

void keys_instance_text(const struct keys *keys, char out[INSTANCE_TEXT_MAX])
{
    static const uint8_t groups[] = {4, 2, 2, 2, 6}; /* RFC 4122 s. 3 */
    const uint8_t *from = keys->instance;
    for (size_t i = 0; i < sizeof groups; i++) {
        if (i > 0)
            *out++ = '-';
        write_hex(from, groups[i], out);
        out += 2 * groups[i];
        from += groups[i];
    }
}

static void print_keys(const struct keys *keys, char out[KEY_FILE_BYTES + 1])
{
    char instance[INSTANCE_TEXT_MAX], master[2 * KEY_BYTES + 1];
    keys_instance_text(keys, instance);
    write_hex(keys->master, KEY_BYTES, master);
    (void)snprintf(out, KEY_FILE_BYTES + 1, KEY_FILE_HEAD KEY_FILE_UUID "%s\n" KEY_FILE_KEY "%s\n", instance, master);
    explicit_bzero(master, sizeof master);
}

static bool parse_keys(const char text[KEY_FILE_BYTES + 1], struct keys *keys)
{
    char again[KEY_FILE_BYTES + 1];
    const char *uuid = text + sizeof KEY_FILE_HEAD - 1 + sizeof KEY_FILE_UUID - 1;
    const char *key = uuid + INSTANCE_TEXT_MAX + sizeof KEY_FILE_KEY - 1;
    if (!read_hex(uuid, INSTANCE_TEXT_MAX - 1, keys->instance, INSTANCE_BYTES) ||
        !read_hex(key, 2 * KEY_BYTES, keys->master, KEY_BYTES))
        return false;
    /* Printed again it must be the very file: that checks all that stands around the two. */
    print_keys(keys, again);
    bool same = memcmp(again, text, KEY_FILE_BYTES) == 0;
    explicit_bzero(again, sizeof again);
    return same;
}

bool keys_random(struct keys *keys)
{
    if (RAND_bytes(keys->instance, INSTANCE_BYTES) != 1 || RAND_priv_bytes(keys->master, KEY_BYTES) != 1)
        return false;
    keys->instance[6] = (uint8_t)((keys->instance[6] & 0x0F) | 0x40); /* version 4, RFC 4122 s. 4.4 */
    keys->instance[8] = (uint8_t)((keys->instance[8] & 0x3F) | 0x80);
    return true;
}

static bool refuse(char *why, size_t size, const char *path, const char *cause, const char *mend)
{
    (void)snprintf(why, size, "key file %s: %s; %s", path, cause, mend);
    return false;
}

/* Whether nobody else could have read or written it.  Root may read what the service's own user has. */
static bool is_private(int fd, const char *path, char *why, size_t size)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return refuse(why, size, path, strerror(errno), "it must be a file of its own");
    if (!S_ISREG(st.st_mode))
        return refuse(why, size, path, "it is no regular file", "name a file in `key_file`");
    if (st.st_uid != geteuid() && geteuid() != 0)
        return refuse(why, size, path, "it belongs to another user", "run emailmon as its owner, or chown it");
    if ((st.st_mode & 077) != 0)
        return refuse(why, size, path, "others may read or write it", "chmod 600 it, and make a new one if it leaked");
    return true;
}

static bool read_keys(int fd, const char *path, struct keys *keys, char *why, size_t size)
{
    char text[KEY_FILE_BYTES + 2]; /* one more than right: a longer file is not whole */
    bool ok = false;
    memset(text, 0, sizeof text);
    if (is_private(fd, path, why, size)) {
        ssize_t n = read(fd, text, KEY_FILE_BYTES + 1);
        if (n < 0)
            (void)refuse(why, size, path, strerror(errno), "restore it from a backup");
        else if (n != KEY_FILE_BYTES || !parse_keys(text, keys))
            (void)refuse(
                why, size, path, "it is damaged",
                "restore it from a backup, or remove it: then probes of before are no longer known as own ones");
        else
            ok = true;
    }
    explicit_bzero(text, sizeof text);
    return ok;
}

static bool make_keys(const char *path, struct keys *keys, char *why, size_t size)
{
    char text[KEY_FILE_BYTES + 1];
    if (!keys_random(keys))
        return refuse(why, size, path, "this machine gives no random numbers", "try again");
    print_keys(keys, text);
    bool kept = folder_write_new(path, text, KEY_FILE_BYTES);
    int error = errno;
    explicit_bzero(text, sizeof text);
    if (kept)
        return true;
    keys_wipe(keys);
    return refuse(why, size, path, strerror(error), "its folder must be there, and be writable for emailmon");
}

bool keys_load(const char *path, bool make, struct keys *keys, char *why, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        if (errno == ENOENT && make)
            return make_keys(path, keys, why, size);
        return refuse(why, size, path, strerror(errno), "name a file that emailmon may read in `key_file`");
    }
    bool ok = read_keys(fd, path, keys, why, size);
    (void)close(fd);
    if (!ok)
        keys_wipe(keys);
    return ok;
}

bool keys_derive(const struct keys *keys, const char *label, uint8_t out[KEY_BYTES])
{
    unsigned n = 0;
    return HMAC(EVP_sha256(), keys->master, KEY_BYTES, (const unsigned char *)label, strlen(label), out, &n) != NULL &&
           n == KEY_BYTES;
}

void keys_wipe(struct keys *keys)
{
    explicit_bzero(keys, sizeof *keys);
}
