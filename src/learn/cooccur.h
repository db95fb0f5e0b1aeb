/* How often words stand near each other: the counts X that GloVe learns from.
 *
 *     X[i][j] = sum of 1/d over the places where j stands d words from i, d <= window
 *
 * Sums are integers, in units of 1 / lcm(1 ... window): exact, so that neither chunks of
 * the text, nor threads, nor the memory there is can change a bit of them. (Beyond a
 * window of 16 the unit stays 1 / 720720 and 1/d is rounded to it.)
 *
 * The counts come as records in blocks of groups of rows by groups of columns, within a
 * block in a random order that depends on the seed alone. With words of both sides
 * counted X is symmetric, and each pair is recorded once: as i, j or as j, i. */
#ifndef RUNG_LEARN_COOCCUR_H
#define RUNG_LEARN_COOCCUR_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/scratch.h"
#include "kernels/kernels.h"
#include "rung/progress.h"

/* How V words are cut into groups: word w is number w / groups of group w % groups, so
 * that each has its share of frequent and of rare words. */
typedef struct rung_word_grid {
    int64_t V, groups;
    int64_t size; /* words of a group, at most: 1 ... 65536 */
} rung_word_grid;

/* A grid in which a group's words take about `group_bytes`, word_bytes each. */
rung_word_grid rung__word_grid(int64_t V, size_t word_bytes, size_t group_bytes);

typedef struct rung_cooccur_config {
    int64_t window;
    bool symmetric;      /* words of both sides; else those before */
    bool by_distance;    /* 1/d, else 1 */
    double x_max, alpha; /* f(X) = min(1, (X / x_max)^alpha) */
    uint64_t seed;
    size_t memory;   /* bytes that counting may take beside the ids; 0: any */
    size_t kept;     /* bytes of records that stay in memory; the others go to dir */
    const char *dir; /* for scratch files; may be NULL when memory is 0 */
    rung_progress_sink progress;
} rung_cooccur_config;

/* The records of a block, in memory or in the file. */
typedef struct rung_cooccur_block {
    rung_glove_record *records; /* [n], owned; NULL: in the file */
    int64_t at;
    int64_t n;
} rung_cooccur_block;

typedef struct rung_cooccur {
    rung_word_grid grid;
    bool symmetric;
    rung_cooccur_block *blocks; /* [groups, groups], owned; rows first */
    int64_t n_records;
    int64_t n_pairs; /* X[i][j] that are not 0 */
    int64_t most;    /* records of the largest block */
    rung_scratch file;
} rung_cooccur;

/* Counts `ids` [count], numbers of words from the most frequent (0) on, with -1 between
 * parts that windows do not cross. RUNG_INPUT when no two words share a window;
 * RUNG_USAGE when the memory is too little; RUNG_IO when the disk is full. Release it
 * also after a failure. */
rung_status rung__cooccur_count(rung_cooccur *c, rung_pool *pool, const int32_t *ids,
                                size_t count, const rung_word_grid *grid,
                                const rung_cooccur_config *config, rung_error *err);
void rung__cooccur_release(rung_cooccur *c);

/* The records of block (row, column): where they lie, or read into buffer [c->most]. */
rung_status rung__cooccur_read(const rung_cooccur *c, int64_t row, int64_t column,
                               rung_glove_record *buffer,
                               const rung_glove_record **records, int64_t *n,
                               rung_error *err);

#endif
