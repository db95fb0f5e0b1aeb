/* Philox 4x32-10 and what is drawn from it. */
#include "base/rng.h"

#include <assert.h>
#include <math.h>

/* Salmon et al. 2011, table 2 and section 4.3: multipliers, and the Weyl constants of the
 * key. */
#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u
#define PHILOX_ROUNDS 10

void rung_philox(uint64_t key, uint64_t counter, uint64_t lane, uint32_t out[4])
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32);
    uint32_t c2 = (uint32_t)lane, c3 = (uint32_t)(lane >> 32);
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        const uint64_t p0 = (uint64_t)PHILOX_M0 * c0, p1 = (uint64_t)PHILOX_M1 * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

uint64_t rung_rng_key(uint64_t seed, const char *name, uint64_t index)
{
    // FNV-1a (Fowler, Noll, Vo) makes the name a number, Philox mixes it with the rest.
    uint64_t hash = 0xCBF29CE484222325u;
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 0x100000001B3u;
    uint32_t block[4];
    rung_philox(seed, hash, index, block);
    return (uint64_t)block[1] << 32 | block[0];
}

rung_rng rung_rng_make(uint64_t key)
{
    return (rung_rng){.key = key, .used = 4};
}

uint32_t rung_rng_u32(rung_rng *rng)
{
    if (rng->used == 4) {
        rung_philox(rng->key, rng->counter++, 0, rng->block);
        rng->used = 0;
    }
    return rng->block[rng->used++];
}

uint64_t rung_rng_u64(rung_rng *rng)
{
    const uint64_t low = rung_rng_u32(rng);
    return (uint64_t)rung_rng_u32(rng) << 32 | low;
}

/* Lemire 2019, "Fast random integer generation in an interval", algorithm 5: the high
 * word of x n is uniform once the 2^64 mod n smallest low words are refused. */
uint64_t rung_rng_below(rung_rng *rng, uint64_t n)
{
    assert(n > 0);
    const uint64_t refused = -n % n;
    unsigned __int128 product;
    do {
        product = (unsigned __int128)rung_rng_u64(rng) * n;
    } while ((uint64_t)product < refused);
    return (uint64_t)(product >> 64);
}

double rung_rng_double(rung_rng *rng)
{
    return (double)(rung_rng_u64(rng) >> 11) * 0x1p-53;
}

double rung_rng_normal(rung_rng *rng)
{
    const double u = 1.0 - rung_rng_double(rng); // in (0, 1]: the logarithm is finite
    const double angle = 2.0 * M_PI * rung_rng_double(rng);
    return sqrt(-2.0 * log(u)) * cos(angle);
}

/* The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that mixes all
 * bits. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/* Four would do for large n; below ten, fewer than eight favour some orders
 * measurably. */
#define PERMUTE_ROUNDS 8

/* The domain is the smallest power of two that holds n, cut into two halves of bits, of
 * which each is changed in turn by a function of the other; who lands at n or beyond goes
 * on walking the cycle. */
uint64_t rung_permute(uint64_t key, uint64_t n, uint64_t i)
{
    assert(i < n);
    int bits = 0;
    while (bits < 64 && (n - 1) >> bits) bits++;
    const int low_bits = bits / 2;
    const uint64_t low_mask = ((uint64_t)1 << low_bits) - 1;
    const uint64_t high_mask = ((uint64_t)1 << (bits - low_bits)) - 1;
    do {
        uint64_t low = i & low_mask, high = i >> low_bits, round_key = mix(key);
        for (int round = 0; round < PERMUTE_ROUNDS; round++) {
            high ^= mix(round_key + low) & high_mask;
            low ^= mix(~round_key + high) & low_mask;
            round_key = mix(round_key);
        }
        i = high << low_bits | low;
    } while (i >= n);
    return i;
}
