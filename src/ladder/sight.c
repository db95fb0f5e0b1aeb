/* Loss by length of the available context: the same tokens, with 1, 2, 4, ... tokens
 * before them.
 *
 * With x_i the nats and b_i the bytes of the token at position i, the loss is
 * r = sum x / sum b, and its standard error that of a ratio (Cochran 1977, "Sampling
 * Techniques", 2.11):  sqrt(n / (n - 1) sum (x_i - r b_i)^2) / sum b. */
#include "rung/sight.h"

#include <math.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "ladder/rows.h"

static const size_t MOST_POSITIONS = 1024;

rung_share rung_share_of(int64_t right, int64_t n)
{
    const double z = 1.959964, N = (double)n; // 95 %
    rung_share share = {.right = right, .n = n, .low = 0, .high = 1};
    if (n < 1) return share;
    const double p = (double)right / N, scale = 1 + z * z / N;
    const double middle = (p + z * z / (2 * N)) / scale;
    const double half = z * sqrt(p * (1 - p) / N + z * z / (4 * N * N)) / scale;
    share.low = fmax(middle - half, 0);
    share.high = fmin(middle + half, 1);
    return share;
}

/* Position i of n, spread evenly over what has C tokens before it. */
static size_t position(size_t i, size_t n, size_t C, size_t count)
{
    return C + (2 * i + 1) * (count - C) / (2 * n);
}

static void summarize(rung_context_loss *loss, const rung_model *m, const rung__row *rows,
                      const double *nats, size_t n)
{
    double total = 0, bytes = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        total += nats[i];
        bytes +=
            (double)rung_tokenizer_bytes(m->tokenizer, rows[i].ids[rows[i].from]).size;
    }
    for (size_t i = 0; i < n; i++) {
        const rung_span token =
            rung_tokenizer_bytes(m->tokenizer, rows[i].ids[rows[i].from]);
        const double d = nats[i] - total / bytes * (double)token.size;
        squares += d * d;
    }
    const double N = (double)n;
    loss->nats_per_token = total / N;
    loss->bits_per_byte = total / bytes / log(2);
    loss->error = n > 1 ? sqrt(N / (N - 1) * squares) / bytes / log(2) : 0;
}

/* The loss with c of at most C tokens given. */
static rung_status measure(rung_context_loss *loss, const rung_model *m, rung_runtime *rt,
                           const rung_tokens *data, size_t c, size_t C, rung__row *rows,
                           double *nats, size_t n, rung_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const size_t at = position(i, n, C, data->count);
        rows[i] = (rung__row){data->ids + at - c, c, c + 1};
    }
    RUNG_TRY(rung__rows_score(m, rt, rows, n, nats, err));
    loss->context = (int64_t)c;
    summarize(loss, m, rows, nats, n);
    return RUNG_OK;
}

static rung_status measure_all(rung_sight *s, const rung_model *m, rung_runtime *rt,
                               const rung_tokens *data, size_t C, rung_error *err)
{
    const size_t n = (size_t)s->n_positions;
    rung__row *rows = rung__alloc_array(n, sizeof *rows);
    double *nats = rung__alloc_array(n, sizeof *nats);
    rung_status status =
        rows && nats ? RUNG_OK : rung__out_of_memory(err, n * sizeof *rows, "positions");
    for (size_t c = 1;
         status == RUNG_OK && c < 2 * C && s->n_losses < RUNG_SIGHT_CONTEXTS; c *= 2)
        status = measure(&s->losses[s->n_losses++], m, rt, data, c < C ? c : C, C, rows,
                         nats, n, err);
    rung__free(rows);
    rung__free(nats);
    return status;
}

rung_status rung_sight_contexts(rung_sight *sight, const rung_model *m, rung_runtime *rt,
                                const rung_tokens *data, int64_t context, rung_error *err)
{
    const double start = rung__now_seconds();
    if (context < 1) context = m->context;
    if (m->max_context && context > m->max_context) context = m->max_context;
    sight->n_losses = 0;
    sight->n_positions = 0;
    if (data->count < 2) return RUNG_OK;
    size_t C = (size_t)context;
    if (C > data->count - 1) C = data->count - 1;
    const size_t n = data->count - C;
    sight->n_positions = (int64_t)(n < MOST_POSITIONS ? n : MOST_POSITIONS);
    RUNG_TRY(measure_all(sight, m, rt, data, C, err));
    sight->seconds += rung__now_seconds() - start;
    return RUNG_OK;
}
