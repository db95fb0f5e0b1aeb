/* Features: hashes, counts, weights, and that only texts decide. */
#include "support.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "pool.h"
#include "base/files.h"
#include "base/rng.h"
#include "text/features.h"

static rung_error err;

static rung_span span(const char *text)
{
    return (rung_span){text, strlen(text)};
}

/* Hashed words. */
#define WORDS(n, b, df)                                                                  \
    {                                                                                    \
        .ngrams = (n), .bits = (b), .min_df = (df), .idf = true                          \
    }

static const rung_features_config plain = WORDS(2, 20, 1);

/* The row of one text among columns that it has brought itself. */
static int64_t columns_of(const char *text, rung_features_config config)
{
    rung_features f;
    rung_csr rows;
    const rung_span t = span(text);
    assert_ok(rung__features_fit(&f, &config, &t, 1, pool, &rows, &err));
    const int64_t n = rows.first[1];
    assert_int_equal(n, f.n_columns);
    assert_int_equal(f.n_occupied, config.min_df == 1 ? n : 7);
    rung__csr_release(&rows);
    rung__features_release(&f);
    return n;
}

static void every_run_of_words_is_a_column(void **state)
{
    (void)state;
    const char *text = "One two, THREE two one two"; // 3 words; 4 pairs; 4 triples
    assert_int_equal(columns_of(text, (rung_features_config)WORDS(1, 20, 1)), 3);
    assert_int_equal(columns_of(text, (rung_features_config)WORDS(2, 20, 1)), 3 + 4);
    assert_int_equal(columns_of(text, (rung_features_config)WORDS(3, 20, 1)), 3 + 4 + 4);
    assert_int_equal(columns_of(text, (rung_features_config)WORDS(8, 20, 1)),
                     3 + 4 + 4 + 3 + 2 + 1);
    assert_int_equal(columns_of("", plain), 0);
    assert_int_equal(columns_of("?!", plain), 0);
    assert_int_equal(columns_of("a b b a a", plain), 2 + 4); // ab, bb, ba, aa differ
    assert_int_equal(columns_of(text, (rung_features_config)WORDS(2, 20, 2)), 0);
}

/* Long words that differ in one place, at each length: no two are taken for one. */
static void words_are_told_apart_at_any_length(void **state)
{
    (void)state;
    char text[80];
    for (size_t n = 1; n <= 30; n++) {
        for (size_t at = 0; at < n; at++) {
            memset(text, 'x', sizeof text);
            text[at] = 'y';
            text[n] = ' ';
            text[n + 1 + n] = ' ';
            text[2 * n + 2] = '\0';
            assert_int_equal(columns_of(text, plain), 2 + 1);
        }
    }
}

/* tf, idf and length against the formula. */
static void weights_follow_the_formula(void **state)
{
    (void)state;
    const rung_span texts[] = {span("a a a b"), span("b c"), span("b"), span("-")};
    rung_features f;
    rung_csr rows;
    const rung_features_config config = WORDS(1, 20, 1);
    assert_ok(rung__features_fit(&f, &config, texts, 4, pool, &rows, &err));
    assert_int_equal(f.n_columns, 3);
    const int64_t sizes[] = {2, 2, 1, 0};
    for (int i = 0; i < 4; i++)
        assert_int_equal(rows.first[i + 1] - rows.first[i], sizes[i]);
    const int32_t b = rows.columns[rows.first[2]];
    const double idf_a = 1 + log(5.0 / 2), idf_b = 1 + log(5.0 / 4);
    assert_near(f.idf[b], idf_b, 1e-6);
    assert_near(rows.values[rows.first[2]], 1, 1e-6);
    const double xa = (1 + log(3)) * idf_a, xb = idf_b, length = hypot(xa, xb);
    for (int p = 0; p < 2; p++)
        assert_near(rows.values[p], (rows.columns[p] == b ? xb : xa) / length, 1e-6);
    rung__csr_release(&rows);
    rung__features_release(&f);
}

