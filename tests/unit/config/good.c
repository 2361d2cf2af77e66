/* Files without mistakes, and what they mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_files.h"

#define BODY                                                                                                           \
    "    device: 192.0.2.1\n"                                                                                          \
    "    smtp: {to: a@example.com, from: b@example.com}\n"                                                             \
    "    incoming: {username: u}\n"

static const char *text(const struct config *c, size_t monitor, enum setting_id id)
{
    return definition_text(c->wanted[monitor].definition, id);
}

static uint32_t number(const struct config *c, size_t monitor, enum setting_id id)
{
    return definition_number(c->wanted[monitor].definition, id);
}

static void general_defaults(void **state)
{
    (void)state;
    struct config *c = file_good("{}");
    assert_string_equal(c->general.agentx, "unix:/var/agentx/master");
    assert_string_equal(c->general.state, "/var/lib/emailmon/state.db");
    assert_string_equal(c->general.key_file, "/var/lib/emailmon/state.db.key");
    assert_string_equal(c->general.dns, "");
    assert_string_equal(c->general.ca_file, "");
    assert_int_equal(c->general.workers, 1);
    assert_int_equal(c->general.in_flight, 1000);
    assert_int_equal(c->general.per_host, 10);
    assert_int_equal(c->general.history_s, 7 * 86400);
    assert_int_equal(c->wanted_count, 0);
    config_free(c);
}

static void general_settings(void **state)
{
    (void)state;
    struct config *c =
        file_good("agentx: tcp:localhost:705\nstate: /a b\ndns: 127.0.0.1:5353, [::1]:53,::1\nworkers: 2\n"
                  "history: 0\nlimits: {in_flight: 5, per_host: 3}\ntls: {ca_file: /ca}\nmonitors:\n");
    assert_string_equal(c->general.agentx, "tcp:localhost:705");
    assert_string_equal(c->general.state, "/a b");
    assert_string_equal(c->general.key_file, "/a b.key");
    assert_string_equal(c->general.dns, "127.0.0.1:5353,[::1]:53,::1");
    assert_string_equal(c->general.ca_file, "/ca");
    assert_int_equal(c->general.workers, 2);
    assert_int_equal(c->general.in_flight, 5);
    assert_int_equal(c->general.per_host, 3);
    assert_int_equal(c->general.history_s, 0);
    config_free(c);
}

static void table_defaults(void **state)
{
    (void)state;
    struct config *c = file_good("monitors:\n  - name: a\n" BODY);
    assert_int_equal(c->wanted_count, 1);
    assert_int_equal(c->wanted[0].index, 0);
    const struct definition *d = c->wanted[0].definition;
    assert_int_equal(d->row_status, ROW_ACTIVE);
    assert_int_equal(d->storage, STORAGE_READ_ONLY);
    assert_int_equal(d->secret[0], SECRET_READY); /* no login, no password */
    assert_int_equal(d->secret[1], SECRET_MISSING);
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        if (definition_has(d, id))
            continue;
        assert_int_equal(definition_number(d, id), settings[id].default_number);
        assert_string_equal(definition_text(d, id), settings[id].default_text == NULL ? "" : settings[id].default_text);
    }
    config_free(c);
}

/* --- every setting --- */

/* A value that is not the default, as it is written. */
static void write_value(const struct setting *s, char out[64])
{
    static const char *const texts[SETTING_COUNT] = {
        [SETTING_name] = "a b",
        [SETTING_device] = "192.0.2.9",
        [SETTING_smtp_server] = "smtp.example.com",
        [SETTING_in_server] = "2001:db8::1",
        [SETTING_smtp_to] = "to@example.com",
        [SETTING_smtp_from] = "from@example.com",
    };
    const struct word *words = setting_words(s->kind);
    if (setting_is_text(s))
        (void)snprintf(out, 64, "\"%s\"", texts[setting_id(s)] != NULL ? texts[setting_id(s)] : "x0123");
    else if (s->kind == KIND_NOTIFY)
        (void)snprintf(out, 64, "[up, certificate]");
    else if (words != NULL)
        (void)snprintf(out, 64, "%s", words[words[0].number == s->default_number ? 1 : 0].word);
    else
        (void)snprintf(out, 64, "%u", (unsigned)s->max);
}

