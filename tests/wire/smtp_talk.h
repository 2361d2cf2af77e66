/*
 * SMTP for talk.h: how its sessions are made, and the pieces that transcripts are put together from.
 * A row's expect is the fate of the mail.
 */
#ifndef EMAILMON_SMTP_TALK_H
#define EMAILMON_SMTP_TALK_H

#include "smtp.h"
#include "talk.h"

struct setup {
    enum security security; /* 0: none */
    bool auth, plaintext, no_data;
    const char *username, *password; /* NULL: probe, "open sesame" */
    const char *to;                  /* NULL: to@example.net */
    const char *hello;               /* NULL: probe.example */
    const char *message;             /* NULL: the above */
    bool refused_before;
    unsigned worked, offered; /* what the login remembers; ${offered} 0: nothing */
};

extern const struct talk_machine smtp_talk;

/* The rows of each subject. */
struct talk_table smtp_good_rows(void);
struct talk_table smtp_tls_rows(void);
struct talk_table smtp_auth_rows(void);
struct talk_table smtp_mail_rows(void);

/** smtp_fault_rows(): every fault at every stage, made anew; smtp_fault_rows_free(t). */
struct talk_table smtp_fault_rows(void);
void smtp_fault_rows_free(struct talk_table t);

/* Pieces of transcripts. */

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
#define PLAIN_IR    "C: AUTH PLAIN AHByb2JlAG9wZW4gc2VzYW1l\n"
#define USER        "C: cHJvYmU=\n"
#define PASSWORD    "C: b3BlbiBzZXNhbWU=\n"
#define CHALLENGE   "S: 334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UuZXhhbXBsZT4=\n"
#define DIGEST      "C: cHJvYmUgZjIzZmE0YjVkYWZhZGNmZmQwZTI5YWVkMWExMzIwMjY=\n"

#endif
