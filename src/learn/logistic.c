/* The objective of logistic regression. Letters: N rows, D columns, O outputs;
 * z = x w + b, r = s (p - y) with y one where the label is, s the row's weight.
 *
 *     df/dw[j] = sum over rows of x[j] r + l2 w[j],    df/db = sum over rows of r
 *     H v      = sum over rows of x (C x v) + l2 v
 *
 * where C, the curvature of a row's loss over its scores, is s p (1 - p) for outputs on
 * their own and s (diag(p) - p p^T) for softmax.
 *
 * So everything is one kind of pass: scores u = x w of each row, turned into some r, and
 * the sum of x r over the rows. With few weights a block of rows has a sum of its own;
 * with many, the second sum runs over the columns of the transpose, so that each number
 * has one writer. */
#include "learn/logistic.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"

#define BLOCK_ROWS 256
#define BLOCK_COLUMNS 1024
#define MAX_NARROW 4096      /* weights up to which a block of rows has its own sum */
#define MAX_NARROW_BLOCKS 64 /* such blocks */

struct rung_logistic {
    rung_logistic_data data;
    const double *weights; /* [N] or NULL, borrowed */
    rung_pool *pool;       /* borrowed */
    int64_t N, D, O;
    bool is_softmax, is_narrow;
    rung_penalty penalty;
    rung_csr columns;    /* the transpose of data.rows, unless narrow; owned */
    int64_t block_rows;  /* of the passes over rows */
    double *r, *p;       /* [N, O]: p is of the point last asked for; owned */
    double *row_sums;    /* [row blocks, 1 + O]: loss, sum of r; owned */
    double *narrow_sums; /* [row blocks, D O]: sum of x r, where narrow; owned */
    double *penalties;   /* [column blocks]: sum of w^2, owned */
};

static int64_t n_blocks(int64_t n, int64_t block)
{
    return (n + block - 1) / block;
}

static int64_t block_end(int64_t task, int64_t n, int64_t block)
{
    return (task + 1) * block < n ? (task + 1) * block : n;
}

/* ---- One row ---- */

/* What a value counts in a sum: of x r or, where it is squared, of x^2 r. */
static inline double factor_of(float value, bool is_squared)
{
    return is_squared ? (double)value * (double)value : (double)value;
}

/* The sum of factor(x[i, j]) y[j] over j, in two parts, whose additions need not wait for
 * each other. */
static inline double sum_row(const rung_csr *x, int64_t i, const double *y,
                             bool is_squared)
{
    const int32_t *columns = x->columns;
    const float *values = x->values;
    const int64_t end = x->first[i + 1];
    int64_t p = x->first[i];
    double a = 0, b = 0;
    for (; p + 2 <= end; p += 2) {
        a += factor_of(values[p], is_squared) * y[columns[p]];
        b += factor_of(values[p + 1], is_squared) * y[columns[p + 1]];
    }
    if (p < end) a += factor_of(values[p], is_squared) * y[columns[p]];
    return a + b;
}

/* Adds x[i] w to z [O]. */
static void add_scores(const rung_csr *x, int64_t i, int64_t O, const double *w,
                       double *z)
{
    if (O == 1) {
        z[0] += sum_row(x, i, w, false);
        return;
    }
    for (int64_t p = x->first[i]; p < x->first[i + 1]; p++) {
        const double value = (double)x->values[p], *wj = w + x->columns[p] * O;
        for (int64_t o = 0; o < O; o++) z[o] += value * wj[o];
    }
}

rung_label_set rung__logistic_labels(const rung_logistic_data *data, int64_t i)
{
    static const int32_t yes = 0;
    if (data->kind == RUNG_LOGISTIC_SEVERAL)
        return (rung_label_set){data->labels + data->first[i],
                                data->first[i + 1] - data->first[i]};
    if (data->n_labels == 2) return (rung_label_set){&yes, data->labels[i]};
    return (rung_label_set){data->labels + i, 1};
}

double rung__logistic_loss(const rung_logistic_data *data, int64_t i, double *z,
                           double *p)
{
    if (rung__logistic_is_softmax(data))
        return rung__softmax_loss(z, p, data->n_labels, data->labels[i]);
    return rung__sigmoid_loss(z, p, rung__logistic_outputs(data),
                              rung__logistic_labels(data, i));
}

static double weight_of(const rung_logistic *l, int64_t i)
{
    return l->weights ? l->weights[i] : 1;
}

/* What a pass does with a row's scores u [O]: puts r in their place; returns what is
 * summed beside. */
typedef double (*row_fn)(const rung_logistic *l, int64_t i, double *u);

