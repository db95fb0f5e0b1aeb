/* Philox 4x32-10 (base/rng.h) for several blocks at once, one a 64-bit lane: a product of
 * two 32-bit words fills the lane, and the next round reads only its low half, so nothing
 * is masked on the way. */
#ifndef RUNG_KERNELS_ISA_PHILOX_H
#define RUNG_KERNELS_ISA_PHILOX_H

#include "kernels/isa/vector.h"

/* Word k of each block fills the low half of its lane of word[k]; ignore the other. */
INLINE void philox_blocks(uint64_t key, uint64_t lane, wvec counter, wvec word[4])
{
    const wvec zero = {0}, m0 = zero + 0xD2511F53u, m1 = zero + 0xCD9E8D57u;
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    wvec c0 = counter, c1 = counter >> 32, c2 = zero + lane, c3 = zero + (lane >> 32);
    for (int round = 0; round < 10; round++) {
        const wvec p0 = wmul32(c0, m0), p1 = wmul32(c2, m1);
        c0 = (p1 >> 32) ^ c1 ^ k0;
        c1 = p1;
        c2 = (p0 >> 32) ^ c3 ^ k1;
        c3 = p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    word[0] = c0, word[1] = c1, word[2] = c2, word[3] = c3;
}

/* The lowest word that is kept at drop rate p: word >= p * 2^32. 2^32 when none is. */
INLINE uint64_t drop_cut(double p)
{
    return (uint64_t)ceil(p * 4294967296.0);
}

typedef uint32_t words_in_memory
    __attribute__((vector_size(W * 4), aligned(4), may_alias));

/* Which of the W words from `word` on are kept. */
INLINE ivec words_kept(const uint32_t *word, uint32_t cut)
{
    return __builtin_convertvector(*(const words_in_memory *)word >= cut, ivec);
}

#endif
