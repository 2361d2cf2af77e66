/* The key file: made once, whole or not at all, and refused when anybody else could have seen or changed it. */
#include "keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], path[128], why[512];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/emailmon-keys-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/state.db.key", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void write_file(const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void test_made_once(void **state)
{
    (void)state;
    struct keys first, again;
    struct stat st;
    assert_false(keys_load(path, false, &first, why, sizeof why));
    assert_non_null(strstr(why, path));
    assert_true(keys_load(path, true, &first, why, sizeof why));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(keys_load(path, true, &again, why, sizeof why));
    assert_memory_equal(&first, &again, sizeof first);
}

static void test_uuid(void **state)
{
    (void)state;
    struct keys keys;
    char text[INSTANCE_TEXT_MAX];
    assert_true(keys_random(&keys));
    keys_instance_text(&keys, text);
    assert_int_equal(strlen(text), 36);
    for (size_t i = 0; i < 36; i++)
        assert_true((i == 8 || i == 13 || i == 18 || i == 23) == (text[i] == '-'));
    assert_int_equal(text[14], '4');
    assert_non_null(strchr("89ab", text[19]));
}

static void test_refused(void **state)
{
    (void)state;
#define HEAD "emailmon key 1\ninstance 01234567-89ab-4def-8123-456789abcdef\nmaster "
#define HALF "00112233445566778899aabbccddeeff"
    static const struct {
        const char *text;
        mode_t mode;
        const char *says; /* NULL: it is right */
    } files[] = {
        {HEAD HALF HALF "\n", 0600, NULL},
        {HEAD HALF HALF "\n", 0400, NULL},
        {HEAD HALF HALF "\n", 0640, "chmod 600"},
        {HEAD HALF HALF "\n", 0602, "chmod 600"},
        {HEAD HALF HALF, 0600, "damaged"},
        {HEAD HALF HALF "\n\n", 0600, "damaged"},
        {HEAD HALF "\n", 0600, "damaged"},
        {HEAD HALF "00112233445566778899AABBCCDDEEFF\n", 0600, "damaged"},
        {"emailmon key 1\ninstance 0123456-789ab-4def-8123-456789abcdef\nmaster " HALF HALF "\n", 0600, "damaged"},
        {"emailmon key 2\ninstance 01234567-89ab-4def-8123-456789abcdef\nmaster " HALF HALF "\n", 0600, "damaged"},
        {"", 0600, "damaged"},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct keys keys, nothing = {0};
        write_file(files[i].text, files[i].mode);
        bool ok = keys_load(path, true, &keys, why, sizeof why);
        assert_int_equal(ok, files[i].says == NULL);
        if (!ok) {
            assert_non_null(strstr(why, files[i].says));
            assert_memory_equal(&keys, &nothing, sizeof keys);
        }
        assert_int_equal(unlink(path), 0);
    }
}

static void test_unwritable_folder(void **state)
{
    (void)state;
    struct keys keys;
    char missing[160];
    (void)snprintf(missing, sizeof missing, "%s/none/state.db.key", folder);
    assert_false(keys_load(missing, true, &keys, why, sizeof why));
    assert_non_null(strstr(why, "its folder must be there"));
}

static void test_derived(void **state)
{
    (void)state;
    struct keys keys, other;
    uint8_t probe[KEY_BYTES], test[KEY_BYTES], again[KEY_BYTES];
    assert_true(keys_random(&keys) && keys_random(&other));
    assert_true(keys_derive(&keys, "probe", probe) && keys_derive(&keys, "test", test));
    assert_true(keys_derive(&keys, "probe", again));
    assert_memory_equal(probe, again, KEY_BYTES);
    assert_memory_not_equal(probe, test, KEY_BYTES);
    assert_true(keys_derive(&other, "probe", again));
    assert_memory_not_equal(probe, again, KEY_BYTES);
}

int main(void)
{
#define SENTENCE(sentence, function)                                                                                   \
    {                                                                                                                  \
        sentence, function, make_folder, remove_folder, NULL                                                           \
    }
    const struct CMUnitTest tests[] = {
        SENTENCE("the key file is made once, for its owner alone, and read back the same", test_made_once),
        SENTENCE("the instance id is an UUID of version 4", test_uuid),
        SENTENCE("a key file that others may see, or that is not whole, is refused and nothing is kept", test_refused),
        SENTENCE("a folder that is not there is named with what to do", test_unwritable_folder),
        SENTENCE("keys differ by label and by installation", test_derived),
    };
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
