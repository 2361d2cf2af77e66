#include <string.h>

#include "look_talk.h"

#define AUTH  "C: AUTH PLAIN AHVzZXIAc2VjcmV0LXdvcmQ=\n"
#define BEGIN "S: +OK ready\nC: CAPA\nS: +OK\nS: TOP\nS: UIDL\nS: SASL PLAIN\nS: PIPELINING\nS: .\n" AUTH
#define LIST  BEGIN "S: +OK in\nC: STAT\nC: UIDL\n"
/* Without capabilities everything is said by itself. */
#define OLD          "S: +OK ready\nC: CAPA\nS: -ERR what?\nC: USER user\nS: +OK\nC: PASS secret-word\n"
#define OLD_LIST     OLD "S: +OK\nC: STAT\n"
#define OWN_MAIL     "S: +OK\nS: Message-ID: <" OWN "@example.org>\nS: \nS: .\n"
#define FOREIGN_MAIL "S: +OK\nS: Subject: x\nS: \nS: .\n"
#define ONE          LIST "S: +OK 1 999\nS: +OK\nS: 1 a\nS: .\nC: TOP 1 0\n"
#define TWENTY(a)    a a a a a a a a a a a a a a a a a a a a
/* A server that takes a login only so often. */
#define DELAY(words) "S: +OK\nC: CAPA\nS: +OK\nS: LOGIN-DELAY " words "\nS: SASL PLAIN\nS: .\n"
#define BYE          "C: QUIT\nS: +OK\n"

