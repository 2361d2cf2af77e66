/*
 * A page that is drawn anew in place, on a terminal's other screen, so that what stood there before comes back at the
 * end.  Nothing is cleared before it is written over: nothing flickers.
 */
#ifndef EMAILMON_SCREEN_H
#define EMAILMON_SCREEN_H

#include "terminal.h"

/** screen_enter(t): Go to the other screen, without a cursor.  screen_leave(t): back.  ${t} must be one that moves. */
void screen_enter(const struct terminal *t);
void screen_leave(const struct terminal *t);

/** screen_draw(t, text): Show ${text} from the first line on; what does not fit is left out.  One write. */
void screen_draw(const struct terminal *t, const char *text);

#endif
