/* The installation whose states are kept as schema-*.sql. */
#ifndef EMAILMON_STORE_KEPT_H
#define EMAILMON_STORE_KEPT_H

#include "stage.h"

static const struct keys kept_keys = {.instance = "emailmon's tests", .master = "A key that nobody uses elsewhere"};

#endif
