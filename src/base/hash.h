/* SHA-256 (FIPS 180-4), for identities of data and models; and a quick mixing step for
 * tables of hashes. */
#ifndef RUNG_BASE_HASH_H
#define RUNG_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Takes n blocks of 64 bytes into a state: in plain C, and the fastest way of this
 * processor. Same values. */
typedef void (*rung__sha256_fn)(uint32_t H[8], const unsigned char *blocks, size_t n);
void rung__sha256_portable(uint32_t H[8], const unsigned char *blocks, size_t n);
rung__sha256_fn rung__sha256_best(void);

typedef struct rung_sha256 {
    rung__sha256_fn compress;
    uint32_t state[8];
    uint64_t n_bytes;
    unsigned char block[64];
} rung_sha256;

void rung_sha256_init(rung_sha256 *h);
void rung_sha256_add(rung_sha256 *h, const void *bytes, size_t n);
void rung_sha256_hex(rung_sha256 *h,
                     char out[65]); /* ends the hash; lower-case, NUL-terminated */

/* Folds the 128-bit product of x and an odd constant (the golden ratio's bits), so that
 * every bit of x reaches every bit of the result. */
static inline uint64_t rung__hash_mix(uint64_t x)
{
    const unsigned __int128 product = (unsigned __int128)x * 0x9E3779B97F4A7C15u;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#endif
