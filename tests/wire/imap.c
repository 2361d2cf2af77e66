#include <stdio.h>

#include "look_talk.h"

#define CAPABILITIES "IMAP4rev1 SASL-IR AUTH=PLAIN UIDPLUS"
#define BEGIN        "S: * OK [CAPABILITY " CAPABILITIES "] ready\nC: $1 AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0LXdvcmQ=\n"
#define SELECT       BEGIN "S: $1 OK [CAPABILITY " CAPABILITIES "] in\nC: $2 SELECT INBOX\n"
#define TEN(a)       a a a a a a a a a a
/* A mailbox that is known (uids up to 9 were inspected) is read in the same flight. */
#define AHEAD(set) SELECT "C: $3 UID FETCH " set ITEMS
#define KNOWN      .validity = 7, .top = 9, .first = 1
#define BOX(exists, next)                                                                                              \
    "S: * " exists " EXISTS\nS: * OK [UIDVALIDITY 7] x\nS: * OK [UIDNEXT " next "] x\nS: $2 OK [READ-WRITE] done\n"
#define ITEMS  " (UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID X-EMAILMON-PROBE)])\n"
#define FIELDS "BODY[HEADER.FIELDS (MESSAGE-ID X-EMAILMON-PROBE)]"
/* Message-ID: <em1.(60)@x> CRLF CRLF is 86 octets. */
#define HEADER(token)       "{86}\\r\\nMessage-ID: <" token "@x>  \\r\\n\\r\\n"
#define MAIL(n, uid, token) "S: * " n " FETCH (UID " uid " " FIELDS " " HEADER(token) ")\n"
#define FOREIGN(n, uid)     "S: * " n " FETCH (UID " uid " " FIELDS " {2}\\r\\n\\r\\n)\n"
/* One new mail of ours, at 3 with uid 10. */
#define ONE    AHEAD("10:209") BOX("3", "11") MAIL("3", "10", OWN) "S: $3 OK done\n"
#define STORE  "C: $4 UID STORE 10 +FLAGS.SILENT (\\\\Deleted)\n"
#define DELETE "! hold\n" STORE "C: $5 UID EXPUNGE 10\nC: $6 LOGOUT\n"
#define BYE(n) "C: $" n " LOGOUT\nS: * BYE\nS: $" n " OK\n"

