#include "drop_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "drop_parts.h"

struct drop_memory *drop_memory_new(void)
{
    return calloc(1, sizeof(struct drop_memory));
}

void drop_memory_void(struct drop_memory *m)
{
    if (m->pop3 != NULL)
        free(m->pop3->seen);
    free(m->pop3);
    uid_set_clear(&m->imap.open);
    uid_set_clear(&m->imap.heavy);
    *m = (struct drop_memory){0};
}

void drop_memory_free(struct drop_memory *m)
{
    if (m == NULL)
        return;
    drop_memory_void(m);
    free(m);
}

bool drop_memory_is_new(const struct drop_memory *m)
{
    return !m->known;
}

size_t drop_memory_entries(const struct drop_memory *m)
{
    return (m->pop3 != NULL ? m->pop3->seen_count : 0) + m->imap.open.count + m->imap.heavy.count;
}

/* --- POP3 --- */

struct drop_pop3 *drop_pop3(struct drop_memory *m)
{
    if (m->pop3 == NULL)
        m->pop3 = calloc(1, sizeof *m->pop3);
    return m->pop3;
}

static uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

/* SipHash-2-4 (Aumasson, Bernstein 2012). */
static uint64_t sip_hash(const uint64_t key[2], const char *bytes, size_t n)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
                     key[1] ^ 0x7465646279746573};
    uint64_t word = 0;
    for (size_t i = 0; i < n; i++) {
        word |= (uint64_t)(unsigned char)bytes[i] << (8 * (i % 8));
        if (i % 8 == 7) {
            sip_word(v, word);
            word = 0;
        }
    }
    sip_word(v, word | (uint64_t)n << 56);
    v[2] ^= 0xff;
    for (unsigned i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t drop_hash(struct drop_pop3 *p, const char *uid, size_t n)
{
    if (!p->keyed) {
        /* Without randomness the hash is still a hash: what a collision costs is one mail that is not read. */
        if (getrandom(p->key, sizeof p->key, 0) != (ssize_t)sizeof p->key)
            p->key[0] = (uint64_t)(uintptr_t)p;
        p->keyed = true;
    }
    uint64_t hash = sip_hash(p->key, uid, n) & ~(uint64_t)DROP_FLAGS;
    return hash != 0 ? hash : DROP_FLAGS + 1;
}

static int by_hash(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    uint64_t left = *x & ~(uint64_t)DROP_FLAGS, right = *y & ~(uint64_t)DROP_FLAGS;
    return (left > right) - (left < right);
}

static uint64_t *find(const struct drop_pop3 *p, uint64_t hash)
{
    return p->seen_count > 0 ? bsearch(&hash, p->seen, p->seen_count, sizeof *p->seen, by_hash) : NULL;
}

uint64_t drop_recall(const struct drop_pop3 *p, uint64_t hash)
{
    const uint64_t *found = find(p, hash);
    return found != NULL ? *found : 0;
}

void drop_note_gone(struct drop_pop3 *p, uint64_t hash)
{
    uint64_t *found = find(p, hash);
    if (found == NULL || (*found & DROP_GONE) != 0)
        return;
    *found |= DROP_GONE;
    p->gone_count++;
}

/* Hashes are spread evenly: by their first bits each is put near its place, and a pass of insertions does the rest.  A
 * million of them must not hold up the thread. */
static void sort(uint64_t *entries, size_t n)
{
    unsigned bits = 1;
    while (n >> bits > 1 && bits < 20)
        bits++;
    size_t *at = calloc(((size_t)1 << bits) + 1, sizeof *at);
    uint64_t *sorted = n < 64 ? NULL : malloc(n * sizeof *sorted);
    if (at == NULL || sorted == NULL) {
        qsort(entries, n, sizeof *entries, by_hash);
    } else {
        for (size_t i = 0; i < n; i++)
            at[(entries[i] >> (64 - bits)) + 1]++;
        for (size_t i = 1; i <= (size_t)1 << bits; i++)
            at[i] += at[i - 1];
        for (size_t i = 0; i < n; i++)
            sorted[at[entries[i] >> (64 - bits)]++] = entries[i];
        for (size_t i = 0; i < n; i++) {
            size_t k = i;
            for (; k > 0 && by_hash(&entries[k - 1], &sorted[i]) > 0; k--)
                entries[k] = entries[k - 1];
            entries[k] = sorted[i];
        }
    }
    free(at);
    free(sorted);
}

void drop_keep_listing(struct drop_memory *m, uint64_t *entries, size_t count)
{
    struct drop_pop3 *p = m->pop3;
    size_t kept = 0;
    free(p->seen);
    if (count > 0)
        sort(entries, count);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && by_hash(&entries[i], &entries[next]) == 0;)
            next++;
        /* A uid that stands for two mails says nothing of either. */
        if (next == i + 1 && entries[i] != 0)
            entries[kept++] = entries[i];
    }
    p->seen = kept > 0 ? realloc(entries, kept * sizeof *entries) : NULL;
    if (p->seen == NULL && kept > 0)
        p->seen = entries; /* what cannot be made smaller stays as it is */
    else if (kept == 0)
        free(entries);
    p->seen_count = kept;
    p->gone_count = 0;
    m->known = true;
}

/* --- IMAP --- */

bool drop_imap_contact(struct drop_memory *m, uint32_t validity, uint32_t next)
{
    struct drop_imap *i = &m->imap;
    if (i->validity != validity || validity == 0 || next == 0) {
        uid_set_clear(&i->open);
        uid_set_clear(&i->heavy);
        *i = (struct drop_imap){.validity = validity, .first = next};
    }
    m->known = true;
    if (next == 0 || next - 1 <= i->top)
        return true;
    if (!uid_set_add(&i->open, i->top + 1, next - 1))
        return false;
    i->top = next - 1;
    return true;
}
