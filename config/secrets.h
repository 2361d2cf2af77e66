/*
 * Passwords from files and commands: read and run once for all rows with the same source; at most 16 commands at
 * once, each 10 s and 8 KiB at most, in a process group of its own, no shell.
 */
#ifndef EMAILMON_SECRETS_H
#define EMAILMON_SECRETS_H

#include "config.h"

enum { SECRET_COMMANDS_MAX = 16, SECRET_COMMAND_MS = 10000, SECRET_BYTES_MAX = 8192, SECRET_RETRY_S = 60 };

/**
 * secrets_fetch(c, which, ready, owner, stop_fd): Fetch every source of ${c} for which ${which}[i] is true (NULL:
 * all), concurrently; files first, commands as they end.
 * ${ready} is called for each monitor whose legs are all fetched or failed, with its new definition (takes its own
 * reference if it keeps it).  Blocks until all ended or ${stop_fd} (-1: none) is readable (then running commands are
 * killed).  c->wanted[] is brought up to date; a definition that stays equal stays the same one.  ${failed}[i] (may be
 * NULL, may be ${which}) tells of those that ${which} chose which ones failed or did not end.  One final line end of a
 * secret is dropped; CR, LF, NUL inside, an empty one, more than 255 octets: failed.
 */
void secrets_fetch(struct config *c, const bool *which, bool *failed,
                   void (*ready)(void *owner, const struct wanted *monitor), void *owner, int stop_fd);

/**
 * secrets_carry(to, from): What ${from}, the file as it was read before, already fetched stands in ${to} too, where
 * the source is the same: until it is fetched again no row changes.  Sources that ${from} does not have, and those that
 * waited there, wait.  When memory is short less is carried, which does no harm but a short wait.
 */
void secrets_carry(struct config *to, const struct config *from);

/** secrets_warn(c, warn, owner): ${warn} gets a line for every password_file that all users of the machine may read. */
void secrets_warn(const struct config *c, void (*warn)(void *owner, const char *line), void *owner);

#endif
