#include "talk_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "short_memory.h"

static void put(struct talk_step *step, unsigned octet)
{
    if (step->n == step->size) {
        step->size = step->size == 0 ? 256 : step->size * 2;
        step->octets = realloc(step->octets, step->size * sizeof *step->octets);
        assert_non_null(step->octets);
    }
    step->octets[step->n++] = (unsigned short)octet;
}

static struct talk_step *add(struct talk_script *script, enum talk_act act)
{
    bool speaks = act == TALK_SERVER || act == TALK_CLIENT;
    if (speaks && script->count > 0 && script->steps[script->count - 1].act == act)
        return &script->steps[script->count - 1];
    script->steps = realloc(script->steps, (script->count + 1) * sizeof *script->steps);
    assert_non_null(script->steps);
    script->steps[script->count] = (struct talk_step){.act = act};
    return &script->steps[script->count++];
}

static void put_text(struct talk_step *step, const char *at, const char *end);

/* \R{1000}{ab}: returns what stands behind it. */
static const char *put_repeated(struct talk_step *step, const char *at)
{
    char *after;
    unsigned long times = strtoul(at + 2, &after, 10);
    const char *text = after + 2, *end = strchr(text, '}');
    if (strncmp(after, "}{", 2) != 0 || end == NULL)
        fail_msg("not \\R{count}{text}: %s", at);
    for (unsigned long i = 0; i < times; i++)
        put_text(step, text, end);
    return end + 1;
}

static const char *put_escape(struct talk_step *step, const char *at)
{
    switch (*at) {
    case 'R':
        return put_repeated(step, at);
    case 'r':
        put(step, '\r');
        return at + 1;
    case 'n':
        put(step, '\n');
        return at + 1;
    case '0':
        put(step, '\0');
        return at + 1;
    case 'x': {
        char digits[3] = {at[1], at[2], '\0'};
        put(step, (unsigned)strtoul(digits, NULL, 16));
        return at + 3;
    }
    case '\\':
    case '$':
        put(step, (unsigned char)*at);
        return at + 1;
    default:
        fail_msg("no escape: \\%s", at);
        return at;
    }
}

static void put_text(struct talk_step *step, const char *at, const char *end)
{
    while (at < end) {
        if (*at == '\\') {
            at = put_escape(step, at + 1);
        } else {
            put(step, *at == '$' ? TALK_TAG : (unsigned char)*at);
            at++;
        }
    }
}

static void parse_act(const char *line, size_t n, struct talk_script *script)
{
    static const struct {
        const char *word;
        enum talk_act act;
    } acts[] = {{"! tls", TALK_TLS}, {"! hold", TALK_HOLD}, {"! eof", TALK_EOF}, {"! silence", TALK_SILENCE}};
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        if (strlen(acts[i].word) == n && memcmp(line, acts[i].word, n) == 0) {
            add(script, acts[i].act);
            return;
        }
    fail_msg("no line of a script: %.*s", (int)n, line);
}

static void parse_line(const char *line, size_t n, struct talk_script *script)
{
    bool server = n >= 2 && (line[0] == 'S' || line[0] == 's');
    bool client = n >= 2 && (line[0] == 'C' || line[0] == 'c');
    if (!(server || client) || line[1] != ':') {
        parse_act(line, n, script);
        return;
    }
    struct talk_step *step = add(script, server ? TALK_SERVER : TALK_CLIENT);
    size_t skipped = n > 2 && line[2] == ' ' ? 3 : 2;
    put_text(step, line + skipped, line + n);
    if (line[0] == 'S' || line[0] == 'C') {
        put(step, '\r');
        put(step, '\n');
    }
}

void talk_parse(const char *text, struct talk_script *script)
{
    *script = (struct talk_script){0};
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        parse_line(text, n, script);
        text += n + (text[n] == '\n');
    }
}

void talk_script_free(struct talk_script *script)
{
    for (size_t i = 0; i < script->count; i++)
        free(script->steps[i].octets);
    free(script->steps);
}

unsigned talk_flights(const struct talk_script *script)
{
    unsigned flights = 0;
    for (size_t i = 0; i < script->count; i++)
        flights += script->steps[i].act == TALK_CLIENT;
    return flights;
}

char *talk_octets(const struct talk_step *step, const char tag[4], size_t *n)
{
    size_t length = 0;
    for (size_t i = 0; i < step->n; i++)
        length += step->octets[i] == TALK_TAG ? 4 : 1;
    memory_spare(true);
    char *bytes = malloc(length > 0 ? length : 1), *at = bytes;
    memory_spare(false);
    assert_non_null(bytes);
    for (size_t i = 0; i < step->n; i++) {
        if (step->octets[i] == TALK_TAG) {
            memcpy(at, tag, 4);
            at += 4;
        } else {
            *at++ = (char)step->octets[i];
        }
    }
    *n = length;
    return bytes;
}
