#include "status_watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "screen.h"
#include "signals.h"
#include "status_show.h"

/* Of a hundred thousand monitors a look takes a while: it may not take more than a tenth of a processor. */
enum { WATCH_EVERY_MS = 2000, WATCH_SHARE = 10 };

struct watching {
    struct showing showing;
    struct terminal t;
    int signals;       /* what comes while it shows in place; -1: it does not, and signals do what they always do */
    char trouble[512]; /* why the last reading failed; "": it did not */
};

static int catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
    return signals_catch(numbers, sizeof numbers / sizeof numbers[0]);
}

/* --- showing --- */

/* Why nothing could be read anew stands above what is known. */
static void draw_in_place(const struct watching *w)
{
    char *page = NULL;
    size_t bytes = 0;
    struct terminal t = w->t;
    t.columns--; /* a line that ends in the last column would be cut by what erases its rest */
    t.out = open_memstream(&page, &bytes);
    if (t.out == NULL)
        return; /* the last page stays */
    if (w->trouble[0] != '\0') {
        terminal_put(&t, w->trouble, COLOUR_BAD, t.columns);
        (void)fputc('\n', t.out);
        t.lines--;
    }
    status_show(&w->showing, &t);
    if (fclose(t.out) == 0)
        screen_draw(&w->t, page);
    free(page);
}

static bool show(struct watching *w)
{
    if (w->signals >= 0) {
        w->t = terminal_of(stdout);
        draw_in_place(w);
        return true;
    }
    if (w->trouble[0] != '\0')
        (void)fprintf(stderr, "emailmon: %s\n", w->trouble);
    else
        status_show(&w->showing, &w->t);
    if (!w->showing.json)
        (void)fputc('\n', stdout);
    return fflush(stdout) == 0;
}

/* --- waiting --- */

/* Ctrl-Z: the shell has its screen until it lets us go on. */
static void stand_still(const struct watching *w)
{
    screen_leave(&w->t);
    (void)raise(SIGSTOP);
    screen_enter(&w->t);
}

/* What has come; false: it is to end. */
static bool take_signal(struct watching *w)
{
    struct signalfd_siginfo info;
    if (read(w->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return true;
    if (info.ssi_signo == SIGTSTP)
        stand_still(w);
    else if (info.ssi_signo != SIGWINCH)
        return false;
    return show(w);
}

/* False: it is to end. */
static bool pause_until(struct watching *w, uint64_t until_ms)
{
    for (uint64_t now_ms; (now_ms = monotonic_now_ms()) < until_ms;) {
        struct pollfd p = {.fd = w->signals, .events = POLLIN};
        int ready = poll(&p, 1, (int)(until_ms - now_ms));
        if (ready < 0 && errno != EINTR)
            return false;
        if (ready > 0 && !take_signal(w))
            return false;
    }
    return true;
}

static uint64_t pause_after(uint64_t took_ms)
{
    return took_ms * WATCH_SHARE > WATCH_EVERY_MS ? took_ms * WATCH_SHARE : WATCH_EVERY_MS;
}

/* Show what was read since ${began_ms}, and so on.  False: it cannot be shown. */
static bool go_on(struct watching *w, uint64_t began_ms)
{
    while (show(w)) {
        uint64_t took_ms = monotonic_now_ms() - began_ms;
        if (!pause_until(w, began_ms + pause_after(took_ms)))
            return true;
        began_ms = monotonic_now_ms();
        w->trouble[0] = '\0';
        (void)status_read(&w->showing, w->trouble, sizeof w->trouble);
    }
    return false;
}

int status_watch(const struct config *config, const struct arguments *a)
{
    struct watching w = {
        .showing = {.config = config, .file = a->file, .name = a->name, .json = a->json, .a_line = true},
        .t = terminal_of(stdout),
        .signals = -1};
    uint64_t began_ms = monotonic_now_ms();
    if (!status_read(&w.showing, w.trouble, sizeof w.trouble)) { /* later it may: what is known is shown on */
        (void)fprintf(stderr, "emailmon: %s\n", w.trouble);
        return EXIT_MISTAKE;
    }
    if (w.t.moves && !a->json)
        w.signals = catch_signals();
    w.showing.in_place = w.signals >= 0;
    if (w.showing.in_place)
        screen_enter(&w.t);
    bool ok = go_on(&w, began_ms);
    if (w.showing.in_place) {
        screen_leave(&w.t);
        (void)close(w.signals);
    }
    status_forget(&w.showing);
    return ok ? EXIT_SUCCESS : EXIT_MISTAKE;
}
