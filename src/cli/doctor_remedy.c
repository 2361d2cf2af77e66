#include "doctor_remedy.h"

#include <stdio.h>
#include <string.h>

#include "phrases.h"

/* RFC 8314, RFC 6409, RFC 9051, RFC 1939: for mends that name a port. */
enum {
    SUBMISSION_PORT = 587,
    SUBMISSIONS_PORT = 465,
    IMAP_PORT = 143,
    IMAPS_PORT = 993,
    POP3_PORT = 110,
    POP3S_PORT = 995
};

#define SEE_TRACE "`emailmon test -c {file} '{monitor}' --trace` shows the conversation"

/* The first that fits; STAGE_NONE, CAUSE_NONE: any.  Words in braces: see words[] below. */
static const struct remedy {
    enum stage stage;
    enum cause cause;
    enum mail_check check;
    const char *text;
} remedies[] = {
    {STAGE_NONE, CAUSE_CLOCK, MAIL_CLOCK, "set this machine's clock: timedatectl set-ntp true"},
    {STAGE_NONE, CAUSE_NO_SUCH_NAME, MAIL_NAMES, "{where} write `server: NAME`, as the name servers know it"},
    {STAGE_NONE, CAUSE_NAME_SERVER, MAIL_NAMES,
     "write `nameserver ADDRESS` of one that answers into /etc/resolv.conf, or `dns: ADDRESS` into {file}"},
    {STAGE_RESOLVE, CAUSE_NONE, MAIL_NAMES, "{where} write `server: NAME`, as the name servers know it"},
    {STAGE_NONE, CAUSE_SECRET, MAIL_LOGINS,
     "{where} write `password_file: PATH` of a file that the user {user} may read"},
    {STAGE_CONNECT, CAUSE_REFUSED, MAIL_PORTS,
     "start the server, or {where} write the port that it listens on, often `port: {usual_port}`"},
    {STAGE_CONNECT, CAUSE_TIMED_OUT, MAIL_PORTS,
     "let TCP port {port} of {server} through the firewall, or {where} write another `port:`, often {usual_port}"},
    {STAGE_CONNECT, CAUSE_NONE, MAIL_PORTS,
     "{where} write a `server:` that this machine has a route to (ip route get ADDRESS)"},
    {STAGE_GREETING, CAUSE_TIMED_OUT, MAIL_PORTS,
     "{where} write `security: tls` if port {port} begins with TLS; else the server is stuck"},
    {STAGE_GREETING, CAUSE_NONE, MAIL_PORTS,
     "{where} write the port where {protocol} is spoken, often `port: {usual_port}`"},
    {STAGE_TLS, CAUSE_CERT_UNTRUSTED, MAIL_CERTIFICATES,
     "write `tls: {ca_file: PATH}` into {file}, with the authority that signed it (PEM); or give the server a "
     "certificate "
     "that this machine trusts"},
    {STAGE_TLS, CAUSE_CERT_NAME, MAIL_CERTIFICATES,
     "{where} write `tls_name: NAME` with a name that the certificate is for, if that is the right server"},
    {STAGE_TLS, CAUSE_CERT_EXPIRED, MAIL_CERTIFICATES,
     "renew the certificate of {server}; there is nothing to write here"},
    {STAGE_TLS, CAUSE_TLS_VERSION, MAIL_CERTIFICATES,
     "let the server speak TLS 1.2 or later; no setting lets less pass"},
    {STAGE_TLS, CAUSE_NONE, MAIL_CERTIFICATES,
     "{where} write `security: starttls` or `security: none`, if port {port} does not begin with TLS"},
    {STAGE_START_TLS, CAUSE_NONE, MAIL_CERTIFICATES,
     "{where} write `security: tls` and `port: {tls_port}`, or `security: none` where the network is trusted"},
    {STAGE_NONE, CAUSE_PLAINTEXT_REFUSED, MAIL_LOGINS,
     "{where} write `security: starttls` or `security: tls`; if the server has no TLS and the network is trusted, "
     "`plaintext_auth: true`"},
    {STAGE_AUTH, CAUSE_BAD_CREDENTIALS, MAIL_LOGINS,
     "{where} write `username:` and `password_file:` as the server knows them (now it is user {username})"},
    {STAGE_AUTH, CAUSE_UNSUPPORTED, MAIL_LOGINS,
     "{where} write `security: starttls` or `security: tls`, if the server takes logins under TLS only; under `smtp:` "
     "`auth: false`, if it takes none"},
    {STAGE_AUTH, CAUSE_NONE, MAIL_LOGINS, SEE_TRACE},
    {STAGE_HELLO, CAUSE_NONE, MAIL_LOGINS, SEE_TRACE},
    {STAGE_LOCAL, CAUSE_STATE, MAIL_CERTIFICATES,
     "write `tls: {ca_file: PATH}` into {file} with a file that the user {user} may read"},
    {STAGE_LOCAL, CAUSE_NONE, MAIL_PORTS, "free what this machine lacks, or let the user {user} have more of it"},
    {STAGE_MAIL_FROM, CAUSE_NONE, MAIL_MAILBOX, "{where} write a `from:` that the server takes mail from (now {from})"},
    {STAGE_RCPT_TO, CAUSE_NONE, MAIL_MAILBOX,
     "{where} write a `to:` that the server has a mailbox for (now {to}); `auth: true` if it asks for a login first"},
    {STAGE_DELIVERY, CAUSE_AWAITING_PROOF, MAIL_MAILBOX, "run it again, and let it wait"},
    {STAGE_DELIVERY, CAUSE_NONE, MAIL_MAILBOX,
     "`to:` of smtp ({to}) and `username:` of incoming ({in_username} at {in_server}) in monitor {monitor} of {file} "
     "must "
     "be of one mailbox; if they are, look into its junk folder and the server's queue"},
    {STAGE_NONE, CAUSE_IN_USE, MAIL_MAILBOX, "{where} name a mailbox that no other program has open (POP3 locks it)"},
    {STAGE_NONE, CAUSE_NONE, MAIL_MAILBOX, SEE_TRACE},
};

