/* What is exported can be taken over: read as a file, it is the same monitor. */
#include "export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "draft.h"

static void put(struct draft *d, const char *key, const char *written)
{
    struct mistake why;
    const struct setting *s = setting_by_key(key);
    assert_non_null(s);
    if (!draft_put_written(d, setting_id(s), written, &why))
        fail_msg("%s: %s", key, why.text);
}

/* Every setting, none its default, with all that YAML might stumble over. */
static const struct definition *everything(enum row_status row_status)
{
    static const char *const values[][2] = {{"name", "a: \"b\" #\\c"},
                                            {"description", "- [x] {y}: 'z' \xC3\xA4 # no comment"},
                                            {"device", "192.0.2.1"},
                                            {"interval", "77"},
                                            {"failures_before_down", "3"},
                                            {"notify", "down, certificate"},
                                            {"smtp.server", "%Device.Address"},
                                            {"smtp.port", "587"},
                                            {"smtp.to", "\"q\\\"q\"@example.com"},
                                            {"smtp.from", "from@example.com"},
                                            {"smtp.security", "starttls"},
                                            {"smtp.auth", "true"},
                                            {"smtp.username", "yes"},
                                            {"smtp.password", "secret"},
                                            {"smtp.timeout", "9"},
                                            {"smtp.tls_verify", "false"},
                                            {"smtp.tls_name", "mail.example.com"},
                                            {"smtp.plaintext_auth", "true"},
                                            {"incoming.type", "pop3"},
                                            {"incoming.server", "pop.example.com"},
                                            {"incoming.port", "1110"},
                                            {"incoming.security", "tls"},
                                            {"incoming.username", "0123"},
                                            {"incoming.password", "secret"},
                                            {"incoming.timeout", "8"},
                                            {"incoming.tls_verify", "false"},
                                            {"incoming.tls_name", "pop"},
                                            {"incoming.plaintext_auth", "true"},
                                            {"enabled", "false"}};
    struct draft d;
    draft_init(&d);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        put(&d, values[i][0], values[i][1]);
    d.row_status = row_status;
    d.secret[0] = d.secret[1] = SECRET_FAILED; /* as the state gives it: there is one, sealed */
    const struct definition *frozen = draft_freeze(&d);
    draft_end(&d);
    assert_non_null(frozen);
    return frozen;
}

static void complain(void *owner, bool is_warning, const char *line)
{
    (void)owner;
    if (!is_warning)
        print_message("%s\n", line);
}

static void test_round_trip(void **state)
{
    (void)state;
    char path[] = "/tmp/emailmon-export-XXXXXX";
    int fd = mkstemp(path);
    FILE *out = fdopen(fd, "w");
    assert_non_null(out);
    const struct definition *before = everything(ROW_ACTIVE);
    (void)fputs("monitors:\n", out);
    export_monitor(out, 7, before);
    assert_int_equal(fclose(out), 0);

    struct config *c = config_read(path, complain, NULL);
    assert_non_null(c);
    assert_int_equal(c->wanted_count, 1);
    assert_int_equal(c->wanted[0].index, 7);
    assert_int_equal(c->source_count, 2);
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        const struct definition *after = c->wanted[0].definition;
        if (settings[id].kind == KIND_SECRET)
            continue;
        assert_string_equal(definition_text(before, id), definition_text(after, id));
        assert_int_equal(definition_number(before, id), definition_number(after, id));
    }
    config_free(c);
    definition_unref(before);
    (void)unlink(path);
}

static const char *exported(enum row_status row_status)
{
    static char text[8192];
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    const struct definition *d = everything(row_status);
    export_monitor(out, 9, d);
    assert_int_equal(fclose(out), 0);
    definition_unref(d);
    return text;
}

static void test_no_password(void **state)
{
    (void)state;
    assert_null(strstr(exported(ROW_ACTIVE), "secret\n"));
    assert_non_null(strstr(exported(ROW_ACTIVE), "password_file: /etc/emailmon/row-9-smtp.secret"));
    assert_non_null(strstr(exported(ROW_ACTIVE), "password_file: /etc/emailmon/row-9-incoming.secret"));
}

static void test_not_active(void **state)
{
    (void)state;
    assert_non_null(strstr(exported(ROW_NOT_IN_SERVICE), "enabled: false   # it was not in service\n"));
    assert_int_equal(strncmp(exported(ROW_NOT_READY), "  # row 9 is not ready", 22), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"an exported row, read as a file, has every setting that it had", test_round_trip, NULL, NULL, NULL},
        {"an exported row has no password, but says where one is to be written", test_no_password, NULL, NULL, NULL},
        {"a row that is not in service is not enabled, and one that is not ready a comment", test_not_active, NULL,
         NULL, NULL},
    };
    return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
