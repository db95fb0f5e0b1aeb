/* Inside the operators' floor: the records, and what several of them share. */
#ifndef RUNG_OPS_OPS_H
#define RUNG_OPS_OPS_H

#include "graph/graph.h"
#include "rung/ops.h"

#define OP(name) extern const rung_op rung__op_##name;
#include "ops/ops.def"
#undef OP

/* The table of all operators, for tests. */
extern const rung_op *const rung__ops[];
extern const size_t rung__ops_count;

/* ---- Building ---- */

/* Appends a node and returns its output 0, NULL after an error. */
rung_tensor *rung__op1(rung_graph *g, const rung_op *op, int n_required, int n_inputs,
                       rung_tensor *const *inputs, const void *attrs);

/* x as [rows, last], without moving it. */
rung_tensor *rung__as_matrix(rung_graph *g, rung_tensor *x);
/* The sum of x over its leading dimensions, in the shape of `like` (its end). */
rung_tensor *rung__sum_to(rung_graph *g, rung_tensor *x, const rung_tensor *like);

/* y[:, begin : begin + size, :] = x, zero elsewhere; dimension `dim` becomes n. */
rung_tensor *rung__pad(rung_graph *g, rung_tensor *x, int dim, int64_t begin, int64_t n);

/* ---- Running ---- */

/* Cuts 0 ... n-1 into ranges of `grain` and runs them on the pool. The cuts depend on n
 * and grain alone. */
typedef void (*rung_range_fn)(void *ctx, int64_t begin, int64_t end, int worker);
void rung__ranges(const rung_exec *x, int64_t n, int64_t grain, rung_range_fn fn,
                  void *ctx);

/* Elements of one task of an element-wise loop: 64 KB of floats, part of the L2 cache. */
enum { RUNG_GRAIN = 16384 };

/* Rows of `width` elements that make about one grain, at least 1. */
int64_t rung__row_grain(int64_t width);

/* out[n] = sum of rows of x[rows, n], in parallel over fixed blocks of rows, joined in
 * their order. scratch: rung__column_sums_scratch bytes. */
size_t rung__column_sums_scratch(int64_t rows, int64_t n, size_t real_bytes);
void rung__column_sums(const rung_exec *x, int64_t rows, int64_t n, const void *data,
                       void *out, void *scratch);

/* Joins `count` partial rows of n reals that lie one after the other in `parts` into out,
 * in order. */
void rung__join_rows(const rung_exec *x, int64_t count, int64_t n, const void *parts,
                     void *out);

size_t rung__real_bytes(const rung_graph *g);
int rung__threads(const rung_graph *g);

#endif
