#include "smtp_talk.h"

#include <stdlib.h>
#include <string.h>

#include "short_memory.h"

static const char message[] = "Subject: probe\r\n\r\n.one dot\r\n..two\r\nend\r\n";

struct fixture {
    struct leg_settings leg;
    struct login_memory memory;
};

static struct session *make(const struct talk *t, void **fixture)
{
    static const struct setup usual = {0};
    const struct setup *with = t->setup != NULL ? t->setup : &usual;
    memory_spare(true);
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    memory_spare(false);
    *fixture = f;
    f->leg = (struct leg_settings){.leg = LEG_SMTP,
                                   .security = with->security != 0 ? with->security : SECURITY_NONE,
                                   .auth = with->auth,
                                   .username = with->username != NULL ? with->username : "probe",
                                   .password = with->password != NULL ? with->password : "open sesame",
                                   .plaintext_auth = with->plaintext};
    f->memory = (struct login_memory){.worked = MECHANISM_NONE, .refused = with->refused_before};
    if (with->offered != 0)
        f->memory = (struct login_memory){(uint8_t)with->worked, with->offered, with->refused_before};
    const char *text = with->message != NULL ? with->message : message;
    const struct smtp_task task = {.leg = &f->leg,
                                   .hello_name = with->hello != NULL ? with->hello : "probe.example",
                                   .from = "from@example.com",
                                   .to = with->to != NULL ? with->to : "to@example.net",
                                   .message = text,
                                   .message_bytes = strlen(text),
                                   .no_data = with->no_data,
                                   .memory = &f->memory};
    return smtp_new(&task);
}

/* t->expect is the fate. */
static void check(const struct talk *t, const struct session *s, void *fixture)
{
    const struct fixture *f = fixture;
    const struct failure *why = session_failure(s);
    assert_int_equal(smtp_fate(s), t->expect);
    if (why->stage == STAGE_AUTH && why->cause == CAUSE_MALFORMED) /* nothing that worked */
        assert_int_equal(f->memory.worked, MECHANISM_NONE);
    assert_true(strstr(t->script, "S: 235") != NULL || session_mechanism(s)[0] == '\0');
}

/* Half a message must not leave, and what left whole may have been taken. */
static void check_short(const struct talk *t, const struct session *s, void *fixture, const char *said, size_t n)
{
    const struct setup *with = t->setup;
    const char *text = with != NULL && with->message != NULL ? with->message : message;
    bool begun = n > 0 && memmem(said, n, text, strcspn(text, "\r")) != NULL;
    bool whole =
        n >= strlen("\r\n.\r\n") && memcmp(said + n - strlen("\r\n.\r\n"), "\r\n.\r\n", strlen("\r\n.\r\n")) == 0;
    (void)fixture;
    assert_int_equal(begun, whole);
    if (begun)
        assert_int_equal(smtp_fate(s), SMTP_UNCERTAIN);
    else if (smtp_fate(s) != t->expect)
        assert_int_equal(smtp_fate(s), SMTP_NOT_SENT);
}

static const char *const secrets[] = {"open sesame", "b3BlbiBzZXNhbWU", "AHByb2JlAG9wZW4gc2VzYW1l",
                                      "cHJvYmUgZjIzZmE0YjVkYWZhZGNmZmQwZTI5YWVkMWExMzIwMjY", NULL};

const struct talk_machine smtp_talk = {
    .leg = LEG_SMTP, .make = make, .check = check, .check_short = check_short, .done = free, .secrets = secrets};
