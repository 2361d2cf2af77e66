#include <stdlib.h>

#include "group.h"

/* What one token says about the mail that bears it; the strongest of all its tokens decides. */

/* A mail may be read in several looks (the newest are, before a probe is called missing), but it is one imitation. */
static bool is_counted(struct group *g, const struct token *t)
{
    uint64_t mark = key_mix(g->worker->group_seeds[0], t, sizeof *t) | 1;
    if (g->forged == NULL)
        g->forged = calloc(1, sizeof *g->forged);
    if (g->forged == NULL)
        return false;
    for (size_t i = 0; i < GROUP_FORGED_MAX; i++)
        if (g->forged->marks[i] == mark)
            return true;
    g->forged->marks[g->forged->next] = mark;
    g->forged->next = (g->forged->next + 1) % GROUP_FORGED_MAX;
    return false;
}

/* Its seal proves who made the token, but not who sent the mail that bears it: one longer than any probe with whatever
 * gateways put into it was not made here, and stays. */
static enum token_proof prove(struct token_sealer *sealer, uint64_t serial, const struct token *t,
                              const struct mail_facts *mail)
{
    return mail->size_bytes <= LOOK_PROBE_MAX ? token_verify(sealer, serial, t) : TOKEN_FALSE;
}

/* ${own}: what is to be done when the token is true. */
static enum disposal disposal_of(enum token_proof proof, enum disposal own)
{
    switch (proof) {
    case TOKEN_FALSE:
        return DISPOSAL_LEAVE;
    case TOKEN_TRUE:
        return own;
    case TOKEN_UNTOLD:
        break;
    }
    return DISPOSAL_UNTOLD;
}

static enum disposal judge_test(const struct worker *w, const struct token *t, const struct mail_facts *mail)
{
    int64_t age_s = wall_now_ms() / 1000 - (int64_t)t->time_s;
    return disposal_of(prove(w->test_sealer, 0, t, mail),
                       age_s >= TEST_PROBE_LEFT_S ? DISPOSAL_DELETE : DISPOSAL_LATER);
}

static enum disposal judge_row(struct group *g, struct watched *x, const struct token *t, const struct mail_facts *mail,
                               const struct journal *journal)
{
    struct worker *w = g->worker;
    struct moment now = worker_now(w);
    enum token_proof proof = prove(w->sealer, x->row.serial, t, mail);
    if (proof == TOKEN_TRUE) {
        (void)row_sight(&x->row, t, mail, &now, journal);
        out_status(w, x);
    } else if (proof == TOKEN_FALSE && !is_counted(g, t)) {
        row_forged(&x->row);
        out_status(w, x);
    }
    return disposal_of(proof, DISPOSAL_DELETE);
}

/* A probe of a row of another way or mailbox is for that to find; what nobody here knows is foreign. */
static enum disposal judge_token(struct group *g, const struct token *t, const struct mail_facts *mail,
                                 const struct journal *journal)
{
    struct worker *w = g->worker;
    uint64_t key = handle_key(t->handle);
    if (key == handle_key(w->test_handle))
        return judge_test(w, t, mail);
    struct watched *x = key_map_get(&w->handles, key);
    if (x != NULL && x->group == g)
        return judge_row(g, x, t, mail, journal);
    const struct gone *gone = x == NULL ? key_map_get(&w->gone_handles, key) : NULL;
    bool may_be_here = gone != NULL && (gone->group == g || gone->group == NULL);
    if (!may_be_here)
        return DISPOSAL_LEAVE;
    return disposal_of(prove(w->sealer, gone->serial, t, mail), DISPOSAL_DELETE);
}

enum disposal group_judge(struct group *g, const struct mail_facts *mail, const struct journal *journal)
{
    enum disposal strongest = DISPOSAL_LEAVE;
    for (size_t i = 0; i < mail->token_count; i++) {
        enum disposal said = judge_token(g, &mail->tokens[i], mail, journal);
        if (said > strongest)
            strongest = said;
    }
    return strongest;
}
