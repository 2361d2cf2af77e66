/*
 * snmpd's configuration as doctor reads it: any lines are cut into words, and asked what a view shows.  The input is
 * the text of a file, which includes nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_conf.h"
#include "doctor_vacm.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void add_lines(struct snmpd_conf *c, char *text)
{
    unsigned number = 1;
    for (char *line = text; line != NULL; number++) {
        char *end = strchr(line, '\n');
        if (end != NULL)
            *end = '\0';
        must(conf_add(c, "snmpd.conf", number, line));
        line = end != NULL ? end + 1 : NULL;
    }
}

static void check_words(const struct snmpd_conf *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct conf_line *line = &c->lines[i];
        must(line->count >= 1 && line->words[line->count] == NULL);
        must(conf_find(c, line->words[0], NULL) <= line && conf_last(c, line->words[0]) >= line);
        must(conf_word(line, line->count)[0] == '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct snmpd_conf c = {0};
    char *text = malloc(n + 1);
    must(text != NULL);
    memcpy(text, bytes, n);
    text[n] = '\0';
    add_lines(&c, text);
    check_words(&c);
    (void)vacm_shows(&c, "v", ".1.3.6.1.4.1.8072.9999.9999.2525.1.1.1.0");
    conf_clear(&c);
    free(text);
    return 0;
}