static const struct remedy *find(const struct failure *f)
{
    size_t i = 0;
    while ((remedies[i].stage != STAGE_NONE && remedies[i].stage != f->stage) ||
           (remedies[i].cause != CAUSE_NONE && remedies[i].cause != f->cause))
        i++; /* the last one fits everything */
    return &remedies[i];
}

enum mail_check remedy_check(const struct failure *f)
{
    return find(f)->check;
}

/* --- words --- */

static unsigned tls_port(const struct leg_settings *to)
{
    if (to->leg == LEG_SMTP)
        return SUBMISSIONS_PORT;
    return to->protocol == PROTOCOL_POP3 ? POP3S_PORT : IMAPS_PORT;
}

static unsigned usual_port(const struct leg_settings *to)
{
    if (to->security == SECURITY_TLS)
        return tls_port(to);
    if (to->leg == LEG_SMTP)
        return SUBMISSION_PORT;
    return to->protocol == PROTOCOL_POP3 ? POP3_PORT : IMAP_PORT;
}

struct meaning {
    const char *word, *value;
};

/* YAML's own braces ("{ca_file: PATH}") are none of our words, and stay. */
static void put_word(FILE *out, const struct meaning *words, const char *word, size_t n)
{
    for (; words->word != NULL; words++) {
        if (strlen(words->word) == n && strncmp(words->word, word, n) == 0) {
            (void)fputs(words->value, out);
            return;
        }
    }
    (void)fprintf(out, "{%.*s}", (int)n, word);
}

static void put_text(FILE *out, const char *text, const struct meaning *words)
{
    for (;;) {
        const size_t plain = strcspn(text, "{");
        (void)fwrite(text, 1, plain, out);
        if (text[plain] == '\0')
            return;
        text += plain + 1;
        const size_t n = strcspn(text, "}");
        put_word(out, words, text, n);
        text += n + 1;
    }
}

void remedy_write(const struct failure *f, const struct remedy_words *w, char *dst, size_t size)
{
    const struct definition *d = w->definition;
    const struct leg_settings *to = w->to;
    const char *monitor = definition_text(d, SETTING_name);
    struct leg_settings incoming;
    char where[512], port[8], usual[8], tls[8];
    definition_leg(d, LEG_INCOMING, &incoming);
    (void)snprintf(where, sizeof where, "in %s, under `%s:` of monitor %s,", w->file, leg_word(to->leg), monitor);
    (void)snprintf(port, sizeof port, "%u", (unsigned)to->port);
    (void)snprintf(usual, sizeof usual, "%u", usual_port(to));
    (void)snprintf(tls, sizeof tls, "%u", tls_port(to));
    const struct meaning words[] = {
        {"where", where},
        {"file", w->file},
        {"user", w->user},
        {"monitor", monitor},
        {"server", to->server},
        {"port", port},
        {"usual_port", usual},
        {"tls_port", tls},
        {"protocol", phrase_protocol(to)},
        {"username", to->username},
        {"from", definition_text(d, SETTING_smtp_from)},
        {"to", definition_text(d, SETTING_smtp_to)},
        {"in_username", incoming.username},
        {"in_server", incoming.server},
        {NULL, NULL},
    };
    memset(dst, 0, size);
    FILE *out = fmemopen(dst, size - 1, "w");
    if (out == NULL)
        return;
    put_text(out, find(f)->text, words);
    (void)fclose(out);
}