static double turn_to_residuals(const rung_logistic *l, int64_t i, double *u)
{
    const double s = weight_of(l, i);
    const double loss = rung__logistic_loss(&l->data, i, u, l->p + i * l->O);
    for (int64_t o = 0; o < l->O; o++) u[o] *= s;
    return s * loss;
}

/* C u. */
static double turn_by_curvature(const rung_logistic *l, int64_t i, double *u)
{
    const double *p = l->p + i * l->O, s = weight_of(l, i);
    double mean = 0;
    if (l->is_softmax) {
        for (int64_t o = 0; o < l->O; o++) mean += p[o] * u[o];
        for (int64_t o = 0; o < l->O; o++) u[o] = s * p[o] * (u[o] - mean);
    } else {
        for (int64_t o = 0; o < l->O; o++) u[o] *= s * p[o] * (1 - p[o]);
    }
    return 0;
}

/* The diagonal of C, whatever u. */
static double turn_to_curvature(const rung_logistic *l, int64_t i, double *u)
{
    const double *p = l->p + i * l->O, s = weight_of(l, i);
    for (int64_t o = 0; o < l->O; o++) u[o] = s * p[o] * (1 - p[o]);
    return 0;
}

/* ---- A pass ---- */

typedef struct pass {
    rung_logistic *l;
    row_fn turn;
    const double *w; /* [D O + O], of the scores; NULL: there are none */
    bool has_offset; /* the scores have that of the data */
    bool is_squared; /* x^2 r is summed */
    double *out;     /* [D O + O], or [D O] without biases: the sums */
} pass;

static bool has_bias(const rung_logistic *l)
{
    return !l->penalty.has_no_bias;
}

static void begin_scores(const pass *k, int64_t i, double *u)
{
    const rung_logistic *l = k->l;
    const double *offsets = k->has_offset ? l->data.offsets : NULL;
    for (int64_t o = 0; o < l->O; o++)
        u[o] = (has_bias(l) ? k->w[l->D * l->O + o] : 0) +
               (offsets ? offsets[i * l->O + o] : 0);
}

/* Adds x r (or x^2 r) of row i to g [D, O]. */
static void add_row(const pass *k, int64_t i, const double *r, double *g)
{
    const rung_csr *x = k->l->data.rows;
    const int64_t O = k->l->O;
    for (int64_t p = x->first[i]; p < x->first[i + 1]; p++) {
        const double factor = factor_of(x->values[p], k->is_squared);
        double *gj = g + x->columns[p] * O;
        for (int64_t o = 0; o < O; o++) gj[o] += factor * r[o];
    }
}

static void pass_rows(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const pass *k = ctx;
    const rung_logistic *l = k->l;
    const int64_t O = l->O, end = block_end(task, l->N, l->block_rows);
    double *sums = l->row_sums + task * (1 + O);
    double *own = l->is_narrow ? l->narrow_sums + task * l->D * O : NULL;
    memset(sums, 0, (size_t)(1 + O) * sizeof *sums);
    if (own) memset(own, 0, (size_t)(l->D * O) * sizeof *own);
    for (int64_t i = task * l->block_rows; i < end; i++) {
        double *r = l->r + i * O;
        if (weight_of(l, i) == 0) { // held out
            memset(r, 0, (size_t)O * sizeof *r);
            continue;
        }
        if (k->w) {
            begin_scores(k, i, r);
            add_scores(l->data.rows, i, O, k->w, r);
        }
        sums[0] += k->turn(l, i, r);
        for (int64_t o = 0; o < O; o++) sums[1 + o] += r[o];
        if (own) add_row(k, i, r, own);
    }
}

/* The sum of x r over the rows, for one column: g [O]. */
static void sum_column(const pass *k, int64_t j, double *g)
{
    const rung_csr *x = &k->l->columns;
    const double *r = k->l->r;
    const int64_t O = k->l->O;
    if (O == 1) {
        g[0] += k->is_squared ? sum_row(x, j, r, true) : sum_row(x, j, r, false);
        return;
    }
    for (int64_t p = x->first[j]; p < x->first[j + 1]; p++) {
        const double factor = factor_of(x->values[p], k->is_squared);
        const double *ri = r + x->columns[p] * O;
        for (int64_t o = 0; o < O; o++) g[o] += factor * ri[o];
    }
}

/* The same from the sums of the blocks. */
static void join_column(const pass *k, int64_t j, double *g)
{
    const rung_logistic *l = k->l;
    const int64_t O = l->O, blocks = n_blocks(l->N, l->block_rows);
    for (int64_t b = 0; b < blocks; b++) {
        const double *part = l->narrow_sums + (b * l->D + j) * O;
        for (int64_t o = 0; o < O; o++) g[o] += part[o];
    }
}

