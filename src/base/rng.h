/* Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011,
 * "Parallel random numbers: as easy as 1, 2, 3"). The n-th number is a pure function of
 * key and n, so nothing has to be saved to resume, and no thread can change it. */
#ifndef RUNG_BASE_RNG_H
#define RUNG_BASE_RNG_H

#include <stdint.h>

typedef struct rung_rng {
    uint64_t key;      /* which stream */
    uint64_t counter;  /* how many blocks of four were used */
    uint32_t block[4]; /* the current block */
    int used;          /* of the block: 0 ... 4 */
} rung_rng;

/* Four 32-bit numbers: block `counter` of stream `key`; `lane` separates uses of one
 * stream. */
void rung_philox(uint64_t key, uint64_t counter, uint64_t lane, uint32_t out[4]);

/* A key for a named sub-stream of `seed`: equal names and indices give equal keys. */
uint64_t rung_rng_key(uint64_t seed, const char *name, uint64_t index);

rung_rng rung_rng_make(uint64_t key);
uint32_t rung_rng_u32(rung_rng *rng);
uint64_t rung_rng_u64(rung_rng *rng);
uint64_t rung_rng_below(rung_rng *rng,
                        uint64_t n);   /* uniform in [0, n), n > 0, unbiased */
double rung_rng_double(rung_rng *rng); /* uniform in [0, 1), 53 bits */
double rung_rng_normal(rung_rng *rng); /* mean 0, variance 1 (Box-Muller) */

/* Element `i` of a random permutation of 0 ... n-1, chosen by `key`, without storing it:
 * an eight-round Feistel network with cycle walking (Black, Rogaway 2002, "Ciphers with
 * arbitrary finite domains"). A bijection for every key and n. */
uint64_t rung_permute(uint64_t key, uint64_t n, uint64_t i);

#endif
