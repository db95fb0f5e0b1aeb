/* Inside of counting co-occurrences.
 *
 *     cooccur.c        goes over the rows of a part of the text; the sums of a row are an
 *                      array over the vocabulary, of which marks tell what is not 0
 *     cooccur_store.c  makes blocks of records of the sums, or puts them aside on disk,
 *                      sorted, and merges what several parts of the text, or several
 *                      fillings of the memory, have put aside */
#ifndef RUNG_LEARN_COOCCUR_PARTS_H
#define RUNG_LEARN_COOCCUR_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "learn/cooccur.h"

/* A sum of a group of rows. */
typedef struct rung_cooccur_sum {
    uint64_t key; /* column's group << 32 | row << 16 | column, both within groups */
    uint64_t units;
} rung_cooccur_sum;

typedef struct rung_sums {
    rung_cooccur_sum *list; /* [cap], owned */
    int64_t n, cap;
} rung_sums;

/* Sums of one group of rows on disk, ascending by key. */
typedef struct rung_sums_segment {
    int64_t at, n, next; /* next: of the same group, -1: none */
} rung_sums_segment;

/* What one thread works with. */
typedef struct rung_cooccur_worker {
    uint64_t *row;    /* [V], owned like all: sums of the row that is being counted */
    int32_t *touched; /* [V + 1]: columns whose sums are not 0, in order of appearance */
    int64_t n_touched;
    uint64_t *marks, *above; /* bits, for bringing them into order */
    rung_sums sums, sorted;  /* of the group of rows */
    int64_t *first;          /* [groups + 1]: where groups of columns begin in `sorted` */
    rung_glove_record *records; /* [n_records], owned: of the block that is being made */
    int64_t n_records;
    rung_status status; /* the first failure */
    rung_error error;
} rung_cooccur_worker;

typedef struct rung_cooccur_counter {
    rung_cooccur *out; /* borrowed */
    const rung_cooccur_config *config;
    uint64_t *weights; /* [window + 1]: units of a distance, owned */
    double unit;       /* X = units / unit */
    int64_t most_sums; /* of a worker's memory; 0: any number */
    bool in_parts;     /* the text is counted in parts */

    /* The part of the text: places[first[w] ... first[w + 1] - 1] are those of word w. */
    const int32_t *ids;
    int64_t count, begin, end;
    uint32_t *first, *places; /* [V + 1], [end - begin], owned; from begin on */

    rung_cooccur_worker *workers; /* [threads], owned */
    int threads;
    atomic_bool has_failed;
    atomic_size_t kept; /* bytes of records in memory */
    atomic_llong n_pairs;

    rung_scratch aside;          /* segments */
    pthread_mutex_t lock;        /* of segments and newest */
    rung_sums_segment *segments; /* [n_segments], owned */
    int64_t n_segments, cap_segments;
    int64_t *newest; /* [groups]: segment of the group, -1: none; owned */
} rung_cooccur_counter;

/* Room for `more` sums behind the last one. */
rung_status rung__sums_reserve(rung_sums *s, int64_t more, rung_error *err);

/* Puts the worker's sums of a group of rows aside, and empties them. */
rung_status rung__cooccur_put_aside(rung_cooccur_counter *c, rung_cooccur_worker *w,
                                    int64_t group, rung_error *err);
/* Makes the blocks of a group of rows, from the worker's sums or from what was put
 * aside. */
rung_status rung__cooccur_finish(rung_cooccur_counter *c, rung_cooccur_worker *w,
                                 int64_t group, rung_error *err);
rung_status rung__cooccur_merge(rung_cooccur_counter *c, rung_cooccur_worker *w,
                                int64_t group, rung_error *err);

#endif