static void write_group(char *file, size_t size, const char *group)
{
    size_t n = strlen(group);
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        const char *dot = strchr(settings[id].key, '.'), *word = dot == NULL ? settings[id].key : dot + 1;
        char value[64];
        size_t used = strlen(file);
        if ((dot == NULL) != (n == 0) || strncmp(settings[id].key, group, n) != 0)
            continue;
        write_value(&settings[id], value);
        (void)snprintf(file + used, size - used, "%s%s: %s\n", n == 0 ? "    " : "      ", word, value);
    }
}

static void all_settings(void **state)
{
    (void)state;
    char file[4096] = "monitors:\n  - index: 2147483647\n";
    write_group(file, sizeof file, "");
    strcat(file, "    smtp:\n");
    write_group(file, sizeof file, "smtp.");
    strcat(file, "    incoming:\n");
    write_group(file, sizeof file, "incoming.");
    struct config *c = file_good(file);
    assert_int_equal(c->wanted[0].index, INT32_MAX);
    const struct definition *d = c->wanted[0].definition;
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        char value[64], got[64];
        assert_true(definition_has(d, id));
        write_value(&settings[id], value);
        (void)snprintf(got, sizeof got, "\"%s\"", definition_text(d, id));
        if (setting_is_text(&settings[id]))
            assert_string_equal(got, value);
        else
            assert_int_not_equal(definition_number(d, id), settings[id].default_number);
    }
    assert_int_equal(d->notify, NOTIFY_UP | NOTIFY_CERTIFICATE);
    assert_int_equal(d->in_port, 65535);
    config_free(c);
}

/* --- how values are read --- */

static void by_type(void **state)
{
    (void)state;
    struct config *c = file_good("monitors:\n  - name: 0123\n    description: yes\n    device: ~\n    enabled: off\n"
                                 "    notify: []\n    interval: 5m\n"
                                 "    smtp: {server: 192.0.2.1, to: a@example.com, from: b@example.com, auth: on, "
                                 "username: null, password: 0x10, tls_verify: NO, plaintext_auth: yes}\n"
                                 "    incoming: {server: 192.0.2.1, username: 1e3, password: 0123, security: TLS, "
                                 "timeout: !!int 10m}\n");
    assert_string_equal(text(c, 0, SETTING_name), "0123");
    assert_string_equal(text(c, 0, SETTING_description), "yes");
    assert_string_equal(text(c, 0, SETTING_device), "~");
    assert_int_equal(number(c, 0, SETTING_enabled), TRUTH_FALSE);
    assert_int_equal(number(c, 0, SETTING_notify), 0);
    assert_int_equal(number(c, 0, SETTING_interval_s), 300);
    assert_int_equal(number(c, 0, SETTING_smtp_auth), TRUTH_TRUE);
    assert_string_equal(text(c, 0, SETTING_smtp_username), "null");
    assert_string_equal(text(c, 0, SETTING_smtp_password), "0x10");
    assert_int_equal(number(c, 0, SETTING_smtp_tls_verify), TRUTH_FALSE);
    assert_int_equal(number(c, 0, SETTING_smtp_plaintext_auth), TRUTH_TRUE);
    assert_string_equal(text(c, 0, SETTING_in_username), "1e3");
    assert_string_equal(text(c, 0, SETTING_in_password), "0123");
    assert_int_equal(number(c, 0, SETTING_in_security), SECURITY_TLS);
    assert_int_equal(number(c, 0, SETTING_in_timeout_s), 600);
    config_free(c);
}

static void json(void **state)
{
    (void)state;
    struct config *c =
        file_good("{\n\t\"agentx\":\"tcp:127.0.0.1:705\",\n\t\"limits\":{\"in_flight\":7},\n"
                  "\t\"monitors\":[{\"name\":\"a\",\"index\":3,\"notify\":[\"down\"],\"enabled\":false,\n"
                  "\t\t\"device\":\"192.0.2.1\",\"description\":\"\\u00e9\\/\\\"\",\n"
                  "\t\t\"smtp\":{\"to\":\"a@example.com\",\"from\":\"b@example.com\",\"port\":26,\"auth\":true,"
                  "\"username\":\"u\"},\n"
                  "\t\t\"incoming\":{\"username\":\"u\",\"password_command\":[\"cat\",\"a\"]}}]\n}\n");
    assert_int_equal(c->general.in_flight, 7);
    assert_int_equal(c->wanted[0].index, 3);
    assert_int_equal(number(c, 0, SETTING_notify), NOTIFY_DOWN);
    assert_int_equal(number(c, 0, SETTING_enabled), TRUTH_FALSE);
    assert_string_equal(text(c, 0, SETTING_description), "\xC3\xA9/\"");
    assert_int_equal(number(c, 0, SETTING_smtp_port), 26);
    assert_string_equal(c->sources[0].command[1], "a");
    config_free(c);
}