static const struct talk good[] = {
    {.name = "a probe is found and deleted in three flights",
     .setup = SETUP(KNOWN),
     .script = AHEAD("10:209")
         BOX("3", "11") "S: * 3 FETCH (INTERNALDATE \"24-Nov-2026 03:11:55 +0100\" RFC822.SIZE 1234 " FIELDS " " HEADER(
             OWN) " UID 10)\nS: $3 OK done\n" DELETE "S: $4 OK\nS: * 3 EXPUNGE\nS: $5 OK\nS: * BYE\nS: $6 OK\n",
     .end = WANT_CLOSE,
     .flights = 3,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DONE,
                      .arrived_ms = 1795486315000, .size_bytes = 1234, .top = 10, .open = "-", .mechanism = "PLAIN")},
    {.name = "an empty mailbox needs no further word",
     .script = SELECT BOX("0", "1") BYE("3"),
     .end = WANT_CLOSE,
     .flights = 3,
     .expect = EXPECT(.scanned = true, .finished = true)},
    {.name = "a mailbox with nothing new needs no further word",
     .setup = SETUP(KNOWN),
     .script = AHEAD("10:209") BOX("9", "10") "S: $3 OK\n" BYE("4"),
     .end = WANT_CLOSE,
     .flights = 3,
     .expect = EXPECT(.scanned = true, .finished = true, .top = 9, .open = "-")},
    {.name = "the first contact reads by sequence number, and leaves foreign mails alone",
     .script = SELECT BOX("3", "11") "C: $3 FETCH 1:*" ITEMS FOREIGN("1", "2") MAIL("2", "4", FORGED)
         MAIL("3", "10", OWN) "S: $3 OK\n! hold\nC: $4 UID STORE 10 +FLAGS.SILENT (\\\\Deleted)\nC: $5 UID EXPUNGE 10\n"
                              "C: $6 LOGOUT\nS: $4 OK\nS: * 3 EXPUNGE\nS: $5 OK\nS: $6 OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 3, .asked = 1, .deletion = DELETION_DONE,
                      .top = 10, .open = "-")},
    {.name = "a changed UIDVALIDITY is a first contact",
     .setup = SETUP(.validity = 6, .top = 99, .first = 1),
     .script = AHEAD("100:299") BOX("1", "3")
         MAIL("1", "101", OWN) "S: $3 OK\nC: $4 FETCH 1:*" ITEMS FOREIGN("1", "2") "S: $4 OK\n" BYE("5"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .top = 2, .open = "-")},
    {.name = "a UIDNEXT that goes back is a first contact",
     .setup = SETUP(KNOWN),
     .script = AHEAD("10:209") BOX("1", "3")
         MAIL("1", "101", OWN) "S: $3 OK\nC: $4 FETCH 1:*" ITEMS FOREIGN("1", "2") "S: $4 OK\n" BYE("5"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .top = 2, .open = "-")},
    {.name = "a first contact reads the newest five hundred in windows",
     .script = SELECT BOX("900", "5001") "C: $3 FETCH 701:*" ITEMS FOREIGN(
         "701", "4701") "S: $3 OK\n"
                        "C: $4 FETCH 501:700" ITEMS FOREIGN(
                            "501", "4501") "S: $4 OK\nC: $5 FETCH 301:500" ITEMS
                                           "S: $5 OK\nC: $6 FETCH 101:300" ITEMS FOREIGN(
                                               "101", "100") "S: $6 OK\nC: $7 FETCH 1:100" ITEMS "S: $7 OK\n" BYE("8"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 3, .top = 5000, .open = "-")},
    {.name = "gaps are read newest first, together with what is new",
     .setup = SETUP(.validity = 7, .top = 9, .first = 1, .open = "3:4,7"),
     .script = AHEAD("3:4,7,10:209") BOX("3", "11") FOREIGN("1", "3") MAIL("2", "7", LATER)
         FOREIGN("3", "10") "S: $3 OK\n" BYE("4"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 3, .top = 10, .open = "7")},
    {.name = "a rest of the first contact is read when there is time, and does not make a look unfinished",
     .setup = SETUP(.validity = 7, .top = 2000, .first = 2001, .open = "1:1900"),
     .script = AHEAD("1701:1900,2001:2200") BOX("2000", "2001")
         FOREIGN("1701", "1701") "S: $3 OK\nC: $4 UID FETCH 1501:1700" ITEMS "S: $4 OK\nC: $5 UID FETCH 1301:1500" ITEMS
                                 "S: $5 OK\nC: $6 UID FETCH 1101:1300" ITEMS "S: $6 OK\nC: $7 UID FETCH 901:1100" ITEMS
                                 "S: $7 OK\nC: $8 UID FETCH 701:900" ITEMS "S: $8 OK\nC: $9 UID FETCH 501:700" ITEMS
                                 "S: $9 OK\nC: $10 UID FETCH 301:500" ITEMS "S: $10 OK\n" BYE("11"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .open = "1:300")},
    {.name = "a rest of the first contact makes a look unfinished when an old probe is expected",
     .setup = SETUP(.validity = 7, .top = 9, .first = 10, .open = "1:3", .expects_old = true),
     .script = AHEAD("1:3,10:209") BOX("3", "10")
         FOREIGN("1", "1") "S: $3 NO [LIMIT] enough\nC: $4 UID FETCH 2:3" ITEMS FOREIGN(
             "2", "2") "S: $4 NO [LIMIT] enough\n" BYE("5"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = false, .inspected = 2, .open = "3")},
    {.name = "what is missing is looked for once more among mails that were read before",
     .setup = SETUP(KNOWN, .missing = true),
     .script = AHEAD("10:209") BOX("3", "11") FOREIGN("3", "10") "S: $3 OK\nC: $4 FETCH 1:*" ITEMS FOREIGN("1", "2")
         MAIL("2", "5", OWN)
             MAIL("3", "10", OWN) "S: $4 OK\n! hold\n"
                                  "C: $5 UID STORE 5 +FLAGS.SILENT (\\\\Deleted)\nC: $6 UID EXPUNGE 5\nC: $7 LOGOUT\n"
                                  "S: $5 OK\nS: * 2 EXPUNGE\nS: $6 OK\n",
     .end = WANT_READ,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 3, .asked = 1, .deletion = DELETION_DONE)},
    {.name = "a login that is accepted before it was made is none",
     .script = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] x\nC: $1 AUTHENTICATE PLAIN\nS: $1 OK in\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_MALFORMED},
    {.name = "what was to be said first is forgotten with its mechanism",
     .setup = SETUP(.plaintext_auth = true),
     .script = "S: * OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 AUTH=LOGIN] x\nC: $1 AUTHENTICATE SCRAM-SHA-256\n"
               "S: $1 NO not here\nC: $2 AUTHENTICATE LOGIN\nS: + VXNlcg==\nC: dXNlcg==\nS: + UGFzcw==\n"
               "C: c2VjcmV0LXdvcmQ=\nS: $2 NO [AUTHENTICATIONFAILED] no\nC: $3 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_BAD_CREDENTIALS},
    {.name = "a server that says nothing of itself is asked",
     .setup = SETUP(KNOWN),
     .script = "S: * OK\nC: $1 CAPABILITY\nS: * CAPABILITY IMAP4rev2 AUTH=PLAIN\nS: $1 OK\nC: $2 AUTHENTICATE PLAIN\n"
               "S: + \nC: AHVzZXIAc2VjcmV0LXdvcmQ=\nS: $2 OK in\nC: $3 CAPABILITY\nC: $4 SELECT INBOX\n"
               "C: $5 UID FETCH 10:209" ITEMS
               "S: * CAPABILITY IMAP4rev2\nS: $3 OK\nS: * 0 EXISTS\nS: $4 OK\nS: $5 OK\n" BYE("6"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true)},
    {.name = "without UIDNEXT the highest uid is asked for",
     .script = SELECT "S: * 2 EXISTS\nS: * OK [UIDVALIDITY 7]\nS: $2 OK\nC: $3 UID FETCH *:* (UID)\n"
                      "S: * 2 FETCH (UID 77)\nS: $3 OK\nC: $4 FETCH 1:*" ITEMS FOREIGN("2", "77") "S: $4 OK\n" BYE("5"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .top = 77, .open = "-")},
    {.name = "uids that do not last are not remembered",
     .script = SELECT "S: * 1 EXISTS\nS: * OK [UIDVALIDITY 7]\nS: * OK [UIDNEXT 5]\nS: * OK [UIDNOTSTICKY]\nS: $2 OK\n"
                      "C: $3 FETCH 1:*" ITEMS FOREIGN("1", "4") "S: $3 OK\n" BYE("4"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .open = "-")},
    {.name = "STARTTLS forgets all that was said before it",
     .setup = SETUP(.security = SECURITY_STARTTLS),
     .script = "S: * OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=CRAM-MD5 LOGINDISABLED]\nC: $1 STARTTLS\n"
               "S: * CAPABILITY IMAP4rev1 SASL-IR\nS: * 5 EXISTS\nS: * OK [ALERT] call 555\nS: $1 OK go\n! tls\n"
               "C: $2 CAPABILITY\nS: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\nS: $2 OK\n"
               "C: $3 AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0LXdvcmQ=\nS: $3 OK [CAPABILITY IMAP4rev1]\n"
               "C: $4 SELECT INBOX\nS: * 0 EXISTS\nS: $4 OK\n" BYE("5"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true)},
};

