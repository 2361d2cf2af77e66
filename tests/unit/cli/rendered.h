/* What is printed for a terminal, as a text. */
#ifndef EMAILMON_RENDERED_H
#define EMAILMON_RENDERED_H

#include "terminal.h"

/** rendered_begin(columns): A terminal of so many columns (0: a pipe) with UTF-8 and without colours; what is printed
 *  to it is kept.  rendered_end(t): all of it, and ${t} is closed; valid until the next one begins. */
struct terminal rendered_begin(unsigned columns);
const char *rendered_end(struct terminal *t);

#endif
