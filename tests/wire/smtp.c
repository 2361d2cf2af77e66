/* SMTP against transcripts: RFC 5321, 2920, 3207, 4954. */
#include "smtp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "talk.h"

static const char message[] = "Subject: probe\r\n\r\n.one dot\r\n..two\r\nend\r\n";

struct setup {
    enum security security; /* 0: none */
    bool auth, plaintext, no_data;
    const char *to;      /* NULL: to@example.net */
    const char *hello;   /* NULL: probe.example */
    const char *message; /* NULL: the above */
    bool refused_before;
    unsigned worked, offered; /* what the login remembers; ${offered} 0: nothing */
};

struct fixture {
    struct leg_settings leg;
    struct login_memory memory;
};

static struct session *make(const struct talk *t, void **fixture)
{
    static const struct setup usual = {0};
    const struct setup *with = t->setup != NULL ? t->setup : &usual;
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    *fixture = f;
    f->leg = (struct leg_settings){.leg = LEG_SMTP,
                                   .security = with->security != 0 ? with->security : SECURITY_NONE,
                                   .auth = with->auth,
                                   .username = "probe",
                                   .password = "open sesame",
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
    (void)fixture;
    assert_int_equal(smtp_fate(s), t->expect);
    assert_true(strstr(t->script, "S: 235") != NULL || session_mechanism(s)[0] == '\0');
}

static const char *const secrets[] = {"open sesame", "b3BlbiBzZXNhbWU", "AHByb2JlAG9wZW4gc2VzYW1l",
                                      "cHJvYmUgZjIzZmE0YjVkYWZhZGNmZmQwZTI5YWVkMWExMzIwMjY", NULL};

static const struct talk_machine smtp = {
    .leg = LEG_SMTP, .make = make, .check = check, .done = free, .secrets = secrets};

/* --- pieces of transcripts --- */

#define HI          "S: 220 mx.example ESMTP\nC: EHLO probe.example\n"
#define BARE        "S: 250 mx.example\n"
#define PIPELINING  "S: 250-mx.example\nS: 250-PIPELINING\nS: 250 SIZE 35882577\n"
#define AUTH(list)  "S: 250-mx.example\nS: 250-AUTH " list "\nS: 250 PIPELINING\n"
#define MAIL        "C: MAIL FROM:<from@example.com>\n"
#define RCPT        "C: RCPT TO:<to@example.net>\n"
#define GROUP       "C: MAIL FROM:<from@example.com> SIZE=40\n" RCPT "C: DATA\n"
#define GROUP_PLAIN MAIL RCPT "C: DATA\n"
#define TAKEN       "S: 250 2.1.0 fine\nS: 250 2.1.5 fine\nS: 354 go ahead\n! hold\n"
#define MESSAGE     "C: Subject: probe\nC: \nC: ..one dot\nC: ...two\nC: end\nC: .\n"
#define DONE        "S: 250 2.0.0 queued as 4711\nC: QUIT\nS: 221 bye\n"
#define REST        GROUP_PLAIN TAKEN MESSAGE DONE
#define START_TLS   "S: 250-mx.example\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n! tls\nC: EHLO probe.example\n"
#define ONE_BY_ONE  MAIL "S: 250 fine\n" RCPT "S: 250 fine\nC: DATA\nS: 354 go\n! hold\n" MESSAGE

static const struct setup starttls = {.security = SECURITY_STARTTLS}, tls = {.security = SECURITY_TLS},
                          login = {.security = SECURITY_TLS, .auth = true}, clear_login = {.auth = true},
                          clear_plain = {.auth = true, .plaintext = true},
                          starttls_login = {.security = SECURITY_STARTTLS, .auth = true}, no_data = {.no_data = true},
                          no_name = {.hello = ""}, injected = {.to = "to@example.net>\r\nRCPT TO:<other@example.net"},
                          bare_lf = {.message = "a: b\r\n\r\nx\n.\r\n"}, bare_cr = {.message = "a: b\r\n\r\n\r.\r\r\n"},
                          refused_before = {.security = SECURITY_TLS,
                                            .auth = true,
                                            .refused_before = true,
                                            .worked = MECHANISM_NONE,
                                            .offered = 1U << MECHANISM_CRAM_MD5 | 1U << MECHANISM_PLAIN},
                          plain_worked = {.security = SECURITY_TLS,
                                          .auth = true,
                                          .worked = MECHANISM_PLAIN,
                                          .offered = 1U << MECHANISM_CRAM_MD5 | 1U << MECHANISM_PLAIN};

/* --- what goes well --- */

static const struct talk good[] = {
    {.name = "with PIPELINING a probe leaves in five flights",
     .script = HI PIPELINING GROUP TAKEN MESSAGE DONE,
     .flights = 4,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "without it the commands go one by one",
     .script = HI BARE ONE_BY_ONE DONE,
     .flights = 6,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "STARTTLS, PLAIN and PIPELINING together take seven flights",
     .setup = &starttls_login,
     .script = HI START_TLS AUTH("PLAIN") "C: AUTH PLAIN AHByb2JlAG9wZW4gc2VzYW1l\nS: 235 welcome\n" REST,
     .flights = 7,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "implicit TLS takes one flight less than the greeting needs",
     .setup = &tls,
     .script = HI PIPELINING GROUP TAKEN MESSAGE DONE,
     .flights = 4,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "bare LF ends replies as well",
     .script = "s: 220 mx\\n\nC: EHLO probe.example\ns: 250-mx\\n250 PIPELINING\\n\n" GROUP_PLAIN
               "s: 250 a\\n250 b\\n354 c\\n\n! hold\n" MESSAGE "s: 250 d\\n\nC: QUIT\ns: 221 e\\n\n",
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "replies may be codes without text, and have many lines",
     .script = "S: 220-wait\nS: 220-for\nS: 220\nC: EHLO probe.example\nS: 250\n" MAIL "S: 250-\nS: 250\n" RCPT
               "S: 250 \nC: DATA\nS: 354\n! hold\n" MESSAGE "S: 250\nC: QUIT\nS: 221\n",
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "a reply of 128 lines is still a reply",
     .script = "s: \\R{127}{220-wait\\r\\n}220 now\\r\\n\nC: EHLO probe.example\n" BARE ONE_BY_ONE DONE,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "keywords are known in any case, and unknown ones are ignored",
     .script = HI "S: 250-mx.example\nS: 250-x-what EVER\nS: 250-pipeLINING\nS: 250 size\n" GROUP TAKEN MESSAGE DONE,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "recipients that are forwarded or not verified are accepted",
     .script =
         HI BARE MAIL "S: 250 ok\n" RCPT "S: 251 elsewhere <x@evil.example>\nC: DATA\nS: 354 go\n! hold\n" MESSAGE DONE,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "252 is accepted too",
     .script = HI BARE MAIL "S: 250 ok\n" RCPT "S: 252 perhaps\nC: DATA\nS: 354 go\n! hold\n" MESSAGE DONE,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "the code decides, whatever the text says",
     .script = HI BARE MAIL "S: 250 5.7.1 rejected\n" RCPT "S: 250 no\nC: DATA\nS: 354 go\n! hold\n" MESSAGE DONE,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "without a name of its own it says the literal of its address",
     .setup = &no_name,
     .script = "S: 220 mx\nC: EHLO [192.0.2.1]\n" BARE ONE_BY_ONE DONE,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "a server that knows only HELO is greeted so",
     .script = HI "S: 502 what\nC: HELO probe.example\n" BARE ONE_BY_ONE DONE,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "HELO offers nothing",
     .script = HI "S: 500 what\nC: HELO probe.example\nS: 250-mx\nS: 250 PIPELINING\n" ONE_BY_ONE DONE,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "limits that are no limit let the probe pass",
     .script = HI "S: 250-mx\nS: 250-SIZE 0\nS: 250-PIPELINING\nS: 250-SIZE 99999999999999999999\nS: 250-SIZE -1\n"
                  "S: 250 SIZE abc\n" GROUP TAKEN MESSAGE DONE,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "a limit of just its size lets the probe pass",
     .script = HI "S: 250-mx\nS: 250-PIPELINING\nS: 250 SIZE 40\n" GROUP TAKEN MESSAGE DONE,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "a probe that would be one too many is tried without DATA",
     .setup = &no_data,
     .script = HI PIPELINING "C: MAIL FROM:<from@example.com> SIZE=40\n" RCPT
                             "S: 250 ok\nS: 250 ok\nC: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\n",
     .end = WANT_CLOSE,
     .expect = SMTP_ENOUGH},
    {.name = "the same one by one",
     .setup = &no_data,
     .script = HI BARE MAIL "S: 250 ok\n" RCPT "S: 250 ok\nC: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\n",
     .end = WANT_CLOSE,
     .expect = SMTP_ENOUGH},
    {.name = "STARTTLS offered inside TLS is ignored",
     .setup = &starttls,
     .script = HI START_TLS "S: 250-mx\nS: 250 STARTTLS\n" ONE_BY_ONE DONE,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "what was offered before TLS is void inside it",
     .setup = &starttls,
     .script = HI "S: 250-mx\nS: 250-STARTTLS\nS: 250-SIZE 10\nS: 250 PIPELINING\nC: STARTTLS\nS: 220 go\n! tls\n"
                  "C: EHLO probe.example\n" BARE ONE_BY_ONE DONE,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
};

/* Once QUIT is sent nothing changes the result. */
static const struct talk farewell[] = {
#define FAREWELL(what, script_)                                                                                        \
    {                                                                                                                  \
        .name = "the result stands when QUIT is answered by " what,                                                    \
        .script = HI BARE ONE_BY_ONE "S: 250 queued\nC: QUIT\n" script_, .end = WANT_CLOSE, .expect = SMTP_ACCEPTED    \
    }
    FAREWELL("a refusal", "S: 500 never\n"),
    FAREWELL("421", "S: 421 gone\n"),
    FAREWELL("no SMTP", "S: bye\n"),
    FAREWELL("a NUL", "s: \\0\n"),
    FAREWELL("a long line", "s: \\R{5000}{x}\n"),
    FAREWELL("a closed connection", "! eof\n"),
    FAREWELL("a broken one", "! silence\n"),
    FAREWELL("two replies", "S: 221 bye\nS: 221 bye\n"),
    {.name = "the result stands while the answer to QUIT is awaited",
     .script = HI BARE ONE_BY_ONE "S: 250 queued\nC: QUIT\n",
     .end = WANT_READ,
     .expect = SMTP_ACCEPTED},
    {.name = "a refused RSET changes nothing",
     .setup = &no_data,
     .script = HI BARE MAIL "S: 250 ok\n" RCPT "S: 250 ok\nC: RSET\nS: 421 no\nC: QUIT\n! eof\n",
     .end = WANT_CLOSE,
     .expect = SMTP_ENOUGH},
};

/* --- STARTTLS --- */

static const struct talk start_tls[] = {
    {.name = "without the offer of STARTTLS nothing goes on in clear",
     .setup = &starttls_login,
     .script = HI AUTH("PLAIN") "C: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_START_TLS,
     .cause = CAUSE_UNSUPPORTED},
    {.name = "STARTTLS refused for now is temporary",
     .setup = &starttls,
     .script = HI "S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 4.7.0 not now\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_START_TLS,
     .cause = CAUSE_TEMPORARY,
     .code = 454,
     .reply = "4.7.0 not now"},
    {.name = "STARTTLS refused is permanent",
     .setup = &starttls,
     .script = HI "S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 502 no\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_START_TLS,
     .cause = CAUSE_PERMANENT,
     .code = 502},
    {.name = "only 220 is a go-ahead",
     .setup = &starttls,
     .script = HI "S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 250 go\n",
     .end = WANT_FAILED,
     .stage = STAGE_START_TLS,
     .cause = CAUSE_MALFORMED,
     .code = 250},
    {.name = "one octet behind the go-ahead is an injection",
     .setup = &starttls,
     .script = HI "S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\ns: 220 go\\r\\n2\n",
     .end = WANT_FAILED,
     .stage = STAGE_START_TLS,
     .cause = CAUSE_INJECTION},
    {.name = "a reply behind the go-ahead is an injection",
     .setup = &starttls_login,
     .script = HI "S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nS: 250-mx\nS: 250 AUTH PLAIN\n",
     .end = WANT_FAILED,
     .stage = STAGE_START_TLS,
     .cause = CAUSE_INJECTION},
    {.name = "a closed connection instead of a handshake is one at startTls",
     .setup = &starttls,
     .script = HI "S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n! eof\n",
     .end = WANT_FAILED,
     .stage = STAGE_START_TLS,
     .cause = CAUSE_CLOSED},
    {.name = "a greeting inside TLS is no answer to EHLO",
     .setup = &starttls,
     .script = HI START_TLS "S: 220 mx.example ESMTP\n",
     .end = WANT_FAILED,
     .stage = STAGE_HELLO,
     .cause = CAUSE_MALFORMED,
     .code = 220},
    {.name = "a server that asks for STARTTLS inside TLS is refused once",
     .setup = &starttls,
     .script = HI START_TLS "S: 530 5.7.0 Must issue a STARTTLS command first\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_HELLO,
     .cause = CAUSE_PERMANENT,
     .code = 530},
    {.name = "EHLO refused where TLS is needed is no reason for HELO",
     .setup = &starttls,
     .script = HI "S: 502 what\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_HELLO,
     .cause = CAUSE_UNSUPPORTED,
     .code = 502},
    {.name = "EHLO refused where a login is needed is no reason for HELO",
     .setup = &login,
     .script = HI "S: 500 what\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_HELLO,
     .cause = CAUSE_UNSUPPORTED,
     .code = 500},
    {.name = "EHLO and HELO refused are a refusal",
     .script = HI "S: 500 what\nC: HELO probe.example\nS: 500 what\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_HELLO,
     .cause = CAUSE_PERMANENT,
     .code = 500},
};

/* --- AUTH --- */

#define BAD_LOGIN .end = WANT_FAILED, .stage = STAGE_AUTH
#define PLAIN_IR  "C: AUTH PLAIN AHByb2JlAG9wZW4gc2VzYW1l\n"
#define USER      "C: cHJvYmU=\n"
#define PASSWORD  "C: b3BlbiBzZXNhbWU=\n"
#define CHALLENGE "S: 334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UuZXhhbXBsZT4=\n"
#define DIGEST    "C: cHJvYmUgZjIzZmE0YjVkYWZhZGNmZmQwZTI5YWVkMWExMzIwMjY=\n"

static const struct talk auth[] = {
    {.name = "LOGIN answers the user name first and the password second",
     .setup = &login,
     .script = HI AUTH("LOGIN") "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\n" USER "S: 334 UGFzc3dvcmQ6\n" PASSWORD
                                "S: 235 welcome\n" REST,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "LOGIN's prompts are not read",
     .setup = &login,
     .script =
         HI AUTH("LOGIN") "C: AUTH LOGIN\nS: 334 UGFzc3dvcmQ6\n" USER "S: 334 \n" PASSWORD "S: 235 welcome\n" REST,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "a third prompt of LOGIN breaks it off",
     .setup = &login,
     .script = HI AUTH("LOGIN") "C: AUTH LOGIN\nS: 334 \n" USER "S: 334\n" PASSWORD "S: 334 \nC: *\n",
     BAD_LOGIN,
     .cause = CAUSE_MALFORMED},
    {.name = "a challenge to PLAIN breaks it off",
     .setup = &login,
     .script = HI AUTH("PLAIN") PLAIN_IR "S: 334 \nC: *\n",
     BAD_LOGIN,
     .cause = CAUSE_MALFORMED},
    {.name = "CRAM-MD5 answers with its digest, also in clear",
     .setup = &clear_login,
     .script = HI AUTH("PLAIN CRAM-MD5") "C: AUTH CRAM-MD5\n" CHALLENGE DIGEST "S: 235 welcome\n" REST,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "an empty challenge of CRAM-MD5 is malformed",
     .setup = &login,
     .script = HI AUTH("CRAM-MD5") "C: AUTH CRAM-MD5\nS: 334 \nC: *\n",
     BAD_LOGIN,
     .cause = CAUSE_MALFORMED},
    {.name = "a second challenge of CRAM-MD5 is malformed",
     .setup = &login,
     .script = HI AUTH("CRAM-MD5") "C: AUTH CRAM-MD5\n" CHALLENGE DIGEST CHALLENGE "C: *\n",
     BAD_LOGIN,
     .cause = CAUSE_MALFORMED},
    {.name = "a challenge that is no base64 is malformed",
     .setup = &login,
     .script = HI AUTH("CRAM-MD5") "C: AUTH CRAM-MD5\nS: 334 ab=d\nC: *\n",
     BAD_LOGIN,
     .cause = CAUSE_MALFORMED},
    {.name = "a challenge with white space is malformed",
     .setup = &login,
     .script = HI AUTH("LOGIN") "C: AUTH LOGIN\nS: 334 VXNl cm5h\nC: *\n",
     BAD_LOGIN,
     .cause = CAUSE_MALFORMED},
    {.name = "a challenge of 12,288 octets is read",
     .setup = &login,
     .script = HI AUTH("LOGIN") "C: AUTH LOGIN\nS: 334 \\R{3072}{YWJj}\n" USER "S: 334 \n" PASSWORD "S: 235 hi\n" REST,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "a longer challenge is oversize",
     .setup = &login,
     .script = HI AUTH("LOGIN") "C: AUTH LOGIN\ns: 334 \\R{3073}{YWJj}\n",
     BAD_LOGIN,
     .cause = CAUSE_OVERSIZE},
    {.name = "wrong credentials are called so",
     .setup = &login,
     .script = HI AUTH("PLAIN") PLAIN_IR "S: 535 5.7.8 Authentication failed\nC: QUIT\n",
     BAD_LOGIN,
     .cause = CAUSE_BAD_CREDENTIALS,
     .code = 535,
     .reply = "5.7.8 Authentication failed"},
    {.name = "a server that is down refuses for now",
     .setup = &login,
     .script = HI AUTH("PLAIN LOGIN") PLAIN_IR "S: 454 4.7.0 later\nC: QUIT\n",
     BAD_LOGIN,
     .cause = CAUSE_TEMPORARY,
     .code = 454},
    {.name = "538 is permanent, and no reason for another try",
     .setup = &login,
     .script = HI AUTH("PLAIN LOGIN") PLAIN_IR "S: 538 5.7.11 encrypt\nC: QUIT\n",
     BAD_LOGIN,
     .cause = CAUSE_PERMANENT,
     .code = 538},
    {.name = "after a mechanism is refused the next one is tried",
     .setup = &login,
     .script = HI AUTH("CRAM-MD5 PLAIN") "C: AUTH CRAM-MD5\nS: 504 no\n" PLAIN_IR "S: 235 ok\n" REST,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "after a refused proof the password is tried",
     .setup = &login,
     .script = HI AUTH("CRAM-MD5 PLAIN LOGIN") "C: AUTH CRAM-MD5\n" CHALLENGE DIGEST "S: 535 no\n" PLAIN_IR
                                               "S: 235 ok\n" REST,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "there are two attempts and no third",
     .setup = &login,
     .script = HI AUTH("CRAM-MD5 PLAIN LOGIN") "C: AUTH CRAM-MD5\n" CHALLENGE DIGEST "S: 535 one\n" PLAIN_IR
                                               "S: 535 two\nC: QUIT\n",
     BAD_LOGIN,
     .cause = CAUSE_BAD_CREDENTIALS,
     .code = 535,
     .reply = "two"},
    {.name = "a refused password is not tried in another mechanism",
     .setup = &login,
     .script = HI AUTH("PLAIN LOGIN") PLAIN_IR "S: 535 no\nC: QUIT\n",
     BAD_LOGIN,
     .cause = CAUSE_BAD_CREDENTIALS,
     .code = 535},
    {.name = "after a refused poll there is one attempt",
     .setup = &refused_before,
     .script = HI AUTH("CRAM-MD5 PLAIN") "C: AUTH CRAM-MD5\n" CHALLENGE DIGEST "S: 535 no\nC: QUIT\n",
     BAD_LOGIN,
     .cause = CAUSE_BAD_CREDENTIALS,
     .code = 535},
    {.name = "what worked last time comes first while the list is the same",
     .setup = &plain_worked,
     .script = HI AUTH("CRAM-MD5 PLAIN") PLAIN_IR "S: 235 ok\n" REST,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "another list begins with the strongest again",
     .setup = &plain_worked,
     .script = HI AUTH("CRAM-MD5 PLAIN LOGIN") "C: AUTH CRAM-MD5\n" CHALLENGE DIGEST "S: 235 ok\n" REST,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "a refused proof in clear is not followed by the password",
     .setup = &clear_login,
     .script = HI AUTH("CRAM-MD5 PLAIN") "C: AUTH CRAM-MD5\n" CHALLENGE DIGEST "S: 535 no\nC: QUIT\n",
     BAD_LOGIN,
     .cause = CAUSE_BAD_CREDENTIALS,
     .code = 535},
    {.name = "the password does not leave in clear",
     .setup = &clear_login,
     .script = HI AUTH("PLAIN LOGIN") "C: QUIT\n",
     BAD_LOGIN,
     .cause = CAUSE_PLAINTEXT_REFUSED,
     .detail = "smtp.plaintext_auth"},
    {.name = "the password leaves in clear where that is allowed",
     .setup = &clear_plain,
     .script = HI AUTH("PLAIN") PLAIN_IR "S: 235 ok\n" REST,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "no AUTH offered is unsupported",
     .setup = &login,
     .script = HI BARE "C: QUIT\n",
     BAD_LOGIN,
     .cause = CAUSE_UNSUPPORTED},
    {.name = "only mechanisms that are not ours are unsupported",
     .setup = &login,
     .script = HI AUTH("GSSAPI NTLM SCRAM-SHA-512 XPLAIN PLAINX") "C: QUIT\n",
     BAD_LOGIN,
     .cause = CAUSE_UNSUPPORTED},
    {.name = "the old spelling AUTH= and lower case are known",
     .setup = &login,
     .script =
         HI "S: 250-mx\nS: 250-AUTH gssapi\nS: 250-auth=ntlm plain\nS: 250 PIPELINING\n" PLAIN_IR "S: 235 ok\n" REST,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "a server that finds the command too long gets the response by itself",
     .setup = &login,
     .script = HI AUTH("PLAIN") PLAIN_IR "S: 500 too long\nC: AUTH PLAIN\nS: 334 \nC: AHByb2JlAG9wZW4gc2VzYW1l\n"
                                         "S: 235 ok\n" REST,
     .end = WANT_CLOSE,
     .expect = SMTP_ACCEPTED},
    {.name = "it finds so once",
     .setup = &login,
     .script = HI AUTH("PLAIN") PLAIN_IR "S: 500 too long\nC: AUTH PLAIN\nS: 500 too long\nC: QUIT\n",
     BAD_LOGIN,
     .cause = CAUSE_PERMANENT,
     .code = 500},
    {.name = "success before the password was asked for is no success",
     .setup = &login,
     .script = HI AUTH("PLAIN") PLAIN_IR "S: 500 too long\nC: AUTH PLAIN\nS: 235 ok\n",
     BAD_LOGIN,
     .cause = CAUSE_MALFORMED},
    {.name = "success before a challenge is no success",
     .setup = &login,
     .script = HI AUTH("CRAM-MD5") "C: AUTH CRAM-MD5\nS: 235 ok\n",
     BAD_LOGIN,
     .cause = CAUSE_MALFORMED},
    {.name = "a refusal that repeats the secrets is shown without them",
     .setup = &login,
     .script = HI AUTH("PLAIN") PLAIN_IR "S: 535-what is open sesame\nS: 535-or b3BlbiBzZXNhbWU= or b3BlbiBzZXNhbWU.\n"
                                         "S: 535 AUTH PLAIN AHByb2JlAG9wZW4gc2VzYW1l\nC: QUIT\n",
     BAD_LOGIN,
     .cause = CAUSE_BAD_CREDENTIALS,
     .code = 535,
     .reply = "what is **** or **** or ****. AUTH PLAIN ****"},
    {.name = "what repeats a secret at another stage is masked too",
     .setup = &login,
     .script = HI AUTH("CRAM-MD5") "C: AUTH CRAM-MD5\n" CHALLENGE DIGEST "S: 235 ok\n" GROUP_PLAIN
                                   "S: 550 cHJvYmUgZjIzZmE0YjVkYWZhZGNmZmQwZTI5YWVkMWExMzIwMjY=\nS: 503 no\nS: 503 no\n"
                                   "C: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_MAIL_FROM,
     .cause = CAUSE_PERMANENT,
     .code = 550,
     .reply = "****"},
};

/* --- the transaction --- */

static const struct talk transaction[] = {
    {.name = "a refused sender in a group waits for the other replies",
     .script = HI PIPELINING GROUP "S: 550 5.7.1 not you\nS: 503 no MAIL\nS: 503 no RCPT\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_MAIL_FROM,
     .cause = CAUSE_PERMANENT,
     .code = 550,
     .reply = "5.7.1 not you"},
    {.name = "a refused recipient in a group waits for the answer to DATA",
     .script = HI PIPELINING GROUP "S: 250 ok\nS: 450 4.2.0 greylisted\nS: 554 no valid recipients\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_RCPT_TO,
     .cause = CAUSE_TEMPORARY,
     .code = 450},
    {.name = "354 without a recipient is ended by a lone dot",
     .script = HI PIPELINING GROUP "S: 250 ok\nS: 550 5.1.1 unknown\nS: 354 go\nC: .\nS: 554 nothing\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_RCPT_TO,
     .cause = CAUSE_PERMANENT,
     .code = 550,
     .reply = "5.1.1 unknown"},
    {.name = "what follows the lone dot does not matter",
     .script = HI PIPELINING GROUP "S: 250 ok\nS: 550 5.1.1 unknown\nS: 354 go\nC: .\n! eof\n",
     .end = WANT_FAILED,
     .stage = STAGE_RCPT_TO,
     .cause = CAUSE_PERMANENT,
     .code = 550},
    {.name = "silence after a refusal in a group is still the refusal",
     .script = HI PIPELINING GROUP "S: 550 not you\n! silence\n",
     .end = WANT_FAILED,
     .stage = STAGE_MAIL_FROM,
     .cause = CAUSE_PERMANENT,
     .code = 550},
    {.name = "nonsense after a refusal in a group is still the refusal",
     .script = HI PIPELINING GROUP "S: 250 ok\nS: 550 unknown\nS: nonsense\n",
     .end = WANT_FAILED,
     .stage = STAGE_RCPT_TO,
     .cause = CAUSE_PERMANENT,
     .code = 550},
    {.name = "a group of which all but the first is dropped times out at the next",
     .script = HI PIPELINING GROUP "S: 250 ok\n! silence\n",
     .end = WANT_FAILED,
     .stage = STAGE_RCPT_TO,
     .cause = CAUSE_TIMED_OUT},
    {.name = "a refused recipient without DATA is a refusal",
     .setup = &no_data,
     .script = HI PIPELINING "C: MAIL FROM:<from@example.com> SIZE=40\n" RCPT "S: 250 ok\nS: 550 unknown\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_RCPT_TO,
     .cause = CAUSE_PERMANENT,
     .code = 550},
    {.name = "a refused sender without DATA is a refusal",
     .setup = &no_data,
     .script = HI PIPELINING "C: MAIL FROM:<from@example.com> SIZE=40\n" RCPT "S: 550 not you\nS: 503 no\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_MAIL_FROM,
     .cause = CAUSE_PERMANENT,
     .code = 550},
    {.name = "a server that takes only shorter messages is not offered this one",
     .script = HI "S: 250-mx\nS: 250 SIZE 39\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_MAIL_FROM,
     .cause = CAUSE_POLICY},
    {.name = "354 to MAIL is malformed",
     .script = HI BARE MAIL "S: 354 go\n",
     .end = WANT_FAILED,
     .stage = STAGE_MAIL_FROM,
     .cause = CAUSE_MALFORMED,
     .code = 354},
    {.name = "250 to DATA is malformed",
     .script = HI BARE MAIL "S: 250 ok\n" RCPT "S: 250 ok\nC: DATA\nS: 250 ok\n",
     .end = WANT_FAILED,
     .stage = STAGE_DATA,
     .cause = CAUSE_MALFORMED,
     .code = 250},
    {.name = "an answer before the message is sent keeps the message back",
     .script = HI BARE MAIL "S: 250 ok\n" RCPT "S: 250 ok\nC: DATA\nS: 354 go\nS: 550 no\n! hold\n",
     .end = WANT_FAILED,
     .stage = STAGE_DATA,
     .cause = CAUSE_MALFORMED},
    {.name = "the connection may end while the probe is put on record",
     .script = HI BARE MAIL "S: 250 ok\n" RCPT "S: 250 ok\nC: DATA\nS: 354 go\n! eof\n",
     .end = WANT_FAILED,
     .stage = STAGE_DATA,
     .cause = CAUSE_CLOSED},
    {.name = "an address with a line end smuggles no command",
     .setup = &injected,
     .script = HI BARE MAIL "S: 250 ok\n",
     .end = WANT_FAILED,
     .stage = STAGE_RCPT_TO,
     .cause = CAUSE_POLICY},
    {.name = "a message with a bare LF is not sent",
     .setup = &bare_lf,
     .script = HI BARE "C: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_MAIL_FROM,
     .cause = CAUSE_POLICY},
    {.name = "a message with a bare CR is not sent",
     .setup = &bare_cr,
     .script = HI BARE "C: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_MAIL_FROM,
     .cause = CAUSE_POLICY},
};

/* Only when they come in one piece with what they run ahead of is it known that they do: played whole. */
static const struct talk early[] = {
    {.name = "an answer to EHLO beside the greeting is malformed",
     .whole = true,
     .script = "S: 220 mx\nS: 250 mx\n",
     .end = WANT_FAILED,
     .stage = STAGE_HELLO,
     .cause = CAUSE_MALFORMED,
     .code = 250},
    {.name = "two replies to one command are malformed, and not shifted by one",
     .whole = true,
     .script = HI BARE MAIL "S: 250 ok\nS: 250 ok\n",
     .end = WANT_FAILED,
     .stage = STAGE_RCPT_TO,
     .cause = CAUSE_MALFORMED,
     .code = 250},
    {.name = "421 beside a reply is a shutdown",
     .whole = true,
     .script = HI BARE MAIL "S: 250 ok\nS: 421 4.3.2 going down\n",
     .end = WANT_FAILED,
     .stage = STAGE_RCPT_TO,
     .cause = CAUSE_SHUTDOWN,
     .code = 421},
    {.name = "replies behind a result that stands do not matter",
     .whole = true,
     .setup = &no_data,
     .script = HI PIPELINING "C: MAIL FROM:<from@example.com> SIZE=40\n" RCPT "S: 250 a\nS: 250 b\nS: 250 c\n"
                             "C: RSET\nC: QUIT\n",
     .end = WANT_READ,
     .expect = SMTP_ENOUGH},
    {.name = "no password follows a reply that ran ahead",
     .whole = true,
     .setup = &login,
     .script = "S: 220 mx\nC: EHLO probe.example\n" AUTH("PLAIN") "S: 235 ok\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_MALFORMED,
     .code = 235},
};

/* --- every fault at every stage --- */

static const struct place {
    const char *name;
    const struct setup *setup;
    const char *script;
    enum stage stage;
    bool after_dot;
} places[] = {
    {"the greeting", NULL, "", STAGE_GREETING, false},
    {"EHLO", NULL, HI, STAGE_HELLO, false},
    {"STARTTLS", &starttls, HI "S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n", STAGE_START_TLS, false},
    {"EHLO inside TLS", &starttls, HI START_TLS, STAGE_HELLO, false},
    {"AUTH", &login, HI AUTH("PLAIN") PLAIN_IR, STAGE_AUTH, false},
    {"a response of AUTH", &login, HI AUTH("LOGIN") "C: AUTH LOGIN\nS: 334 \n" USER, STAGE_AUTH, false},
    {"MAIL", NULL, HI BARE MAIL, STAGE_MAIL_FROM, false},
    {"RCPT", NULL, HI BARE MAIL "S: 250 ok\n" RCPT, STAGE_RCPT_TO, false},
    {"DATA", NULL, HI BARE MAIL "S: 250 ok\n" RCPT "S: 250 ok\nC: DATA\n", STAGE_DATA, false},
    {"DATA in a group", NULL, HI PIPELINING GROUP "S: 250 ok\nS: 250 ok\n", STAGE_DATA, false},
    {"the final dot", NULL, HI BARE ONE_BY_ONE, STAGE_AFTER_DOT, true},
};

static const struct fault {
    const char *name, *script;
    enum cause cause;
    int32_t code;
    bool answered; /* a whole reply came: the mail's fate is known */
} faults[] = {
    {"a closed connection", "! eof\n", CAUSE_CLOSED, 0, false},
    {"silence", "! silence\n", CAUSE_TIMED_OUT, 0, false},
    {"half a reply and no more", "s: 250-o\n! eof\n", CAUSE_CLOSED, 0, false},
    {"a reply without end", "S: 451-wait\nS: 451-wait\n! silence\n", CAUSE_TIMED_OUT, 0, false},
    {"421", "S: 421 4.3.2 going down\n", CAUSE_SHUTDOWN, 421, true},
    {"451", "S: 451 4.3.0 later\nC: QUIT\n", CAUSE_TEMPORARY, 451, true},
    {"554", "S: 554-5.3.0 never\nS: 554 5.3.0 ever\nC: QUIT\n", CAUSE_PERMANENT, 554, true},
    {"a code of the wrong kind", "S: 340 what\n", CAUSE_MALFORMED, 340, false},
    {"another protocol", "S: SSH-2.0-OpenSSH_9.2\n", CAUSE_MALFORMED, 0, false},
    {"an empty line", "S: \n", CAUSE_MALFORMED, 0, false},
    {"code 199", "S: 199 a\n", CAUSE_MALFORMED, 0, false},
    {"code 600", "S: 600 a\n", CAUSE_MALFORMED, 0, false},
    {"code 265", "S: 265 a\n", CAUSE_MALFORMED, 0, false},
    {"code 2500", "S: 2500 a\n", CAUSE_MALFORMED, 0, false},
    {"two digits", "S: 25\n", CAUSE_MALFORMED, 0, false},
    {"a space before the code", "S:  250 a\n", CAUSE_MALFORMED, 0, false},
    {"codes that differ in one reply", "S: 250-a\nS: 550 b\n", CAUSE_MALFORMED, 0, false},
    {"a NUL", "s: 250 a\\0b\\r\\n\n", CAUSE_MALFORMED, 0, false},
    {"a NUL before the code", "s: \\0250 a\\r\\n\n", CAUSE_MALFORMED, 0, false},
    {"a bare CR", "s: 250 a\\rb\\r\\n\n", CAUSE_MALFORMED, 0, false},
    {"two CR before LF", "s: 250 a\\r\\r\\n\n", CAUSE_MALFORMED, 0, false},
    {"Telnet", "s: \\xff\\xfd\\x18250 a\\r\\n\n", CAUSE_MALFORMED, 0, false},
    {"a line that is too long", "s: 250 \\R{13000}{x}\n", CAUSE_OVERSIZE, 0, false},
    {"a reply of too many lines", "s: \\R{129}{250-x\\r\\n}\n", CAUSE_OVERSIZE, 0, false},
};

enum { PLACES = sizeof places / sizeof places[0], FAULTS = sizeof faults / sizeof faults[0] };

static struct talk matrix[PLACES * FAULTS];

static void fill_matrix(void)
{
    for (size_t i = 0; i < PLACES * FAULTS; i++) {
        const struct place *place = &places[i / FAULTS];
        const struct fault *fault = &faults[i % FAULTS];
        char *name, *script;
        if (asprintf(&name, "%s: %s is %s %s", place->name, fault->name, stage_word(place->stage),
                     cause_word(fault->cause)) < 0 ||
            asprintf(&script, "%s%s", place->script, fault->script) < 0)
            abort();
        matrix[i] = (struct talk){.name = name,
                                  .setup = place->setup,
                                  .script = script,
                                  .end = WANT_FAILED,
                                  .stage = place->stage,
                                  .cause = fault->cause,
                                  .code = fault->code,
                                  .expect = place->after_dot && !fault->answered ? SMTP_UNCERTAIN : SMTP_NOT_SENT};
    }
}

static void free_matrix(void)
{
    for (size_t i = 0; i < PLACES * FAULTS; i++) {
        free((void *)(uintptr_t)matrix[i].name);
        free((void *)(uintptr_t)matrix[i].script);
    }
}

/* --- traces --- */

static void test_trace(void **state)
{
    static const struct talk plain = {.name = "trace",
                                      .setup = &starttls_login,
                                      .script = HI START_TLS AUTH("PLAIN") PLAIN_IR "S: 235 hi open sesame\n" REST};
    char *trace = talk_trace(&plain, &smtp);
    (void)state;
    assert_string_equal(trace,
                        "S: 220 mx.example ESMTP\nC: EHLO probe.example\nS: 250-mx.example\nS: 250 STARTTLS\n"
                        "C: STARTTLS\nS: 220 go\nC: EHLO probe.example\nS: 250-mx.example\nS: 250-AUTH PLAIN\n"
                        "S: 250 PIPELINING\nC: AUTH PLAIN ****\nS: 235 hi ****\n"
                        "C: MAIL FROM:<from@example.com>\nC: RCPT TO:<to@example.net>\nC: DATA\n"
                        "S: 250 2.1.0 fine\nS: 250 2.1.5 fine\nS: 354 go ahead\nC: (the probe, 40 octets)\nC: .\n"
                        "S: 250 2.0.0 queued as 4711\nC: QUIT\nS: 221 bye\n");
    free(trace);
}

static void test_trace_of_challenges(void **state)
{
    static const struct talk cram = {.name = "trace",
                                     .setup = &login,
                                     .script = "S: 220 mx\nC: EHLO probe.example\n" AUTH(
                                         "CRAM-MD5") "C: AUTH CRAM-MD5\n" CHALLENGE DIGEST "S: 535 no\nC: QUIT\n"};
    char *trace = talk_trace(&cram, &smtp);
    (void)state;
    assert_string_equal(trace, "S: 220 mx\nC: EHLO probe.example\nS: 250-mx.example\nS: 250-AUTH CRAM-MD5\n"
                               "S: 250 PIPELINING\nC: AUTH CRAM-MD5\nS: 334 ****\nC: ****\nS: 535 no\nC: QUIT\n");
    free(trace);
}

/* --- what the driver goes by --- */

static void play_to(struct session *s, const char *script, enum stage stage, enum patience patience)
{
    size_t n;
    enum want want = session_feed(s, script, strlen(script));
    (void)session_output(s, &n);
    if (want == WANT_HOLD)
        want = session_resume(s);
    assert_int_equal(want, WANT_READ);
    (void)session_output(s, &n);
    session_sent(s, n);
    assert_int_equal(session_stage(s), stage);
    assert_int_equal(session_patience(s), patience);
}

static void test_stages(void **state)
{
    const struct talk t = {.setup = &login};
    void *fixture;
    struct session *s = make(&t, &fixture);
    (void)state;
    assert_int_equal(session_start(s, "192.0.2.1"), WANT_READ);
    play_to(s, "", STAGE_GREETING, PATIENCE_REPLY);
    play_to(s, "220 hi\r\n", STAGE_HELLO, PATIENCE_REPLY);
    play_to(s, "250-mx\r\n250 AUTH PLAIN\r\n", STAGE_AUTH, PATIENCE_WHOLE);
    play_to(s, "235 hi\r\n", STAGE_MAIL_FROM, PATIENCE_REPLY);
    assert_string_equal(session_mechanism(s), "PLAIN");
    play_to(s, "250 ok\r\n", STAGE_RCPT_TO, PATIENCE_REPLY);
    play_to(s, "250 ok\r\n", STAGE_DATA, PATIENCE_REPLY);
    play_to(s, "354 go\r\n", STAGE_AFTER_DOT, PATIENCE_WHOLE);
    assert_int_equal(smtp_fate(s), SMTP_UNCERTAIN);
    assert_false(session_settled(s));
    play_to(s, "250 ok\r\n", STAGE_QUIT, PATIENCE_REPLY);
    assert_true(session_settled(s));
    assert_int_equal(session_progress(s), 7);
    session_free(s);
    free(fixture);
}

static void test_message_on_its_way(void **state)
{
    const struct talk t = {.setup = NULL};
    void *fixture;
    size_t n;
    struct session *s = make(&t, &fixture);
    (void)state;
    (void)session_start(s, "192.0.2.1");
    play_to(s, "220 hi\r\n", STAGE_HELLO, PATIENCE_REPLY);
    play_to(s, "250 mx\r\n", STAGE_MAIL_FROM, PATIENCE_REPLY);
    play_to(s, "250 ok\r\n", STAGE_RCPT_TO, PATIENCE_REPLY);
    play_to(s, "250 ok\r\n", STAGE_DATA, PATIENCE_REPLY);
    assert_int_equal(session_feed(s, "354 go\r\n", 8), WANT_HOLD);
    assert_int_equal(session_resume(s), WANT_READ);
    (void)session_output(s, &n);
    session_sent(s, n - 1); /* all but the LF behind the dot */
    assert_int_equal(session_stage(s), STAGE_DATA);
    assert_int_equal(session_eof(s), WANT_FAILED);
    assert_int_equal(session_failure(s)->stage, STAGE_DATA);
    assert_int_equal(session_failure(s)->cause, CAUSE_CLOSED);
    assert_int_equal(smtp_fate(s), SMTP_NOT_SENT);
    session_free(s);
    free(fixture);
}

static void test_ipv6_literal(void **state)
{
    const struct talk t = {.setup = &no_name};
    void *fixture;
    size_t n;
    struct session *s = make(&t, &fixture);
    (void)state;
    (void)session_start(s, "fe80::1%eth0");
    (void)session_feed(s, "220 hi\r\n", 8);
    const char *said = session_output(s, &n);
    assert_int_equal(n, strlen("EHLO [IPv6:fe80::1]\r\n"));
    assert_memory_equal(said, "EHLO [IPv6:fe80::1]\r\n", n);
    session_free(s);
    free(fixture);
}

#define TABLE(rows)                                                                                                    \
    {                                                                                                                  \
        rows, sizeof(rows) / sizeof(rows)[0]                                                                           \
    }

int main(void)
{
    const struct talk_table tables[] = {TABLE(good),        TABLE(farewell), TABLE(start_tls), TABLE(auth),
                                        TABLE(transaction), TABLE(early),    TABLE(matrix)};
    const struct CMUnitTest others[] = {
        {"the trace shows everything but secrets", test_trace, NULL, NULL, NULL},
        {"the trace shows no challenge and no response", test_trace_of_challenges, NULL, NULL, NULL},
        {"stages and clocks follow the conversation", test_stages, NULL, NULL, NULL},
        {"until the dot is gone nothing was delivered", test_message_on_its_way, NULL, NULL, NULL},
        {"an IPv6 address is said without its zone", test_ipv6_literal, NULL, NULL, NULL},
    };
    fill_matrix();
    int failed = talk_main("wire: smtp", &smtp, tables, sizeof tables / sizeof tables[0], others,
                           sizeof others / sizeof others[0]);
    free_matrix();
    return failed;
}
