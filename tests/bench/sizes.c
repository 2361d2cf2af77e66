/*
 * Where the memory of a row goes: the blocks that emailmon keeps of each, as big as the allocator makes them.
 * Arguments: how many rows; octets of text a definition.  Prints "octets a row, tab, what it is".
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "drop_parts.h"
#include "group.h"
#include "monitor_set.h"

enum { NAME_OCTETS = 10, MECHANISM_OCTETS = 6 };

/* With its header. */
static size_t block(size_t bytes)
{
    void *made = malloc(bytes);
    size_t octets = malloc_usable_size(made) + sizeof(size_t);
    free(made);
    return octets;
}

/* Open addressing: the slots of a map of so many, which is filled to ${eighths} at most and doubles then. */
static double slots(size_t rows, size_t slot_bytes, unsigned eighths)
{
    size_t room = 8;
    while (8 * rows > eighths * room)
        room *= 2;
    return (double)(room * slot_bytes) / (double)rows;
}

static void say(double octets, const char *what)
{
    (void)printf("%.0f\t%s\n", octets, what);
}

int main(int argc, char **argv)
{
    size_t rows = argc > 2 ? strtoul(argv[1], NULL, 10) : 0, text = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    if (rows == 0)
        return 2;
    size_t usual = sizeof "%Device.Address"; /* a default that stands in each */
    say((double)block(sizeof(struct definition) + 1 + text + usual), "definition, one for all threads");
    say((double)block(sizeof(struct monitor)), "agent: the row with its copy of the status");
    say((double)block(sizeof(struct name_entry) + NAME_OCTETS + 1), "agent: its name");
    say((double)sizeof(struct monitor *) + slots(rows, sizeof(struct name_entry *), 4) +
            slots(rows, sizeof(struct index_slot), 4),
        "agent: row by index, by name, by promised index");
    say((double)block(sizeof(struct watched)), "worker: the row with its status");
    say((double)block(sizeof(struct group)), "worker: its mailbox");
    say((double)block(sizeof(struct drop_memory)), "worker: what was seen there");
    say((double)sizeof(struct schedule_item *) + 3 * slots(rows, sizeof(struct key_slot), 7),
        "worker: row by index, by handle, by mailbox, by next start");
    say((double)block(sizeof(struct outstanding)), "worker: one probe outstanding");
    say((double)block(sizeof(struct consumed)), "worker: one probe found");
    say((double)block(2 * sizeof(uint32_t) + MECHANISM_OCTETS), "the text that says how it logs in");
    say((double)(block(CONSUMED_MAX * sizeof(struct consumed)) - block(sizeof(struct consumed))),
        "later: the last 64 probes found");
    return 0;
}
