#include "base64.h"

#include <stdint.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_length(size_t n)
{
    return (n + 2) / 3 * 4;
}

bool base64_write(const void *bytes, size_t n, char *out, size_t size)
{
    const uint8_t *in = bytes;
    if (n > size || base64_length(n) >= size)
        return false;
    for (; n >= 3; n -= 3, in += 3) {
        uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *out++ = digits[bits >> shift & 63];
    }
    if (n > 0) {
        uint32_t bits = (uint32_t)in[0] << 16 | (n == 2 ? (uint32_t)in[1] << 8 : 0);
        *out++ = digits[bits >> 18 & 63];
        *out++ = digits[bits >> 12 & 63];
        if (n == 2)
            *out++ = digits[bits >> 6 & 63];
        else
            *out++ = '=';
        *out++ = '=';
    }
    *out = '\0';
    return true;
}

static int value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_read(const char *text, size_t n, void *out, size_t size, size_t *length)
{
    uint8_t *at = out;
    size_t padding = 0;
    if (n % 4 != 0)
        return false;
    if (n > 0)
        padding = text[n - 1] != '=' ? 0 : text[n - 2] != '=' ? 1 : 2;
    *length = n / 4 * 3 - padding;
    if (*length > size)
        return false;
    uint32_t bits = 0;
    size_t left = *length;
    for (size_t i = 0; i < n; i++) {
        int v = i < n - padding ? value(text[i]) : 0;
        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        if (i % 4 != 3)
            continue;
        size_t octets = left < 3 ? left : 3;
        for (size_t j = 0; j < octets; j++)
            *at++ = (uint8_t)(bits >> (16 - 8 * j));
        if (octets < 3 && (bits & ((UINT32_C(1) << (24 - 8 * octets)) - 1)) != 0)
            return false;
        left -= octets;
        bits = 0;
    }
    return true;
}
