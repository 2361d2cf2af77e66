/* Deleting, with UIDPLUS and without. */
#include "imap_talk.h"

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
    {.name = "a search in the newer form that names no set of uids breaks the deletion",
     .setup = SETUP(KNOWN),
     .script = BARE "S: * ESEARCH (TAG \"$5\") UID ALL 10:x\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_BROKEN,
                      .deletion_cause = CAUSE_MALFORMED)},
    {.name = "a search that names more than can be ours expunges nothing",
     .setup = SETUP(KNOWN),
     .script = BARE "s: * SEARCH 10\n"
                    "s: \\R{600}{ 1}\nS: \nS: $5 OK\nC: $6 LOGOUT\nS: $6 OK\n",
     .end = WANT_CLOSE,
     .expect = EXPECT(.scanned = true, .finished = true, .inspected = 1, .asked = 1, .deletion = DELETION_DEFERRED)},
};

struct talk_table imap_delete_rows(void)
{
    return TABLE(deletions);
}

struct talk_table imap_bare_rows(void)
{
    return TABLE(bare);
}
