/* The MIB is written by hand; here it is held against the tables of the source, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent_parts.h"
#include "failure.h"
#include "mib_text.h"
#include "oid.h"

enum { LINE = 512, BLOCK = 16384 };

/* The text from "${name} ${macro}" to the end of what is said of it, with every run of blanks as one. */
static const char *block(const char *name, const char *macro)
{
    static char out[BLOCK];
    char start[LINE];
    (void)snprintf(start, sizeof start, "\n%s %s", name, macro);
    const char *from = strstr(mib_text, start);
    assert_non_null(from);
    size_t n = 0;
    bool quoted = false;
    for (const char *p = from + 1; *p != '\0' && n + 1 < sizeof out; p++) {
        quoted ^= *p == '"';
        if (!quoted && strncmp(p, "\n\n", 2) == 0)
            break;
        bool blank = *p == ' ' || *p == '\n';
        if (!blank || (n > 0 && out[n - 1] != ' '))
            out[n++] = blank ? ' ' : *p;
    }
    out[n] = '\0';
    return out;
}

static void expect(const char *name, const char *said, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void expect(const char *name, const char *said, const char *format, ...)
{
    char wanted[BLOCK];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(wanted, sizeof wanted, format, arguments);
    va_end(arguments);
    if (strstr(said, wanted) == NULL)
        fail_msg("%s: the MIB does not say \"%s\" but: %s", name, wanted, said);
}

static size_t occurrences(const char *what)
{
    size_t n = 0;
    for (const char *p = mib_text; (p = strstr(p, what)) != NULL; p++)
        n++;
    return n;
}

static const char *default_word(const struct setting *s)
{
    for (const struct word *w = setting_words(s->kind); w->word != NULL; w++) {
        if (w->number == s->default_number)
            return w->word;
    }
    return "?";
}

static void expect_default(const struct setting *s, const char *said)
{
    if (setting_id(s) == SETTING_enabled)
        expect(s->object, said, "DEFVAL { enabled }");
    else if (s->kind == KIND_NOTIFY)
        expect(s->object, said, "DEFVAL { { down, up, unknown, certificate } }");
    else if (s->kind == KIND_NUMBER)
        expect(s->object, said, "DEFVAL { %u }", s->default_number);
    else if (!setting_is_text(s))
        expect(s->object, said, "DEFVAL { %s }", default_word(s));
    else if (s->default_text != NULL)
        expect(s->object, said, "DEFVAL { \"%s\" }", s->default_text);
    else
        assert_null(strstr(said, "DEFVAL"));
}

static void expect_syntax(const struct setting *s, const char *said)
{
    if (setting_id(s) == SETTING_enabled)
        expect(s->object, said, "SYNTAX INTEGER { enabled(1), disabled(2) }");
    else if (s->kind == KIND_NUMBER)
        expect(s->object, said, "SYNTAX Unsigned32 (%u..%u)", s->min, s->max);
    else if (setting_is_text(s))
        expect(s->object, said, "SYNTAX SnmpAdminString (SIZE (%u..%u))", s->min, s->max);
    else if (s->kind == KIND_TRUTH)
        expect(s->object, said, "SYNTAX TruthValue");
    else if (s->kind == KIND_SECURITY)
        expect(s->object, said, "SYNTAX EmailMonSecurity");
    else if (s->kind == KIND_PROTOCOL)
        expect(s->object, said, "SYNTAX INTEGER { pop3(1), imap(2) }");
    else
        expect(s->object, said, "SYNTAX BITS { down(0), up(1), unknown(2), certificate(3) }");
}

static void every_setting_has_its_column_range_and_default(void **state)
{
    (void)state;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *s = &settings[i];
        const char *said = block(s->object, "OBJECT-TYPE");
        expect(s->object, said, "::= { emailMonEntry %u }", s->column);
        expect(s->object, said, "MAX-ACCESS read-create");
        expect_syntax(s, said);
        expect_default(s, said);
        if (s->duration)
            expect(s->object, said, "UNITS \"seconds\"");
    }
    /* ... and the index, which cannot be read */
    assert_int_equal(occurrences("::= { emailMonEntry "), CONFIG_COLUMNS + 1);
    expect("emailMonPollNow", block("emailMonPollNow", "OBJECT-TYPE"), "::= { emailMonEntry %d }", CONFIG_POLL_NOW);
    expect("emailMonStorageType", block("emailMonStorageType", "OBJECT-TYPE"), "::= { emailMonEntry %d }",
           CONFIG_STORAGE_TYPE);
    expect("emailMonRowStatus", block("emailMonRowStatus", "OBJECT-TYPE"), "::= { emailMonEntry %d }",
           CONFIG_ROW_STATUS);
}

