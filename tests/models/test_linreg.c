/* linreg against LAPACK's least squares, what it does with ranks that are not full, its
 * bits, its folder. */
#include "support.h"

#include "base/rng.h"
#include "golden.h"
#include "rung/runtime.h"
#include "rung/tabular.h"

static rung_error err;

/* A table of doubles in memory as .npy files. */
static const char *write_npy(const char *path, rung_stored_type type, int64_t rows,
                             int64_t columns, const void *data)
{
    const int64_t n = columns ? rows * columns : rows;
    const rung_stored t = {.name = "x",
                           .type = type,
                           .rank = columns ? 2 : 1,
                           .shape = {rows, columns},
                           .data = data,
                           .bytes = (size_t)n * rung_stored_type_bytes(type)};
    assert_ok(rung_npy_write(path, &t, &err));
    return path;
}

/* What is fitted, how. */
typedef struct task {
    const char *path, *target, *weight, *options; /* "lambda=1 solver=rows" */
    int missing, threads;
    rung_isa isa; /* 0: the best */
} task;

static rung_status set_options(rung_model *m, const char *options, rung_error *e)
{
    char text[100], *save = NULL;
    rung_option_set set = rung_model_options(m);
    snprintf(text, sizeof text, "%s", options ? options : "");
    for (char *p = strtok_r(text, " ", &save); p; p = strtok_r(NULL, " ", &save)) {
        char *value = strchr(p, '=');
        *value++ = '\0';
        RUNG_TRY(rung_option_set_text(&set, p, value, e));
    }
    return RUNG_OK;
}

static rung_status fit_table(rung_model *m, rung_table *t, rung_runtime *rt,
                             rung_error *e)
{
    m->schema = rung_schema_share(rung_table_schema(t));
    RUNG_TRY(rung_model_build(m, NULL, NULL, 1, e));
    return m->type->table->fit(m, rt, t, NULL, e);
}

static rung_status fit(rung_model **out, const task *k, rung_error *e)
{
    rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    const rung_runtime_config how = {.threads = k->threads ? k->threads : 2,
                                     .isa = k->isa ? k->isa : RUNG_ISA_BEST};
    rung_runtime *rt = NULL;
    rung_table *t = NULL;
    rung_model *m = NULL;
    config.target = k->target, config.weight = k->weight, config.missing = k->missing;
    rung_status status = rung_runtime_new(&rt, &how, e);
    if (status == RUNG_OK) status = rung_table_open(&t, k->path, &config, NULL, NULL, e);
    if (status == RUNG_OK)
        status = rung_model_new(&m, rung_class_find("linreg", NULL), RUNG_TABLE, e);
    if (status == RUNG_OK) status = set_options(m, k->options, e);
    if (status == RUNG_OK) status = fit_table(m, t, rt, e);
    rung_table_close(t);
    rung_runtime_free(rt);
    if (status == RUNG_OK)
        *out = m;
    else
        rung_model_free(m);
    return status;
}

/* weight [D] | bias | std_error [D + 1], in one array of doubles. */
static void weights_of(const rung_model *m, double *w, double *errors)
{
    rung_stored parts[RUNG_MAX_EXTRA];
    assert_int_equal(m->type->extra(m, parts), 3);
    memcpy(w, parts[0].data, parts[0].bytes);
    memcpy(w + parts[0].shape[0], parts[1].data, sizeof *w);
    if (errors) memcpy(errors, parts[2].data, parts[2].bytes);
}

static const double *doubles(const rung_safetensors *file, const char *name, int64_t *n)
{
    const rung_stored *t = rung_safetensors_find(file, name);
    assert_non_null(t);
    if (n) *n = t->shape[0];
    return t->data;
}

/* Each to `tolerance` of itself. */
static void assert_close(const char *what, const double *is, const double *wanted,
                         int64_t n, double tolerance)
{
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(is[i] - wanted[i]) <= tolerance * fabs(wanted[i])))
            fail_msg("%s %lld is %.17g, not %.17g", what, (long long)i, is[i], wanted[i]);
}

/* The case's rows as files in the folder, fitted with the options. */
static rung_model *fit_golden(void **state, const rung_safetensors *file,
                              const char *name, const char *options)
{
    char key[40];
    int64_t n, D;
    const char *x = path_in(*state, "x.npy"), *y = path_in(*state, "y.npy");
    snprintf(key, sizeof key, "%s.x", name);
    const rung_stored *rows = rung_safetensors_find(file, key);
    n = rows->shape[0], D = rows->shape[1];
    snprintf(key, sizeof key, "%s.y", name);
    write_npy(x, RUNG_STORED_F64, n, D, rows->data);
    write_npy(y, RUNG_STORED_F64, n, 0, doubles(file, key, NULL));
    const task k = {.path = x, .target = y, .options = options};
    rung_model *m;
    assert_ok(fit(&m, &k, &err));
    return m;
}

