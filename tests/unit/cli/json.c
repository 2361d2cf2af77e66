/* What a program is told: each field as docs/status-json.md describes it, and none beside. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rendered.h"
#include "status_stage.h"

enum { FIELDS_MAX = 128, NAME_MAX_BYTES = 64 };

struct field {
    char name[NAME_MAX_BYTES], type[NAME_MAX_BYTES];
};

static const struct shown rows[] = {
    {.name = "office",
     .verdict = VERDICT_UP,
     .proof = PROOF_ROUND_TRIP,
     .changed_s = 3600,
     .polled_s = 5,
     .delivered = 41,
     .sent = 42},
    {.name = "po\"p",
     .verdict = VERDICT_DOWN,
     .proof = PROOF_NONE,
     .failure = {.leg = LEG_SMTP, .stage = STAGE_CONNECT, .cause = CAUSE_REFUSED},
     .detail = "\"no\""},
};

static const char *document(size_t count, bool with_details, const char *line_end)
{
    struct view view = stage_view(rows, count);
    struct view_details details = stage_details();
    struct terminal t = rendered_begin(0);
    stage_rounds(&view.rows[0].status);
    view_json(&view, with_details ? &details : NULL, t.out, line_end);
    view_clear(&view);
    details_clear(&details);
    return rendered_end(&t);
}

static void test_values(void **state)
{
    (void)state;
    const char *json = document(2, false, "\n");
    static const char *const parts[] = {
        "{\"schema\": 1, \"running\": true, \"written\": \"2026-11-24T03:13:19Z\", \"monitors\": [\n",
        "{\"index\": 1, \"name\": \"office\", \"verdict\": \"up\", \"proof\": \"roundTrip\", \"proof_age_s\": 5, ",
        "\"last_change\": \"2026-11-24T02:13:20Z\"",
        ",\n{\"index\": 2, \"name\": \"po\\\"p\", \"verdict\": \"down\", \"proof\": \"none\", \"proof_age_s\": null, ",
        "\"failure_text\": \"smtp: connecting: the connection was refused: \\\"no\\\"\"",
        "\"last_poll\": null",
        "\"smtp_cert_days\": null",
        "\"smtp_cert_days\": 61",
        "\"sent\": 42",
        "\"in_junk\": 0}\n]}\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(json, parts[i]) == NULL)
            fail_msg("no %s in %s", parts[i], json);
    }
    assert_null(strstr(json, "events"));
}

static void test_one_line(void **state)
{
    (void)state;
    const char *json = document(1, true, " ");
    assert_ptr_equal(strchr(json, '\n'), json + strlen(json) - 1);
    assert_non_null(strstr(json, "\"events\": [{\"seq\": 9, \"time\": \"2026-11-24T02:13:20Z\", \"kind\": \"up\", "
                                 "\"old\": \"down\", \"new\": \"up\", "));
    assert_non_null(strstr(json, "\"text\": \"\", \"name\": \"office\"}")); /* of the time when it happened */
    assert_null(strstr(json, "secret-word"));
}

/* --- the document and what it says of itself --- */

/* Fields in the order in which they are described: lines "| `name` | type | ...". */
static size_t described(struct field fields[FIELDS_MAX])
{
    char line[512];
    size_t n = 0;
    FILE *from = fopen(DESCRIPTION, "r");
    assert_non_null(from);
    while (fgets(line, sizeof line, from) != NULL) {
        assert_true(n < FIELDS_MAX);
        if (sscanf(line, "| `%63[a-z_]` | %63[^|]", fields[n].name, fields[n].type) == 2)
            strtok(fields[n++].type, " ");
    }
    (void)fclose(from);
    return n;
}

static const char *type_of(const char *value)
{
    if (*value == '[')
        return "list";
    if (*value == 't' || *value == 'f')
        return "boolean";
    if (isdigit((unsigned char)*value) || *value == '-')
        return "number";
    return "text"; /* or a word, or a time */
}

/* Fields in the order in which they are printed: "name": value. */
static size_t printed(const char *json, struct field fields[FIELDS_MAX])
{
    size_t n = 0;
    for (const char *at = json; (at = strchr(at, '"')) != NULL;) {
        size_t length = strcspn(at + 1, "\"");
        const char *behind = at + 1 + length + 1;
        if (strncmp(behind, ": ", 2) == 0) {
            assert_true(n < FIELDS_MAX && length < NAME_MAX_BYTES);
            memcpy(fields[n].name, at + 1, length);
            fields[n].name[length] = '\0';
            (void)snprintf(fields[n].type, sizeof fields[n].type, "%s", type_of(behind + 2));
            n++;
        }
        at = behind;
    }
    return n;
}

static bool same_type(const char *described, const char *printed)
{
    bool quoted = strcmp(described, "word") == 0 || strcmp(described, "time") == 0;
    return strcmp(quoted ? "text" : described, printed) == 0;
}

static void test_described(void **state)
{
    (void)state;
    static struct field due[FIELDS_MAX], have[FIELDS_MAX];
    size_t due_count = described(due), have_count = printed(document(1, true, " "), have);
    for (size_t i = 0; i < due_count; i++) {
        size_t at = i < have_count ? i : have_count - 1;
        if (strcmp(due[i].name, have[at].name) != 0 || !same_type(due[i].type, have[at].type))
            fail_msg("%s, a %s, is described; %s, a %s, is printed", due[i].name, due[i].type, have[at].name,
                     have[at].type);
    }
    assert_true(have_count > due_count); /* the second event */
    assert_string_equal(have[due_count].name, "seq");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"JSON has every column by its name, words for enumerations, null for what is not known", test_values, NULL,
         NULL, NULL},
        {"JSON to be watched is one line, with the events of its monitor and no secret", test_one_line, NULL, NULL,
         NULL},
        {"the description names each field that is printed with its type, and no other", test_described, NULL, NULL,
         NULL},
    };
    return cmocka_run_group_tests_name("cli: JSON", tests, NULL, NULL);
}
