/* Drawing words as word2vec does: numbers that are pure functions of a place, and the
 * noise distribution count^power as an alias table (Walker 1977; Vose 1991). */
#ifndef RUNG_LEARN_NOISE_H
#define RUNG_LEARN_NOISE_H

#include <stdbool.h>
#include <stdint.h>

#include "rung/status.h"

/* 64 random bits: number i of the stream `key` (SplitMix64; Steele, Lea, Flood 2014,
 * "Fast splittable pseudorandom number generators", figure 11). */
static inline uint64_t rung__draw(uint64_t key, uint64_t i)
{
    uint64_t z = key + i * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* A whole number in [0, n) from 32 random bits, n < 2^32. */
static inline int64_t rung__draw_below(uint32_t bits, int64_t n)
{
    return (int64_t)(((uint64_t)bits * (uint64_t)n) >> 32);
}

/* Slot i is drawn with probability 1/n and gives i if a second number is below `own`,
 * else `other`. */
typedef struct rung__noise_slot {
    uint32_t own; /* of 2^32 - 1 */
    int32_t other;
} rung__noise_slot;

typedef struct rung__noise {
    rung__noise_slot *slots; /* [n], owned */
    int64_t n;
} rung__noise;

/* P(i) proportional to counts[i]^power, n > 0. */
rung_status rung__noise_new(rung__noise *out, const int64_t *counts, int64_t n,
                            double power, rung_error *err);
void rung__noise_release(rung__noise *noise);

static inline int32_t rung__noise_at(const rung__noise *noise, uint64_t bits)
{
    const int64_t i = rung__draw_below((uint32_t)(bits >> 32), noise->n);
    const rung__noise_slot slot = noise->slots[i];
    return (uint32_t)bits <= slot.own ? (int32_t)i : slot.other;
}

#endif
