/*
 * What lines of snmpd's configuration mean (snmpd.conf(5)): who may read, by which view, where it listens, whom it
 * tells.
 */
#ifndef EMAILMON_DOCTOR_LINES_H
#define EMAILMON_DOCTOR_LINES_H

#include "doctor_conf.h"

/**
 * Of one line, NULL when it is none of that kind:
 * line_community(line): the community that it lets read; line_sink(line): where it sends notifications.
 * Of a line with a community, "" when it names none:
 * line_source(line): who may use it (an address, a network, "default"); line_view(line): what is shown.
 */
const char *line_community(const struct conf_line *line);
const char *line_sink(const struct conf_line *line);
const char *line_source(const struct conf_line *line);
const char *line_view(const struct conf_line *line);

/**
 * lines_are_master(c): whether subagents are let in at all.
 * lines_peer(c, dst, size): where this machine can ask it, as "127.0.0.1:161"; its default when no line says so.
 * lines_are_local(c): whether nobody but this machine can: Debian's default, and not snmpd's own.
 */
bool lines_are_master(const struct snmpd_conf *c);
void lines_peer(const struct snmpd_conf *c, char *dst, size_t size);
bool lines_are_local(const struct snmpd_conf *c);

#endif
