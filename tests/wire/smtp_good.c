/* What goes well. */
#include "smtp_talk.h"

static const struct setup starttls = {.security = SECURITY_STARTTLS};
static const struct setup tls = {.security = SECURITY_TLS};
static const struct setup starttls_login = {.security = SECURITY_STARTTLS, .auth = true};
static const struct setup no_data = {.no_data = true};
static const struct setup no_name = {.hello = ""};

static const struct talk rows[] = {
    {.name = "with PIPELINING a probe leaves in four flights",
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
    {.name = "implicit TLS takes no flight of its own",
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

/* Once QUIT is sent nothing changes the result. */
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

struct talk_table smtp_good_rows(void)
{
    return TABLE(rows);
}