static void json_pairs(void **state)
{
    (void)state;
    static const char monitor[] =
        "{\"monitors\": [{\"name\": \"a\", \"description\": \"%s\", \"device\": \"192.0.2.1\", "
        "\"smtp\": {\"to\": \"a@example.com\", \"from\": \"b@example.com\"}, "
        "\"incoming\": {\"username\": \"u\"}%s}]}";
    static const struct {
        const char *written, *text;
    } rows[] = {
        {"\\ud83d\\udce7", "\xF0\x9F\x93\xA7"},
        {"a\\uD83D\\uDCE7\\uDBFF\\uDFFDb", "a\xF0\x9F\x93\xA7\xF4\x8F\xBF\xBD"
                                           "b"},
        {"\\\\ud83d\\\\udce7", "\\ud83d\\udce7"}, /* backslashes of the text itself */
    };
    char file[512];
    struct said said;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(file, sizeof file, monitor, rows[i].written, "");
        struct config *c = file_good(file);
        assert_string_equal(text(c, 0, SETTING_description), rows[i].text);
        config_free(c);
    }
    /* What stands behind a pair stays where it is. */
    (void)snprintf(file, sizeof file, monitor, rows[0].written, ", \"x\": 1");
    assert_null(file_read(file_put("pairs.json", file), &said));
    assert_string_equal(said.mistakes,
                        "1:172: x: there is no such key; one of these is right: name, description, device, "
                        "interval, failures_before_down, notify, enabled, index, devices, smtp, incoming\n");
    said_end(&said);
    /* Half a pair is none. */
    (void)snprintf(file, sizeof file, monitor, "\\ud83d", "");
    assert_null(file_read(file_put("pairs.json", file), &said));
    assert_non_null(strstr(said.mistakes, "1:"));
    said_end(&said);
}

static void byte_order_mark(void **state)
{
    (void)state;
    struct said said;
    config_free(file_good("\xEF\xBB\xBFstate: /a\n"));
    assert_null(file_read(file_put("bom.yaml", "\xEF\xBB\xBFstat: /a\n"), &said));
    assert_string_equal(said.mistakes, "1:1: stat: there is no such key; state is right\n");
    said_end(&said);
}

static void aliases(void **state)
{
    (void)state;
    struct config *c =
        file_good("monitors:\n  - name: a\n    device: &d 192.0.2.1\n"
                  "    smtp: &s {to: a@example.com, from: b@example.com}\n    incoming: &i {username: u}\n"
                  "  - {name: b, device: *d, smtp: *s, incoming: *i}\n");
    assert_int_equal(c->wanted_count, 2);
    assert_string_equal(text(c, 1, SETTING_device), "192.0.2.1");
    assert_string_equal(text(c, 1, SETTING_smtp_to), "a@example.com");
    config_free(c);
}

/* --- defaults --- */

static void defaults_merge(void **state)
{
    (void)state;
    struct config *c =
        file_good("monitors:\n  - name: a\n" BODY "  - name: b\n    interval: 30\n    device: 192.0.2.1\n"
                  "    smtp: {port: 26, to: a@example.com, password: own}\n    incoming: {username: u}\n"
                  "defaults:\n  interval: 2m\n  notify: [down]\n"
                  "  smtp: {port: 587, security: starttls, from: d@example.com, auth: true, username: x, password: p}\n"
                  "  incoming: {type: pop3}\n");
    assert_int_equal(number(c, 0, SETTING_interval_s), 120);
    assert_int_equal(number(c, 0, SETTING_smtp_port), 587);
    assert_int_equal(number(c, 0, SETTING_smtp_security), SECURITY_STARTTLS);
    assert_string_equal(text(c, 0, SETTING_smtp_from), "b@example.com");
    assert_string_equal(text(c, 0, SETTING_smtp_password), "p");
    assert_int_equal(number(c, 0, SETTING_in_type), PROTOCOL_POP3);
    assert_int_equal(number(c, 1, SETTING_interval_s), 30);
    assert_int_equal(number(c, 1, SETTING_notify), NOTIFY_DOWN);
    assert_int_equal(number(c, 1, SETTING_smtp_port), 26);
    assert_int_equal(number(c, 1, SETTING_smtp_security), SECURITY_STARTTLS);
    assert_string_equal(text(c, 1, SETTING_smtp_from), "d@example.com");
    assert_string_equal(text(c, 1, SETTING_smtp_username), "x");
    assert_string_equal(text(c, 1, SETTING_smtp_password), "own");
    config_free(c);
}

