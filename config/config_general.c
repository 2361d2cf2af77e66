/* What is not about one monitor: one table, as the settings of monitors are. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "config_parts.h"
#include "records.h"
#include "syntax.h"
#include "text.h"

enum { HISTORY_MAX_S = 10 * 366 * 86400, SHOWN_MAX = 64 };

/* --- shapes --- */

static bool is_port(const char *s)
{
    uint64_t port;
    return number_parse(s, 1, UINT16_MAX, &port);
}

static bool is_path(const char *s)
{
    return s[0] != '\0';
}

/* unix:/PATH, or tcp:HOST:PORT; Net-SNMP's tcp speaks IPv4. */
static bool is_agentx(const char *s)
{
    static const char local[] = "unix:", remote[] = "tcp:";
    if (strncmp(s, local, sizeof local - 1) == 0) {
        const char *path = s + sizeof local - 1;
        return path[0] == '/' && strlen(path) < sizeof((struct sockaddr_un *)NULL)->sun_path;
    }
    if (strncmp(s, remote, sizeof remote - 1) != 0)
        return false;
    const char *host = s + sizeof remote - 1, *colon = strrchr(host, ':');
    if (colon == NULL || !is_port(colon + 1))
        return false;
    size_t n = (size_t)(colon - host);
    return syntax_is_ipv4(host, n) || syntax_is_name(host, n);
}

/* 192.0.2.1, 192.0.2.1:53, 2001:db8::1, [2001:db8::1]:53 */
static bool is_dns_server(const char *s, size_t n)
{
    char port[sizeof "65535"];
    if (syntax_is_ipv4(s, n) || syntax_is_ipv6(s, n))
        return true;
    const char *colon = memrchr(s, ':', n);
    size_t host = colon != NULL ? (size_t)(colon - s) : n;
    if (colon != NULL && s[n - 1] != ']') {
        size_t digits = n - host - 1;
        if (digits == 0 || digits >= sizeof port)
            return false;
        memcpy(port, colon + 1, digits);
        port[digits] = '\0';
        if (!is_port(port))
            return false;
    } else {
        host = n;
    }
    return syntax_is_ipv4(s, host) ||
           (host > 2 && s[0] == '[' && s[host - 1] == ']' && syntax_is_ipv6(s + 1, host - 2));
}

static bool is_dns(const char *s)
{
    static const char blank[] = " ";
    do {
        s += strspn(s, blank);
        size_t n = strcspn(s, ", ");
        if (!is_dns_server(s, n))
            return false;
        s += n;
        s += strspn(s, blank);
    } while (*s++ == ',');
    return s[-1] == '\0';
}

/* --- the table --- */

struct general_setting {
    const char *key;
    size_t offset; /* in struct config_general: a char *, or a uint32_t when there is no rule */
    bool (*holds)(const char *s);
    const char *right; /* what holds() wants, in words */
    const char *default_text;
    uint32_t min, max, default_number;
    bool duration;
};

#define TEXT(key_, member, default_, holds_, right_)                                                                   \
    {                                                                                                                  \
        .key = (key_), .offset = offsetof(struct config_general, member), .default_text = (default_),                  \
        .holds = (holds_), .right = (right_)                                                                           \
    }
#define NUMBER(key_, member, min_, max_, default_, duration_)                                                          \
    {                                                                                                                  \
        .key = (key_), .offset = offsetof(struct config_general, member), .min = (min_), .max = (max_),                \
        .default_number = (default_), .duration = (duration_)                                                          \
    }

#define PATH_RIGHT "a path is right"

static const struct general_setting table[] = {
    TEXT("agentx", agentx, "unix:/var/agentx/master", is_agentx, "unix:/PATH or tcp:HOST:PORT is right"),
    TEXT("state", state, "/var/lib/emailmon/state.db", is_path, PATH_RIGHT),
    TEXT("key_file", key_file, "", is_path, PATH_RIGHT),
    TEXT("dns", dns, "", is_dns,
         "addresses of name servers, such as 192.0.2.1 or [2001:db8::1]:53, with commas "
         "between them are right"),
    NUMBER("workers", workers, 1, WORKERS_MAX, 1, false),
    NUMBER("history", history_s, 0, HISTORY_MAX_S, 7 * 86400, true),
    NUMBER("limits.in_flight", in_flight, 1, 100000, 1000, false),
    NUMBER("limits.per_host", per_host, 1, 10000, 10, false),
    TEXT("tls.ca_file", ca_file, "", is_path, PATH_RIGHT),
};

