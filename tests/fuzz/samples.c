/*
 * Samples on record: any octets are read, or end what can be read; what was read is written and read again the same,
 * and is thinned to as many as a row may have without a poll that nobody made.
 */
#include "sample.h"

#include <string.h>

#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { ROOM = 2 * SAMPLES_MAX };

static uint64_t polls_of(const struct sample *samples, size_t count)
{
    uint64_t polls = 0;
    for (size_t i = 0; i < count; i++) {
        polls += samples[i].polls;
        must(sample_worst(&samples[i]) <= VERDICT_DISABLED);
    }
    return polls;
}

static void check_again(const struct sample *samples, size_t count)
{
    static uint8_t packed[ROOM * SAMPLE_PACKED_MAX];
    static struct sample again[ROOM];
    size_t n = samples_pack(samples, count, packed);
    must(n <= count * SAMPLE_PACKED_MAX);
    must(samples_unpack(packed, n, again, ROOM) == count);
    must(memcmp(samples, again, count * sizeof *samples) == 0);
}

/* The last one stays open, as the worker's does. */
static void check_thinned(struct sample *samples, size_t count)
{
    uint64_t polls = polls_of(samples, count);
    size_t left = samples_thin(samples, count);
    must(left <= count && left <= SAMPLES_FULL_MAX);
    must(polls_of(samples, left) <= polls);
    check_again(samples, left);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct sample samples[ROOM];
    _Static_assert(sizeof *samples == 40, "no octets between its parts: they are compared as they are");
    size_t count = samples_unpack(bytes, n, samples, ROOM);
    must(count <= ROOM);
    check_again(samples, count);
    if (count > 0)
        check_thinned(samples, count);
    return 0;
}