static rung_status restore(rung_features *f, const rung_features_config *config,
                           const int32_t *hashes, const float *idf, int64_t n)
{
    return rung__features_restore(f, config, hashes, (rung_span){0}, idf, n, &err);
}

enum { TEXTS = 1500 };

/* Texts of 0 to 200 random words out of 500, one of them long. */
static void make_texts(rung_span *texts, char **storage)
{
    rung_rng rng = rung_rng_make(9);
    char *p = *storage = rung__alloc(TEXTS * 200 * 8 + 400000);
    for (int i = 0; i < TEXTS; i++) {
        const uint64_t n = i == 700 ? 50000 : rung_rng_below(&rng, 201);
        char *begin = p;
        for (uint64_t k = 0; k < n; k++)
            p += sprintf(p, "w%d ", (int)sqrt((double)rung_rng_below(&rng, 250000)));
        texts[i] = (rung_span){begin, (size_t)(p - begin)};
    }
}

static void assert_same_rows(const rung_csr *a, int64_t first, const rung_csr *b)
{
    const int64_t begin = a->first[first], n = b->first[b->n_rows];
    for (int64_t i = 0; i <= b->n_rows; i++)
        assert_int_equal(a->first[first + i] - begin, b->first[i]);
    assert_memory_equal(a->columns + begin, b->columns, (size_t)n * sizeof *b->columns);
    assert_memory_equal(a->values + begin, b->values, (size_t)n * sizeof *b->values);
}

typedef struct visit {
    const rung_csr *rows;   /* wanted */
    atomic_int_fast64_t *n; /* rows seen */
} visit;

static bool compare_rows(void *ctx, size_t first, const rung_csr *rows, int worker)
{
    const visit *v = ctx;
    assert_true(worker >= 0 && worker < 2 && rows->n_rows <= RUNG_FEATURES_VISIT);
    assert_same_rows(v->rows, (int64_t)first, rows);
    atomic_fetch_add(v->n, rows->n_rows);
    return true;
}

static bool have_no_memory(void *ctx, size_t first, const rung_csr *rows, int worker)
{
    (void)ctx, (void)rows, (void)worker;
    return first == 0;
}

static void check_visits(const rung_features *f, const rung_span *texts,
                         const rung_csr *rows)
{
    atomic_int_fast64_t n = 0;
    visit v = {rows, &n};
    assert_ok(rung__features_visit(f, texts, TEXTS, pool, compare_rows, &v, &err));
    assert_int_equal(n, TEXTS);
    assert_ok(rung__features_visit(f, texts, 0, pool, compare_rows, &v, &err));
    assert_int_equal(n, TEXTS);
    assert_int_equal(
        rung__features_visit(f, texts, TEXTS, pool, have_no_memory, NULL, &err),
        RUNG_MEMORY);
}

/* Any threads, any part of the texts, fitted or restored, kept or visited: the same
 * rows. */
static void rows_depend_on_their_texts_alone(void **state)
{
    (void)state;
    static rung_span texts[TEXTS];
    char *storage;
    rung_features f, g;
    rung_csr rows, again;
    const rung_features_config config = WORDS(3, 16, 2);
    make_texts(texts, &storage);
    assert_ok(rung__features_fit(&f, &config, texts, TEXTS, pool, &rows, &err));
    for (int threads = 1; threads <= 3; threads++) {
        rung_pool *other;
        assert_ok(rung_pool_new(&other, threads, &err));
        assert_ok(rung__features_fit(&g, &config, texts, TEXTS, other, &again, &err));
        assert_same_rows(&rows, 0, &again);
        assert_memory_equal(f.idf, g.idf, (size_t)f.n_columns * sizeof *f.idf);
        rung__csr_release(&again);
        rung__features_release(&g);
        rung_pool_free(other);
    }
    assert_ok(restore(&g, &config, f.hashes, f.idf, f.n_columns));
    const int parts[][2] = {{0, 1}, {699, 3}, {100, 513}, {1499, 1}, {5, 0}};
    for (int i = 0; i < 5; i++) {
        assert_ok(rung__features_apply(&g, texts + parts[i][0], (size_t)parts[i][1], pool,
                                       &again, &err));
        assert_same_rows(&rows, parts[i][0], &again);
        rung__csr_release(&again);
    }
    check_visits(&g, texts, &rows);
    rung__features_release(&g);
    rung__features_release(&f);
    rung__csr_release(&rows);
    rung__free(storage);
}

