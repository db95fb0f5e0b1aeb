/* Features of texts that are anything: rows are sound, and a restored set of columns
 * gives the same ones. The first byte picks the config, the second how many
 * texts the rest is. */
#include <math.h>
#include <string.h>

#include "support.h"
#include "text/features.h"

enum { MOST = 9 };

static void check_rows(const rung_csr *rows)
{
    for (int64_t i = 0; i < rows->n_rows; i++) {
        double squares = 0;
        for (int64_t p = rows->first[i]; p < rows->first[i + 1]; p++) {
            FUZZ_CHECK(rows->columns[p] >= 0 && rows->columns[p] < rows->n_columns);
            FUZZ_CHECK(p == rows->first[i] || rows->columns[p] > rows->columns[p - 1]);
            squares += (double)rows->values[p] * (double)rows->values[p];
        }
        const bool is_empty = rows->first[i + 1] == rows->first[i];
        FUZZ_CHECK(fabs(squares - (is_empty ? 0 : 1)) < 1e-4);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2) return 0;
    const rung_features_config config = {.ngrams = bytes[0] % 4,
                                         .chars =
                                             bytes[0] % 4 && bytes[0] & 4 ? NULL : "2-4",
                                         .bits = bytes[0] & 8 ? 6 + bytes[0] / 16 % 4 : 0,
                                         .min_df = 1 + bytes[0] / 64,
                                         .tf = bytes[0] / 16 % 3,
                                         .idf = bytes[0] & 4};
    const size_t n = bytes[1] % (MOST + 1);
    const char *text = (const char *)bytes + 2;
    size -= 2;
    rung_span texts[MOST];
    for (size_t i = 0; i < n; i++)
        texts[i] = (rung_span){text + size * i / n, size * (i + 1) / n - size * i / n};
    rung_pool *pool;
    rung_features f, g;
    rung_csr rows, again;
    rung_error err;
    FUZZ_CHECK(rung_pool_new(&pool, 1, &err) == RUNG_OK);
    FUZZ_CHECK(rung__features_fit(&f, &config, texts, n, pool, &rows, &err) == RUNG_OK);
    check_rows(&rows);
    const rung_span names = {f.names.bytes, f.names.size};
    FUZZ_CHECK(rung__features_restore(&g, &config, f.hashes, names, f.idf, f.n_columns,
                                      &err) == RUNG_OK);
    FUZZ_CHECK(rung__features_apply(&g, texts, n, pool, &again, &err) == RUNG_OK);
    const size_t n_values = (size_t)rows.first[n];
    FUZZ_CHECK(memcmp(rows.first, again.first, (n + 1) * sizeof *rows.first) == 0);
    FUZZ_CHECK(memcmp(rows.columns, again.columns, n_values * 4) == 0);
    FUZZ_CHECK(memcmp(rows.values, again.values, n_values * 4) == 0);
    rung__csr_release(&rows);
    rung__csr_release(&again);
    rung__features_release(&f);
    rung__features_release(&g);
    rung_pool_free(pool);
    return 0;
}
