#include "doctor_vacm.h"

#include <string.h>
#include <strings.h>

/* view NAME included|excluded SUBTREE [MASK] */
enum { AT_VIEW = 1, AT_TYPE, AT_SUBTREE, AT_MASK };

static const char *without_dot(const char *oid)
{
    return oid + (oid[0] == '.');
}

static bool is_numeric(const char *oid)
{
    return strspn(oid, ".0123456789") == strlen(oid);
}

static bool is_below(const char *name, const char *subtree)
{
    const size_t n = strlen(subtree);
    return strncmp(name, subtree, n) == 0 && (name[n] == '\0' || name[n] == '.');
}

enum shown vacm_shows(const struct snmpd_conf *c, const char *view, const char *name)
{
    const struct conf_line *decides = NULL;
    for (const struct conf_line *line = NULL; (line = conf_find(c, "view", line)) != NULL;) {
        const char *subtree = without_dot(conf_word(line, AT_SUBTREE));
        if (strcmp(conf_word(line, AT_VIEW), view) != 0)
            continue;
        if (line->count > AT_MASK || !is_numeric(subtree))
            return SHOWN_UNKNOWN;
        /* All that fit are beginnings of one name: the longest text is the longest subtree. */
        if (is_below(without_dot(name), subtree) &&
            (decides == NULL || strlen(subtree) >= strlen(without_dot(conf_word(decides, AT_SUBTREE)))))
            decides = line;
    }
    if (decides == NULL)
        return SHOWN_NO;
    return strcasecmp(conf_word(decides, AT_TYPE), "included") == 0 ? SHOWN_YES : SHOWN_NO;
}
