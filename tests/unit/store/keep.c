/*
 * Writes a state as this program keeps it, for the tests of later ones:
 *
 *      store_keep PATH && sqlite3 PATH .dump
 *
 * Its output, behind the two PRAGMAs that .dump leaves out (application_id, user_version), becomes
 * schema-VERSION.sql when a release has a new version of the schema.  A file that was released is never changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kept.h"

int main(int argc, char **argv)
{
    static struct test_store stage;
    if (argc != 2)
        return 1;
    stage_begin(&stage);
    stage.keys = kept_keys;
    (void)snprintf(stage.path, sizeof stage.path, "%s", argv[1]);
    stage_run(&stage);
    const struct definition *made = stage_definition("made by SET", "secret");
    const struct save_change change = {.index = 5, .serial = UINT64_MAX - 4, .definition = made};
    struct journal_entry entries[] = {
        stage_event(2, 22, "of the file"),
        stage_probe(2, 22, 1, PROBE_CONSUMED),
        stage_probe(2, 22, 2, PROBE_OUT),
        stage_status(5, UINT64_MAX - 4, "made by SET"),
        stage_status(6, 66, "gone"),
        {.kind = JOURNAL_GONE, .index = 6, .serial = 66},
        stage_event(5, UINT64_MAX - 4, "made by SET"),
        {.kind = JOURNAL_SETTLED, .seq = 1},
    };
    entries[0].sampled = (struct sampled){.kind = SAMPLED_FULL, .full = {.begin = 31920264, .verdicts = 1, .polls = 1}};
    save_batch_unref(stage_save(&stage, SAVE_CHANGES, 1, &change, 1));
    bool ok = stage_answer(&stage, 1) == SAVED;
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        stage_post(&stage, &entries[i]);
    ok = stage_flush(&stage) && ok;
    definition_unref(made);
    stage_end(&stage);
    return ok ? 0 : 1;
}
