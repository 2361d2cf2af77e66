/*
 * An agent without threads and master, with two rows of the file, and a state that keeps what it is told: for SETs.
 */
#ifndef EMAILMON_FUZZ_SET_STAGE_H
#define EMAILMON_FUZZ_SET_STAGE_H

#include "agent_parts.h"

/** stage_begin(): The agent, as new; there is one.  stage_end(): it goes, and what the state holds. */
struct agent *stage_begin(void);
void stage_end(void);

/** stage_answer_next(refuses): Answer the agent's next save before it is asked for: no thread, no clock.
 *  stage_take_saves(refuses): Keep what was posted; what was refused is not kept. */
void stage_answer_next(bool refuses);
void stage_take_saves(bool refuses);

/** stage_take_orders(): Drop the orders to the worker. */
void stage_take_orders(void);

/** stage_check_kept(): The state holds the agent's rows that are not volatile, as they are, and no others. */
void stage_check_kept(void);

#endif
