#include "rendered.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char *text;
static size_t bytes;

struct terminal rendered_begin(unsigned columns)
{
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    free(text);
    text = NULL;
    struct terminal t = {.out = open_memstream(&text, &bytes), .columns = columns, .lines = 24, .utf8 = true};
    assert_non_null(t.out);
    return t;
}

const char *rendered_end(struct terminal *t)
{
    assert_int_equal(fclose(t->out), 0);
    t->out = NULL;
    return text;
}
