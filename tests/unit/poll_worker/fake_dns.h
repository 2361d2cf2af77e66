/* A fake name server: every name has the address 127.0.0.1, for a second. */
#ifndef EMAILMON_FAKE_DNS_H
#define EMAILMON_FAKE_DNS_H

#include "fake_mail.h"

struct fake_dns;

/** fake_dns_start(servers): ${servers} gets "127.0.0.1:PORT".  NULL: it cannot.  fake_dns_stop(d): it answers no
 *  more; its port is closed. */
struct fake_dns *fake_dns_start(char servers[32]);
void fake_dns_stop(struct fake_dns *d);

/** fake_dns_break(d, name, act): From now on the name does not exist (ACT_PERMANENT), or questions for it are refused
 *  (ACT_TEMPORARY), answered by nonsense (ACT_MALFORMED) or not at all (ACT_SILENCE).  False: no more names fit. */
bool fake_dns_break(struct fake_dns *d, const char *name, enum fake_act act);

#endif
