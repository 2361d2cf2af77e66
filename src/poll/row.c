#include "row.h"

#include <string.h>

#include "row_parts.h"

static void forget_login(struct row *r)
{
    r->logins[0] = (struct login_memory){.worked = MECHANISM_NONE};
}

/* Before the first poll, and after every change that makes the next poll a first one again. */
static void start_anew(struct row *r)
{
    r->first_poll = true;
    history_init(&r->history);
    r->status.verdict = definition_is_on(r->definition) ? VERDICT_UNKNOWN : VERDICT_DISABLED;
    r->status.proof = PROOF_NONE;
    r->status.consecutive_failures = 0;
}

bool row_init(struct row *r, int32_t index, uint64_t serial, const struct definition *definition,
              struct token_sealer *sealer)
{
    *r = (struct row){.index = index, .serial = serial};
    status_init(&r->status);
    probes_init(&r->probes);
    forget_login(r);
    r->definition = definition_ref(definition);
    start_anew(r);
    if (token_handle(sealer, serial, r->handle))
        return true;
    row_clear(r);
    return false;
}

void row_clear(struct row *r)
{
    row_certificate_forget(r, LEG_SMTP);
    row_certificate_forget(r, LEG_INCOMING);
    probes_clear(&r->probes);
    status_clear(&r->status);
    definition_unref(r->definition);
    r->definition = NULL;
}

/* The same server, spoken to in the same way: what was seen of its certificate still holds. */
static bool same_server(const struct definition *a, const struct definition *b, enum leg leg)
{
    struct leg_settings x, y;
    definition_leg(a, leg, &x);
    definition_leg(b, leg, &y);
    return strcmp(x.server, y.server) == 0 && x.port == y.port && x.security == y.security && x.protocol == y.protocol;
}

/* Outstanding probes went another way: they are forgotten, not lost.  What the row has been announced as stays known,
 * so that the next verdict makes an event only when it differs. */
void row_change_path(struct row *r, const struct journal *journal)
{
    struct history before = r->history;
    probes_forget(&r->probes);
    row_count_outstanding(r);
    row_journal_forget(r, journal);
    r->first_poll = true;
    history_init(&r->history);
    r->history.verdict = before.verdict;
    r->history.proof = before.proof;
    r->history.settled_once = before.settled_once;
    r->status.proven_at = 0;
    r->status.consecutive_failures = 0;
}

/* On or off: a row that is on again is like a new one, but for its counters and its mails in the mailbox. */
void row_turn(struct row *r, const struct moment *now, const struct journal *journal)
{
    if (!definition_is_on(r->definition)) {
        probes_optional(&r->probes);
        row_journal_probes(r, journal);
    }
    start_anew(r);
    r->status.last_change = now->wall_ms;
    row_journal_status(r, NULL, NULL, journal);
}

bool row_define(struct row *r, const struct definition *definition, const struct moment *now,
                const struct journal *journal)
{
    const struct definition *before = r->definition;
    const bool other_path = !definition_same_path(before, definition);
    const bool turned = definition_is_on(before) != definition_is_on(definition);

    r->definition = definition_ref(definition);
    for (enum leg leg = LEG_SMTP; leg < LEG_SMTP + WHOLE_LEGS; leg++) {
        if (!same_server(before, definition, leg))
            row_leg_forget(r, leg);
    }
    if (!definition_equal(before, definition))
        forget_login(r);
    if (other_path)
        row_change_path(r, journal);
    if (turned)
        row_turn(r, now, journal);
    else if (other_path)
        row_journal_status(r, NULL, NULL, journal);
    definition_unref(before);
    return other_path || (turned && !definition_is_on(definition));
}

uint64_t row_grace_ms(const struct row *r)
{
    return definition_number(r->definition, SETTING_interval_s) * UINT64_C(1000) / 2;
}

void row_forged(struct row *r)
{
    r->status.forged++;
}

void row_skipped(struct row *r)
{
    r->status.skipped++;
}

void row_count_outstanding(struct row *r)
{
    r->status.outstanding = r->probes.outstanding_count;
}

void row_expire(struct row *r, const struct moment *now, const struct journal *journal)
{
    struct outstanding lost;
    while (probes_expire(&r->probes, now->mono_ms, &lost)) {
        r->status.lost++;
        row_journal_probe(r, &lost, PROBE_LOST, 0, journal);
    }
    row_count_outstanding(r);
}

void row_words(const struct text **slot, const char *words)
{
    if (strcmp(text_bytes(*slot), words) != 0)
        status_set_text(slot, text_new(words, strlen(words)));
}

bool row_lacks_secret(const struct row *r, enum leg leg, struct failure *why)
{
    struct leg_settings of_leg;
    definition_leg(r->definition, leg, &of_leg);
    return leg_lacks_secret(&of_leg, why);
}
