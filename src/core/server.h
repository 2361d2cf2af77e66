/*
 * The two `server` settings: a host in which %Device.Address may stand for the monitor's device.
 */
#ifndef EMAILMON_SERVER_H
#define EMAILMON_SERVER_H

#include <stdbool.h>
#include <stddef.h>

enum { SERVER_MAX = 255 }; /* octets, also once replaced */

/** server_uses_device(written): Whether %Device.Address occurs in ${written}. */
bool server_uses_device(const char *written);

/**
 * server_replace(written, device, out): Write ${written} to ${out} with ${device} for every %Device.Address.  False,
 * and "", when that is longer than SERVER_MAX octets.
 */
bool server_replace(const char *written, const char *device, char out[SERVER_MAX + 1]);

/** server_may_be_valid(written): Whether there is any device with which ${written} is a host. */
bool server_may_be_valid(const char *written);

#endif
