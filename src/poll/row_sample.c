/* What a poll adds to the samples of its row. */
#include "row_parts.h"

/* A leg that failed says how long its failure took, and nothing of how fast the server is. */
static void sample_times(struct sample *sample, const struct status *s, const struct poll_facts *facts, bool found)
{
    const struct {
        bool measured;
        uint32_t ms;
    } times[SAMPLE_TIMES] = {
        [SAMPLE_SEND] = {facts->smtp != NULL && s->smtp_cause == CAUSE_NONE, s->send_ms},
        [SAMPLE_LOOK] = {facts->incoming != NULL && s->in_cause == CAUSE_NONE, s->look_ms},
        [SAMPLE_DELIVERY] = {found, s->delivery_ms},
    };
    for (enum sample_time t = 0; t < SAMPLE_TIMES; t++) {
        if (times[t].measured)
            sample_measure(sample, t, times[t].ms);
    }
}

static struct sampled forget(struct row *r)
{
    const bool had_any = r->sampling.since != 0;
    r->sampling = (struct sampling){0};
    return (struct sampled){.kind = had_any ? SAMPLED_FORGET : SAMPLED_NOTHING};
}

struct sampled row_sample(struct row *r, const struct poll_facts *facts, bool failed, bool found,
                          const struct moment *now)
{
    struct sample poll;
    struct sampled sampled = {.kind = SAMPLED_NOTHING};
    if (facts->history_s == 0)
        return forget(r);
    sample_of_poll(&poll, now->wall_ms, (enum verdict)r->status.verdict, failed);
    sample_times(&poll, &r->status, facts, found);
    if (sampling_add(&r->sampling, &poll, facts->history_s, &sampled.full))
        sampled.kind = SAMPLED_FULL;
    return sampled;
}
