/* Numbers beside texts. */
#include "text/numbers.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"

bool rung__numbers_name(rung_span *name, const char **at)
{
    if (!*at || !**at) return false;
    *name = (rung_span){*at, strcspn(*at, ",")};
    *at += name->size + ((*at)[name->size] == ',');
    return true;
}

size_t rung__numbers_count(const char *names)
{
    size_t n = 0;
    for (rung_span name; rung__numbers_name(&name, &names);) n++;
    return n;
}

/* Of column j. Equal values have a deviation of exactly 0, whatever rounding makes of
 * their mean. */
static rung_number_scale scale_of(const double *values, size_t count, size_t n, size_t j)
{
    double sum = 0, squares = 0;
    bool is_constant = true;
    for (size_t i = 0; i < count; i++) {
        sum += values[i * n + j];
        is_constant = is_constant && values[i * n + j] == values[j];
    }
    const double mean = is_constant ? values[j] : sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        const double d = values[i * n + j] - mean;
        squares += d * d;
    }
    return (rung_number_scale){mean, sqrt(squares / (double)count)};
}

rung_status rung__numbers_fit(rung_numbers *out, const double *values, size_t count,
                              size_t n, rung_error *err)
{
    *out = (rung_numbers){.n = n, .scales = rung__alloc_array(n, sizeof *out->scales)};
    if (!out->scales) return rung__out_of_memory(err, n * sizeof *out->scales, "numbers");
    for (size_t j = 0; j < n; j++) out->scales[j] = scale_of(values, count, n, j);
    return RUNG_OK;
}

/* As a float, which a deviation next to nothing would otherwise leave. */
static float standardised(rung_number_scale s, double v)
{
    if (s.deviation == 0) return 0;
    const double x = (v - s.mean) / s.deviation;
    return (float)fmax(-(double)FLT_MAX, fmin((double)FLT_MAX, x));
}

/* Writes row i of `from` and its numbers to the end of `to`. */
static void append_row(rung_csr *to, const rung_csr *from, int64_t i,
                       const rung_numbers *numbers, const double *values)
{
    const int64_t begin = from->first[i], n = from->first[i + 1] - begin;
    int64_t end = to->first[i];
    if (n > 0) {
        memcpy(to->columns + end, from->columns + begin, (size_t)n * sizeof(int32_t));
        memcpy(to->values + end, from->values + begin, (size_t)n * sizeof(float));
    }
    end += n;
    for (size_t j = 0; j < numbers->n; j++) {
        const float x = standardised(numbers->scales[j], values[j]);
        to->columns[end] = (int32_t)from->n_columns + (int32_t)j;
        to->values[end] = x;
        end += x != 0;
    }
    to->first[i + 1] = end;
}

rung_status rung__numbers_join(rung_csr *out, const rung_csr *rows,
                               const rung_numbers *numbers, const double *values,
                               rung_error *err)
{
    const int64_t N = rows->n_rows, n = (int64_t)numbers->n;
    // One more: the place of a number that is 0 and not kept.
    RUNG_TRY(rung__csr_new(out, N, rows->n_columns + n, rows->first[N] + N * n + 1, err));
    for (int64_t i = 0; i < N; i++) append_row(out, rows, i, numbers, values + i * n);
    return RUNG_OK;
}

rung_status rung__numbers_append(rung_csr *rows, const rung_numbers *numbers,
                                 const double *values, rung_error *err)
{
    rung_csr all;
    if (numbers->n == 0) return RUNG_OK;
    RUNG_TRY(rung__numbers_join(&all, rows, numbers, values, err));
    rung__csr_release(rows);
    *rows = all;
    return RUNG_OK;
}

void rung__numbers_release(rung_numbers *numbers)
{
    rung__free(numbers->scales);
    *numbers = (rung_numbers){0};
}
