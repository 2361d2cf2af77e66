#include "doctor_conf.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { INCLUDES_DEPTH_MAX = 8 }; /* files that include one another */

static const char blanks[] = " \t\r\n";

/* --- one line --- */

static void wipe_words(struct conf_line *line)
{
    for (size_t i = 0; i < line->count; i++) {
        explicit_bzero(line->words[i], strlen(line->words[i]));
        free(line->words[i]);
    }
    free(line->words);
    free(line->file);
}

static bool has_word(const char **text)
{
    *text += strspn(*text, blanks);
    return **text != '\0' && **text != '#';
}

/* The next word of ${*text}, in quotes or without; NULL: no memory. */
static char *take_word(const char **text)
{
    const char *from = *text;
    size_t n;
    if (*from == '"' || *from == '\'') {
        const char quote[] = {*from++, '\0'};
        n = strcspn(from, quote);
        *text = from + n + (from[n] != '\0');
    } else {
        n = strcspn(from, blanks);
        *text = from + n;
    }
    return strndup(from, n);
}

/* False: no memory. */
static bool add_word(struct conf_line *line, char *word)
{
    char **more = reallocarray(line->words, line->count + 2, sizeof *more);
    if (more != NULL)
        line->words = more;
    if (more == NULL || word == NULL) {
        free(word);
        return false;
    }
    line->words[line->count++] = word;
    line->words[line->count] = NULL;
    return true;
}

static bool add_words(struct conf_line *line, const char *text)
{
    while (has_word(&text)) {
        if (!add_word(line, take_word(&text)))
            return false;
    }
    return true;
}

/* "[snmp] ..." is for another program, "[snmpd] ..." for this one. */
static const char *skip_section(const char *text)
{
    static const char ours[] = "[snmpd]";
    text += strspn(text, blanks);
    if (*text != '[')
        return text;
    return strncasecmp(text, ours, sizeof ours - 1) == 0 ? text + sizeof ours - 1 : "";
}

bool conf_add(struct snmpd_conf *c, const char *file, unsigned number, const char *text)
{
    struct conf_line line = {.number = number};
    bool whole = add_words(&line, skip_section(text));
    if (whole && line.count == 0)
        return true;
    struct conf_line *more = reallocarray(c->lines, c->count + 1, sizeof *more);
    line.file = strdup(file);
    if (more != NULL)
        c->lines = more;
    if (!whole || more == NULL || line.file == NULL) {
        wipe_words(&line);
        return false;
    }
    c->lines[c->count++] = line;
    return true;
}

void conf_clear(struct snmpd_conf *c)
{
    for (size_t i = 0; i < c->count; i++)
        wipe_words(&c->lines[i]);
    free(c->lines);
    *c = (struct snmpd_conf){0};
}

/* --- files --- */

static void read_file(struct snmpd_conf *c, const char *path, unsigned depth);

static int is_conf(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot != NULL && strcmp(dot, ".conf") == 0;
}

static void read_folder(struct snmpd_conf *c, const char *folder, unsigned depth)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_conf, alphasort);
    if (n < 0) {
        c->error = c->error != 0 || errno == ENOENT ? c->error : errno;
        return;
    }
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name) < (int)sizeof path)
            read_file(c, path, depth);
        free(entries[i]);
    }
    free(entries);
}

/* A name without a folder is one beside the file that includes it. */
static void include(struct snmpd_conf *c, const char *by, const char *name, unsigned depth)
{
    char copy[PATH_MAX], path[PATH_MAX];
    (void)snprintf(copy, sizeof copy, "%s", by);
    if (name[0] == '/')
        (void)snprintf(path, sizeof path, "%s", name);
    else if (snprintf(path, sizeof path, "%s/%s", dirname(copy), name) >= (int)sizeof path)
        return;
    read_file(c, path, depth);
}

static void follow(struct snmpd_conf *c, const struct conf_line *line, unsigned depth)
{
    char by[PATH_MAX], name[PATH_MAX]; /* reading moves the lines */
    if (depth >= INCLUDES_DEPTH_MAX || line->count < 2)
        return;
    (void)snprintf(by, sizeof by, "%s", line->file);
    (void)snprintf(name, sizeof name, "%s", line->words[1]);
    if (strcasecmp(line->words[0], "includeDir") == 0)
        read_folder(c, name, depth + 1);
    else if (strcasecmp(line->words[0], "includeFile") == 0)
        include(c, by, name, depth + 1);
}

static void read_file(struct snmpd_conf *c, const char *path, unsigned depth)
{
    char *text = NULL;
    size_t room = 0;
    unsigned number = 0;
    FILE *from = fopen(path, "re");
    if (from == NULL) {
        c->error = c->error != 0 ? c->error : errno;
        c->has_none = c->has_none || depth == 0;
        return;
    }
    while (getline(&text, &room, from) >= 0) {
        size_t before = c->count;
        if (!conf_add(c, path, ++number, text))
            c->error = ENOMEM;
        else if (c->count > before)
            follow(c, &c->lines[before], depth);
    }
    if (text != NULL)
        explicit_bzero(text, room);
    free(text);
    (void)fclose(from);
}

/* snmpd reads NAME.local.conf after NAME.conf. */
static bool local_name(const char *path, char local[PATH_MAX])
{
    static const char ending[] = ".conf";
    size_t n = strlen(path), e = sizeof ending - 1;
    return n > e && strcmp(path + n - e, ending) == 0 &&
           snprintf(local, PATH_MAX, "%.*s.local%s", (int)(n - e), path, ending) < PATH_MAX;
}

void conf_read(struct snmpd_conf *c, const char *path)
{
    char local[PATH_MAX];
    read_file(c, path, 0);
    if (!c->has_none && local_name(path, local) && access(local, F_OK) == 0)
        read_file(c, local, 1);
}

/* --- asking --- */

const struct conf_line *conf_find(const struct snmpd_conf *c, const char *directive, const struct conf_line *after)
{
    for (size_t i = after == NULL ? 0 : (size_t)(after - c->lines) + 1; i < c->count; i++) {
        if (strcasecmp(c->lines[i].words[0], directive) == 0)
            return &c->lines[i];
    }
    return NULL;
}

const struct conf_line *conf_last(const struct snmpd_conf *c, const char *directive)
{
    const struct conf_line *last = NULL;
    for (const struct conf_line *line = NULL; (line = conf_find(c, directive, line)) != NULL;)
        last = line;
    return last;
}

const char *conf_word(const struct conf_line *line, size_t i)
{
    return i < line->count ? line->words[i] : "";
}
