/* Sources of rows: the abstract class of the readers of tables. */
#ifndef RUNG_BASE_SOURCE_H
#define RUNG_BASE_SOURCE_H

#include "base/rng.h"
#include "rung/rows.h"
#include "rung/status.h"

typedef struct rung__source rung__source;

typedef struct rung__source_ops {
    /* As rung_table_next. Sparse rows may be wider than those before. */
    rung_status (*next)(rung__source *s, int64_t most, rung_rows *rows, rung_error *err);
    rung_status (*rewind)(rung__source *s, rung_error *err);
    void (*close)(rung__source *s); /* frees it */
} rung__source_ops;

/* Which rows of a file are wanted: each goes by itself to train, valid or test. */
typedef struct rung__row_cut {
    uint64_t key;
    double valid, test; /* shares; both 0: everything is train */
    int part;
} rung__row_cut;

struct rung__source {
    const rung__source_ops *ops;
    rung__row_cut cut;
    int64_t row; /* rows of the file that were looked at */
};

static inline bool rung__row_cut_is_whole(const rung__row_cut *c)
{
    return c->valid == 0 && c->test == 0 && c->part == 0;
}

static inline bool rung__row_cut_has(const rung__row_cut *c, int64_t row)
{
    uint32_t words[4];
    if (c->valid == 0 && c->test == 0) return c->part == 0;
    rung_philox(c->key, (uint64_t)row, 0, words);
    const double u = words[0] * 0x1p-32;
    return c->part == (u < c->valid ? 1 : u < c->valid + c->test ? 2 : 0);
}

#endif
