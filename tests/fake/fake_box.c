#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "fake_parts.h"

/* The text of every foreign mail: 100,000 mailboxes must not have a hundred copies each. */
static char foreign_text[] = "From: Somebody <somebody@elsewhere.test>\r\n"
                             "To: Everybody <everybody@fake.test>\r\n"
                             "Subject: a letter\r\n"
                             "Message-ID: <letter@elsewhere.test>\r\n"
                             "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n\r\n"
                             "Dear all,\r\nthis is not for emailmon.\r\n";

static size_t bucket_of(const char *user)
{
    uint32_t mixed = 2166136261U;
    for (; *user != '\0'; user++)
        mixed = (mixed ^ (unsigned char)*user) * 16777619U;
    return mixed % FAKE_BOXES;
}

struct mailbox *box_of(struct fake_mail *f, const char *user)
{
    struct mailbox **bucket = &f->boxes[bucket_of(user)];
    for (struct mailbox *box = *bucket; box != NULL; box = box->next)
        if (strcmp(box->user, user) == 0)
            return box;
    size_t n = strlen(user) + 1;
    struct mailbox *box = calloc(1, sizeof *box + n);
    if (box == NULL)
        return NULL;
    memcpy(box->user, user, n);
    box->uid_next = 1;
    box->next = *bucket;
    *bucket = box;
    for (unsigned i = 0; i < f->faults[FAULT_FOREIGN]; i++)
        (void)box_put(box, foreign_text, sizeof foreign_text - 1);
    return box;
}

static void free_text(const struct mail *m)
{
    if (m->text != foreign_text)
        free(m->text);
}

bool box_put(struct mailbox *box, char *text, size_t bytes)
{
    if (box->count == box->room) {
        size_t room = box->room == 0 ? 4 : 2 * box->room;
        struct mail *mails = reallocarray(box->mails, room, sizeof *mails);
        if (mails == NULL)
            return false;
        box->mails = mails;
        box->room = room;
    }
    box->mails[box->count++] =
        (struct mail){.uid = box->uid_next++, .arrived_s = (int64_t)time(NULL), .bytes = bytes, .text = text};
    return true;
}

void box_remove_deleted(struct fake_mail *f, struct mailbox *box, void (*said)(void *owner, size_t number), void *owner)
{
    size_t kept = 0;
    for (size_t i = 0; i < box->count; i++) {
        if (!box->mails[i].deleted) {
            box->mails[kept++] = box->mails[i];
            continue;
        }
        if (said != NULL)
            said(owner, kept + 1);
        free_text(&box->mails[i]);
        f->counts[COUNT_DELETED]++;
    }
    box->count = kept;
}

void box_free_all(struct fake_mail *f)
{
    for (size_t i = 0; i < FAKE_BOXES; i++)
        for (struct mailbox *box = f->boxes[i], *next; box != NULL; box = next) {
            next = box->next;
            for (size_t m = 0; m < box->count; m++)
                free_text(&box->mails[m]);
            free(box->mails);
            free(box);
        }
}

size_t fake_header_end(const struct mail *m)
{
    const char *end = memmem(m->text, m->bytes, "\r\n\r\n", 4);
    return end == NULL ? m->bytes : (size_t)(end - m->text) + 4;
}

/* --- logins --- */

/* RFC 2449 s. 6.5. */
static bool is_too_early(const struct connection *c, const struct mailbox *box)
{
    uint64_t delay_ms = (uint64_t)fake_fault(c, FAULT_LOGIN_DELAY) * 1000;
    return c->protocol == FAKE_POP3 && box->login_ms != 0 && fake_now_ms() - box->login_ms < delay_ms;
}

