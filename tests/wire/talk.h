/*
 * Conversations as tables: each row is a transcript and becomes a cmocka test of its own.
 *
 * A row is played many times: each flight of the server whole, byte by byte, and cut in two at every byte.  Whatever
 * the cuts: the same bytes are sent, the session ends the same way with the same failure, settles at the same byte and
 * counts the same progress.  Pieces are fed from buffers of exactly their size, so that reading past one is seen.  No
 * secret of the machine's kind may show up in the trace or in a failure.
 *
 * Then it is played with the first, the second, ... allocation failing, of its own or of a library: the session ends as
 * it would have, or with the local failure that its memory ran short.
 *
 * A script is lines (each ends with \n, the last may lack it):
 *     S: text      the server says text CRLF             s: text   the same without CRLF
 *     C: text      the client must have said text CRLF   c: text   the same without CRLF
 *     ! tls        it must want TLS, and gets it         ! hold    it must want to hold, and is resumed
 *     ! eof        the server closes                     ! silence a clock runs out
 * Lines of one side that follow one another are one flight; all that the client says must stand in the script.
 * In a text: \r \n \0 \xNN \\ \$ ; \R{1000}{ab} repeats; $ is the tag that the client chose, four letters.
 */
#ifndef EMAILMON_TALK_H
#define EMAILMON_TALK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session.h"

struct talk {
    const char *name;  /* a sentence that says what must hold */
    const void *setup; /* for the machine's make() */
    const char *script;
    enum want end;    /* how it must end; WANT_READ: it is still waiting */
    enum stage stage; /* of the failure, when WANT_FAILED */
    enum cause cause;
    int32_t code;
    enum leg leg;       /* 0: the machine's own */
    const char *reply;  /* the failure's server words; NULL: does not matter */
    const char *detail; /* what the failure's detail must contain; NULL: does not matter */
    bool whole;         /* play it whole alone: the row is about what comes in one piece */
    unsigned flights;   /* of the client, that is round trips; 0: not counted */
    intptr_t expect;    /* for the machine's check() */
};

/** How a machine is played.  ${fixture} is what make() stores for check() and done(). */
struct talk_machine {
    enum leg leg;
    struct session *(*make)(const struct talk *t, void **fixture);
    void (*check)(const struct talk *t, const struct session *s, void *fixture); /* at the end of each play; or NULL */
    /* The same when memory ran short: what the client said last is ${said}; or NULL. */
    void (*check_short)(const struct talk *t, const struct session *s, void *fixture, const char *said, size_t n);
    void (*done)(void *fixture); /* or NULL */
    const char *const *secrets;  /* NULL-terminated; or NULL */
};

/** One table of rows.  talk_main(): run all rows of all tables, then ${others}; return what main() returns. */
struct talk_table {
    const struct talk *rows;
    size_t count;
};

#define TABLE(rows) ((struct talk_table){rows, sizeof(rows) / sizeof(rows)[0]})

int talk_main(const char *group, const struct talk_machine *machine, const struct talk_table *tables,
              size_t table_count, const struct CMUnitTest *others, size_t other_count);

/** talk_trace(t, machine): Play ${t} once, whole; return its trace, one line each, "S: " or "C: " in front; free(). */
char *talk_trace(const struct talk *t, const struct talk_machine *machine);

#endif
