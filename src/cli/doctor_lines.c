#include "doctor_lines.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_directive(const struct conf_line *line, const char *word)
{
    return strcasecmp(line->words[0], word) == 0;
}

/* --- one line --- */

/* rocommunity COMMUNITY [SOURCE [OID | -V VIEW]]; com2sec [-Cn CONTEXT] NAME SOURCE COMMUNITY */
const char *line_community(const struct conf_line *line)
{
    if ((is_directive(line, "rocommunity") || is_directive(line, "rwcommunity")) && line->count > 1)
        return line->words[1];
    return is_directive(line, "com2sec") && line->count > 3 ? line->words[line->count - 1] : NULL;
}

const char *line_source(const struct conf_line *line)
{
    return is_directive(line, "com2sec") ? line->words[line->count - 2] : conf_word(line, 2);
}

const char *line_view(const struct conf_line *line)
{
    for (size_t i = 1; i + 1 < line->count; i++) {
        if (strcmp(line->words[i], "-V") == 0)
            return line->words[i + 1];
    }
    return "";
}

/* Options that have a value have it in the next word, unless they are longer ("-v2c", "-Ci").  Where options come last,
 * the last word is a passphrase. */
static const char *first_operand(const struct conf_line *line)
{
    for (size_t i = 1; i < line->count; i++) {
        const char *word = line->words[i];
        if (word[0] != '-')
            return word;
        i += strlen(word) == sizeof "-v" - 1;
    }
    return NULL;
}

/* trap2sink HOST [COMMUNITY [PORT]]; trapsess [OPTIONS] HOST, in any order */
const char *line_sink(const struct conf_line *line)
{
    static const char *const sinks[] = {"trapsink", "trap2sink", "informsink"};
    for (size_t i = 0; i < sizeof sinks / sizeof sinks[0]; i++) {
        if (is_directive(line, sinks[i]) && line->count > 1)
            return line->words[1];
    }
    return is_directive(line, "trapsess") ? first_operand(line) : NULL;
}

/* --- all of them --- */

bool lines_are_master(const struct snmpd_conf *c)
{
    static const char *const yes[] = {"agentx", "all", "yes", "on"};
    const struct conf_line *line = conf_last(c, "master");
    for (size_t i = 0; line != NULL && i < sizeof yes / sizeof yes[0]; i++) {
        if (strcasecmp(conf_word(line, 1), yes[i]) == 0)
            return true;
    }
    return false;
}

/* The next of "udp:127.0.0.1:161,[::1]" in each line agentAddress, without its transport; false: there are no more. */
struct addresses {
    const struct snmpd_conf *conf;
    const struct conf_line *line;
    const char *rest;
};

static bool next_address(struct addresses *a, char *dst, size_t size)
{
    static const char *const transports[] = {"udp:", "udp6:"};
    while (a->rest == NULL || *a->rest == '\0') {
        a->line = conf_find(a->conf, "agentAddress", a->line);
        if (a->line == NULL)
            return false;
        a->rest = conf_word(a->line, 1);
    }
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
        if (strncmp(a->rest, transports[i], strlen(transports[i])) == 0)
            a->rest += strlen(transports[i]);
    }
    const size_t n = strcspn(a->rest, ",");
    (void)snprintf(dst, size, "%.*s", (int)n, a->rest);
    a->rest += n + (a->rest[n] == ',');
    return true;
}

static bool is_port(const char *address)
{
    return address[0] != '\0' && strspn(address, "0123456789") == strlen(address);
}

void lines_peer(const struct snmpd_conf *c, char *dst, size_t size)
{
    struct addresses all = {.conf = c};
    char address[128];
    if (!next_address(&all, address, sizeof address) || address[0] == '\0')
        (void)snprintf(dst, size, "127.0.0.1:161");
    else
        (void)snprintf(dst, size, "%s%s", is_port(address) ? "127.0.0.1:" : "", address);
}

static bool is_local(const char *address)
{
    static const char *const beginnings[] = {"127.", "localhost", "[::1]", "::1", "unix:", "/"};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        if (strncmp(address, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    }
    return false;
}

bool lines_are_local(const struct snmpd_conf *c)
{
    struct addresses all = {.conf = c};
    char address[128];
    size_t count = 0;
    for (; next_address(&all, address, sizeof address); count++) {
        if (!is_local(address))
            return false;
    }
    return count > 0;
}
