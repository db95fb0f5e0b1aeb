/* Models of tables: predicting, and the scores of that. */
#include "rung/tabular.h"

#include <math.h>

#include "base/alloc.h"
#include "base/clock.h"

enum { ROWS = 4096 }; /* predicted at a time */

static rung_status check_model(const rung_model *m, bool has_labels, rung_error *err)
{
    if (m->kind == RUNG_TABLE && (m->labels != NULL) == has_labels) return RUNG_OK;
    return rung_fail(
        err, RUNG_UNSUPPORTED, "this %s learned from %s: it predicts no %s from a table",
        m->type->name, rung_data_kind_name(m->kind), has_labels ? "labels" : "numbers");
}

rung_status rung_table_predict(const rung_model *m, rung_runtime *rt,
                               const rung_rows *rows, double *out, rung_error *err)
{
    RUNG_TRY(check_model(m, false, err));
    return m->type->table->predict(m, rt, rows, out, err);
}

rung_status rung_table_classify(float **logp, const rung_model *m, rung_runtime *rt,
                                const rung_rows *rows, rung_error *err)
{
    size_t cells = 0;
    double *exact = NULL;
    float *rounded = NULL;
    RUNG_TRY(check_model(m, true, err));
    if (rung_mul_size((size_t)rows->n, (size_t)m->n_labels, &cells)) {
        exact = rung__alloc_array(cells, sizeof *exact);
        rounded = rung__alloc_array(cells, sizeof *rounded);
    }
    rung_status status = exact && rounded
                             ? m->type->table->predict(m, rt, rows, exact, err)
                             : rung__out_of_memory(err, (size_t)rows->n, "predictions");
    for (size_t i = 0; status == RUNG_OK && i < cells; i++) rounded[i] = (float)exact[i];
    rung__free(exact);
    if (status == RUNG_OK)
        *logp = rounded;
    else
        rung__free(rounded);
    return status;
}

char *rung_table_fit_words(const rung_model *m)
{
    const bool has_words = m->kind == RUNG_TABLE && m->type->table->words;
    return has_words ? m->type->table->words(m) : NULL;
}

char *rung_table_fit_facts(const rung_model *m)
{
    const bool has_facts = m->kind == RUNG_TABLE && m->type->table->facts;
    return has_facts ? m->type->table->facts(m) : NULL;
}

/* ---- Numbers ---- */

/* Weighted mean and sum of squares of y about it (West 1979, "Updating mean and variance
 * estimates"), and the errors. */
typedef struct tally {
    int64_t count;
    double weight, mean, squares; /* of y */
    double error_squares, error_sum;
} tally;

static void add_row(tally *t, double y, double z, double w)
{
    const double d = y - t->mean;
    t->count++;
    t->weight += w;
    if (w > 0) t->mean += d * w / t->weight;
    t->squares += w * d * (y - t->mean);
    t->error_squares += w * (y - z) * (y - z);
    t->error_sum += w * fabs(y - z);
}

static rung_status score_numbers(const rung_model *m, rung_runtime *rt, rung_table *data,
                                 rung_number_score *score, rung_error *err)
{
    tally t = {0};
    rung_rows rows;
    double *z = rung__alloc_array(ROWS, sizeof *z);
    if (!z) return rung__out_of_memory(err, ROWS * sizeof *z, "predictions");
    rung_status status = RUNG_OK;
    do {
        status = rung_table_next(data, ROWS, &rows, err);
        if (status != RUNG_OK) break;
        status = rung_table_predict(m, rt, &rows, z, err);
        for (int64_t i = 0; status == RUNG_OK && i < rows.n; i++)
            add_row(&t, rows.targets[i], z[i], rows.weights ? rows.weights[i] : 1);
    } while (status == RUNG_OK && rows.n > 0);
    rung__free(z);
    *score = (rung_number_score){.count = t.count,
                                 .weight = t.weight,
                                 .rmse = sqrt(t.error_squares / t.weight),
                                 .mae = t.error_sum / t.weight,
                                 .r2 = t.squares > 0 ? 1 - t.error_squares / t.squares
                                                     : (double)NAN};
    return status;
}

/* ---- Labels ---- */

static rung_status score_rows(const rung_model *m, rung_runtime *rt,
                              const rung_rows *rows, rung_label_score *score,
                              rung_error *err)
{
    float *logp;
    RUNG_TRY(rung_table_classify(&logp, m, rt, rows, err));
    const rung_status status =
        rung_label_score_of(score, logp, rows->labels, (size_t)rows->n, m->n_labels, err);
    rung_logp_free(logp);
    return status;
}

rung_status rung_table_evaluate(const rung_model *m, rung_runtime *rt, rung_table *data,
                                rung_number_score *numbers, rung_label_score *labels,
                                rung_error *err)
{
    rung_rows rows;
    const double start = rung__now_seconds();
    *numbers = (rung_number_score){0};
    *labels = (rung_label_score){0};
    if (!m->labels) {
        RUNG_TRY(score_numbers(m, rt, data, numbers, err));
        numbers->seconds = rung__now_seconds() - start;
        return RUNG_OK;
    }
    RUNG_TRY(rung_table_next(data, ROWS, &rows, err)); // all of them
    if (rows.n == 0) return RUNG_OK;
    RUNG_TRY(score_rows(m, rt, &rows, labels, err));
    labels->seconds = rung__now_seconds() - start;
    return RUNG_OK;
}