static void weights_and_errors_are_lapacks(void **state)
{
    const struct {
        const char *options, *wanted;
    } cases[] = {{"", "plain"},
                 {"solver=rows", "plain"},
                 {"lambda=3.5", "ridge"},
                 {"lambda=3.5 solver=rows", "ridge"},
                 {"lambda=3.5 standardize=true", "scaled"},
                 {"lambda=3.5 standardize=true solver=rows", "scaled"}};
    rung_safetensors *file = golden_open("linear");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char key[40];
        double w[7], errors[7];
        rung_model *m = fit_golden(state, file, "plain", cases[i].options);
        weights_of(m, w, errors);
        snprintf(key, sizeof key, "%s.w", cases[i].wanted);
        assert_close(key, w, doubles(file, key, NULL), 7, 1e-10);
        if (i < 2)
            assert_close("errors", errors, doubles(file, "plain.errors", NULL), 7, 1e-9);
        else
            assert_true(isnan(errors[0])); // of a penalised fit none are told
        rung_model_free(m);
    }
    rung_safetensors_close(file);
}

/* By steps that see a row each: the same weights, as near as gradients lead. */
static void stochastic_gradients_reach_the_same_weights(void **state)
{
    const struct {
        const char *options, *wanted;
    } cases[] = {{"solver=sgd", "plain.w"},
                 {"solver=sgd lambda=3.5", "ridge.w"},
                 {"solver=sgd lambda=3.5 standardize=true", "scaled.w"}};
    rung_safetensors *file = golden_open("linear");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double w[7];
        rung_model *m = fit_golden(state, file, "plain", cases[i].options);
        weights_of(m, w, NULL);
        assert_close("weights", w, doubles(file, cases[i].wanted, NULL), 7, 1e-5);
        rung_model_free(m);
    }
    rung_safetensors_close(file);
}

static void rows_count_by_their_weights(void **state)
{
    rung_safetensors *file = golden_open("linear");
    const double *x = doubles(file, "plain.x", NULL), *y = doubles(file, "plain.y", NULL);
    const double *weights = doubles(file, "weighted.weights", NULL);
    const char *path = path_in(*state, "rows.csv");
    FILE *csv = fopen(path, "w");
    for (int i = 0; i < 400; i++) {
        for (int j = 0; j < 6; j++) fprintf(csv, "%.17g,", x[6 * i + j]);
        fprintf(csv, "%g,%.17g\n", weights[i], y[i]);
    }
    assert_int_equal(fclose(csv), 0);
    const char *const options[] = {"", "solver=rows", "solver=sgd"};
    for (int k = 0; k < 3; k++) {
        double w[7];
        const task how = {.path = path, .weight = "7", .options = options[k]};
        rung_model *m;
        assert_ok(fit(&m, &how, &err));
        weights_of(m, w, NULL);
        assert_close("weights", w, doubles(file, "weighted.w", NULL), 7,
                     k == 2 ? 1e-5 : 1e-10);
        rung_model_free(m);
    }
    rung_safetensors_close(file);
}

/* Powers of a number between 0 and 1: the condition is a million, so the normal equation
 * would keep four digits. */
static void ill_conditioned_rows_are_factorised(void **state)
{
    double w[8];
    rung_safetensors *file = golden_open("linear");
    rung_model *m = fit_golden(state, file, "powers", "");
    char *facts = rung_table_fit_facts(m);
    assert_contains(facts, "\"solver\": \"rows\"");
    weights_of(m, w, NULL);
    assert_close("powers", w, doubles(file, "powers.w", NULL), 8, 1e-6);
    rung_text_free(facts);
    rung_model_free(m);
    rung_safetensors_close(file);
}

static void housing_is_lapacks(void **state)
{
    (void)state;
    const char *folder = getenv("RUNG_DATA");
    char path[600];
    snprintf(path, sizeof path, "%s/tabular/california_housing.csv.gz",
             folder ? folder : "../shared/data");
    if (!rung_path_exists(path)) skip();
    double w[13], errors[13];
    const task k = {
        .path = path, .target = "median_house_value", .missing = RUNG_MISSING_MEAN};
    rung_model *m;
    rung_safetensors *file = golden_open("linear");
    assert_ok(fit(&m, &k, &err));
    weights_of(m, w, errors);
    assert_close("housing", w, doubles(file, "housing.w", NULL), 13, 1e-8);
    assert_close("errors", errors, doubles(file, "housing.errors", NULL), 13, 1e-8);
    rung_model_free(m);
    rung_safetensors_close(file);
}

