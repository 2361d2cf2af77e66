#include "one_stage.h"

struct test_store stage;

int begin_closed(void **state)
{
    (void)state;
    stage_begin(&stage);
    return 0;
}

int begin(void **state)
{
    (void)begin_closed(state);
    stage_run(&stage);
    return 0;
}

int end(void **state)
{
    (void)state;
    stage_end(&stage);
    return 0;
}

void post(struct journal_entry entry)
{
    stage_post(&stage, &entry);
}