/* The columns of n different words lie as evenly as chance would have it, and the
 * estimate of collisions is what is counted. */
static void hashes_spread_evenly(void **state)
{
    (void)state;
    enum { N = 200000, CELLS = 1 << 18 };
    char *text = rung__alloc(N * 8), *p = text;
    for (int i = 0; i < N; i++) p += sprintf(p, "%d ", i);
    const rung_span t = {text, (size_t)(p - text)};
    for (int64_t ngrams = 1; ngrams <= 2; ngrams++) {
        rung_features f;
        rung_csr rows;
        const rung_features_config config = WORDS(ngrams, 18, 1);
        assert_ok(rung__features_fit(&f, &config, &t, 1, pool, &rows, &err));
        const double n = (double)(ngrams * N - (ngrams - 1));
        const double expected = CELLS * (1 - exp(-n / CELLS));
        assert_near(
            (double)f.n_occupied, expected,
            4 * sqrt(CELLS * exp(-n / CELLS) * (1 - (1 + n / CELLS) * exp(-n / CELLS))));
        assert_near(rung__features_collisions(&f), 1 - (double)f.n_occupied / n, 0.005);
        rung__csr_release(&rows);
        rung__features_release(&f);
    }
    rung__free(text);
}

/* Columns of words never change: models are saved with them. */
static void hashes_are_what_they_were(void **state)
{
    (void)state;
    const rung_span texts[] = {span("rung"), span("extraordinarily"), span("a b")};
    static const int32_t wanted[][3] = {{392728}, {395167}, {671127, 951557, 984590}};
    for (int i = 0; i < 3; i++) {
        rung_features f;
        rung_csr rows;
        const rung_features_config config = WORDS(2, 20, 1);
        assert_ok(rung__features_fit(&f, &config, &texts[i], 1, pool, &rows, &err));
        for (int64_t j = 0; j < f.n_columns; j++)
            assert_int_equal(f.hashes[j], wanted[i][j]);
        rung__csr_release(&rows);
        rung__features_release(&f);
    }
}

static void damaged_columns_are_refused(void **state)
{
    (void)state;
    rung_features f;
    const rung_features_config config = WORDS(2, 10, 1);
    const int32_t good[] = {3, 1023}, same[] = {3, 3}, high[] = {3, 1024}, low[] = {-1};
    const float idf[] = {1, 2}, less[] = {1, 0.5f}, nan[] = {NAN, 1};
    assert_ok(restore(&f, &config, good, idf, 2));
    rung__features_release(&f);
    assert_fails(restore(&f, &config, same, idf, 2), RUNG_INPUT,
                 "column 1 has hash 3: hashes ascend from 0 to 2^10 - 1");
    assert_fails_saying(restore(&f, &config, high, idf, 2), RUNG_INPUT,
                        "column 1 has hash 1024");
    assert_fails_saying(restore(&f, &config, low, idf, 1), RUNG_INPUT,
                        "column 0 has hash -1");
    assert_fails(restore(&f, &config, good, less, 2), RUNG_INPUT,
                 "idf of column 1 is 0.5: must be 1 or more");
    assert_fails_saying(restore(&f, &config, good, nan, 2), RUNG_INPUT,
                        "idf of column 0");
}