static void devices_expand(void **state)
{
    (void)state;
    struct config *c = file_good("monitors:\n  - name: a\n    devices: [192.0.2.1, mail.example.com]\n"
                                 "    smtp: {to: a@example.com, from: b@example.com}\n"
                                 "    incoming: {username: u, password_file: /p}\n");
    assert_int_equal(c->wanted_count, 2);
    assert_string_equal(text(c, 0, SETTING_name), "a@192.0.2.1");
    assert_string_equal(text(c, 0, SETTING_device), "192.0.2.1");
    assert_string_equal(text(c, 1, SETTING_name), "a@mail.example.com");
    assert_int_equal(c->source_count, 2);
    assert_int_equal(c->sources[1].monitor, 1);
    config_free(c);
}

/* --- where passwords come from --- */

#define LOGIN "smtp: {to: a@example.com, from: b@example.com, auth: true, username: u"

static void sources(void **state)
{
    (void)state;
    struct config *c = file_good("defaults: {smtp: {password_file: /d}, incoming: {password: d}}\nmonitors:\n"
                                 "  - name: a\n    device: 192.0.2.1\n    " LOGIN "}\n"
                                 "    incoming: {username: u, password_command: [cat, a b]}\n"
                                 "  - name: b\n    device: 192.0.2.1\n    " LOGIN ", password: p}\n"
                                 "    incoming: {username: u}\n"
                                 "  - name: c\n" BODY);
    assert_int_equal(c->source_count, 2);
    assert_int_equal(c->sources[0].monitor, 0);
    assert_int_equal(c->sources[0].leg, LEG_SMTP);
    assert_string_equal(c->sources[0].file, "/d");
    assert_null(c->sources[0].command);
    assert_int_equal(c->sources[1].leg, LEG_INCOMING);
    assert_null(c->sources[1].file);
    assert_string_equal(c->sources[1].command[0], "cat");
    assert_string_equal(c->sources[1].command[1], "a b");
    assert_null(c->sources[1].command[2]);
    assert_int_equal(c->wanted[0].definition->secret[0], SECRET_WAITING);
    assert_int_equal(c->wanted[0].definition->secret[1], SECRET_WAITING);
    assert_string_equal(text(c, 0, SETTING_in_password), "");
    assert_string_equal(text(c, 1, SETTING_smtp_password), "p");
    assert_string_equal(text(c, 1, SETTING_in_password), "d");
    assert_int_equal(c->wanted[1].definition->secret[0], SECRET_READY);
    /* Without a login the file of the defaults is not asked for. */
    assert_int_equal(c->wanted[2].definition->secret[0], SECRET_READY);
    config_free(c);
}

