/*
 * snmpd's configuration as doctor reads it: its lines cut into words, those of the files that it includes in their
 * place (snmpd.conf(5)).  What the words mean is for those who ask.
 */
#ifndef EMAILMON_DOCTOR_CONF_H
#define EMAILMON_DOCTOR_CONF_H

#include <stdbool.h>
#include <stddef.h>

struct conf_line {
    char *file;
    unsigned number; /* from 1 */
    char **words;    /* the first is the directive; NULL behind the last */
    size_t count;    /* at least 1 */
};

struct snmpd_conf {
    struct conf_line *lines;
    size_t count;
    int error;     /* errno of the first file that could not be read; 0: all were */
    bool has_none; /* ... and that was the one asked for */
};

/** conf_read(c, path): Fill ${c}, all zero before, with ${path}, with what that includes, and with the file
 *  snmpd.local.conf beside it.  conf_add(c, file, number, text): one line; false: memory.  conf_clear(c): wipes: there
 *  are communities and passphrases in it. */
void conf_read(struct snmpd_conf *c, const char *path);
bool conf_add(struct snmpd_conf *c, const char *file, unsigned number, const char *text);
void conf_clear(struct snmpd_conf *c);

/** conf_find(c, directive, after): The next line with that directive (in any case) behind ${after}; NULL ${after}: the
 *  first; NULL: none.  conf_last(c, directive): the last one, which is right where only one can be.
 *  conf_word(line, i): its ${i}th word, "" when there are fewer. */
const struct conf_line *conf_find(const struct snmpd_conf *c, const char *directive, const struct conf_line *after);
const struct conf_line *conf_last(const struct snmpd_conf *c, const char *directive);
const char *conf_word(const struct conf_line *line, size_t i);

#endif