enum login_answer fake_login(struct connection *c, const char *user, const char *password)
{
    struct fake_mail *f = c->fake;
    if (strcmp(password, "wrong") == 0) {
        f->counts[COUNT_LOGINS_REFUSED]++;
        return LOGIN_NO;
    }
    struct mailbox *box = box_of(f, user);
    if (f->faults[FAULT_IN_USE] > 0) {
        f->faults[FAULT_IN_USE]--;
        return LOGIN_IN_USE;
    }
    if (box == NULL)
        return LOGIN_NO;
    if (box->sessions > 0)
        f->counts[COUNT_OVERLAPS]++;
    if (box->sessions > 0 && c->protocol == FAKE_POP3)
        return LOGIN_IN_USE;
    if (is_too_early(c, box)) {
        f->counts[COUNT_LOGINS_REFUSED]++;
        return LOGIN_TOO_EARLY;
    }
    box->login_ms = fake_now_ms();
    box->sessions++;
    c->box = box;
    f->counts[COUNT_LOGINS]++;
    return LOGIN_YES;
}

void fake_logout(struct connection *c)
{
    if (c->box != NULL)
        c->box->sessions--;
    c->box = NULL;
}

static int base64_value(char ch)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = ch == '\0' ? NULL : strchr(digits, ch);
    return at == NULL ? -1 : (int)(at - digits);
}

bool plain_read(const char *base64, char user[256], char password[256])
{
    char plain[512];
    size_t n = 0;
    uint32_t bits = 0;
    unsigned have = 0;
    for (; base64_value(*base64) >= 0 && n < sizeof plain - 1; base64++) {
        bits = bits << 6 | (uint32_t)base64_value(*base64);
        have += 6;
        if (have >= 8) {
            have -= 8;
            plain[n++] = (char)(bits >> have & 0xFF);
        }
    }
    plain[n] = '\0';
    const char *id = memchr(plain, '\0', n);
    const char *secret = id != NULL ? memchr(id + 1, '\0', n - (size_t)(id + 1 - plain)) : NULL;
    if (secret == NULL || strlen(id + 1) > 255 || strlen(secret + 1) > 255)
        return false;
    memcpy(user, id + 1, strlen(id + 1) + 1);
    memcpy(password, secret + 1, strlen(secret + 1) + 1);
    return true;
}

/* --- for the tests --- */

size_t fake_mails(struct fake_mail *f, const char *user)
{
    (void)pthread_mutex_lock(&f->mutex);
    const struct mailbox *box = box_of(f, user);
    size_t count = box != NULL ? box->count : 0;
    (void)pthread_mutex_unlock(&f->mutex);
    return count;
}

bool fake_put(struct fake_mail *f, const char *user, const char *mail)
{
    char *text = strdup(mail);
    (void)pthread_mutex_lock(&f->mutex);
    struct mailbox *box = box_of(f, user);
    bool done = box != NULL && text != NULL && box_put(box, text, strlen(text));
    (void)pthread_mutex_unlock(&f->mutex);
    if (!done)
        free(text);
    return done;
}

char *fake_get(struct fake_mail *f, const char *user, size_t i)
{
    (void)pthread_mutex_lock(&f->mutex);
    const struct mailbox *box = box_of(f, user);
    char *copy = box != NULL && i < box->count ? strndup(box->mails[i].text, box->mails[i].bytes) : NULL;
    (void)pthread_mutex_unlock(&f->mutex);
    return copy;
}

void fake_each(struct fake_mail *f, void (*tell)(void *owner, const char *user, uint32_t uid), void *owner)
{
    (void)pthread_mutex_lock(&f->mutex);
    for (size_t i = 0; i < FAKE_BOXES; i++)
        for (const struct mailbox *box = f->boxes[i]; box != NULL; box = box->next)
            for (size_t m = 0; m < box->count; m++)
                tell(owner, box->user, box->mails[m].uid);
    (void)pthread_mutex_unlock(&f->mutex);
}

void fake_clear(struct fake_mail *f, const char *user)
{
    (void)pthread_mutex_lock(&f->mutex);
    struct mailbox *box = box_of(f, user);
    for (size_t i = 0; box != NULL && i < box->count; i++)
        free_text(&box->mails[i]);
    if (box != NULL)
        box->count = 0;
    (void)pthread_mutex_unlock(&f->mutex);
}