static const struct talk good[] = {
    {.name = "a probe is found and deleted in five flights",
     .script = ONE "S: +OK\nS: Received: from a by b;\nS:  Tue, 24 Nov 2026 03:11:55 +0100\nS: Message-ID: <" OWN
                   "@example.org>\nS: \nS: .\n! hold\nC: DELE 1\nC: QUIT\nS: +OK\nS: +OK\n",
     .end = WANT_CLOSE,
     .flights = 5,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DONE,
                      .arrived_ms = 1795486315000, .mechanism = "PLAIN")},
    {.name = "where a mail may be longer than any probe its size is asked for in the same flight",
     .script = LIST "S: +OK 2 1048577\nS: +OK\nS: 1 a\nS: 2 b\nS: .\nC: LIST 2\nC: TOP 2 0\nC: LIST 1\nC: TOP 1 0\n"
                    "S: +OK 2 1048000\n" FOREIGN_MAIL "S: +OK 1 577\n" OWN_MAIL
                    "! hold\nC: DELE 1\nC: QUIT\nS: +OK\nS: +OK\n",
     .end = WANT_CLOSE,
     .flights = 5,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 2, .asked = 1, .deletion = DELETION_DONE,
                      .size_bytes = 577)},
    {.name = "... or before it, one by one, and a server that does not tell is asked for the mail all the same",
     .script = OLD_LIST "S: +OK 2 1048577\nC: UIDL\nS: +OK\nS: 1 a\nS: 2 b\nS: .\nC: LIST 2\nS: -ERR what?\n"
                        "C: TOP 2 0\n" FOREIGN_MAIL "C: LIST 1\nS: +OK 1 577 octets\nC: TOP 1 0\n" OWN_MAIL
                        "! hold\nC: DELE 1\nS: +OK\nC: QUIT\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 2, .asked = 1, .deletion = DELETION_DONE,
                      .size_bytes = 577)},
    {.name = "an empty mailbox needs no further word",
     .script = LIST "S: +OK 0 0\nS: +OK\nS: .\n" BYE,
     .end = WANT_CLOSE,
     .flights = 4,
     .expect = EXPECT(.scanned = true, .finished = true)},
    {.name = "mails are read newest first, and foreign ones are left and never read again",
     .script = LIST
     "S: +OK 3 999\nS: +OK\nS: 1 a\nS: 2 b\nS: 3 c\nS: .\nC: TOP 3 0\nC: TOP 2 0\nC: TOP 1 0\n" FOREIGN_MAIL OWN_MAIL
         FOREIGN_MAIL "! hold\nC: DELE 2\nC: QUIT\nS: +OK\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 3, .asked = 1, .deletion = DELETION_DONE,
                      .remembers = "a c", .does_not = "b")},
    {.name = "mails that were read before are not read again",
     .setup = SETUP(.known = true, .inspected = "a c"),
     .script = LIST "S: +OK 3 999\nS: +OK\nS: 1 a\nS: 2 b\nS: 3 c\nS: .\nC: TOP 2 0\n" OWN_MAIL
                    "! hold\nC: DELE 2\nC: QUIT\nS: +OK\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DONE,
                      .remembers = "a c")},
    {.name = "what is missing is looked for once more among mails that were read before",
     .setup = SETUP(.known = true, .inspected = "a c", .heavy = "d", .missing = true),
     .script = LIST "S: +OK 3 999\nS: +OK\nS: 1 a\nS: 2 c\nS: 3 d\nS: .\nC: TOP 2 0\nC: TOP 1 0\n" FOREIGN_MAIL OWN_MAIL
                    "! hold\nC: DELE 1\nC: QUIT\nS: +OK\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 2, .asked = 1, .deletion = DELETION_DONE)},
    {.name = "a server without capabilities is talked to step by step",
     .script = OLD_LIST "S: +OK 2 999\nC: UIDL\nS: +OK\nS: 1 a\nS: 2 b\nS: .\nC: TOP 2 0\n" OWN_MAIL
                        "C: TOP 1 0\n" OWN_MAIL "! hold\nC: DELE 2\nS: +OK\nC: DELE 1\nS: +OK\nC: QUIT\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 2, .asked = 2, .deletion = DELETION_DONE,
                      .mechanism = "USER")},
    {.name = "a server with LF alone is understood",
     .script = "s: +OK\\n\nC: CAPA\ns: -ERR\\n\nC: USER user\ns: +OK\\n\nC: PASS secret-word\ns: +OK\\n\nC: STAT\n"
               "s: +OK 1 9\\n\nC: UIDL\ns: +OK\\n1 a\\n.\\n\nC: TOP 1 0\n"
               "s: +OK\\n..x: y\\nMessage-ID: " OWN "\\n\\n.\\n\n! hold\nC: DELE 1\ns: +OK\\n\nC: QUIT\ns: +OK\\n\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DONE)},
    {.name = "STLS forgets all, and asks for the capabilities again",
     .setup = SETUP(.security = SECURITY_STARTTLS),
     .script = "S: +OK\nC: CAPA\nS: +OK\nS: STLS\nS: SASL CRAM-MD5\nS: .\nC: STLS\nS: +OK go\n! tls\nC: CAPA\nS: +OK\n"
               "S: SASL PLAIN\nS: UIDL\nS: TOP\nS: .\n" AUTH "S: +OK\nC: STAT\nS: +OK 0 0\n" BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .mechanism = "PLAIN")},
    {.name = "a mail that is to be looked at later stays unread",
     .script = ONE "S: +OK\nS: Message-ID: <" LATER "@x>\nS: X-Emailmon-Probe: " FORGED "\nS: .\n" BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 0, .does_not = "a")},
    {.name = "a token that there is no memory to verify fails the look on this machine, and is read again",
     .script = ONE "S: +OK\nS: Message-ID: <" UNTOLD "@x>\nS: .\n",
     .end = WANT_FAILED,
     .leg = LEG_LOCAL,
     .stage = STAGE_LOCAL,
     .cause = CAUSE_RESOURCES,
     .expect = EXPECT(.inspected = 1, .does_not = "a")},
    {.name = "twenty mails are asked for at a time",
     .setup = SETUP(.known = true, .inspected = "a"),
     .script =
         LIST "S: +OK 22 999\nS: +OK\nS: 1 a\nS: 2 b\nS: 3 c\nS: 4 d\nS: 5 e\nS: 6 f\nS: 7 g\nS: 8 h\nS: 9 i\n"
              "S: 10 j\nS: 11 k\nS: 12 l\nS: 13 m\nS: 14 n\nS: 15 o\nS: 16 p\nS: 17 q\nS: 18 r\nS: 19 s\nS: 20 t\n"
              "S: 21 u\nS: 22 v\nS: .\nC: TOP 22 0\nC: TOP 21 0\nC: TOP 20 0\nC: TOP 19 0\nC: TOP 18 0\nC: TOP 17 0\n"
              "C: TOP 16 0\nC: TOP 15 0\nC: TOP 14 0\nC: TOP 13 0\nC: TOP 12 0\nC: TOP 11 0\nC: TOP 10 0\n"
              "C: TOP 9 0\nC: TOP 8 0\nC: TOP 7 0\nC: TOP 6 0\nC: TOP 5 0\nC: TOP 4 0\nC: TOP 3 0\n"
              "" TWENTY(FOREIGN_MAIL) "C: TOP 2 0\n" FOREIGN_MAIL BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 21)},
};

