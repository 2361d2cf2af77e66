#include "set_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"

static unsigned long column_of(const char *object)
{
    static const char prefix[] = "emailMon";
    if (strcmp(object, "PollNow") == 0)
        return CONFIG_POLL_NOW;
    if (strcmp(object, "StorageType") == 0)
        return CONFIG_STORAGE_TYPE;
    if (strcmp(object, "RowStatus") == 0)
        return CONFIG_ROW_STATUS;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(settings[i].object + sizeof prefix - 1, object) == 0)
            return settings[i].column;
    }
    return strtoul(object, NULL, 10);
}

/* "80ff" into two octets, in its own place. */
static bool take_octets(struct set_variable *v, char *value)
{
    size_t n = strlen(value) / 2;
    for (size_t i = 0; i < n; i++) {
        unsigned octet = 0;
        if (sscanf(value + 2 * i, "%2x", &octet) != 1)
            return false;
        value[i] = (char)octet;
    }
    v->length = n;
    return true;
}

static bool take_value(struct set_variable *v, char type, char *value)
{
    v->octets = value;
    v->length = strlen(value);
    v->integer = strtoll(value, NULL, 10);
    v->number = (uint32_t)strtoull(value, NULL, 10);
    v->type = type == 'i' ? SET_INTEGER : type == 'u' ? SET_UNSIGNED : type == 't' ? SET_OTHER : SET_OCTETS;
    return type != 'x' || take_octets(v, value);
}

static bool take_word(struct set_variable *v, char *word)
{
    char *equal = strchr(word, '=');
    if (equal == NULL || equal[1] == '\0')
        return false;
    *equal = '\0';
    char *dot = strchr(word, '.');
    *v = (struct set_variable){.is_instance = dot != NULL};
    if (dot != NULL) {
        *dot = '\0';
        v->index = strtoul(dot + 1, NULL, 10);
    }
    v->column = column_of(word);
    return take_value(v, equal[1], equal + 2);
}

bool set_line_read(char *line, struct set_variable *v, size_t most, size_t *count)
{
    bool right = true;
    *count = 0;
    for (char *word; (word = strsep(&line, " ")) != NULL;) {
        if (word[0] == '\0')
            continue;
        if (*count < most && take_word(&v[*count], word))
            ++*count;
        else
            right = false;
    }
    return right;
}
