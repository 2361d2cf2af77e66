/* Whole conversations, and what needs more than a transcript. */
#include <stdio.h>

#include "imap_talk.h"

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
    {.name = "an answer that comes before its command was sent is malformed",
     .script = "S: * OK\nC: $1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\nS: $1 OK\nS: $2 OK in\n",
     .end = WANT_FAILED,
     .stage = STAGE_AUTH,
     .cause = CAUSE_MALFORMED,
     .whole = true},
    {.name = "what was asked ahead is not answered before the mailbox is open",
     .setup = SETUP(KNOWN),
     .script = AHEAD("10:209") "S: $3 OK\n",
     .end = WANT_FAILED,
     .stage = STAGE_SELECT,
     .cause = CAUSE_MALFORMED},
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

static struct session *make(const struct talk *t, void **fixture)
{
    return look_talk_make(t, fixture, imap_look_new);
}

static const struct talk_machine machine = {LEG_INCOMING,          make,           look_talk_check,
                                            look_talk_check_short, look_talk_done, look_talk_secrets};

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
    session_sent(s, n);
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
    const struct talk_table tables[] = {TABLE(good),      imap_login_rows(),  imap_begin_rows(), imap_select_rows(),
                                        imap_mail_rows(), imap_delete_rows(), imap_bare_rows()};
    static const struct CMUnitTest others[] = {cmocka_unit_test(what_comes_behind_the_go_ahead_is_an_injection),
                                               cmocka_unit_test(untagged_responses_without_end_are_oversize)};
    return talk_main("imap", &machine, tables, sizeof tables / sizeof tables[0], others,
                     sizeof others / sizeof others[0]);
}