static const struct talk logins[] = {
    {.name = "a server that says goodbye unasked is shutting down",
     .script = "S: +OK\nS: -ERR closing now\n",
     .end = WANT_FAILED,
     .stage = STAGE_HELLO,
     .cause = CAUSE_SHUTDOWN,
     .reply = "-ERR closing now",
     .whole = true},
    {.name = "an answer that comes before its command was sent is malformed",
     .script = "S: +OK\nS: +OK\nS: USER\nS: .\n",
     .end = WANT_FAILED,
     .stage = STAGE_HELLO,
     .cause = CAUSE_MALFORMED,
     .whole = true},
    {.name = "a wrong password is said to be one, where the server says so",
     .script = BEGIN "S: -ERR [AUTH] no secret-word\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_BAD_CREDENTIALS,
     .reply = "[AUTH] no ****"},
    {.name = "any other refusal of a login is permanent",
     .script = OLD "S: -ERR no\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_PERMANENT},
    {.name = "a mailbox in use is told apart",
     .script = BEGIN "S: -ERR [IN-USE] busy\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_IN_USE},
    {.name = "a mailbox in use is told apart by the word lock, by old servers",
     .script = OLD "S: -ERR Unable to LOCK maildrop\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_IN_USE},
    {.name = "a login that comes too early is as a mailbox in use",
     .script = BEGIN "S: -ERR [LOGIN-DELAY] wait\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_IN_USE},
    {.name = "how often the server takes a login is told",
     .script = DELAY("900") AUTH "S: +OK in\nC: STAT\nS: +OK 0 0\n" BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .login_delay_s = 900)},
    {.name = "a delay between logins is an hour at the most",
     .script = DELAY("4000000000 x") AUTH "S: +OK in\nC: STAT\nS: +OK 0 0\n" BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .login_delay_s = 3600)},
    {.name = "a delay between logins that is no number is none",
     .script = DELAY("9O0 USER") AUTH "S: +OK in\nC: STAT\nS: +OK 0 0\n" BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true)},
    {.name = "a delay of the user's own is asked for after the login, and nothing else is taken from there",
     .script = DELAY("900 user") AUTH "S: +OK in\nC: CAPA\nS: +OK\nS: PIPELINING\nS: UIDL\nS: LOGIN-DELAY 60\nS: .\n"
                                      "C: STAT\nS: +OK 0 0\n" BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .login_delay_s = 60)},
    {.name = "a delay of the user's own that is not told is the one that was told to all",
     .script = DELAY("900 USER") AUTH "S: +OK in\nC: CAPA\nS: -ERR no\nC: STAT\nS: +OK 0 0\n" BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .login_delay_s = 900)},
    {.name = "a temporary trouble is temporary",
     .script = BEGIN "S: -ERR [SYS/TEMP] later\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_TEMPORARY},
    {.name = "a challenge is answered",
     .setup = SETUP(.security = SECURITY_NONE, .username = "tim", .password = "tanstaaftanstaaf"),
     .script = "S: +OK\nC: CAPA\nS: +OK\nS: SASL CRAM-MD5 PLAIN\nS: .\nC: AUTH CRAM-MD5\n"
               "S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\nC: "
               "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\nS: +OK\nC: STAT\nS: +OK 0 0\n" BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .mechanism = "CRAM-MD5")},
    {.name = "a proof that is refused is followed by the password itself, where it may be shown",
     .setup = SETUP(.username = "tim", .password = "tanstaaftanstaaf"),
     .script = "S: +OK\nC: CAPA\nS: +OK\nS: SASL CRAM-MD5 PLAIN\nS: .\nC: AUTH CRAM-MD5\n"
               "S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\nC: "
               "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\nS: -ERR no\nC: AUTH PLAIN "
               "AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS: +OK\nC: STAT\nS: +OK 0 0\n" BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .mechanism = "PLAIN")},
    {.name = "a mailbox in use is not tried twice",
     .setup = SETUP(.username = "tim", .password = "tanstaaftanstaaf"),
     .script = "S: +OK\nC: CAPA\nS: +OK\nS: SASL CRAM-MD5 PLAIN\nS: .\nC: AUTH CRAM-MD5\n"
               "S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\nC: "
               "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\nS: -ERR [IN-USE] no\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_IN_USE},
    {.name = "without TLS no password leaves, and the failure names the setting",
     .setup = SETUP(.security = SECURITY_NONE),
     .script = "S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: SASL PLAIN LOGIN\nS: .\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_PLAINTEXT_REFUSED,
     .detail = "plaintext_auth"},
    {.name = "without TLS a password leaves where that is allowed",
     .setup = SETUP(.security = SECURITY_NONE, .plaintext_auth = true),
     .script = "S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: .\nC: USER user\nS: +OK\nC: PASS secret-word\nS: +OK\n"
               "C: STAT\nS: +OK 0 0\n" BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .mechanism = "USER")},
    {.name = "a server that offers no login is told so",
     .script = "S: +OK\nC: CAPA\nS: +OK\nS: TOP\nS: SASL GSSAPI\nS: .\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_UNSUPPORTED},
    {.name = "a go-ahead for PASS is no answer",
     .script = OLD "S: + more\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_MALFORMED},
    {.name = "a challenge to PLAIN that has begun is broken off",
     .script = BEGIN "S: + ZZZZ\nC: *\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_MALFORMED},
    {.name = "a password longer than the line of AUTH follows the server's go-ahead",
     .setup = SETUP(.password =
                        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
                        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"),
     .script =
         "S: +OK ready\nC: CAPA\nS: +OK\nS: SASL PLAIN\nS: .\nC: AUTH PLAIN\nS: + \n"
         "C: AHVzZXIAMDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMj"
         "M0NTY3ODkwMTIzNDU2Nzg5MDAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM"
         "0"
         "NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTA=\nS: -ERR [AUTH] no\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_BAD_CREDENTIALS},
};

static const struct talk begins[] = {
    {.name = "a server that closes at once fails the greeting",
     .script = "! eof\n",
     .end = WANT_FAILED,
     .stage = STAGE_GREETING,
     .cause = CAUSE_CLOSED},
    {.name = "a server that never speaks fails the greeting",
     .script = "s: +OK\n! silence\n",
     .end = WANT_FAILED,
     .stage = STAGE_GREETING,
     .cause = CAUSE_TIMED_OUT},
    {.name = "a refusal in the greeting is one",
     .script = "S: -ERR [SYS/TEMP] later\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_GREETING,
     .cause = CAUSE_TEMPORARY,
     .reply = "[SYS/TEMP] later"},
    {.name = "another protocol is malformed",
     .script = "S: SSH-2.0-OpenSSH_9.2\n",
     .end = WANT_FAILED,
     .stage = STAGE_GREETING,
     .cause = CAUSE_MALFORMED},
    {.name = "+OKAY is no +OK",
     .script = "S: +OKAY\n",
     .end = WANT_FAILED,
     .stage = STAGE_GREETING,
     .cause = CAUSE_MALFORMED},
    {.name = "a NUL in a reply is malformed",
     .script = "S: +OK a\\0b\n",
     .end = WANT_FAILED,
     .stage = STAGE_GREETING,
     .cause = CAUSE_MALFORMED},
    {.name = "a line without end is oversize",
     .script = "S: +OK \\R{4100}{x}\n",
     .end = WANT_FAILED,
     .stage = STAGE_GREETING,
     .cause = CAUSE_OVERSIZE},
    {.name = "a list of capabilities without end is oversize",
     .script = "S: +OK\nC: CAPA\nS: +OK\n" TWENTY(TWENTY("S: X\n")),
     .end = WANT_FAILED,
     .stage = STAGE_HELLO,
     .cause = CAUSE_OVERSIZE},
    {.name = "a list of capabilities that breaks off is timed out",
     .script = "S: +OK\nC: CAPA\nS: +OK\nS: TOP\n! silence\n",
     .end = WANT_FAILED,
     .stage = STAGE_HELLO,
     .cause = CAUSE_TIMED_OUT},
    {.name = "without STLS no login is sent where TLS is wanted",
     .setup = SETUP(.security = SECURITY_STARTTLS),
     .script = "S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: .\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_START_TLS,
     .cause = CAUSE_UNSUPPORTED},
    {.name = "without CAPA, STLS is tried once",
     .setup = SETUP(.security = SECURITY_STARTTLS),
     .script = "S: +OK\nC: CAPA\nS: -ERR\nC: STLS\nS: -ERR what?\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_START_TLS,
     .cause = CAUSE_UNSUPPORTED},
    {.name = "a refused STLS is no leave to go on in clear",
     .setup = SETUP(.security = SECURITY_STARTTLS),
     .script = "S: +OK\nC: CAPA\nS: +OK\nS: STLS\nS: .\nC: STLS\nS: -ERR [SYS/TEMP] no\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_START_TLS,
     .cause = CAUSE_TEMPORARY},
};

static const struct talk lists[] = {
    {.name = "the size of another mail than was asked for is malformed",
     .script = LIST "S: +OK 2 1048577\nS: +OK\nS: 1 a\nS: 2 b\nS: .\nC: LIST 2\nC: TOP 2 0\nC: LIST 1\nC: TOP 1 0\n"
                    "S: +OK 1 577\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_MALFORMED},
    {.name = "a size that is no number is malformed",
     .script = LIST "S: +OK 1 1048577\nS: +OK\nS: 1 a\nS: .\nC: LIST 1\nC: TOP 1 0\nS: +OK 1 -5\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_MALFORMED},
    {.name = "STAT must name two numbers",
     .script = OLD_LIST "S: +OK 5\n",
     .end = WANT_FAILED,
     .stage = STAGE_SEARCH,
     .cause = CAUSE_MALFORMED},
    {.name = "STAT must name no number below zero",
     .script = OLD_LIST "S: +OK -1 0\n",
     .end = WANT_FAILED,
     .stage = STAGE_SEARCH,
     .cause = CAUSE_MALFORMED},
    {.name = "STAT must name numbers that exist",
     .script = OLD_LIST "S: +OK 18446744073709551616 1\n",
     .end = WANT_FAILED,
     .stage = STAGE_SEARCH,
     .cause = CAUSE_MALFORMED},
    {.name = "a refused STAT fails",
     .script = OLD_LIST "S: -ERR no\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_SEARCH,
     .cause = CAUSE_PERMANENT},
    {.name = "UIDL must not name more than STAT",
     .script = OLD_LIST "S: +OK 1 9\nC: UIDL\nS: +OK\nS: 1 a\nS: 2 b\n",
     .end = WANT_FAILED,
     .stage = STAGE_SEARCH,
     .cause = CAUSE_MALFORMED},
    {.name = "UIDL must not name message 0",
     .script = OLD_LIST "S: +OK 1 9\nC: UIDL\nS: +OK\nS: 0 a\n",
     .end = WANT_FAILED,
     .stage = STAGE_SEARCH,
     .cause = CAUSE_MALFORMED},
    {.name = "blanks behind a uid are none of it",
     .setup = SETUP(.known = true, .inspected = "a"),
     .script = OLD_LIST "S: +OK 1 9\nC: UIDL\nS: +OK\nS: 1 a  \nS: .\n" BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .remembers = "a")},
    {.name = "UIDL must not name a message twice",
     .script = OLD_LIST "S: +OK 2 9\nC: UIDL\nS: +OK\nS: 1 a\nS: 1 b\n",
     .end = WANT_FAILED,
     .stage = STAGE_SEARCH,
     .cause = CAUSE_MALFORMED},
    {.name = "a list that is cut off changes nothing that is known",
     .setup = SETUP(.known = true, .inspected = "a b"),
     .script = OLD_LIST "S: +OK 2 9\nC: UIDL\nS: +OK\nS: 1 a\n! eof\n",
     .end = WANT_FAILED,
     .stage = STAGE_SEARCH,
     .cause = CAUSE_CLOSED,
     .expect = EXPECT(.remembers = "a b")},
    {.name = "uids of odd octets, none or too many are no reason to fail, and are not remembered",
     .script =
         OLD_LIST "S: +OK 3 9\nC: UIDL\nS: +OK\nS: 1 \\x80\\xFF\nS: 2\nS: 3 \\R{71}{u}\nS: .\nC: TOP 3 0\n" FOREIGN_MAIL
                  "C: TOP 2 0\n" FOREIGN_MAIL "C: TOP 1 0\n" OWN_MAIL "! hold\nC: DELE 1\nS: +OK\nC: QUIT\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 3, .asked = 1, .deletion = DELETION_DONE)},
    {.name = "one uid for all mails hides none of them",
     .setup = SETUP(.known = true),
     .script = OLD_LIST "S: +OK 2 9\nC: UIDL\nS: +OK\nS: 1 a\nS: 2 a\nS: .\nC: TOP 2 0\n" FOREIGN_MAIL
                        "C: TOP 1 0\n" FOREIGN_MAIL BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 2, .does_not = "a")},
    {.name = "uids that are the messages' numbers are no uids",
     .setup = SETUP(.known = true, .inspected = "1 2"),
     .script = OLD_LIST "S: +OK 2 9\nC: UIDL\nS: +OK\nS: 1 1\nS: 2 2\nS: .\nC: TOP 2 0\n" FOREIGN_MAIL
                        "C: TOP 1 0\n" OWN_MAIL "! hold\nC: DELE 1\nS: +OK\nC: QUIT\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 2, .asked = 1, .deletion = DELETION_DONE,
                      .does_not = "1 2")},
    {.name = "without UIDL the newest are read",
     .script =
         OLD_LIST "S: +OK 1 9\nC: UIDL\nS: -ERR\nC: TOP 1 0\n" OWN_MAIL "! hold\nC: DELE 1\nS: +OK\nC: QUIT\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DONE)},
    {.name = "a UIDL that is refused makes nothing forgotten",
     .setup = SETUP(.known = true, .inspected = "a b"),
     .script = OLD_LIST "S: +OK 1 9\nC: UIDL\nS: -ERR not today\nC: TOP 1 0\n" FOREIGN_MAIL BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .remembers = "a b")},
    {.name = "without TOP short mails are read whole, long ones are not",
     .script = "S: +OK\nC: CAPA\nS: +OK\nS: SASL PLAIN\nS: .\n" AUTH "S: +OK\nC: STAT\nS: +OK 2 9\nC: LIST\nS: +OK\n"
               "S: 1 900\nS: 2 16385\nS: .\nC: RETR 1\n" OWN_MAIL "! hold\nC: DELE 1\nS: +OK\nC: QUIT\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DONE)},
    {.name = "without TOP and LIST nothing can be read",
     .script = "S: +OK\nC: CAPA\nS: +OK\nS: SASL PLAIN\nS: .\n" AUTH "S: +OK\nC: STAT\nS: +OK 2 9\nC: LIST\nS: -ERR\n",
     .end = WANT_FAILED,
     .stage = STAGE_SEARCH,
     .cause = CAUSE_UNSUPPORTED},
};

static const struct talk mails[] = {
    {.name = "dots are taken away exactly where the server put them",
     .script = ONE "s: +OK\\r\\n..\\r\\nX: y\\n.\\nz\\r\\n..Message-ID: " FORGED "\\r\\n\\r.\\r\\nMessage-ID: " OWN
                   "\\r\\n...\\r\\n.\\r\\n\n! hold\nC: DELE 1\nC: QUIT\nS: +OK\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DONE)},
    {.name = "a mail with stray CRs, NULs and 8-bit octets costs nothing",
     .script = LIST "S: +OK 2 999\nS: +OK\nS: 1 a\nS: 2 b\nS: .\nC: TOP 2 0\nC: TOP 1 0\n"
                    "s: +OK\\r\\nSubject: \\0\\xFF\\rX\\r\\r\\nFrom: \\n.\\r\\r\\n\\r\\r\\n.\\r\\n\n" OWN_MAIL
                    "! hold\nC: DELE 1\nC: QUIT\nS: +OK\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 2, .asked = 1, .deletion = DELETION_DONE)},
    {.name = "a body that was not asked for is dropped",
     .script = ONE "S: +OK\nS: Subject: x\nS: \nS: Message-ID: <" OWN "@x>\nS: .\n" BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1)},
    {.name = "a header longer than any is scanned to the cap, and the next mail is read",
     .script = LIST "S: +OK 2 999\nS: +OK\nS: 1 a\nS: 2 b\nS: .\nC: TOP 2 0\nC: TOP 1 0\nS: +OK\n"
                    "s: X: \\R{262144}{x}\\r\\nMessage-ID: " OWN "\\r\\n.\\r\\n\n" OWN_MAIL
                    "! hold\nC: DELE 1\nC: QUIT\nS: +OK\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 2, .asked = 1, .deletion = DELETION_DONE,
                      .remembers = "b")},
    {.name = "one mail that cannot be read is passed over",
     .script = LIST "S: +OK 2 999\nS: +OK\nS: 1 a\nS: 2 b\nS: .\nC: TOP 2 0\nC: TOP 1 0\nS: -ERR no\n" OWN_MAIL
                    "! hold\nC: DELE 1\nC: QUIT\nS: +OK\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DONE)},
    {.name = "a mail that nobody can read fails no look that misses nothing",
     .setup = SETUP(.known = true, .inspected = "b"),
     .script = LIST "S: +OK 2 999\nS: +OK\nS: 1 a\nS: 2 b\nS: .\nC: TOP 1 0\nS: -ERR damaged\n" BYE,
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .remembers = "b", .does_not = "a")},
    {.name = "a server that gives no mail away fails",
     .setup = SETUP(.missing = true),
     .script =
         LIST "S: +OK 2 999\nS: +OK\nS: 1 a\nS: 2 b\nS: .\nC: TOP 2 0\nC: TOP 1 0\nS: -ERR a\nS: -ERR b\nC: QUIT\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_PERMANENT},
    {.name = "a session that ends within a short mail failed, and what it read is remembered",
     .script = LIST "S: +OK 2 999\nS: +OK\nS: 1 a\nS: 2 b\nS: .\nC: TOP 2 0\nC: TOP 1 0\n" FOREIGN_MAIL
                    "S: +OK\nS: Subject: x\n! eof\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_CLOSED,
     .expect = EXPECT(.inspected = 1, .remembers = "b", .does_not = "a")},
    {.name = "a session that ends while it looks once more has failed",
     .setup = SETUP(.known = true, .inspected = "a", .missing = true),
     .script = ONE "! eof\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_CLOSED,
     .expect = EXPECT(.remembers = "a")},
    {.name = "a mail that ends a second look is not read again",
     .setup = SETUP(.known = true, .suspect = "a"),
     .script = ONE "S: +OK\nS: Subject: x\n! eof\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_CLOSED,
     .expect = EXPECT(.remembers = "a")},
    {.name = "a mail without end that takes all the time is an unfinished scan, not a failure",
     .script = ONE "S: +OK\ns: X: \\R{70000}{x}\n! silence\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = false, .does_not = "a")},
};

static const struct talk deletions[] = {
    {.name = "a refused deletion is reported, and fails nothing",
     .script = ONE OWN_MAIL "! hold\nC: DELE 1\nC: QUIT\nS: -ERR read-only\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_REFUSED,
                      .deletion_cause = CAUSE_PERMANENT)},
    {.name = "a QUIT that deletes not all is without effect",
     .script = ONE OWN_MAIL "! hold\nC: DELE 1\nC: QUIT\nS: +OK\nS: -ERR some deleted messages not removed\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_INEFFECTIVE,
                      .deletion_cause = CAUSE_PERMANENT)},
    {.name = "a mail that was deleted and is there again says that deleting is without effect",
     .setup = SETUP(.known = true, .gone = "a"),
     .script = ONE OWN_MAIL "! hold\nC: DELE 1\nC: QUIT\nS: +OK\nS: +OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_INEFFECTIVE,
                      .deletion_cause = CAUSE_PERMANENT)},
    {.name = "a session that ends while deleting found what it found",
     .script = ONE OWN_MAIL "! hold\nC: DELE 1\nC: QUIT\nS: +OK\n! eof\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_BROKEN,
                      .deletion_cause = CAUSE_CLOSED, .does_not = "a")},
    {.name = "a QUIT that is not answered leaves the deletion open",
     .script = ONE OWN_MAIL "! hold\nC: DELE 1\nC: QUIT\nS: +OK\n! silence\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_BROKEN,
                      .deletion_cause = CAUSE_TIMED_OUT)},
    {.name = "nonsense while deleting breaks the deletion alone",
     .script = ONE OWN_MAIL "! hold\nC: DELE 1\nC: QUIT\nS: +OK\\r\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_BROKEN,
                      .deletion_cause = CAUSE_MALFORMED)},
    {.name = "a server that speaks before it is told to delete breaks the deletion",
     .script = ONE OWN_MAIL "S: +OK\n! hold\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_BROKEN,
                      .deletion_cause = CAUSE_MALFORMED)},
    {.name = "a farewell without deletions may fail as it likes",
     .script = LIST "S: +OK 0 0\nS: +OK\nS: .\nC: QUIT\nS: 500 what?\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true)},
};

static struct session *make(const struct talk *t, void **fixture)
{
    return look_talk_make(t, fixture, pop3_look_new);
}

static const struct talk_machine machine = {LEG_INCOMING,          make,           look_talk_check,
                                            look_talk_check_short, look_talk_done, look_talk_secrets};

static void hear_and_answer(struct session *s, const char *words)
{
    size_t n;
    (void)session_feed(s, words, strlen(words));
    (void)session_output(s, &n);
    session_sent(s, n);
}

/* After the go-ahead for TLS nothing may stand in the same piece; alone it would be heard by TLS. */
static void what_comes_behind_the_go_ahead_is_an_injection(void **state)
{
    (void)state;
    static const char go[] = "+OK go\r\n+OK\r\nUSER\r\n.\r\n";
    const struct talk row = {.setup = SETUP(.security = SECURITY_STARTTLS)};
    void *fixture;
    struct session *s = make(&row, &fixture);
    (void)session_start(s, "192.0.2.1");
    hear_and_answer(s, "+OK\r\n");
    hear_and_answer(s, "+OK\r\nSTLS\r\n.\r\n");
    assert_int_equal(session_feed(s, go, sizeof go - 1), WANT_FAILED);
    assert_int_equal(session_failure(s)->stage, STAGE_START_TLS);
    assert_int_equal(session_failure(s)->cause, CAUSE_INJECTION);
    session_free(s);
    look_talk_done(fixture);
}

int main(void)
{
    static const struct talk_table tables[] = {
        {good, sizeof good / sizeof good[0]},       {logins, sizeof logins / sizeof logins[0]},
        {begins, sizeof begins / sizeof begins[0]}, {lists, sizeof lists / sizeof lists[0]},
        {mails, sizeof mails / sizeof mails[0]},    {deletions, sizeof deletions / sizeof deletions[0]},
    };
    static const struct CMUnitTest others[] = {cmocka_unit_test(what_comes_behind_the_go_ahead_is_an_injection)};
    return talk_main("pop3", &machine, tables, sizeof tables / sizeof tables[0], others,
                     sizeof others / sizeof others[0]);
}
