/* Scores rows of any length. Those of similar length go together: a row of n - 1 inputs
 * is filled up to the next power of two, or to the most that the model knows, which
 * changes nothing, as no token sees what follows it. */
#include "ladder/rows.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

static const int64_t MOST_TOKENS = 2048;    /* of a run */
static const int64_t MOST_LOGITS = 1 << 24; /* of a run */
static const int64_t MOST_ROWS = 256;       /* of a run */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The width [T] of the graph that reads the row. */
static int64_t width_of(const rung_model *m, const rung__row *row)
{
    int64_t T = 1;
    while (T < (int64_t)row->n - 1) T *= 2;
    return m->max_context ? smaller(T, m->max_context) : T;
}

typedef struct reader {
    rung_graph *graph;
    rung_tensor *logits; /* [B, T, V] */
    int64_t B, T, V;
    void *block;
    int32_t *ids; /* [B, T] */
} reader;

static void reader_release(reader *r)
{
    rung_graph_free(r->graph);
    rung__free(r->block);
    rung__free(r->ids);
}

static rung_status reader_init(reader *r, const rung_model *m, rung_runtime *rt,
                               int64_t T, rung_error *err)
{
    const int64_t tokens = smaller(MOST_TOKENS, MOST_LOGITS / m->vocab);
    const int64_t B = tokens > T ? smaller(tokens / T, MOST_ROWS) : 1;
    const int64_t shape[] = {B, T};
    *r = (reader){.B = B, .T = T, .V = m->vocab};
    RUNG_TRY(rung_graph_new(&r->graph, rt, RUNG_F32, err));
    rung_tensor *ids = rung_input(r->graph, "ids", RUNG_I32, 2, shape);
    r->logits = m->type->raw->logits(m, r->graph, ids, NULL, false);
    RUNG_TRY(rung_graph_compile(r->graph, &r->logits, 1, err));
    const size_t bytes = rung_graph_block_bytes(r->graph);
    r->block = rung__alloc(bytes);
    r->ids = rung__alloc_array((size_t)(B * T), sizeof *r->ids);
    if (!r->block || !r->ids) return rung__out_of_memory(err, bytes, "scoring rows");
    rung_graph_bind(r->graph, r->block, NULL, NULL);
    rung_input_set(ids, r->ids);
    return RUNG_OK;
}

/* -log p(id) from logits [V]: log sum exp(z) - z[id]. */
static double nats_of(const float *z, int64_t V, int32_t id)
{
    double most = z[0], sum = 0;
    for (int64_t v = 1; v < V; v++) most = fmax(most, (double)z[v]);
    for (int64_t v = 0; v < V; v++) sum += exp((double)z[v] - most);
    return most + log(sum) - (double)z[id];
}

/* Reads the rows that are named by index[0 ... n - 1], n <= B. */
static rung_status read_rows(reader *r, const rung__row *rows, const size_t *index,
                             int64_t n, double *nats, rung_error *err)
{
    memset(r->ids, 0, (size_t)(r->B * r->T) * sizeof *r->ids);
    for (int64_t b = 0; b < n; b++) {
        const rung__row *row = &rows[index[b]];
        memcpy(r->ids + b * r->T, row->ids, (row->n - 1) * sizeof *r->ids);
    }
    RUNG_TRY(rung_graph_run(r->graph, &(rung_run){0}, err));
    const float *logits = rung_tensor_data(r->logits);
    for (int64_t b = 0; b < n; b++) {
        const rung__row *row = &rows[index[b]];
        double sum = 0;
        for (size_t i = row->from; i < row->n; i++)
            sum +=
                nats_of(logits + (b * r->T + (int64_t)i - 1) * r->V, r->V, row->ids[i]);
        nats[index[b]] = sum;
    }
    return RUNG_OK;
}

/* All rows of width T; `index` has room for n. */
static rung_status score_width(const rung_model *m, rung_runtime *rt, int64_t T,
                               const rung__row *rows, size_t n, size_t *index,
                               double *nats, rung_error *err)
{
    size_t n_rows = 0;
    reader r = {0};
    for (size_t i = 0; i < n; i++)
        if (width_of(m, &rows[i]) == T) index[n_rows++] = i;
    if (n_rows == 0) return RUNG_OK;
    rung_status status = reader_init(&r, m, rt, T, err);
    for (size_t i = 0; status == RUNG_OK && i < n_rows; i += (size_t)r.B)
        status = read_rows(&r, rows, index + i, smaller(r.B, (int64_t)(n_rows - i)), nats,
                           err);
    reader_release(&r);
    return status;
}

rung_status rung__rows_score(const rung_model *m, rung_runtime *rt, const rung__row *rows,
                             size_t n, double *nats, rung_error *err)
{
    const rung_raw_ops *raw = m->type->raw;
    if (raw->score) {
        for (size_t i = 0; i < n; i++)
            nats[i] = raw->score(m, rows[i].ids, rows[i].from, rows[i].n);
        return RUNG_OK;
    }
    int64_t widest = 0;
    for (size_t i = 0; i < n; i++)
        if (width_of(m, &rows[i]) > widest) widest = width_of(m, &rows[i]);
    size_t *index = rung__alloc_array(n, sizeof *index);
    if (!index) return rung__out_of_memory(err, n * sizeof *index, "scoring rows");
    rung_status status = RUNG_OK;
    for (int64_t T = 1; status == RUNG_OK && T < 2 * widest; T *= 2)
        status = score_width(m, rt, smaller(T, widest), rows, n, index, nats, err);
    rung__free(index);
    return status;
}