static const struct talk logins[] = {
    {.name = "LOGIN takes the place of PLAIN",
     .script = "S: * OK [CAPABILITY IMAP4rev1]\nC: $1 LOGIN \"user\" \"secret-word\"\nS: $1 OK [CAPABILITY IMAP4rev1]\n"
               "C: $2 SELECT INBOX\nS: * 0 EXISTS\nS: $2 OK\n" BYE("3"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .mechanism = "LOGIN")},
    {.name = "quotes and backslashes are quoted in LOGIN",
     .setup = SETUP(.username = "a\"b", .password = "c\\d"),
     .script = "S: * OK [CAPABILITY IMAP4rev1]\nC: $1 LOGIN \"a\\\\\"b\" \"c\\\\\\\\d\"\nS: $1 NO no\nC: $2 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_PERMANENT},
    {.name = "a password beyond ASCII is a literal that waits for the server",
     .setup = SETUP(.password = "p\xC3\xA4ss"),
     .script = "S: * OK [CAPABILITY IMAP4rev1]\nC: $1 LOGIN \"user\" {5}\nS: + go\nC: p\\xC3\\xA4ss\n"
               "S: $1 NO [AUTHENTICATIONFAILED] no\nC: $2 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_BAD_CREDENTIALS},
    {.name = "with LITERAL+ a literal waits for nothing",
     .setup = SETUP(.username = "\xC3\xBC", .password = "p\xC3\xA4ss"),
     .script = "S: * OK [CAPABILITY IMAP4rev1 LITERAL+]\nC: $1 LOGIN {2+}\nC: \\xC3\\xBC {5+}\nC: p\\xC3\\xA4ss\n"
               "S: $1 NO no\nC: $2 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_PERMANENT},
    {.name = "a literal that is refused is not sent",
     .setup = SETUP(.password = "p\xC3\xA4ss"),
     .script = "S: * OK [CAPABILITY IMAP4rev1]\nC: $1 LOGIN \"user\" {5}\nS: $1 BAD no literals\nC: $2 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_PERMANENT},
    {.name = "a go-ahead that nothing waited for is malformed",
     .script = "S: * OK [CAPABILITY IMAP4rev1]\nC: $1 LOGIN \"user\" \"secret-word\"\nS: + go\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_MALFORMED},
    {.name = "a wrong password is said to be one, where the server says so",
     .script = BEGIN "S: $1 NO [AUTHENTICATIONFAILED] not secret-word\nC: $2 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_BAD_CREDENTIALS,
     .reply = "[AUTHENTICATIONFAILED] not ****"},
    {.name = "a challenge is answered",
     .setup = SETUP(.security = SECURITY_NONE, .username = "tim", .password = "tanstaaftanstaaf"),
     .script = "S: * OK [CAPABILITY IMAP4rev1 AUTH=CRAM-MD5 AUTH=PLAIN]\nC: $1 AUTHENTICATE CRAM-MD5\n"
               "S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\nC: "
               "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\nS: $1 OK [CAPABILITY IMAP4rev1]\nC: $2 SELECT "
               "INBOX\nS: * 0 EXISTS\nS: $2 OK\n" BYE("3"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .mechanism = "CRAM-MD5")},
    {.name = "a proof that is refused is followed by the password itself, where it may be shown",
     .setup = SETUP(.username = "tim", .password = "tanstaaftanstaaf"),
     .script = "S: * OK [CAPABILITY IMAP4rev1 AUTH=CRAM-MD5 AUTH=PLAIN SASL-IR]\nC: $1 AUTHENTICATE CRAM-MD5\n"
               "S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\nC: "
               "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\nS: $1 NO no\nC: $2 AUTHENTICATE PLAIN "
               "AHRpbQB0YW5zdGFhZnRhbnN0YWFm\nS: $2 NO [AUTHENTICATIONFAILED] no\n"
               "C: $3 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_BAD_CREDENTIALS},
    {.name = "a challenge that is no base64 is broken off",
     .script = "S: * OK [CAPABILITY IMAP4rev1 AUTH=CRAM-MD5]\nC: $1 AUTHENTICATE CRAM-MD5\nS: + a b\nC: *\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_MALFORMED},
    {.name = "a mailbox in use is told apart",
     .script = BEGIN "S: $1 NO [INUSE] busy\nC: $2 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_IN_USE},
    {.name = "a temporary trouble is temporary",
     .script = BEGIN "S: $1 NO [UNAVAILABLE] later\nC: $2 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_TEMPORARY},
    {.name = "an untagged OK does not log in",
     .script = BEGIN "S: * OK in\nS: $1 NO no\nC: $2 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_PERMANENT},
    {.name = "LOGINDISABLED is respected",
     .script = "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED]\nC: $1 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_UNSUPPORTED},
    {.name = "without TLS no password leaves, and the failure names the setting",
     .setup = SETUP(.security = SECURITY_NONE),
     .script = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN]\nC: $1 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_PLAINTEXT_REFUSED,
     .detail = "plaintext_auth"},
    {.name = "a server that shuts down within the login is no refusal",
     .script = BEGIN "S: * BYE overloaded\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_SHUTDOWN,
     .reply = "overloaded"},
};

static const struct talk begins[] = {
    {.name = "BYE as the greeting is a shutdown",
     .script = "S: * BYE full\n",
     .end = WANT_FAILED,
     .stage = STAGE_GREETING,
     .cause = CAUSE_SHUTDOWN},
    {.name = "NO is no greeting",
     .script = "S: * NO\n",
     .end = WANT_FAILED,
     .stage = STAGE_GREETING,
     .cause = CAUSE_MALFORMED},
    {.name = "another protocol is malformed, and nothing is sent",
     .script = "S: 220 smtp.example.org ESMTP\n",
     .end = WANT_FAILED,
     .stage = STAGE_GREETING,
     .cause = CAUSE_MALFORMED},
    {.name = "an empty line is malformed",
     .script = "S: \n",
     .end = WANT_FAILED,
     .stage = STAGE_GREETING,
     .cause = CAUSE_MALFORMED},
    {.name = "a greeting that never ends is oversize",
     .script = "s: * OK \\R{70000}{x}\n",
     .end = WANT_FAILED,
     .stage = STAGE_GREETING,
     .cause = CAUSE_OVERSIZE},
    {.name = "PREAUTH is refused, for it tests no credentials",
     .script = "S: * PREAUTH [CAPABILITY IMAP4rev1] hello\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_POLICY},
    {.name = "PREAUTH before STARTTLS is refused",
     .setup = SETUP(.security = SECURITY_STARTTLS),
     .script = "S: * PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hello\n",
     .end = WANT_FAILED,
     .stage = STAGE_START_TLS,
     .cause = CAUSE_POLICY},
    {.name = "without STARTTLS no login is sent where TLS is wanted",
     .setup = SETUP(.security = SECURITY_STARTTLS),
     .script = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN]\nC: $1 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_START_TLS,
     .cause = CAUSE_UNSUPPORTED},
    {.name = "a refused STARTTLS is no leave to go on in clear",
     .setup = SETUP(.security = SECURITY_STARTTLS),
     .script = "S: * OK [CAPABILITY IMAP4rev1 STARTTLS]\nC: $1 STARTTLS\nS: $1 BAD what?\nC: $2 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_START_TLS,
     .cause = CAUSE_PERMANENT},
    {.name = "a server without IMAP4rev1 is not spoken to",
     .script = "S: * OK [CAPABILITY IMAP2]\nC: $1 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_HELLO,
     .cause = CAUSE_UNSUPPORTED},
    {.name = "a tag that was not sent is malformed",
     .script = "S: * OK\nC: $1 CAPABILITY\nS: A1 OK\n",
     .end = WANT_FAILED,
     .stage = STAGE_HELLO,
     .cause = CAUSE_MALFORMED},
};

static const struct talk selects[] = {
    {.name = "a mailbox that does not exist fails",
     .script = SELECT "S: $2 NO [NONEXISTENT] none\nC: $3 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_SELECT,
     .cause = CAUSE_PERMANENT},
    {.name = "a read-only mailbox fails",
     .script = SELECT "S: * 3 EXISTS\nS: $2 OK [READ-ONLY] x\n",
     .end = WANT_FAILED,
     .stage = STAGE_SELECT,
     .cause = CAUSE_POLICY},
    {.name = "a mailbox without EXISTS is malformed",
     .script = SELECT "S: $2 OK x\n",
     .end = WANT_FAILED,
     .stage = STAGE_SELECT,
     .cause = CAUSE_MALFORMED},
    {.name = "EXISTS below zero is malformed",
     .script = SELECT "S: * -1 EXISTS\n",
     .end = WANT_FAILED,
     .stage = STAGE_SELECT,
     .cause = CAUSE_MALFORMED},
    {.name = "EXISTS of more than 32 bits is malformed",
     .script = SELECT "S: * 4294967296 EXISTS\n",
     .end = WANT_FAILED,
     .stage = STAGE_SELECT,
     .cause = CAUSE_MALFORMED},
    {.name = "UIDVALIDITY 0 is malformed",
     .script = SELECT "S: * OK [UIDVALIDITY 0] x\n",
     .end = WANT_FAILED,
     .stage = STAGE_SELECT,
     .cause = CAUSE_MALFORMED},
    {.name = "UIDNEXT of more than 32 bits is malformed",
     .script = SELECT "S: * OK [UIDNEXT 4294967296] x\n",
     .end = WANT_FAILED,
     .stage = STAGE_SELECT,
     .cause = CAUSE_MALFORMED},
    {.name = "a UIDVALIDITY that changes within the session ends it",
     .setup = SETUP(KNOWN),
     .script = AHEAD("10:209") BOX("3", "11") "S: * OK [UIDVALIDITY 8] x\n",
     .end = WANT_FAILED,
     .stage = STAGE_SELECT,
     .cause = CAUSE_MALFORMED},
    {.name = "BYE after the login is a shutdown of that stage",
     .script = SELECT "S: * BYE\nS: $2 NO\n",
     .end = WANT_FAILED,
     .stage = STAGE_SELECT,
     .cause = CAUSE_SHUTDOWN},
};

#define FETCHING AHEAD("10:209") BOX("3", "11")

static const struct talk mails[] = {
    {.name = "no octet of a mail is protocol",
     .setup = SETUP(KNOWN),
     .script = FETCHING
     "S: * 3 FETCH (UID 10 " FIELDS
     " {47}\\r\\nX: y\\r\\n$3 OK done\\r\\n* BYE\\r\\n+ go\\r\\n* 1 EXPUNGE\\r\\n)\nS: $3 OK done\n" BYE("4"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1)},
    {.name = "the last old mail, that n:* brings along, is not read again",
     .setup = SETUP(KNOWN),
     .script = FETCHING MAIL("2", "9", OWN) "S: $3 OK\n" BYE("4"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .top = 10, .open = "-")},
    {.name = "a mail that came after SELECT is read, too",
     .setup = SETUP(KNOWN),
     .script = FETCHING FOREIGN("3", "10") FOREIGN("4", "12") "S: $3 OK\n" BYE("4"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 2, .top = 12, .open = "11")},
    {.name = "mails that were not asked for, without uid, or with a wrong one are passed over",
     .setup = SETUP(KNOWN),
     .script = FETCHING "S: * 1 FETCH (" FIELDS " " HEADER(OWN) ")\nS: * 1 FETCH (FLAGS (\\\\Seen))\n" MAIL(
         "1", "0", OWN) MAIL("1", "4294967296", OWN) "S: * 3 FETCH (UID 10 UID 11 " FIELDS
                                                     " " HEADER(OWN) ")\n"
                                                                     "S: * 3 FETCH (UID 10)\nS: $3 OK\n" BYE("4"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true)},
    {.name = "a mail that is answered twice counts once",
     .setup = SETUP(KNOWN),
     .script = FETCHING MAIL("3", "10", LATER) MAIL("3", "10", LATER) "S: $3 OK\n" BYE("4"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .open = "10")},
    {.name = "items come in any form and order",
     .setup = SETUP(KNOWN),
     .script =
         FETCHING "S: * 3 fetch (flags (\\\\Seen (a b) \"(\") X-GM-MSGID 1 ENVELOPE ((NIL \"a\\\\\"b\" {3}\\r\\n)))) ) "
                  "body[header.fields (\"X-EMAILMON-PROBE\" \"MESSAGE-ID\")] NIL uid 10)\nS: $3 OK\n" BYE("4"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1)},
    {.name = "a header longer than any is no probe, and is not looked at again",
     .setup = SETUP(KNOWN, .missing = true),
     .script = FETCHING "s: * 3 FETCH (UID 10 " FIELDS " {70089}\\r\\nMessage-ID: <" OWN
                        "@x>  \\r\\nX: \\R{70000}{x}\\r\\n\nS: )\nS: $3 OK\nC: $4 FETCH 1:*" ITEMS MAIL(
                            "3", "10", OWN) "S: $4 OK\n" BYE("5"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1)},
    {.name = "a literal longer than a session is an unfinished scan, not a failure",
     .setup = SETUP(KNOWN),
     .script = FETCHING "S: * 3 FETCH (UID 10 " FIELDS " {1000000000}\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = false, .open = "10")},
    {.name = "a mail that ends a second look is not read again",
     .setup = SETUP(KNOWN, .suspect_uid = 10),
     .script = FETCHING "S: * 3 FETCH (UID 10 " FIELDS " {100}\ns: x\n! eof\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_CLOSED,
     .expect = EXPECT(.open = "-")},
    {.name = "a literal that breaks off is timed out",
     .setup = SETUP(KNOWN),
     .script = FETCHING FOREIGN("2", "10") "S: * 3 FETCH (UID 11 " FIELDS " {100}\ns: x\n! silence\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_TIMED_OUT,
     .expect = EXPECT(.inspected = 1, .top = 10, .open = "-")},
    {.name = "a size of a literal that is no number is malformed",
     .setup = SETUP(KNOWN),
     .script = FETCHING "S: * 3 FETCH (UID 10 " FIELDS " {-1}\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_MALFORMED},
    {.name = "a size of a literal beyond 64 bits is malformed",
     .setup = SETUP(KNOWN),
     .script = FETCHING "S: * 3 FETCH (UID 10 " FIELDS " {18446744073709551616}\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_MALFORMED},
    {.name = "a literal of another response that is longer than a session is oversize",
     .setup = SETUP(KNOWN),
     .script = FETCHING "S: * LIST () \"/\" {4294967295}\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_OVERSIZE},
    {.name = "parentheses nested too deep are malformed",
     .setup = SETUP(KNOWN),
     .script = FETCHING "S: * 3 FETCH (UID 10 X \\R{20}{(}\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_MALFORMED},
    {.name = "a line end in a quoted string is malformed",
     .setup = SETUP(KNOWN),
     .script = FETCHING "S: * 3 FETCH (UID 10 X \"a\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_MALFORMED},
    {.name = "a mail that nobody can read fails no look that misses nothing",
     .setup = SETUP(KNOWN),
     .script =
         FETCHING "S: $3 NO [SERVERBUG] damaged\nC: $4 UID FETCH 10:*" ITEMS "S: $4 NO [SERVERBUG] damaged\n" BYE("5"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .open = "10")},
    {.name = "a FETCH that is refused fails",
     .setup = SETUP(KNOWN, .missing = true),
     .script = FETCHING "S: $3 BAD what?\nC: $4 UID FETCH 10:*" ITEMS "S: $4 NO no\nC: $5 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_PERMANENT},
    {.name = "a server that refuses what was asked ahead is asked again",
     .setup = SETUP(KNOWN),
     .script = FETCHING "S: $3 BAD one at a time\nC: $4 UID FETCH 10:*" ITEMS FOREIGN("3", "10") "S: $4 OK\n" BYE("5"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .top = 10, .open = "-")},
    {.name = "what is asked ahead is bounded, and the rest follows newest first",
     .setup = SETUP(KNOWN),
     .script = AHEAD("10:209") BOX("400", "411") FOREIGN("1", "10") "S: $3 OK\nC: $4 UID FETCH 211:410" ITEMS FOREIGN(
         "400", "410") "S: $4 OK\nC: $5 UID FETCH 210" ITEMS "S: $5 OK\n" BYE("6"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 2, .top = 410, .open = "-")},
    {.name = "of very many new uids the newest mails are read",
     .setup = SETUP(KNOWN),
     .script = AHEAD("10:209") BOX("3", "4294967295") "S: $3 OK\nC: $4 FETCH 1:*" ITEMS MAIL(
         "3", "4294967294", OWN) "S: $4 OK\n"
                                 "! hold\nC: $5 UID STORE 4294967294 +FLAGS.SILENT (\\\\Deleted)\nC: $6 UID EXPUNGE "
                                 "4294967294\nC: $7 LOGOUT\n"
                                 "S: $5 OK\nS: * 3 EXPUNGE\nS: $6 OK\nS: $7 OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DONE,
                      .top = 4294967294, .open = "-")},
    {.name = "windows by sequence number begin anew behind what was asked ahead",
     .setup = SETUP(KNOWN),
     .script = AHEAD("10:209") BOX("900", "5001") FOREIGN("1", "10") "S: $3 OK\nC: $4 FETCH 701:*" ITEMS FOREIGN(
         "701", "4701") "S: $4 OK\nC: $5 FETCH 501:700" ITEMS FOREIGN("501", "9") "S: $5 OK\n" BYE("6"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 2, .top = 5000, .open = "-")},
    {.name = "a renumbered mailbox that is not read to its end is an unfinished scan",
     .setup = SETUP(.validity = 6, .top = 9, .first = 1),
     .script = AHEAD("10:209") BOX("900", "901") "S: $3 OK\nC: $4 FETCH 701:*" ITEMS FOREIGN(
         "701", "701") "S: $4 OK\nC: $5 FETCH 501:700" ITEMS "S: $5 NO [LIMIT] x\nC: $6 LOGOUT\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_IN_USE,
     .expect = EXPECT(.inspected = 1, .open = "1:700")},
    {.name = "a session that ends while it looks once more has failed",
     .setup = SETUP(KNOWN, .missing = true),
     .script = FETCHING FOREIGN("3", "10") "S: $3 OK\nC: $4 FETCH 1:*" ITEMS "! eof\n",
     .end = WANT_FAILED,
     .stage = STAGE_FETCH,
     .cause = CAUSE_CLOSED,
     .expect = EXPECT(.inspected = 1)},
    {.name = "a mail that is gone meanwhile is no failure",
     .setup = SETUP(KNOWN),
     .script = FETCHING "S: $3 NO [EXPUNGEISSUED] gone\nC: $4 UID FETCH 10:*" ITEMS
                        "S: $4 NO [EXPUNGEISSUED] gone\n" BYE("5"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .open = "-")},
};

static const struct talk deletions[] = {
    {.name = "a session that ends after EXPUNGE was sent found what it found",
     .setup = SETUP(KNOWN),
     .script = ONE DELETE "S: $4 OK\n! eof\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_BROKEN,
                      .deletion_cause = CAUSE_CLOSED, .open = "10")},
    {.name = "BYE while deleting breaks the deletion alone",
     .setup = SETUP(KNOWN),
     .script = ONE DELETE "S: * BYE\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_BROKEN,
                      .deletion_cause = CAUSE_SHUTDOWN)},
    {.name = "nonsense while deleting breaks the deletion alone",
     .setup = SETUP(KNOWN),
     .script = ONE DELETE "S: (\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_BROKEN,
                      .deletion_cause = CAUSE_MALFORMED)},
    {.name = "a refused STORE is reported, and fails nothing",
     .setup = SETUP(KNOWN),
     .script = ONE DELETE "S: $4 NO no right\nS: $5 OK\nS: $6 OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_REFUSED,
                      .deletion_cause = CAUSE_PERMANENT, .open = "10")},
    {.name = "a refused EXPUNGE is reported",
     .setup = SETUP(KNOWN),
     .script = ONE DELETE "S: $4 OK\nS: $5 NO no right\nS: $6 OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_REFUSED,
                      .deletion_cause = CAUSE_PERMANENT)},
    {.name = "an EXPUNGE without effect is reported",
     .setup = SETUP(KNOWN),
     .script = ONE DELETE "S: $4 OK\nS: * 1 EXPUNGE\nS: $5 OK\nS: $6 OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_INEFFECTIVE,
                      .deletion_cause = CAUSE_PERMANENT)},
    {.name = "the sequence number of a mail follows the server's EXPUNGEs",
     .setup = SETUP(KNOWN),
     .script = ONE DELETE "S: $4 OK\nS: * 1 EXPUNGE\nS: * 2 EXPUNGE\nS: $5 OK\nS: $6 OK\n",
     .end = WANT_CLOSE,
     .expect =
         EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DONE, .open = "-")},
    {.name = "a UIDPLUS that is not there leaves the mails marked",
     .setup = SETUP(KNOWN),
     .script = ONE DELETE "S: $4 OK\nS: $5 BAD what?\nS: $6 OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DEFERRED,
                      .open = "-")},
    {.name = "a mailbox that does not let mails be marked refuses",
     .setup = SETUP(KNOWN),
     .script = AHEAD("10:209") "S: * OK [PERMANENTFLAGS (\\\\Seen)] x\n" BOX("3", "11")
         MAIL("3", "10", OWN) "S: $3 OK\n" BYE("4"),
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_REFUSED,
                      .deletion_cause = CAUSE_PERMANENT)},
};

/* Without UIDPLUS EXPUNGE would remove what others marked. */
#define BARE                                                                                                           \
    "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN]\nC: $1 AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0LXdvcmQ=\n"           \
    "S: $1 OK [CAPABILITY IMAP4rev1]\nC: $2 SELECT INBOX\n"                                                            \
    "C: $3 UID FETCH 10:209" ITEMS BOX("3", "11") MAIL("3", "10", OWN) "S: $3 OK\n! hold\n" STORE                      \
                                                                       "C: $5 UID SEARCH DELETED\nS: $4 OK\n"

static const struct talk bare[] = {
    {.name = "without UIDPLUS ours are expunged when only ours are marked",
     .setup = SETUP(KNOWN),
     .script = BARE "S: * SEARCH 10\nS: $5 OK\nC: $6 EXPUNGE\nC: $7 LOGOUT\nS: * 3 EXPUNGE\nS: $6 OK\nS: $7 OK\n",
     .end = WANT_CLOSE,
     .expect =
         EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DONE, .open = "-")},
    {.name = "without UIDPLUS nothing is expunged when others' mails are marked",
     .setup = SETUP(KNOWN),
     .script = BARE "S: * SEARCH 4 10\nS: $5 OK\nC: $6 LOGOUT\nS: $6 OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DEFERRED,
                      .open = "-")},
    {.name = "without UIDPLUS nothing is expunged when the search does not name ours",
     .setup = SETUP(KNOWN),
     .script = BARE "S: * SEARCH\nS: $5 OK\nC: $6 LOGOUT\nS: $6 OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DEFERRED)},
    {.name = "without UIDPLUS nothing is expunged when the search is refused",
     .setup = SETUP(KNOWN),
     .script = BARE "S: $5 NO\nC: $6 LOGOUT\nS: $6 OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DEFERRED)},
    {.name = "a search in the newer form is understood",
     .setup = SETUP(KNOWN),
     .script = BARE "S: * ESEARCH (TAG \"$5\") UID ALL 10:10\nS: $5 OK\nC: $6 EXPUNGE\nC: $7 LOGOUT\nS: * 3 EXPUNGE\n"
                    "S: $6 OK\nS: $7 OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DONE)},
    {.name = "a search that names what is no uid breaks the deletion",
     .setup = SETUP(KNOWN),
     .script = BARE "S: * SEARCH 0\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_BROKEN,
                      .deletion_cause = CAUSE_MALFORMED)},
};

static struct session *make(const struct talk *t, void **fixture)
{
    return look_talk_make(t, fixture, imap_look_new);
}

static const struct talk_machine machine = {LEG_INCOMING, make, look_talk_check, look_talk_done, look_talk_secrets};

/* After the go-ahead for TLS nothing may stand in the same piece; alone it would be heard by TLS. */
static void what_comes_behind_the_go_ahead_is_an_injection(void **state)
{
    (void)state;
    static const char greeting[] = "* OK [CAPABILITY IMAP4rev1 STARTTLS]\r\n";
    char go[64];
    size_t n;
    const struct talk row = {.setup = SETUP(.security = SECURITY_STARTTLS)};
    void *fixture;
    struct session *s = make(&row, &fixture);
    (void)session_start(s, "192.0.2.1");
    (void)session_feed(s, greeting, sizeof greeting - 1);
    const char *said = session_output(s, &n);
    assert_true(n > 5);
    int length = snprintf(go, sizeof go, "%.5s OK go\r\n%.4s2 OK in\r\n", said, said);
    assert_int_equal(session_feed(s, go, (size_t)length), WANT_FAILED);
    assert_int_equal(session_failure(s)->stage, STAGE_START_TLS);
    assert_int_equal(session_failure(s)->cause, CAUSE_INJECTION);
    session_free(s);
    look_talk_done(fixture);
}

static void untagged_responses_without_end_are_oversize(void **state)
{
    (void)state;
    static const char line[] = "* OK still here\r\n";
    const struct talk row = {0};
    void *fixture;
    struct session *s = make(&row, &fixture);
    unsigned lines = 0;
    (void)session_start(s, "192.0.2.1");
    (void)session_feed(s, "* OK\r\n", 6);
    while (session_feed(s, line, sizeof line - 1) == WANT_READ)
        lines++;
    assert_in_range(lines, 900, 1100);
    assert_int_equal(session_failure(s)->stage, STAGE_HELLO);
    assert_int_equal(session_failure(s)->cause, CAUSE_OVERSIZE);
    session_free(s);
    look_talk_done(fixture);
}

int main(void)
{
    static const struct talk_table tables[] = {
        {good, sizeof good / sizeof good[0]},       {logins, sizeof logins / sizeof logins[0]},
        {begins, sizeof begins / sizeof begins[0]}, {selects, sizeof selects / sizeof selects[0]},
        {mails, sizeof mails / sizeof mails[0]},    {deletions, sizeof deletions / sizeof deletions[0]},
        {bare, sizeof bare / sizeof bare[0]},
    };
    static const struct CMUnitTest others[] = {cmocka_unit_test(what_comes_behind_the_go_ahead_is_an_injection),
                                               cmocka_unit_test(untagged_responses_without_end_are_oversize)};
    return talk_main("imap", &machine, tables, sizeof tables / sizeof tables[0], others,
                     sizeof others / sizeof others[0]);
}
