/*
 * What the transcripts of POP3 and IMAP have in common: a look whose owner knows four kinds of tokens by their first
 * letter (a...: its own, b...: forged, c...: not to be deleted yet, d...: there is no memory to tell), the drop memory
 * before and after, the report.
 */
#ifndef EMAILMON_LOOK_TALK_H
#define EMAILMON_LOOK_TALK_H

#include "look.h"
#include "talk.h"

/* A token's text in a script. */
#define OWN    "em1.\\R{60}{a}"
#define FORGED "em1.b\\R{59}{a}"
#define LATER  "em1.c\\R{59}{a}"
#define UNTOLD "em1.d\\R{59}{a}"

struct look_setup {
    enum security security;
    bool plaintext_auth, missing, expects_old;
    const char *username, *password; /* NULL: "user", "secret-word" */
    /* What earlier looks left; uids separated by spaces. */
    bool known;
    const char *inspected, *old, *heavy, *gone, *suspect;
    uint32_t left;
    unsigned strange;
    uint32_t validity, top, first, suspect_uid;
    const char *open; /* "1:3,7" */
};

struct look_expect {
    bool scanned, finished;
    unsigned inspected, asked;
    enum deletion deletion;
    enum cause deletion_cause; /* 0: none */
    int64_t arrived_ms;        /* of the last own probe; 0: does not matter */
    uint64_t size_bytes;
    /* What the drop memory must hold; NULL, 0: does not matter. */
    const char *remembers, *does_not;
    uint32_t top;
    const char *open; /* "-": nothing */
    const char *mechanism;
    uint32_t login_delay_s;
};

/** For talk_machine: make() by ${new}, check(), check_short(), done(). */
struct session *look_talk_make(const struct talk *t, void **fixture, struct session *(*new)(const struct look_task *));
void look_talk_check(const struct talk *t, const struct session *s, void *fixture);
void look_talk_check_short(const struct talk *t, const struct session *s, void *fixture, const char *said, size_t n);
void look_talk_done(void *fixture);
extern const char *const look_talk_secrets[];

#define SETUP(...)                                                                                                     \
    &(const struct look_setup)                                                                                         \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#define EXPECT(...)                                                                                                    \
    (intptr_t) & (const struct look_expect)                                                                            \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

#endif
