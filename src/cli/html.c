#include "html.h"

static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return (unsigned char)c < ' ' || c == '\x7F' ? "\xEF\xBF\xBD" : NULL;
    }
}

void html_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *escape = escape_of(*text);
        if (escape != NULL)
            (void)fputs(escape, out);
        else
            (void)fputc(*text, out);
    }
}