/* The value of the only text's column of that name, before its row is scaled. */
static void assert_ratio(const rung_features_config *config, double wanted)
{
    const rung_span texts[] = {span("a a a a b"), span("b")};
    rung_features f;
    rung_csr rows;
    assert_ok(rung__features_fit(&f, config, texts, 2, pool, &rows, &err));
    assert_int_equal(rows.first[1], 2);
    rung_str name = {0};
    rung__features_name(&name, &f, rows.columns[0]);
    assert_string_equal(name.data, "a");
    assert_near(rows.values[0] / rows.values[1], wanted, 1e-6);
    rung_str_release(&name);
    rung__csr_release(&rows);
    rung__features_release(&f);
}

static void counts_and_idf_are_as_asked_for(void **state)
{
    (void)state;
    rung_features_config config = {.ngrams = 1, .min_df = 1};
    assert_ratio(&config, 1 + log(4));
    config.tf = RUNG_TF_RAW;
    assert_ratio(&config, 4);
    config.tf = RUNG_TF_BINARY;
    assert_ratio(&config, 1);
    config.idf = true;
    assert_ratio(&config, (1 + log(3.0 / 2)) / (1 + log(3.0 / 3)));
}

static int64_t columns_between(double min_df, double max_df, int64_t bits)
{
    const rung_span texts[] = {span("a b c d"), span("a b c"), span("a b"), span("a")};
    const rung_features_config config = {
        .ngrams = 1, .bits = bits, .min_df = min_df, .max_df = max_df};
    rung_features f;
    rung_csr rows;
    assert_ok(rung__features_fit(&f, &config, texts, 4, pool, &rows, &err));
    const int64_t n = f.n_columns;
    rung__csr_release(&rows);
    rung__features_release(&f);
    return n;
}

static void limits_are_counts_or_shares(void **state)
{
    (void)state;
    for (int64_t bits = 0; bits <= 20; bits += 20) {
        assert_int_equal(columns_between(0, 0, bits), 4);
        assert_int_equal(columns_between(2, 0, bits), 3);
        assert_int_equal(columns_between(0.5, 0, bits), 3);
        assert_int_equal(columns_between(0.51, 0, bits), 2);
        assert_int_equal(columns_between(1, 3, bits), 3);
        assert_int_equal(columns_between(1, 0.75, bits), 3);
        assert_int_equal(columns_between(1, 0.74, bits), 2);
        assert_int_equal(columns_between(2, 2, bits), 1);
    }
}

/* Where no two n-grams share a hash, hashed and named rows hold the same values. */
static void named_rows_are_the_hashed_ones(void **state)
{
    (void)state;
    static rung_span texts[TEXTS];
    char *storage;
    rung_features f, g, h;
    rung_csr rows, named, again;
    rung_features_config config = {.ngrams = 2,
                                   .chars = "2-3",
                                   .bits = 28,
                                   .min_df = 20,
                                   .max_df = 0.9,
                                   .idf = true};
    make_texts(texts, &storage);
    assert_ok(rung__features_fit(&f, &config, texts, TEXTS, pool, &rows, &err));
    config.bits = 0;
    assert_ok(rung__features_fit(&g, &config, texts, TEXTS, pool, &named, &err));
    assert_int_equal(f.n_columns, g.n_columns);
    assert_int_equal(rows.first[TEXTS], named.first[TEXTS]);
    double sum = 0, other = 0; // of functions that the order of columns does not change
    for (int64_t p = 0; p < rows.first[TEXTS]; p++) {
        sum += pow((double)rows.values[p], 3);
        other += pow((double)named.values[p], 3);
    }
    assert_near(other / sum, 1, 1e-9);
    const rung_span names = {g.names.bytes, g.names.size};
    assert_ok(rung__features_restore(&h, &config, NULL, names, g.idf, g.n_columns, &err));
    assert_ok(rung__features_apply(&h, texts, TEXTS, pool, &again, &err));
    assert_same_rows(&named, 0, &again);
    rung__csr_release(&rows), rung__csr_release(&named), rung__csr_release(&again);
    rung__features_release(&f), rung__features_release(&g), rung__features_release(&h);
    rung__free(storage);
}

