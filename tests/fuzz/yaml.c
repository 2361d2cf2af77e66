/* The configuration file: any bytes are read, or refused with places that exist. */
#include <stdlib.h>
#include <string.h>

#include "config_parts.h"

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
    (void)is_warning;
    unsigned long at = strtoul(line + strlen("yaml:"), NULL, 10);
    if (at == 0 || at > *(const size_t *)owner)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const char *text = (const char *)bytes;
    size_t lines = lines_of(text, n);
    struct complaints complaints = {0};
    struct config *c = config_parse(text, n, &complaints);
    if ((c == NULL) != complaints_any(&complaints))
        abort();
    complaints_tell(&complaints, "yaml", on_complaint, &lines);
    complaints_end(&complaints);
    config_free(c);
    return 0;
}
