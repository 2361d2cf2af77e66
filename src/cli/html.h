/*
 * What stands in a page: texts from wherever, escaped.
 */
#ifndef EMAILMON_HTML_H
#define EMAILMON_HTML_H

#include <stdio.h>

/** html_text(out, text): Print ${text} (UTF-8) so that it is text wherever it stands, in an element or within the
 *  quotes of an attribute; a control character is shown as U+FFFD. */
void html_text(FILE *out, const char *text);

#endif
