/* Tables: what is accepted has as many features, targets and weights as it says, all of
 * them readable, and the same again after a rewind. The first byte says which format, and
 * how it is read. */
#include <math.h>

#include "rung/table.h"
#include "support.h"

static double sum_dense(const rung_rows *rows)
{
    double sum = 0;
    for (int64_t i = 0; i < rows->n; i++)
        for (int64_t j = 0; j < rows->n_features; j++) {
            const int64_t at = i * rows->stride + j;
            sum += rows->is_float ? (double)((const float *)rows->x)[at]
                                  : ((const double *)rows->x)[at];
        }
    return sum;
}

static double sum_sparse(const rung_rows *rows)
{
    double sum = 0;
    for (int64_t i = 0; i < rows->n; i++)
        for (int64_t p = rows->first[i]; p < rows->first[i + 1]; p++) {
            FUZZ_CHECK(rows->features[p] >= 0 && rows->features[p] < rows->n_features);
            FUZZ_CHECK(p == rows->first[i] || rows->features[p] > rows->features[p - 1]);
            sum += (double)rows->values[p];
        }
    return sum;
}

/* Reads to the end, or to the first row that cannot be; a number made of everything. */
static double read_all(rung_table *t, int64_t *n)
{
    rung_rows rows;
    rung_error err = {0};
    double sum = 0;
    for (*n = 0;; *n += rows.n) {
        if (rung_table_next(t, 7, &rows, &err) != RUNG_OK) {
            FUZZ_CHECK(err.message[0]);
            return sum;
        }
        if (rows.n == 0) return sum;
        sum += rows.x ? sum_dense(&rows) : sum_sparse(&rows);
        for (int64_t i = 0; i < rows.n; i++) {
            if (rows.targets) sum += rows.targets[i];
            if (rows.labels) FUZZ_CHECK(rows.labels[i] >= -1);
            if (rows.weights) FUZZ_CHECK(rows.weights[i] >= 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    rung_table *t = NULL;
    rung_error err = {0};
    int64_t n, again;
    if (size < 1 || size > 1 << 16) return 0;
    const unsigned how = bytes[0];
    config.format = RUNG_TABLE_CSV + (int)(how % 3);
    config.has_labels = how & 4;
    config.missing = how & 8 ? RUNG_MISSING_MEAN : RUNG_MISSING_REFUSE;
    if (how & 16) config.target = "1";
    if (how & 32 && config.format == RUNG_TABLE_CSV) config.weight = "2";
    if (how & 64) config.valid_share = config.test_share = 0.2;
    const char *path = fuzz_file(bytes + 1, size - 1);
    if (rung_table_open(&t, path, &config, NULL, NULL, &err) != RUNG_OK) {
        FUZZ_CHECK(err.message[0] && t == NULL);
        return 0;
    }
    const double first = read_all(t, &n);
    FUZZ_CHECK(rung_table_rewind(t, &err) == RUNG_OK);
    const double second = read_all(t, &again);
    FUZZ_CHECK(n == again);
    FUZZ_CHECK(first == second || (isnan(first) && isnan(second)));
    rung_table_close(t);
    return 0;
}