static void every_status_column_has_its_object(void **state)
{
    static const char *const syntax[] = {
        [STATUS_VERDICT] = "EmailMonVerdict",
        [STATUS_PROOF] = "EmailMonProofKind",
        [STATUS_LEG] = "EmailMonLeg",
        [STATUS_STAGE] = "EmailMonStage",
        [STATUS_CAUSE] = "EmailMonCause",
        [STATUS_GAUGE] = "Gauge32",
        [STATUS_COUNTER] = "Counter32",
        [STATUS_DAYS] = "Integer32",
        [STATUS_TIME] = "DateAndTime",
        [STATUS_AGE] = "Gauge32",
        [STATUS_TEXT] = "SnmpAdminString (SIZE (0..255))",
    };
    (void)state;
    for (size_t i = 0; i < status_column_count; i++) {
        const struct status_column *c = &status_columns[i];
        const char *said = block(c->object, "OBJECT-TYPE");
        expect(c->object, said, "SYNTAX %s ", syntax[c->kind]);
        expect(c->object, said, "MAX-ACCESS read-only");
        expect(c->object, said, "::= { emailMonStatusEntry %u }", c->column);
    }
    assert_int_equal(occurrences("::= { emailMonStatusEntry "), status_column_count);
}

static void every_scalar_and_event_column_that_is_served_is_an_object(void **state)
{
    (void)state;
    const struct mib_table scalars = scalar_table(NULL), events = event_table(NULL);
    assert_int_equal(occurrences("::= { emailMonAgent "), scalars.column_count);
    assert_int_equal(occurrences("::= { emailMonEventEntry "), events.column_count + 1);
    for (size_t i = 0; i < scalars.column_count; i++) {
        assert_int_equal(scalars.columns[i].number, i + 1);
        char object[LINE];
        (void)snprintf(object, sizeof object, "::= { emailMonAgent %zu }\n", i + 1);
        assert_int_equal(occurrences(object), 1);
    }
    for (size_t i = 0; i < events.column_count; i++)
        assert_int_equal(events.columns[i].number, i + 2);
}

/* "SYNTAX INTEGER { a(1), b(2) }" of a textual convention, from the words of a table in their order. */
struct listing {
    char text[BLOCK];
};

static void list(struct listing *l, const char *word, unsigned number)
{
    size_t n = strlen(l->text);
    (void)snprintf(l->text + n, sizeof l->text - n, "%s%s(%u)", n == 0 ? "" : ", ", word, number);
}

static void expect_convention(const char *name, const struct listing *l)
{
    expect(name, block(name, "::= TEXTUAL-CONVENTION"), "SYNTAX INTEGER { %s }", l->text);
}

