/*
 * Tests that mostly wait (for the next point of a grid, for a timeout) and share nothing: each in a process of its
 * own, some at once, what they say in their order.
 */
#ifndef EMAILMON_SIDE_BY_SIDE_H
#define EMAILMON_SIDE_BY_SIDE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SIDE_BY_SIDE = 8 };

/** side_by_side(name, tests, n): Run them; returns how many failed. */
int side_by_side(const char *name, const struct CMUnitTest *tests, size_t n);

#endif