/* ---- Ranks ---- */

static void predict(const rung_model *m, const double *x, int64_t n, int64_t D,
                    double *out)
{
    const rung_rows rows = {.n = n, .n_features = D, .x = x, .stride = D};
    rung_runtime *rt;
    assert_ok(rung_runtime_new(&rt, &(rung_runtime_config){.threads = 1}, &err));
    assert_ok(rung_table_predict(m, rt, &rows, out, &err));
    rung_runtime_free(rt);
}

/* A column twice, one that is the sum of two others, and one that never changes. */
static void rank_deficient_rows_have_the_shortest_weights(void **state)
{
    enum { N = 300, D = 6 };
    double x[N * D], y[N], z[N], w[D + 1];
    rung_rng rng = rung_rng_make(3);
    for (int i = 0; i < N; i++) {
        double *row = x + i * D;
        row[0] = rung_rng_normal(&rng);
        row[1] = row[0];
        row[2] = rung_rng_normal(&rng), row[3] = 5 + 2 * rung_rng_normal(&rng);
        row[4] = row[2] + row[3];
        row[5] = 0.1;
        y[i] = 4 * row[0] + row[2] - 2 * row[3] + 9;
    }
    const char *const options[] = {"", "solver=rows"};
    for (int k = 0; k < 2; k++) {
        const task how = {
            .path = write_npy(path_in(*state, "x.npy"), RUNG_STORED_F64, N, D, x),
            .target = write_npy(path_in(*state, "y.npy"), RUNG_STORED_F64, N, 0, y),
            .options = options[k]};
        rung_model *m;
        assert_ok(fit(&m, &how, &err));
        weights_of(m, w, NULL);
        assert_near(w[0], 2, 1e-10);
        assert_near(w[1], 2, 1e-10);
        assert_true(w[5] == 0);
        predict(m, x, N, D, z);
        for (int i = 0; i < N; i++) assert_near(z[i], y[i], 1e-9);
        rung_model_free(m);
    }
}

static void more_features_than_rows_fit_exactly(void **state)
{
    enum { N = 10, D = 30 };
    double x[N * D], y[N], z[N];
    rung_rng rng = rung_rng_make(5);
    for (int i = 0; i < N * D; i++) x[i] = rung_rng_normal(&rng);
    for (int i = 0; i < N; i++) y[i] = rung_rng_normal(&rng);
    const task k = {.path = write_npy(path_in(*state, "x.npy"), RUNG_STORED_F64, N, D, x),
                    .target =
                        write_npy(path_in(*state, "y.npy"), RUNG_STORED_F64, N, 0, y)};
    rung_model *m;
    assert_ok(fit(&m, &k, &err));
    predict(m, x, N, D, z);
    for (int i = 0; i < N; i++) assert_near(z[i], y[i], 1e-10);
    rung_model_free(m);
}

static void what_is_no_number_is_told_with_its_row(void **state)
{
    double x[] = {1, 2, 3, 4, 5, 6, 7, 8}, y[] = {1, 2, 3, 4};
    const char *path = path_in(*state, "x.npy"), *target = path_in(*state, "y.npy");
    const task k = {.path = path, .target = target};
    rung_model *m;
    write_npy(target, RUNG_STORED_F64, 4, 0, y);
    x[5] = (double)NAN;
    write_npy(path, RUNG_STORED_F64, 4, 2, x);
    assert_fails_saying(fit(&m, &k, &err), RUNG_INPUT, "row 3: feature '2' is nan");
    x[5] = INFINITY;
    write_npy(path, RUNG_STORED_F64, 4, 2, x);
    assert_fails_saying(fit(&m, &k, &err), RUNG_INPUT, "row 3: feature '2' is inf");
    x[5] = 6, y[1] = (double)NAN;
    write_npy(path, RUNG_STORED_F64, 4, 2, x);
    write_npy(target, RUNG_STORED_F64, 4, 0, y);
    assert_fails_saying(fit(&m, &k, &err), RUNG_INPUT, "row 2: the target is nan");
    x[5] = 1e200, y[1] = 2;
    write_npy(path, RUNG_STORED_F64, 4, 2, x);
    write_npy(target, RUNG_STORED_F64, 4, 0, y);
    assert_fails_saying(fit(&m, &k, &err), RUNG_INPUT, "no finite sum: scale it down");
}