static void a_vocabulary_is_taken_whole(void **state)
{
    (void)state;
    char path[] = "/tmp/rung-vocabulary-XXXXXX";
    close(mkstemp(path));
    const rung_span texts[] = {span("the sea the sea"), span("a sea")};
    rung_features_config config = {
        .ngrams = 2, .bits = 22, .vocabulary = path, .idf = true};
    rung_features f;
    rung_csr rows;
    assert_ok(rung_file_write(path, "sea\nmoon\nthe sea\n", 17, &err));
    assert_ok(rung__features_fit(&f, &config, texts, 2, pool, &rows, &err));
    assert_int_equal(f.n_columns, 3);
    assert_int_equal(f.config.bits, 0);
    assert_near(f.idf[1], 1 + log(3), 1e-6); // no text has it
    assert_int_equal(rows.first[1], 2);
    assert_int_equal(rows.columns[1], 2);
    assert_int_equal(rows.first[2], 3);
    rung__csr_release(&rows);
    rung__features_release(&f);
    char message[200];
    snprintf(message, sizeof message, "%s: line 2: 'Moon' is no feature", path);
    assert_ok(rung_file_write(path, "sea\nMoon\n", 9, &err));
    assert_fails_saying(rung__features_fit(&f, &config, texts, 2, pool, &rows, &err),
                        RUNG_INPUT, message);
    assert_int_equal(unlink(path), 0);
}

static void configs_that_contradict_themselves_are_refused(void **state)
{
    (void)state;
    const struct {
        rung_features_config config;
        const char *message;
    } cases[] = {
        {{.ngrams = 0, .bits = 22}, "no features: --ngrams is 0 and --chars unset"},
        {{.ngrams = 2, .bits = 5}, "--hash 5: must be 6 to 28, or 0"},
        {{.ngrams = 2, .chars = "x"}, "--chars 'x': must be two lengths"},
        {{.ngrams = 2, .min_df = 5, .max_df = 4}, "--min-df 5 is more than --max-df 4"},
        {{.ngrams = 2, .min_df = 0.2, .max_df = 0.1}, "--min-df 0.2 is more than"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails_saying(rung__features_check(&cases[i].config, &err), RUNG_USAGE,
                            cases[i].message);
    const rung_features_config mixed = {.ngrams = 2, .min_df = 2, .max_df = 0.5};
    assert_ok(rung__features_check(&mixed, &err)); // which is more, the texts decide
}

static rung_status fit_and_apply(void *ctx, rung_error *error)
{
    const rung_span *texts = ctx;
    rung_features f;
    rung_csr rows, again;
    RUNG_TRY(rung__features_fit(&f, &plain, texts, 300, pool, &rows, error));
    const rung_status status = rung__features_apply(&f, texts, 5, pool, &again, error);
    if (status == RUNG_OK) rung__csr_release(&again);
    rung__csr_release(&rows);
    rung__features_release(&f);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    static rung_span texts[TEXTS];
    char *storage;
    make_texts(texts, &storage);
    assert_true(assert_survives_failed_allocations(fit_and_apply, texts) > 20);
    rung__free(storage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_of_words_is_a_column),
        cmocka_unit_test(words_are_told_apart_at_any_length),
        cmocka_unit_test(weights_follow_the_formula),
        cmocka_unit_test(rows_depend_on_their_texts_alone),
        cmocka_unit_test(hashes_spread_evenly),
        cmocka_unit_test(hashes_are_what_they_were),
        cmocka_unit_test(damaged_columns_are_refused),
        cmocka_unit_test(counts_and_idf_are_as_asked_for),
        cmocka_unit_test(limits_are_counts_or_shares),
        cmocka_unit_test(named_rows_are_the_hashed_ones),
        cmocka_unit_test(a_vocabulary_is_taken_whole),
        cmocka_unit_test(configs_that_contradict_themselves_are_refused),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, open_pool, close_pool);
}