static void every_word_has_its_number(void **state)
{
    struct listing stages = {""}, causes = {""}, legs = {""}, verdicts = {""}, proofs = {""}, securities = {""};
    (void)state;
#define STAGE(enumerator, number, word, ...) list(&stages, word, number);
#include "stage.def"
#define CAUSE(enumerator, number, word, ...) list(&causes, word, number);
#include "cause.def"
    for (unsigned leg = LEG_NONE; leg <= LEG_LOCAL; leg++)
        list(&legs, leg_word((enum leg)leg), leg);
    for (unsigned verdict = VERDICT_UP; verdict <= VERDICT_DISABLED; verdict++)
        list(&verdicts, verdict_word((enum verdict)verdict), verdict);
    for (unsigned proof = PROOF_NONE; proof <= PROOF_ROUND_TRIP; proof++)
        list(&proofs, proof_word((enum proof)proof), proof);
    for (const struct word *w = setting_words(KIND_SECURITY); w->word != NULL; w++)
        list(&securities, w->word, w->number);
    expect_convention("EmailMonStage", &stages);
    expect_convention("EmailMonCause", &causes);
    expect_convention("EmailMonLeg", &legs);
    expect_convention("EmailMonVerdict", &verdicts);
    expect_convention("EmailMonProofKind", &proofs);
    expect_convention("EmailMonSecurity", &securities);
}

static void every_kind_of_event_is_the_number_of_its_notification(void **state)
{
    static const char *const names[] = {[EVENT_DOWN] = "emailMonDown",
                                        [EVENT_UP] = "emailMonUp",
                                        [EVENT_UNKNOWN] = "emailMonUnknown",
                                        [EVENT_CERTIFICATE] = "emailMonCertExpiring"};
    struct listing kinds = {""};
    (void)state;
    for (unsigned kind = EVENT_DOWN; kind <= EVENT_CERTIFICATE; kind++) {
        list(&kinds, event_kind_word((enum event_kind)kind), kind);
        expect(names[kind], block(names[kind], "NOTIFICATION-TYPE"), "::= { emailMonNotifications %u }", kind);
    }
    expect("emailMonEventKind", block("emailMonEventKind", "OBJECT-TYPE"), "SYNTAX INTEGER { %s }", kinds.text);
}

static void the_bits_of_alarms_are_those_of_the_source(void **state)
{
    static const struct {
        const char *word;
        enum alarm alarm;
    } alarms[] = {{"state", ALARM_STATE},
                  {"resolver", ALARM_RESOLVER},
                  {"descriptors", ALARM_DESCRIPTORS},
                  {"clock", ALARM_CLOCK},
                  {"secrets", ALARM_SECRETS}};
    struct listing bits = {""};
    (void)state;
    for (unsigned i = 0; i < OID_COUNT(alarms); i++) {
        assert_int_equal(alarms[i].alarm, 1 << i);
        list(&bits, alarms[i].word, i);
    }
    expect("emailMonAlarms", block("emailMonAlarms", "OBJECT-TYPE"), "SYNTAX BITS { %s }", bits.text);
}

static void every_object_belongs_to_a_group(void **state)
{
    char name[LINE], listed[2 * LINE];
    (void)state;
    for (const char *p = mib_text; (p = strstr(p, " OBJECT-TYPE\n")) != NULL; p++) {
        const char *from = p;
        while (from > mib_text && from[-1] != '\n')
            from--;
        (void)snprintf(name, sizeof name, "%.*s", (int)(p - from), from);
        if (strstr(block(name, "OBJECT-TYPE"), "MAX-ACCESS not-accessible") != NULL)
            continue;
        (void)snprintf(listed, sizeof listed, "\n                   %s", name); /* as groups list their members */
        if (strstr(mib_text, listed) == NULL)
            fail_msg("%s is in no group", name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_setting_has_its_column_range_and_default),
        cmocka_unit_test(every_status_column_has_its_object),
        cmocka_unit_test(every_scalar_and_event_column_that_is_served_is_an_object),
        cmocka_unit_test(every_word_has_its_number),
        cmocka_unit_test(every_kind_of_event_is_the_number_of_its_notification),
        cmocka_unit_test(the_bits_of_alarms_are_those_of_the_source),
        cmocka_unit_test(every_object_belongs_to_a_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
