/* The two legs of a monitor on its own page. */
#include <inttypes.h>

#include "leg_status.h"
#include "page_parts.h"
#include "phrases.h"

enum { WORD = 10, TIME = 9, BAR_MOST = 60, LINE_OF_A_PIPE = 80 };

static void print_server(const struct page *p, const struct leg_status *leg)
{
    char text[PAGE_TEXT_MAX] = "", server[512];
    const struct definition *d = p->details->definition;
    struct leg_settings to;
    if (d == NULL) {
        page_field(p, leg->label, leg->leg == LEG_SMTP ? "SMTP" : "POP3 or IMAP", COLOUR_NONE);
        return;
    }
    definition_leg(d, leg->leg, &to);
    phrase_leg(server, sizeof server, d, leg->leg);
    page_add(text, "", "%s", server);
    if (to.auth)
        page_add(text, ", ", "user %s", to.username);
    if (to.security != SECURITY_NONE && !to.tls_verify)
        page_add(text, ", ", "certificate not checked");
    page_field(p, leg->label, text, COLOUR_NONE);
}

static void add_certificate(char *text, int32_t days)
{
    if (days == CERT_DAYS_NONE)
        return;
    if (days < 0)
        page_add(text, ", ", "certificate expired");
    else
        page_add(text, ", ", "certificate valid for %" PRId32 " more day%s", days, days == 1 ? "" : "s");
}

/* What was agreed on last. */
static void print_agreed(const struct page *p, const struct leg_status *leg)
{
    char text[PAGE_TEXT_MAX] = "";
    if (leg->tls_version != NULL)
        page_add(text, ", ", "%s", text_bytes(leg->tls_version));
    add_certificate(text, leg->cert_days);
    if (leg->mechanism != NULL)
        page_add(text, ", ", "logged in by %s", text_bytes(leg->mechanism));
    if (text[0] != '\0')
        page_field(p, "", text, COLOUR_NONE);
}

static void print_leg_failure(const struct page *p, const struct leg_status *leg)
{
    char text[PAGE_TEXT_MAX] = "";
    if (leg->stage == STAGE_NONE)
        return;
    page_add(text, "", "failed: %s: %s", stage_sentence(leg->stage), cause_sentence(leg->cause));
    if (leg->reply != NULL)
        page_add(text, ": ", "%s", text_bytes(leg->reply));
    page_field(p, "", text, COLOUR_BAD);
}

static void print_bar(const struct page *p, const struct phase *phase, uint32_t whole_ms)
{
    char ms[32];
    size_t line = p->t->columns == 0 ? LINE_OF_A_PIPE : p->t->columns, used = PAGE_LABEL + WORD + TIME + 3;
    size_t room = line > used ? line - used : 1;
    if (phase->ms == 0)
        return;
    (void)snprintf(ms, sizeof ms, "%" PRIu32 " ms", phase->ms);
    (void)fprintf(p->t->out, "%*s", PAGE_LABEL, "");
    terminal_put(p->t, phase->word, COLOUR_DIM, WORD);
    (void)fprintf(p->t->out, "%*s  ", TIME, ms);
    terminal_bar(p->t, phase->ms, whole_ms, room < BAR_MOST ? room : BAR_MOST);
    (void)fputc('\n', p->t->out);
}

static uint32_t longest_of(const struct leg_status legs[LEG_STATUSES])
{
    uint32_t longest = 0;
    for (size_t l = 0; l < LEG_STATUSES; l++) {
        for (size_t i = 0; i < PHASES_MAX; i++)
            longest = legs[l].phases[i].ms > longest ? legs[l].phases[i].ms : longest;
    }
    return longest;
}

/* All bars have one scale, that of the longest phase.  A delivery, which the mailbox dates by the second, may be longer
 * than any of them: it is no part of the scale. */
void page_legs(const struct page *p)
{
    struct leg_status legs[LEG_STATUSES];
    leg_status_of(p->status, legs);
    uint32_t longest_ms = longest_of(legs);
    for (size_t l = 0; l < LEG_STATUSES; l++) {
        (void)fputc('\n', p->t->out);
        print_server(p, &legs[l]);
        print_agreed(p, &legs[l]);
        print_leg_failure(p, &legs[l]);
        for (size_t i = 0; i < PHASES_MAX; i++)
            print_bar(p, &legs[l].phases[i], longest_ms);
    }
    print_bar(p, &(const struct phase){"delivery", p->status->delivery_ms}, longest_ms);
}