static void readable_by_others(void **state)
{
    (void)state;
    static const char with[] = "defaults: {incoming: {password: secret}}\n", without[] = "monitors: []\n";
    static const struct {
        const char *file;
        unsigned mode;
        const char *warning;
    } rows[] = {
        {with, 0600, ""},
        {with, 0640,
         "1:33: a password stands here, and others may read the file (mode 0640); mode 0600, or password_file, is "
         "right\n"},
        {with, 0604,
         "1:33: a password stands here, and others may read the file (mode 0604); mode 0600, or password_file, is "
         "right\n"},
        {without, 0644, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct said said;
        struct config *c = file_read(file_write("mode.yaml", rows[i].file, strlen(rows[i].file), rows[i].mode), &said);
        assert_non_null(c);
        assert_string_equal(said.warnings, rows[i].warning);
        assert_int_equal(c->has_password, rows[i].file == with);
        said_end(&said);
        config_free(c);
    }
}

/* Only root can give a file away. */
static void given_to_a_group(void **state)
{
    (void)state;
    static const char with[] = "defaults: {incoming: {password: secret}}\n";
    struct said said;
    if (geteuid() != 0)
        skip();
    const char *path = file_write("given.yaml", with, strlen(with), 0640);
    assert_int_equal(chown(path, 0, 12345), 0);
    struct config *c = file_read(path, &said);
    assert_non_null(c);
    assert_string_equal(said.warnings, "");
    said_end(&said);
    config_free(c);
}

/* --- the sample --- */

/* malloc'ed */
static char *file_bytes(const char *path)
{
    enum { MAX = 1 << 16 };
    char *bytes = calloc(1, MAX);
    FILE *f = fopen(path, "re");
    assert_non_null(bytes);
    assert_non_null(f);
    assert_true(fread(bytes, 1, MAX - 1, f) > 0);
    (void)fclose(f);
    return bytes;
}

static void sample(void **state)
{
    (void)state;
    struct said said;
    struct config *c = file_read(SAMPLE_FILE, &said);
    assert_string_equal(said.mistakes, "");
    assert_string_equal(said.warnings, "");
    said_end(&said);
    assert_int_equal(c->wanted_count, 4);
    assert_string_equal(text(c, 0, SETTING_name), "office");
    config_free(c);
}

/* The sample again, when "# " is taken off the lines that begin with it. */
static void as_installed(void **state)
{
    (void)state;
    struct said said;
    char *bytes = file_bytes(INSTALLED_FILE);
    struct config *c = file_read(INSTALLED_FILE, &said);
    assert_string_equal(said.mistakes, "");
    assert_string_equal(said.warnings, "");
    said_end(&said);
    assert_int_equal(c->wanted_count, 0);
    config_free(c);

    for (char *end = strstr(bytes, "\nmonitors:\n"); end != NULL; end = strchr(end + 1, '\n')) {
        if (strncmp(end, "\n# ", 3) == 0)
            memcpy(end, "\n  ", 3);
    }
    char *sample_bytes = file_bytes(SAMPLE_FILE);
    assert_string_equal(bytes, sample_bytes);
    free(sample_bytes);
    free(bytes);
}

static void sample_shows_all(void **state)
{
    (void)state;
    static const char *const others[] = {"agentx",  "state",           "key_file", "dns",      "workers",
                                         "history", "in_flight",       "per_host", "ca_file",  "index",
                                         "devices", "password_file",   "defaults", "monitors", "limits",
                                         "tls",     "password_command"};
    char *bytes = file_bytes(SAMPLE_FILE), word[64];
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        (void)snprintf(word, sizeof word, "%s:", others[i]);
        assert_non_null(strstr(bytes, word));
    }
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        const char *dot = strchr(settings[id].key, '.');
        (void)snprintf(word, sizeof word, "%s:", dot == NULL ? settings[id].key : dot + 1);
        assert_non_null(strstr(bytes, word));
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"what the file does not say has its default", general_defaults, NULL, NULL, NULL},
        {"every general setting can be said", general_settings, NULL, NULL, NULL},
        {"a monitor's settings have the table's defaults", table_defaults, NULL, NULL, NULL},
        {"every setting of a monitor can be said", all_settings, NULL, NULL, NULL},
        {"a scalar is read by its setting's type", by_type, NULL, NULL, NULL},
        {"JSON is accepted", json, NULL, NULL, NULL},
        {"JSON's two escapes for one character are one", json_pairs, NULL, NULL, NULL},
        {"a byte order mark is no character", byte_order_mark, NULL, NULL, NULL},
        {"an alias stands for its anchor", aliases, NULL, NULL, NULL},
        {"a monitor's settings go over the defaults, key by key", defaults_merge, NULL, NULL, NULL},
        {"devices make a row each", devices_expand, NULL, NULL, NULL},
        {"a leg's password comes from one place, the monitor's before the defaults'", sources, NULL, NULL, NULL},
        {"a file with a password that others may read earns a warning", readable_by_others, NULL, NULL, NULL},
        {"one that root gave to a group earns none", given_to_a_group, NULL, NULL, NULL},
        {"the sample file is right", sample, NULL, NULL, NULL},
        {"the file as it is installed says what the sample says, and watches nothing", as_installed, NULL, NULL, NULL},
        {"the sample file shows every setting", sample_shows_all, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("config: a file without mistakes", tests, files_begin, files_end);
}
