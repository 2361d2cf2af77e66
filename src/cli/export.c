/* emailmon export: rows made by SET, as YAML that the configuration file can take over. */
#include "export.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "configuration.h"
#include "store.h"

/* Settings without a group stand in the monitor itself, the others in their group. */
static const struct group {
    const char *prefix, *head;
    const char *indent;
    enum leg leg; /* whose password is in it */
} groups[] = {
    {"", NULL, "    ", LEG_NONE},
    {"smtp.", "smtp", "      ", LEG_SMTP},
    {"incoming.", "incoming", "      ", LEG_INCOMING},
};

static bool is_in(const struct setting *s, const struct group *g)
{
    if (g->prefix[0] == '\0')
        return strchr(s->key, '.') == NULL;
    return strncmp(s->key, g->prefix, strlen(g->prefix)) == 0;
}

/* Texts hold no control characters: two escapes are all that a double-quoted scalar needs (YAML 1.1 s. 5.6). */
static void print_text(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static void print_list(FILE *out, const struct word *words, uint32_t bits)
{
    const char *between = "";
    (void)fputc('[', out);
    for (; words->word != NULL; words++) {
        if ((bits & words->number) == 0)
            continue;
        (void)fprintf(out, "%s%s", between, words->word);
        between = ", ";
    }
    (void)fputc(']', out);
}

static void print_value(FILE *out, const struct setting *s, const struct definition *d)
{
    const struct word *words = setting_words(s->kind);
    uint32_t number = definition_number(d, setting_id(s));
    if (setting_is_text(s)) {
        print_text(out, definition_text(d, setting_id(s)));
    } else if (s->kind == KIND_NOTIFY) {
        print_list(out, words, number);
    } else if (words == NULL) {
        (void)fprintf(out, "%" PRIu32, number);
    } else {
        while (words->word != NULL && words->number != number)
            words++;
        (void)fputs(words->word == NULL ? "" : words->word, out);
    }
}

/* Who is not in service is not polled: that is what the file calls not enabled. */
static bool is_printed(const struct setting *s, const struct definition *d)
{
    enum setting_id id = setting_id(s);
    bool enabled_is_ours = id == SETTING_enabled && d->row_status != ROW_ACTIVE;
    return definition_has(d, id) && s->kind != KIND_SECRET && id != SETTING_name && !enabled_is_ours;
}

static void print_group(FILE *out, const struct group *g, int32_t index, const struct definition *d)
{
    bool has_password = g->leg != LEG_NONE && d->secret[g->leg - LEG_SMTP] == SECRET_FAILED;
    bool begun = g->head == NULL;
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        const struct setting *s = &settings[id];
        if (!is_in(s, g) || !is_printed(s, d))
            continue;
        if (!begun)
            (void)fprintf(out, "    %s:\n", g->head);
        begun = true;
        (void)fprintf(out, "%s%s: ", g->indent, s->key + strlen(g->prefix));
        print_value(out, s, d);
        (void)fputc('\n', out);
    }
    if (!has_password)
        return;
    if (!begun)
        (void)fprintf(out, "    %s:\n", g->head);
    (void)fprintf(out, "%spassword_file: /etc/emailmon/row-%" PRId32 "-%s.secret   # to be written, mode 0600\n",
                  g->indent, index, g->head);
}

void export_monitor(FILE *out, int32_t index, const struct definition *d)
{
    if (d->row_status == ROW_NOT_READY) {
        (void)fprintf(out, "  # row %" PRId32 " is not ready: something that it needs was never set\n", index);
        return;
    }
    (void)fputs("  - name: ", out);
    print_text(out, definition_text(d, SETTING_name));
    (void)fprintf(out, "\n    index: %" PRId32 "\n", index);
    if (d->row_status != ROW_ACTIVE)
        (void)fputs("    enabled: false   # it was not in service\n", out);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        print_group(out, &groups[i], index, d);
}

static void print_row(void *owner, int32_t index, const struct definition *d)
{
    size_t *count = owner;
    if (*count == 0)
        (void)puts("monitors:");
    ++*count;
    export_monitor(stdout, index, d);
}

int command_export(const struct arguments *a)
{
    char why[512];
    size_t count = 0;
    struct config *config = configuration_read(a->file, false);
    if (config == NULL)
        return EXIT_MISTAKE;
    bool ok = store_read_definitions(config->general.state, 0, print_row, &count, why, sizeof why);
    if (!ok)
        (void)fprintf(stderr, "emailmon: %s\n", why);
    else if (count == 0)
        (void)puts("monitors: []   # no row was made by SET");
    config_free(config);
    return ok ? EXIT_SUCCESS : EXIT_MISTAKE;
}