/* ---- Bits ---- */

enum { MANY = 50000, WIDE = 21 };

/* More rows than come at a time, of floats, so that every format holds them exactly. */
static float *many_rows(void)
{
    float *x = rung__alloc_array(MANY * (WIDE + 1), sizeof *x);
    rung_rng rng = rung_rng_make(6);
    for (int i = 0; i < MANY * (WIDE + 1); i++) x[i] = (float)rung_rng_normal(&rng);
    return x;
}

static void same_bits_for_any_threads_and_formats(void **state)
{
    float *x = many_rows();
    double *d = rung__alloc_array(MANY * (WIDE + 1), sizeof *d);
    const char *names[] = {path_in(*state, "x.npy"), path_in(*state, "d.npy"),
                           path_in(*state, "x.csv")};
    for (int i = 0; i < MANY * (WIDE + 1); i++) d[i] = (double)x[i];
    write_npy(names[0], RUNG_STORED_F32, MANY, WIDE + 1, x);
    write_npy(names[1], RUNG_STORED_F64, MANY, WIDE + 1, d);
    FILE *csv = fopen(names[2], "w");
    for (int i = 0; i < MANY * (WIDE + 1); i++)
        fprintf(csv, "%.17g%c", d[i], (i + 1) % (WIDE + 1) ? ',' : '\n');
    assert_int_equal(fclose(csv), 0);
    const char *const options[] = {"", "solver=rows"};
    for (int o = 0; o < 2; o++) {
        double first[WIDE + 1], w[WIDE + 1];
        for (int k = 0; k < 5; k++) {
            const task how = {.path = names[k < 3 ? k : 0],
                              .threads = k < 3 ? 2 : k - 2,
                              .options = options[o]};
            rung_model *m;
            assert_ok(fit(&m, &how, &err));
            weights_of(m, k ? w : first, NULL);
            if (k) assert_memory_equal(w, first, sizeof w);
            rung_model_free(m);
        }
    }
    rung__free(x), rung__free(d);
}

/* ---- Folder and memory ---- */

static void folder_keeps_every_bit(void **state)
{
    double w[7], errors[7], w2[7], errors2[7];
    const char *folder = path_in(*state, "model");
    rung_safetensors *file = golden_open("linear");
    rung_model *m = fit_golden(state, file, "plain", ""), *loaded;
    assert_ok(rung_model_save(m, folder, &err));
    assert_ok(rung_model_load(&loaded, folder, &err));
    weights_of(m, w, errors);
    weights_of(loaded, w2, errors2);
    assert_memory_equal(w, w2, sizeof w);
    assert_memory_equal(errors, errors2, sizeof errors);
    assert_int_equal(rung_schema_features(loaded->schema), 6);
    char *words = rung_table_fit_words(loaded);
    assert_contains(words, "(bias)");
    rung_text_free(words);
    rung_model_free(m), rung_model_free(loaded);
    rung_safetensors_close(file);
}

static rung_status fit_and_forget(void *how, rung_error *e)
{
    rung_model *m;
    RUNG_TRY(fit(&m, how, e));
    rung_model_free(m);
    return RUNG_OK;
}

static void failed_allocations_leave_nothing(void **state)
{
    const char *path = path_in(*state, "a.csv");
    write_text(path, "1,2,3\n2,1,4\n3,3,4\n4,0,1\n5,1,2\n");
    task k = {.path = path};
    assert_true(assert_survives_failed_allocations(fit_and_forget, &k) > 20);
    k.options = "solver=rows";
    assert_true(assert_survives_failed_allocations(fit_and_forget, &k) > 25);
    k.options = "solver=sgd";
    assert_true(assert_survives_failed_allocations(fit_and_forget, &k) > 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(weights_and_errors_are_lapacks),
        test_in_folder(stochastic_gradients_reach_the_same_weights),
        test_in_folder(rows_count_by_their_weights),
        test_in_folder(ill_conditioned_rows_are_factorised),
        test_in_folder(housing_is_lapacks),
        test_in_folder(rank_deficient_rows_have_the_shortest_weights),
        test_in_folder(more_features_than_rows_fit_exactly),
        test_in_folder(what_is_no_number_is_told_with_its_row),
        test_in_folder(same_bits_for_any_threads_and_formats),
        test_in_folder(folder_keeps_every_bit),
        test_in_folder(failed_allocations_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