enum { GENERAL_COUNT = sizeof table / sizeof table[0] };

static char **text_of(struct config_general *g, const struct general_setting *s)
{
    return (char **)(void *)((char *)g + s->offset);
}

static uint32_t *number_of(struct config_general *g, const struct general_setting *s)
{
    return (uint32_t *)(void *)((char *)g + s->offset);
}

static bool set_text(struct config_general *g, const struct general_setting *s, const char *value)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return false;
    free(*text_of(g, s));
    *text_of(g, s) = copy;
    return true;
}

bool general_defaults(struct config_general *g)
{
    bool good = true;
    for (size_t i = 0; i < GENERAL_COUNT; i++) {
        if (table[i].holds == NULL)
            *number_of(g, &table[i]) = table[i].default_number;
        else
            good = set_text(g, &table[i], table[i].default_text) && good;
    }
    return good;
}

void general_add_keys(struct key_list *k, const char *where)
{
    const size_t n = strlen(where);
    (void)text_copy(k->where, sizeof k->where, where);
    for (size_t i = 0; i < GENERAL_COUNT; i++) {
        const char *dot = strchr(table[i].key, '.');
        size_t group = dot == NULL ? 0 : (size_t)(dot - table[i].key) + 1;
        if (group == n && strncmp(table[i].key, where, n) == 0)
            keys_add(k, table[i].key + n, (unsigned)i);
    }
}

static void take_number(struct complaints *c, struct config_general *g, const struct general_setting *s,
                        const struct node *value, const char *shown)
{
    uint64_t number;
    bool parsed =
        s->duration ? duration_parse(value->text, &number) : number_parse(value->text, 0, UINT64_MAX, &number);
    if (parsed && number >= s->min && number <= s->max)
        *number_of(g, s) = (uint32_t)number;
    else
        complaints_add(c, value->at, "%s: \"%s\" is not in range; a %s from %u to %u is right", s->key, shown,
                       s->duration ? "number of seconds (or a duration such as 7d)" : "number", (unsigned)s->min,
                       (unsigned)s->max);
}

void general_take(struct complaints *c, struct config_general *g, const struct found *f)
{
    const struct general_setting *s = &table[f->what];
    const struct node *value = f->value;
    char shown[SHOWN_MAX + 1];
    if (!scalar_is(c, value, "", s->key))
        return;
    (void)text_readable(shown, sizeof shown, value->text, value->length);
    if (s->holds == NULL) {
        take_number(c, g, s, value, shown);
        return;
    }
    if (!text_is_clean(value->text, value->length) || !s->holds(value->text))
        complaints_add(c, value->at, "%s: \"%s\" is not valid; %s", s->key, shown, s->right);
    else if (!set_text(g, s, value->text))
        complaints_memory(c);
}

/* Blanks are for people. */
static void squeeze(char *s)
{
    char *to = s;
    for (; *s != '\0'; s++) {
        if (*s != ' ')
            *to++ = *s;
    }
    *to = '\0';
}

bool general_finish(struct config_general *g)
{
    static const char suffix[] = ".key";
    squeeze(g->dns);
    if (g->key_file[0] != '\0')
        return true;
    size_t n = strlen(g->state);
    char *made = malloc(n + sizeof suffix);
    if (made == NULL)
        return false;
    memcpy(made, g->state, n);
    memcpy(made + n, suffix, sizeof suffix);
    free(g->key_file);
    g->key_file = made;
    return true;
}

void general_end(struct config_general *g)
{
    for (size_t i = 0; i < GENERAL_COUNT; i++) {
        if (table[i].holds != NULL)
            free(*text_of(g, &table[i]));
    }
    *g = (struct config_general){0};
}

const char *general_changed(const struct config_general *a, const struct config_general *b, size_t i)
{
    if (i >= GENERAL_COUNT)
        return NULL;
    const char *x = (const char *)a + table[i].offset, *y = (const char *)b + table[i].offset;
    if (table[i].holds == NULL)
        return memcmp(x, y, sizeof(uint32_t)) == 0 ? "" : table[i].key;
    return strcmp(*(char *const *)(const void *)x, *(char *const *)(const void *)y) == 0 ? "" : table[i].key;
}
