/* SHA-256 (FIPS 180-4), for identities of data and models. */
#ifndef RUNG_BASE_HASH_H
#define RUNG_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct rung_sha256 {
    uint32_t state[8];
    uint64_t n_bytes;
    unsigned char block[64];
} rung_sha256;

void rung_sha256_init(rung_sha256 *h);
void rung_sha256_add(rung_sha256 *h, const void *bytes, size_t n);
void rung_sha256_hex(rung_sha256 *h,
                     char out[65]); /* ends the hash; lower-case, NUL-terminated */

#endif
