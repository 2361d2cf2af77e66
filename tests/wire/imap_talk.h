/* IMAP for talk.h: the pieces that transcripts are put together from. */
#ifndef EMAILMON_IMAP_TALK_H
#define EMAILMON_IMAP_TALK_H

#include "look_talk.h"

/* The rows of each subject. */
struct talk_table imap_login_rows(void);
struct talk_table imap_begin_rows(void);
struct talk_table imap_select_rows(void);
struct talk_table imap_mail_rows(void);
struct talk_table imap_delete_rows(void);
struct talk_table imap_bare_rows(void);

/* Pieces of transcripts. */

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

#endif
