/*
 * What a row remembers for its next verdict and nobody is shown: kept with its status, so
 * that a restart continues.  A plain value.
 */
#ifndef EMAILMON_ROW_MEMORY_H
#define EMAILMON_ROW_MEMORY_H

#include "probe_record.h"
#include "sample.h"

/** What a row remembers for its next verdict. */
struct history {
    enum verdict verdict; /* present one; VERDICT_UNKNOWN before the first */
    enum proof proof;
    bool judged;         /* has been up or down since it was started or its path changed */
    bool settled_once;   /* has been up or down ever: from then on unknown is an event too */
    bool awaiting_proof; /* down because of the sending leg: stays down until a probe is found */
    uint32_t failures;   /* polls in a row that the rules call down */
    uint8_t own_kept, in_use_kept, undeleted_kept,
        unfinished_kept; /* polls in a row that each keep rule has kept; at most KEEP_POLLS + 1 */
};

/** Which certificates of one leg a row has warned of: one event when such a certificate nears its end, one more when
 * it has ended.  Servers behind one name may show several. */
enum { CERTIFICATES_WARNED_MAX = 4, CERTIFICATE_WARN_DAYS = 14 };
enum certificate_warning { CERTIFICATE_FINE, CERTIFICATE_ENDS_SOON, CERTIFICATE_ENDED };

struct certificates_warned {
    struct {
        uint8_t sha256_start[8]; /* enough to tell the few apart */
        uint8_t warning;         /* enum certificate_warning; CERTIFICATE_FINE: a free place */
    } places[CERTIFICATES_WARNED_MAX];
    uint8_t next; /* the place that is taken next */
};

struct row_memory {
    struct history history;
    struct {
        int64_t expires_s; /* wall clock, of the last certificate seen; 0: none was */
        struct certificates_warned warned;
    } certificates[2]; /* by leg - LEG_SMTP */
    bool first_poll;   /* the next poll only sends */
    uint64_t path; /* definition_path() when this was written: another one now means that the file changed meanwhile */
    struct sampling sampling;
    struct probe_record sent; /* the newest probe outstanding: what became of it, while its own record says that it is
                                 being sent.  So that is written with the status, and its record once less. */
};

/** history_init(h), row_memory_init(m): a row before its first poll. */
void history_init(struct history *h);
void row_memory_init(struct row_memory *m);

/** One member: for the store, which walks them. */
enum memory_kind { MEMORY_BYTE, MEMORY_WORD, MEMORY_MOMENT, MEMORY_BYTES, MEMORY_SAMPLE };
struct memory_column {
    const char *name; /* "h_verdict" */
    enum memory_kind kind;
    int64_t min, max;     /* of integers */
    size_t offset, bytes; /* in struct row_memory */
};
extern const struct memory_column memory_columns[];
extern const size_t memory_column_count;

/**
 * row_memory_integer(m, column): a member that is an integer.  row_memory_put_integer(m, column, value): the reverse;
 * false, and ${m} as before, when the member cannot have ${value}.
 * row_memory_bytes(m, column): a BYTES member.  row_memory_put_bytes(m, column, bytes, n): the reverse; false when
 * ${n} is not its length.
 * row_memory_sample(m, column): a SAMPLE member.  row_memory_put_sample(m, column, sample): the reverse.
 */
int64_t row_memory_integer(const struct row_memory *m, const struct memory_column *column);
bool row_memory_put_integer(struct row_memory *m, const struct memory_column *column, int64_t value);
const void *row_memory_bytes(const struct row_memory *m, const struct memory_column *column);
bool row_memory_put_bytes(struct row_memory *m, const struct memory_column *column, const void *bytes, size_t n);
const struct sample *row_memory_sample(const struct row_memory *m, const struct memory_column *column);
bool row_memory_put_sample(struct row_memory *m, const struct memory_column *column, const struct sample *sample);

#endif
