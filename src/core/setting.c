#include "setting.h"

#include <string.h>

#include "definition.h"

/* How a row's default is kept, by kind. */
#define REQUIRED             NULL
#define DEFAULT_NUMBER(n)    .default_number = (n)
#define DEFAULT_SECONDS(n)   .default_number = (n)
#define DEFAULT_TRUTH(n)     .default_number = (n)
#define DEFAULT_SECURITY(n)  .default_number = (n)
#define DEFAULT_PROTOCOL(n)  .default_number = (n)
#define DEFAULT_NOTIFY(n)    .default_number = (n)
#define DEFAULT_TEXT(text)   .default_text = (text)
#define DEFAULT_SECRET(text) .default_text = (text)

/* SECONDS are NUMBERs that may be written as durations. */
enum duration {
    DURATION_NUMBER,
    DURATION_TEXT = DURATION_NUMBER,
    DURATION_SECRET = DURATION_NUMBER,
    DURATION_TRUTH = DURATION_NUMBER,
    DURATION_SECURITY = DURATION_NUMBER,
    DURATION_PROTOCOL = DURATION_NUMBER,
    DURATION_NOTIFY = DURATION_NUMBER,
    DURATION_SECONDS
};

const struct setting settings[SETTING_COUNT] = {
#define SETTING(member_, object_, key_, column_, kind_, min_, max_, default_, guards_, text_)                          \
    [SETTING_##member_] = {.object = object_,                                                                          \
                           .key = key_,                                                                                \
                           .column = column_,                                                                          \
                           .kind = KIND_##kind_,                                                                       \
                           .min = min_,                                                                                \
                           .max = max_,                                                                                \
                           DEFAULT_##kind_(default_),                                                                  \
                           .guards = GUARD_##guards_,                                                                  \
                           .duration = DURATION_##kind_ == DURATION_SECONDS,                                           \
                           .text = text_,                                                                              \
                           .offset = offsetof(struct definition, member_)},
#include "settings.def"
};

const struct word *setting_words(enum setting_kind kind)
{
    static const struct word truth[] = {{"true", TRUTH_TRUE}, {"false", TRUTH_FALSE}, {NULL, 0}};
    static const struct word security[] = {
        {"none", SECURITY_NONE}, {"starttls", SECURITY_STARTTLS}, {"tls", SECURITY_TLS}, {NULL, 0}};
    static const struct word protocol[] = {{"pop3", PROTOCOL_POP3}, {"imap", PROTOCOL_IMAP}, {NULL, 0}};
    static const struct word notify[] = {{"down", NOTIFY_DOWN},
                                         {"up", NOTIFY_UP},
                                         {"unknown", NOTIFY_UNKNOWN},
                                         {"certificate", NOTIFY_CERTIFICATE},
                                         {NULL, 0}};
    static const struct word *const words[] = {
        [KIND_TRUTH] = truth, [KIND_SECURITY] = security, [KIND_PROTOCOL] = protocol, [KIND_NOTIFY] = notify};
    return words[kind];
}

bool setting_is_text(const struct setting *s)
{
    return s->kind == KIND_TEXT || s->kind == KIND_SECRET;
}

const struct setting *setting_by_key(const char *key)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(settings[i].key, key) == 0)
            return &settings[i];
    }
    return NULL;
}

const struct setting *setting_by_column(unsigned column)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (settings[i].column == column)
            return &settings[i];
    }
    return NULL;
}

enum setting_id setting_id(const struct setting *s)
{
    return (enum setting_id)(s - settings);
}
