#include "draft_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct draft draft;
struct mistake why;

int begin(void **state)
{
    (void)state;
    draft_init(&draft);
    why = (struct mistake){.kind = MISTAKE_NONE};
    return 0;
}

int end(void **state)
{
    (void)state;
    draft_end(&draft);
    return 0;
}

bool put(const char *key, const char *written)
{
    const struct setting *s = setting_by_key(key);
    assert_non_null(s);
    return draft_put_written(&draft, setting_id(s), written, &why);
}

void must_put(const char *key, const char *written)
{
    if (!put(key, written))
        fail_msg("%s: %s: %s", key, written, why.text);
}

void whole_monitor(void)
{
    must_put("name", "office");
    must_put("device", "192.0.2.10");
    must_put("smtp.to", "p@example.com");
    must_put("smtp.from", "m@example.com");
    must_put("incoming.username", "probe");
}