static void pass_columns(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const pass *k = ctx;
    const rung_logistic *l = k->l;
    const int64_t O = l->O, end = block_end(task, l->D, BLOCK_COLUMNS);
    double penalty = 0;
    for (int64_t j = task * BLOCK_COLUMNS; j < end; j++) {
        double *g = k->out + j * O;
        for (int64_t o = 0; o < O; o++) {
            const double w = k->w ? k->w[j * O + o] : 1;
            penalty += w * w;
            g[o] = l->penalty.l2 * w;
        }
        if (l->is_narrow)
            join_column(k, j, g);
        else
            sum_column(k, j, g);
    }
    l->penalties[task] = penalty;
}

/* out = l2 w + sum of x r (w NULL: 1), then the sums of r alone; returns what the rows'
 * `turn` returned. *squares: the sum of w^2. */
static double run_pass(pass *k, double *squares)
{
    const rung_logistic *l = k->l;
    const int64_t row_blocks = n_blocks(l->N, l->block_rows);
    const int64_t column_blocks = n_blocks(l->D, BLOCK_COLUMNS);
    double sum = 0, *bias = k->out + l->D * l->O;
    rung_pool_run(l->pool, row_blocks, pass_rows, k);
    rung_pool_run(l->pool, column_blocks, pass_columns, k);
    for (int64_t o = 0; has_bias(l) && o < l->O; o++) bias[o] = 0;
    for (int64_t b = 0; b < row_blocks; b++) {
        const double *sums = l->row_sums + b * (1 + l->O);
        sum += sums[0];
        for (int64_t o = 0; has_bias(l) && o < l->O; o++) bias[o] += sums[1 + o];
    }
    *squares = 0;
    for (int64_t b = 0; b < column_blocks; b++) *squares += l->penalties[b];
    return sum;
}

/* ---- The objective's methods ---- */

static double value(void *self, const double *w, double *gradient)
{
    rung_logistic *l = self;
    double squares;
    pass k = {l, turn_to_residuals, w, true, false, gradient};
    const double loss = run_pass(&k, &squares);
    return loss + 0.5 * l->penalty.l2 * squares;
}

static void product(void *self, const double *v, double *hv)
{
    double squares;
    pass k = {self, turn_by_curvature, v, false, false, hv};
    run_pass(&k, &squares);
}

/* Where nothing curves, a little: a scale must not be infinite. */
static void diagonal(void *self, double *d)
{
    const rung_logistic *l = self;
    double squares, most = DBL_MIN;
    pass k = {self, turn_to_curvature, NULL, false, true, d};
    run_pass(&k, &squares);
    const int64_t n = (l->D + has_bias(l)) * l->O;
    for (int64_t i = 0; i < n; i++) most = fmax(most, d[i]);
    for (int64_t i = 0; i < n; i++) d[i] = fmax(d[i], 1e-10 * most);
}

/* ---- The Hessian ---- */

/* Rows of the matrix are dealt out to `n_strips` tasks. Each number has one writer, which
 * adds the data's rows in order: the bits do not depend on how many tasks there are. */
typedef struct hessian_work {
    const rung_logistic *l;
    int64_t part, n_strips, m;
    double *h; /* [m, m], lower triangle */
} hessian_work;

/* Adds c x x^T of row i, x with a 1 for the bias, at outputs o and q. Variable j of
 * output o is row j step + o. */
static void add_outer(const hessian_work *k, int64_t strip, int64_t i, double c,
                      int64_t o, int64_t q)
{
    const rung_logistic *l = k->l;
    const rung_csr *x = l->data.rows;
    const int64_t begin = x->first[i], end = x->first[i + 1];
    const int64_t step = l->is_softmax ? l->O : 1;
    for (int64_t a = begin; a < end + has_bias(l); a++) {
        const int64_t j = a < end ? x->columns[a] : l->D;
        if (j % k->n_strips != strip) continue;
        const double cx = a < end ? c * (double)x->values[a] : c;
        double *row = k->h + (j * step + o) * k->m + q;
        for (int64_t b = begin; b < end && b <= a; b++)
            row[x->columns[b] * step] += cx * (double)x->values[b];
        if (a == end) row[j * step] += c;
    }
}

