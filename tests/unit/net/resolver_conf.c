/* The file that names the system's name servers: read again when it has changed. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "resolver_ask_parts.h"

struct told {
    struct loop *loop;
    struct answer answer;
};

static void note_answer(void *owner, const struct answer *answer)
{
    struct told *t = owner;
    t->answer = *answer;
    loop_stop(t->loop);
}

static void write_conf(const char *path, const char *nameserver)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fprintf(f, "nameserver %s\n", nameserver) > 0);
    assert_int_equal(fclose(f), 0);
}

static void ask(struct asker *a, struct told *t, const char *name)
{
    assert_non_null(question_new(a, name, note_answer, t));
    loop_run(t->loop);
}

static void assert_server(struct asker *a, const char *expected)
{
    struct ares_addr_node *servers;
    char text[INET_ADDRSTRLEN] = "";
    assert_int_equal(ares_get_servers(a->channel, &servers), ARES_SUCCESS);
    assert_non_null(inet_ntop(AF_INET, &servers->addr, text, sizeof text));
    ares_free_data(servers);
    assert_string_equal(text, expected);
}

/* Nobody listens on port 53 of these: what counts is who is asked. */
static void a_changed_resolv_conf_is_read_again(void **state)
{
    (void)state;
    struct failure why = failure_none;
    struct loop *loop = loop_new();
    struct told told = {.loop = loop};
    char path[] = "/tmp/emailmon-resolv-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_conf(path, "127.0.0.2");
    struct asker *a = asker_new(loop, NULL, path, &why);
    assert_non_null(a);
    ask(a, &told, "both.test");
    assert_int_equal(told.answer.verdict, SERVERS_FAIL);
    assert_server(a, "127.0.0.2");
    write_conf(path, "127.0.0.3");
    ask(a, &told, "both.test");
    assert_server(a, "127.0.0.2"); /* it is not looked at each time */
    a->conf_checked_ms = 0;        /* ten seconds are over */
    ask(a, &told, "both.test");
    assert_server(a, "127.0.0.3");
    asker_free(a);
    assert_int_equal(remove(path), 0);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_changed_resolv_conf_is_read_again)};
    return cmocka_run_group_tests_name("net: resolv.conf", tests, NULL, NULL);
}
