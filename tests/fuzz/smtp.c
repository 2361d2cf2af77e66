/* SMTP against a server that says anything. */
#include "smtp.h"

#include <string.h>

#include "drive.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const char message[] = "Subject: x\r\n\r\n.dot\r\n";
static const char on_the_wire[] = "Subject: x\r\n\r\n..dot\r\n.\r\n";

struct send {
    struct smtp_task task;
    bool left; /* the message did */
};

static struct session *make(struct drive *d, void *owner)
{
    struct send *o = owner;
    *o = (struct send){.task = {.leg = &d->leg,
                                .hello_name = (d->flags & DRIVE_OWN_2) != 0 ? "" : "client.example.org",
                                .from = "a@example.org",
                                .to = "b@example.org",
                                .message = message,
                                .message_bytes = sizeof message - 1,
                                .no_data = (d->flags & DRIVE_OWN_1) != 0,
                                .memory = &d->memory,
                                .cache = d->cache}};
    return smtp_new(&o->task);
}

/* The message leaves once, as a whole, and not before it is on record. */
static void said(const struct drive *d, void *owner, const char *bytes, size_t n)
{
    struct send *o = owner;
    if (memmem(bytes, n, "Subject", strlen("Subject")) == NULL)
        return;
    must(d->held && !o->left && !o->task.no_data);
    must(n >= sizeof on_the_wire - 1 && memcmp(bytes, on_the_wire, sizeof on_the_wire - 1) == 0);
    o->left = true;
}

static void ended(const struct drive *d, void *owner, const struct session *s, enum want want)
{
    const struct send *o = owner;
    enum smtp_fate fate = smtp_fate(s);
    (void)d;
    must(o->left || (fate != SMTP_ACCEPTED && fate != SMTP_UNCERTAIN));
    must(fate != SMTP_ENOUGH || o->task.no_data);
    must((want == WANT_CLOSE) == (fate == SMTP_ACCEPTED || fate == SMTP_ENOUGH));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const struct drive_machine machine = {LEG_SMTP, make, said, ended};
    struct send owner;
    drive(&machine, &owner, bytes, n);
    return 0;
}