static void sum_strip(void *ctx, int64_t strip, int worker)
{
    (void)worker;
    const hessian_work *k = ctx;
    const rung_logistic *l = k->l;
    const int64_t step = l->is_softmax ? l->O : 1;
    for (int64_t v = 0; v < k->m; v++) {
        if (v / step % k->n_strips != strip) continue;
        memset(k->h + v * k->m, 0, (size_t)(v + 1) * sizeof *k->h);
        if (v / step < l->D) k->h[v * k->m + v] = l->penalty.l2;
    }
    for (int64_t i = 0; i < l->N; i++) {
        const double *p = l->p + i * l->O, s = weight_of(l, i);
        if (s == 0) continue;
        if (!l->is_softmax) {
            const double yes = p[k->part];
            add_outer(k, strip, i, s * yes * (1 - yes), 0, 0);
            continue;
        }
        for (int64_t o = 0; o < l->O; o++) {
            for (int64_t q = 0; q < l->O; q++)
                add_outer(k, strip, i, s * p[o] * ((o == q) - p[q]), o, q);
        }
    }
}

static void hessian(void *self, int64_t part, double *h)
{
    const rung_logistic *l = self;
    const int64_t m = (l->D + has_bias(l)) * (l->is_softmax ? l->O : 1);
    hessian_work k = {l, part, rung_pool_threads(l->pool), m, h};
    rung_pool_run(l->pool, k.n_strips, sum_strip, &k);
}

/* ---- The problem ---- */

int64_t rung__logistic_size(const rung_logistic_data *data)
{
    return (data->rows->n_columns + 1) * rung__logistic_outputs(data);
}

/* How the rows are cut: a function of the shape alone. */
static void cut(rung_logistic *l)
{
    l->is_narrow = l->D * l->O <= MAX_NARROW;
    l->block_rows = BLOCK_ROWS;
    if (l->is_narrow && n_blocks(l->N, BLOCK_ROWS) > MAX_NARROW_BLOCKS)
        l->block_rows = n_blocks(l->N, MAX_NARROW_BLOCKS);
}

static rung_status allocate(rung_logistic *l, rung_error *err)
{
    const int64_t blocks = n_blocks(l->N, l->block_rows);
    const size_t cells = (size_t)(l->N * l->O);
    l->r = rung__alloc_array(cells, sizeof *l->r);
    l->p = rung__alloc_array(cells, sizeof *l->p);
    l->row_sums = rung__alloc_array((size_t)(blocks * (1 + l->O)), sizeof *l->row_sums);
    l->narrow_sums =
        rung__alloc_array(l->is_narrow ? (size_t)(blocks * l->D * l->O) : 0, 8);
    l->penalties =
        rung__alloc_array((size_t)n_blocks(l->D, BLOCK_COLUMNS), sizeof *l->penalties);
    if (!l->r || !l->p || !l->row_sums || !l->narrow_sums || !l->penalties)
        return rung__out_of_memory(err, cells * 16, "logistic regression");
    return l->is_narrow ? RUNG_OK
                        : rung__csr_transpose(&l->columns, l->data.rows, l->pool, err);
}

rung_status rung__logistic_new(rung_logistic **out, const rung_logistic_data *data,
                               rung_pool *pool, rung_error *err)
{
    assert(data->n_labels >= 2);
    rung_logistic *l = rung__alloc(sizeof *l);
    if (!l) return rung__out_of_memory(err, sizeof *l, "logistic regression");
    *l = (rung_logistic){.data = *data,
                         .weights = data->weights,
                         .pool = pool,
                         .N = data->rows->n_rows,
                         .D = data->rows->n_columns,
                         .O = rung__logistic_outputs(data),
                         .is_softmax = rung__logistic_is_softmax(data)};
    cut(l);
    const rung_status status = allocate(l, err);
    if (status == RUNG_OK)
        *out = l;
    else
        rung__logistic_free(l);
    return status;
}

void rung__logistic_free(rung_logistic *l)
{
    if (!l) return;
    rung__csr_release(&l->columns);
    rung__free(l->r), rung__free(l->p);
    rung__free(l->row_sums), rung__free(l->narrow_sums), rung__free(l->penalties);
    rung__free(l);
}

const rung_logistic_data *rung__logistic_data(const rung_logistic *l)
{
    return &l->data;
}

rung_pool *rung__logistic_pool(const rung_logistic *l)
{
    return l->pool;
}

void rung__logistic_reweigh(rung_logistic *l, const double *weights)
{
    l->weights = weights ? weights : l->data.weights;
}

const double *rung__logistic_weights(const rung_logistic *l)
{
    return l->weights;
}

rung_objective rung__logistic_objective(rung_logistic *l, const rung_penalty *penalty)
{
    l->penalty = *penalty;
    return (rung_objective){.value = value,
                            .diagonal = diagonal,
                            .product = product,
                            .hessian = hessian,
                            .self = l,
                            .n = (l->D + has_bias(l)) * l->O,
                            .n_parts = l->is_softmax ? 1 : l->O,
                            .l1 = penalty->l1,
                            .n_l1 = l->D * l->O};
}
