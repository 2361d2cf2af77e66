/*
 * A SET for tests: written as a line of text, played against an agent without thread and master, and a store that
 * keeps, refuses, or does not look.
 */
#ifndef EMAILMON_SET_PLAY_H
#define EMAILMON_SET_PLAY_H

#include "set.h"

struct agent;

/** What becomes of saves: kept; refused; not looked at; begun and never answered. */
enum store_mood { STORE_WELL, STORE_REFUSE, STORE_SILENT, STORE_LATE };

struct set_play {
    struct agent *agent;
    struct set_request *set; /* the one that play_begin() began */
    struct set_fault fault;
    struct set_variable *variables;
    size_t count;
    char *texts;
    struct play_store *store;
};

/** play_new(): An agent with file rows 1 and 2 ("file-1", "file-2") and a store that is well.  play_free(p). */
struct set_play *play_new(void);
void play_free(struct set_play *p);

/** play_mood(p, mood): From now on.  play_settle(p): Wait until the store has taken all saves that it takes. */
void play_mood(struct set_play *p, enum store_mood mood);
void play_settle(struct set_play *p);

/**
 * play_begin(p, line): A SET, as set_line.h has it.  The phases by themselves: play_take(), play_check(),
 * play_commit(), play_undo(): false: p->fault.  play_end(p): the shell goes.
 */
void play_begin(struct set_play *p, const char *line);
bool play_take(struct set_play *p);
bool play_check(struct set_play *p);
bool play_commit(struct set_play *p);
bool play_undo(struct set_play *p);
void play_end(struct set_play *p);

/** play(p, line): All phases, as a master plays them: "ok", or error and the place
 * from 1 on: "wrongValue 2".  Static. */
const char *play(struct set_play *p, const char *line);

/** play_tree(p): All rows with all their columns, as text; free() it.  play_state(p): What the store has: "7=a 9=b". */
char *play_tree(const struct set_play *p);
const char *play_state(struct set_play *p);

/** play_expect_tree(p, before): Nothing has changed since play_tree() gave ${before}, which is freed. */
void play_expect_tree(const struct set_play *p, char *before);

/** play_error(p): emailMonLastSetError.  play_orders(p): the orders since the last call: "put 7, remove 9, poll 1". */
const char *play_error(const struct set_play *p);
const char *play_orders(struct set_play *p);

/* What the store has at first, and whole rows. */

#define FILE_STATE "1=file-1 2=file-2"
#define REST(i)                                                                                                        \
    " Device." #i "=s192.0.2.9 SmtpTo." #i "=sa@example.com SmtpFrom." #i "=sb@example.com InUsername." #i "=su"
#define ROW(i, name) "Name." #i "=s" name REST(i) " InPassword." #i "=sp"
#define GO(i, name)  ROW(i, name) " RowStatus." #i "=i4"

#endif
