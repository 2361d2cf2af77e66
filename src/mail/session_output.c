#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

enum { OUTPUT_FIRST_BYTES = 512, SAY_ENOUGH_BYTES = 160, TRACE_MAX = 1024 };

/* --- what it says --- */

/* Not realloc(): what is freed must not hold secrets. */
static bool make_room(struct session *s, size_t n)
{
    size_t size = s->output_size == 0 ? OUTPUT_FIRST_BYTES : s->output_size;
    if (n <= s->output_size - s->output_bytes)
        return true;
    while (size - s->output_bytes < n)
        size *= 2;
    char *bytes = malloc(size);
    if (bytes == NULL) {
        session_fail_memory(s);
        return false;
    }
    if (s->output != NULL) {
        memcpy(bytes, s->output, s->output_bytes);
        explicit_bzero(s->output, s->output_size);
        free(s->output);
    }
    s->output = bytes;
    s->output_size = size;
    return true;
}

/* The ${n} octets of a line behind what is said already: a part of what is said, with CRLF, if they are one line. */
static bool end_line(struct session *s, size_t n)
{
    char *line = s->output + s->output_bytes;
    if (memchr(line, '\r', n) != NULL || memchr(line, '\n', n) != NULL) {
        explicit_bzero(line, n);
        session_fail_detail(s, CAUSE_POLICY, "a setting holds a line end");
        return false;
    }
    memcpy(line + n, "\r\n", 2);
    s->output_bytes += n + 2;
    return true;
}

void session_say(struct session *s, const char *format, ...)
{
    size_t n = SAY_ENOUGH_BYTES, room;
    do { /* once, for all but a few lines */
        room = n;
        if (!make_room(s, room + sizeof "\r\n"))
            return;
        va_list arguments;
        va_start(arguments, format);
        int length = vsnprintf(s->output + s->output_bytes, room + 1, format, arguments);
        va_end(arguments);
        if (length < 0) {
            session_fail_memory(s);
            return;
        }
        n = (size_t)length;
    } while (n > room);
    char *line = s->output + s->output_bytes;
    if (end_line(s, n))
        session_trace_line(s, false, line, n);
}

/* Not by printf: on its way it leaves what it prints on the stack. */
void session_say_secret(struct session *s, const char *begin, const char *secret)
{
    size_t open = strlen(begin), n = strlen(secret);
    char shown[TRACE_MAX];
    if (!make_room(s, open + n + sizeof "\r\n"))
        return;
    memcpy(s->output + s->output_bytes, begin, open);
    memcpy(s->output + s->output_bytes + open, secret, n);
    s->output_secret = true;
    if (!end_line(s, open + n))
        return;
    (void)snprintf(shown, sizeof shown, "%s****", begin);
    session_trace_line(s, false, shown, strlen(shown));
}

void session_put(struct session *s, const void *bytes, size_t n, bool secret)
{
    if (n == 0 || !make_room(s, n))
        return;
    memcpy(s->output + s->output_bytes, bytes, n);
    s->output_bytes += n;
    s->output_secret = s->output_secret || secret;
}

void session_unsay(struct session *s)
{
    if (s->output != NULL)
        explicit_bzero(s->output, s->output_bytes);
    s->output_bytes = s->output_sent = 0;
}

bool session_is_early(const struct session *s)
{
    return s->output_bytes > s->output_sent && !s->settled;
}

const void *session_output(const struct session *s, size_t *n)
{
    *n = s->output_bytes - s->output_sent;
    return *n == 0 ? NULL : s->output + s->output_sent;
}

void session_sent(struct session *s, size_t n)
{
    size_t waiting = s->output_bytes - s->output_sent;
    s->output_sent += n <= waiting ? n : waiting;
    if (s->output_bytes == 0 || s->output_sent < s->output_bytes)
        return;
    if (s->output_secret)
        explicit_bzero(s->output, s->output_bytes);
    s->output_secret = false;
    s->output_bytes = s->output_sent = 0;
    if (s->machine->sent != NULL && s->want != WANT_CLOSE && s->want != WANT_FAILED)
        s->machine->sent(s);
}

/* --- its trace --- */

size_t session_mask(const struct session *s, const char *bytes, size_t n, char *dst, size_t size)
{
    return s->login != NULL ? login_mask(s->login, bytes, n, dst, size) : text_printable(dst, size, bytes, n);
}

void session_trace_line(struct session *s, bool from_server, const char *bytes, size_t n)
{
    char shown[TRACE_MAX];
    if (s->trace.line == NULL)
        return;
    size_t length = session_mask(s, bytes, n, shown, sizeof shown);
    s->trace.line(s->trace.owner, from_server, shown, length);
    explicit_bzero(shown, sizeof shown);
}

void session_trace_heard(struct session *s, const char *bytes, size_t n)
{
    static const char hidden[] = "****";
    char line[TRACE_MAX];
    size_t open = s->machine->open != NULL ? s->machine->open(s, bytes, n) : n;
    if (open >= n || open > sizeof line - sizeof hidden) {
        session_trace_line(s, true, bytes, open < n ? open : n);
        return;
    }
    memcpy(line, bytes, open);
    memcpy(line + open, hidden, sizeof hidden - 1);
    session_trace_line(s, true, line, open + sizeof hidden - 1);
}

void session_set_trace(struct session *s, const struct session_trace *trace)
{
    s->trace = *trace;
}
