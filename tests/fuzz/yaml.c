/*
 * The configuration file, the whole of its reader: any bytes are refused with places that exist, or read into monitors
 * that are right.  Nothing that a file names is opened or run.
 */
#include <string.h>

#include "config_parts.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* At the end of a file whose last line has no end, libyaml is in the line behind it. */
static size_t lines_of(const char *bytes, size_t n)
{
    size_t lines = 2;
    for (size_t i = 0; i < n; i++)
        lines += bytes[i] == '\n' || bytes[i] == '\r' || (bytes[i] & 0x80) != 0; /* YAML has breaks beyond ASCII */
    return lines;
}

static void on_complaint(void *owner, bool is_warning, const char *line)
{
    unsigned long at = strtoul(line + strlen("yaml:"), NULL, 10);
    must(!is_warning && at > 0 && at <= *(const size_t *)owner);
    must(text_is_clean(line, strlen(line)));
}

static void check_definition(const struct definition *d)
{
    struct draft draft;
    must(d->row_status == ROW_ACTIVE && d->storage == STORAGE_READ_ONLY);
    for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
        const char *text = setting_is_text(&settings[id]) ? definition_text(d, id) : "";
        must(strlen(text) <= 255 && text_is_clean(text, strlen(text)));
    }
    must(draft_from(&draft, d) && draft_check(&draft, NULL, NULL) == 0);
    draft_end(&draft);
}

static void check_config(const struct config *c)
{
    for (size_t i = 0; i < c->wanted_count; i++) {
        must(c->wanted[i].index >= 0);
        check_definition(c->wanted[i].definition);
    }
    for (size_t i = 0; i < c->source_count; i++) {
        const struct secret_source *s = &c->sources[i];
        must(s->monitor < c->wanted_count && (s->file != NULL) != (s->command != NULL));
        must(c->wanted[s->monitor].definition->secret[s->leg - LEG_SMTP] == SECRET_WAITING);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const char *text = (const char *)bytes;
    size_t lines = lines_of(text, n);
    struct complaints complaints = {0};
    struct config *c = config_parse(text, n, &complaints);
    must((c == NULL) == complaints_any(&complaints));
    if (c != NULL)
        check_config(c);
    complaints_tell(&complaints, "yaml", on_complaint, &lines);
    complaints_end(&complaints);
    config_free(c);
    return 0;
}
