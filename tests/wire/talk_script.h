/* A script of talk.h, parsed into flights. */
#ifndef EMAILMON_TALK_SCRIPT_H
#define EMAILMON_TALK_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

enum talk_act { TALK_SERVER, TALK_CLIENT, TALK_TLS, TALK_HOLD, TALK_EOF, TALK_SILENCE };

/* Octets of a flight; TALK_TAG stands where the tag does. */
enum { TALK_TAG = 0x100 };

struct talk_step {
    enum talk_act act;
    unsigned short *octets;
    size_t n, size;
};

struct talk_script {
    struct talk_step *steps;
    size_t count;
};

/** talk_parse(text, script): fails the test when the text is no script.  talk_script_free(script). */
void talk_parse(const char *text, struct talk_script *script);
void talk_script_free(struct talk_script *script);

/** talk_flights(script): how often the client spoke. */
unsigned talk_flights(const struct talk_script *script);

/** talk_octets(step, tag, n): its octets with ${tag} in place, malloc'ed with exactly ${n} octets. */
char *talk_octets(const struct talk_step *step, const char tag[4], size_t *n);

#endif
