/* Optima of logistic regression against those of scikit-learn and liblinear, on random
 * rows and on data that people compare on. tests/golden/logistic.py makes both: what
 * stands here about preparing the data stands there, too. RUNG_DATA names the folder with
 * the data (../shared/data if unset); a set that is not there is skipped. */
#include "support.h"

#include "golden.h"
#include "learn/logistic_fit.h"
#include "rung/text.h"

static rung_error err;

typedef struct sample {
    rung_csr rows;
    int32_t *labels;
    int64_t n_labels;
} sample;

static void sample_release(sample *s)
{
    rung__csr_release(&s->rows);
    rung__free(s->labels);
}

/* ---- Data ---- */

/* The bytes of a file of RUNG_DATA; skips the test where there is none. */
static rung_text data(const char *name)
{
    rung_text text;
    char path[500];
    const char *folder = getenv("RUNG_DATA");
    snprintf(path, sizeof path, "%s/%s", folder ? folder : "../shared/data", name);
    if (!rung_path_exists(path)) skip();
    assert_ok(rung_text_read(&text, path, 0, &err));
    return text;
}

/* Rows of a dense matrix. */
static void from_dense(sample *s, const float *x, int64_t n_rows, int64_t n_columns)
{
    int64_t n = 0;
    assert_ok(rung__csr_new(&s->rows, n_rows, n_columns, n_rows * n_columns, &err));
    for (int64_t i = 0; i < n_rows; i++) {
        for (int64_t j = 0; j < n_columns; j++) {
            if (x[i * n_columns + j] == 0) continue;
            s->rows.columns[n] = (int32_t)j;
            s->rows.values[n++] = x[i * n_columns + j];
        }
        s->rows.first[i + 1] = n;
    }
}

/* A file of scikit-learn: counts in the first line, the label in the last column; columns
 * get mean 0 and deviation 1. */
static void read_table(sample *s, const char *name, int64_t D)
{
    rung_text text = data(name);
    char *p = (char *)strchr(text.bytes, '\n');
    const int64_t N = strtoll(text.bytes, NULL, 10);
    double *x = rung__alloc_array((size_t)(N * D), sizeof *x);
    float *scaled = rung__alloc_array((size_t)(N * D), sizeof *scaled);
    s->labels = rung__alloc_array((size_t)N, sizeof *s->labels);
    for (int64_t i = 0; i < N; i++) {
        for (int64_t j = 0; j < D; j++) x[i * D + j] = strtod(p + 1, &p);
        s->labels[i] = (int32_t)strtol(p + 1, &p, 10);
        if (s->labels[i] >= s->n_labels) s->n_labels = s->labels[i] + 1;
    }
    for (int64_t j = 0; j < D; j++) {
        double mean = 0, square = 0;
        for (int64_t i = 0; i < N; i++) mean += x[i * D + j] / (double)N;
        for (int64_t i = 0; i < N; i++) square += pow(x[i * D + j] - mean, 2) / (double)N;
        for (int64_t i = 0; i < N; i++)
            scaled[i * D + j] = (float)((x[i * D + j] - mean) / sqrt(square));
    }
    from_dense(s, scaled, N, D);
    rung__free(x), rung__free(scaled);
    rung_text_release(&text);
}

static void read_libsvm(sample *s, const char *name, int64_t D)
{
    rung_text text = data(name);
    int64_t n = 0, row = 0;
    assert_ok(rung__csr_new(&s->rows, 40000, D, 600000, &err));
    s->labels = rung__alloc_array(40000, sizeof *s->labels);
    s->n_labels = 2;
    for (char *p = (char *)text.bytes; *p; p += *p == '\n') {
        s->labels[row] = strtol(p, &p, 10) > 0;
        while (*p && *(p += strspn(p, " ")) != '\n' && *p) {
            s->rows.columns[n] = (int32_t)strtol(p, &p, 10) - 1;
            s->rows.values[n++] = strtof(p + 1, &p);
        }
        s->rows.first[++row] = n;
    }
    s->rows.n_rows = row;
    rung_text_release(&text);
}

/* ---- Reuters R8: counts of words ---- */

enum { MAX_TEXTS = 10000, MAX_WORDS = 1000000 };

typedef struct word {
    const char *text;
    size_t n;
    int32_t row;
} word;

static int by_text(const void *a, const void *b)
{
    const word *x = a, *y = b;
    const int order = memcmp(x->text, y->text, x->n < y->n ? x->n : y->n);
    return order ? order : x->n != y->n ? (x->n > y->n) - (x->n < y->n) : x->row - y->row;
}

static bool is_same(const word *x, const word *y)
{
    return x->n == y->n && memcmp(x->text, y->text, x->n) == 0;
}

/* The words of the training texts, by text and row; labels by their bytes. */
static size_t read_words(word *words, sample *s, const char *documents, const char *index)
{
    static const char *const names[] = {"acq",      "crude",    "earn", "grain",
                                        "interest", "money-fx", "ship", "trade"};
    size_t n = 0;
    s->n_labels = 8;
    s->labels = rung__alloc_array(MAX_TEXTS, sizeof *s->labels);
    for (; *index; index += strcspn(index, "\n") + 1) {
        char part[20], name[40];
        const size_t length = strcspn(documents, "\n");
        assert_int_equal(sscanf(index, "%*s %19s %39s", part, name), 2);
        for (const char *p = documents, *end = p + length;
             p < end && strcmp(part, "train") == 0;) {
            const size_t size = strcspn(p, " \n");
            if (size) words[n++] = (word){p, size, (int32_t)s->rows.n_rows};
            p += size + 1;
        }
        for (int k = 0; k < 8; k++)
            if (strcmp(name, names[k]) == 0) s->labels[s->rows.n_rows] = k;
        s->rows.n_rows += strcmp(part, "train") == 0;
        documents += length + (documents[length] == '\n');
    }
    qsort(words, n, sizeof *words, by_text);
    return n;
}

/* Counts [N, D] of the words that ten texts have. */
static int64_t count_words(float *x, const word *words, size_t n, int64_t N, int64_t most)
{
    int64_t D = 0;
    for (size_t begin = 0, end; begin < n; begin = end) {
        int64_t texts = 0;
        for (end = begin; end < n && is_same(&words[begin], &words[end]); end++)
            texts += end == begin || words[end].row != words[end - 1].row;
        if (texts < 10) continue;
        assert_true(D < most);
        for (size_t k = begin; k < end; k++) x[D * N + words[k].row]++;
        D++;
    }
    return D;
}

static void read_r8(sample *s)
{
    enum { MOST = 5000 };
    rung_text documents = data("textcls/R8.clean.txt.gz");
    rung_text index = data("textcls/R8.index.txt");
    word *words = rung__alloc_array(MAX_WORDS, sizeof *words);
    const size_t n = read_words(words, s, documents.bytes, index.bytes);
    const int64_t N = s->rows.n_rows;
    float *by_word = rung__alloc_array((size_t)(MOST * N), sizeof *by_word);
    const int64_t D = count_words(by_word, words, n, N, MOST);
    float *x = rung__alloc_array((size_t)(D * N), sizeof *x);
    for (int64_t i = 0; i < N; i++) {
        double squares = 0;
        for (int64_t j = 0; j < D; j++) squares += pow((double)by_word[j * N + i], 2);
        for (int64_t j = 0; j < D && squares > 0; j++)
            x[i * D + j] = (float)((double)by_word[j * N + i] / sqrt(squares));
    }
    from_dense(s, x, N, D);
    rung__free(x), rung__free(by_word), rung__free(words);
    rung_text_release(&documents), rung_text_release(&index);
}

/* ---- Optima ---- */

typedef struct problem {
    const char *name;
    double l1, l2;
    bool is_ovr, is_weighted, has_no_bias;
} problem;

static const problem problems[] = {
    {.name = "strong", .l2 = 1},
    {.name = "weak", .l2 = 0.01}, // 0.1 with 1000 rows and more
    {.name = "l1", .l1 = 1},
    {.name = "net", .l1 = 0.5, .l2 = 0.5},
    {.name = "weighted", .l2 = 1, .is_weighted = true},
    {.name = "ovr", .l2 = 1, .is_ovr = true},
    {.name = "liblinear_l1", .l1 = 1, .has_no_bias = true},
    {.name = "liblinear_l2", .l2 = 1, .has_no_bias = true},
};

/* Balanced labels, and rows counted once, twice, three times, once, ... */
static double *weigh(const rung_logistic_data *data)
{
    double of_labels[10], *w = rung__alloc_array((size_t)data->rows->n_rows, sizeof *w);
    for (int64_t i = 0; i < data->rows->n_rows; i++) w[i] = (double)(1 + i % 3);
    rung__balanced_weights(of_labels, data);
    rung__weigh_labels(w, data, of_labels);
    return w;
}

/* Coefficients within 1e-3, loss within 1e-6 of theirs. */
static void compare(const char *name, const rung_logistic_data *data, const double *w,
                    double value, const rung_safetensors *file, int64_t step)
{
    const rung_stored *w_must = golden_find(file, "%s.w", name);
    const rung_stored *b_must = golden_find(file, "%s.b", name);
    const double *objective = golden_find(file, "%s.objective", name)->data;
    const int64_t O = rung__logistic_outputs(data), D = data->rows->n_columns;
    const double *must = w_must->data;
    double mean = 0;
    assert_int_equal(w_must->shape[0], (D + step - 1) / step);
    if (fabs(value - *objective) > 1e-6 * *objective)
        fail_msg("%s: objective %.12g, not %.12g", name, value, *objective);
    // Equal columns of a9a may share their weight in any way where only l1 counts it.
    const bool is_unique = !strstr(name, "a9a.") || !strstr(name, "l1");
    if (!is_unique) return;
    for (int64_t i = 0; i < w_must->shape[0] * O; i++) {
        const double is = w[i / O * step * O + i % O];
        if (fabs(is - must[i]) > 1e-3 * fmax(0.01, fabs(must[i])))
            fail_msg("%s: w[%lld] is %.9g, not %.9g", name, (long long)i, is, must[i]);
    }
    if (!b_must) return;
    must = b_must->data;
    const bool is_softmax = O > 1 && data->kind == RUNG_LOGISTIC_SOFTMAX;
    for (int64_t o = 0; o < O && is_softmax; o++) mean += w[D * O + o] / (double)O;
    for (int64_t o = 0; o < O; o++) // saga leaves biases 1e-4 off
        assert_near(w[D * O + o] - mean, must[o], 1e-3 * fmax(0.1, fabs(must[o])));
}

static void check_problem(const char *name, const problem *p, const sample *s,
                          rung_solver solver, const rung_safetensors *file, int64_t step)
{
    rung_logistic *l;
    rung_pool *pool;
    rung_minimise_result r;
    rung_logistic_data data = {
        .rows = &s->rows, .n_labels = s->n_labels, .labels = s->labels};
    double *weights = NULL;
    rung_penalty penalty = {p->l1, p->l2, p->has_no_bias};
    if (strcmp(p->name, "weak") == 0 && s->rows.n_rows >= 1000) penalty.l2 = 0.1;
    if (p->is_ovr) data.kind = RUNG_LOGISTIC_ONE_VS_REST;
    if (p->is_weighted) data.weights = weights = weigh(&data);
    const rung_logistic_method how = {.solver = solver, .tolerance = 1e-5};
    double *w = rung__alloc_array((size_t)rung__logistic_size(&data), sizeof *w);
    assert_ok(rung_pool_new(&pool, 2, &err));
    assert_ok(rung__logistic_new(&l, &data, pool, &err));
    assert_ok(rung__logistic_solve(l, &how, &penalty, w, &r, &err));
    compare(name, &data, w, r.value, file, step);
    rung__logistic_free(l);
    rung_pool_free(pool);
    rung__free(w), rung__free(weights);
}

static void check(const char *name, const sample *s, int64_t step, rung_solver first,
                  rung_solver last)
{
    rung_safetensors *file = golden_open("logistic");
    int n = 0;
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        char full[100];
        snprintf(full, sizeof full, "%s.%s", name, problems[i].name);
        if (!golden_find(file, "%s.objective", full)) continue;
        for (rung_solver solver = first; solver <= last; solver++, n++)
            check_problem(full, &problems[i], s, solver, file, step);
    }
    assert_true(n >= 6);
    rung_safetensors_close(file);
}

static void check_random(const char *name)
{
    rung_safetensors *file = golden_open("logistic");
    const rung_stored *x = golden_find(file, "%s.x", name);
    sample s = {.n_labels = name[strlen(name) - 1] - '0'};
    from_dense(&s, x->data, x->shape[0], x->shape[1]);
    s.labels = rung__alloc_array((size_t)x->shape[0], sizeof *s.labels);
    memcpy(s.labels, golden_find(file, "%s.labels", name)->data,
           (size_t)x->shape[0] * sizeof *s.labels);
    rung_safetensors_close(file);
    check(name, &s, 1, RUNG_SOLVER_NEWTON, RUNG_SOLVER_LBFGS);
    sample_release(&s);
}

static void random_rows(void **state)
{
    (void)state;
    check_random("sparse2");
    check_random("sparse5");
}

static void breast_cancer(void **state)
{
    (void)state;
    sample s = {0};
    read_table(&s, "tabular/breast_cancer.csv", 30);
    check("breast_cancer", &s, 1, RUNG_SOLVER_NEWTON, RUNG_SOLVER_NEWTON);
    sample_release(&s);
}

static void iris(void **state)
{
    (void)state;
    sample s = {0};
    read_table(&s, "tabular/iris.csv", 4);
    check("iris", &s, 1, RUNG_SOLVER_NEWTON, RUNG_SOLVER_LBFGS);
    sample_release(&s);
}

static void adult(void **state)
{
    (void)state;
    sample s = {0};
    read_libsvm(&s, "tabular/a9a.libsvm.gz", 123);
    check("a9a", &s, 1, RUNG_SOLVER_NEWTON, RUNG_SOLVER_NEWTON);
    sample_release(&s);
}

static void reuters(void **state)
{
    (void)state;
    sample s = {0};
    read_r8(&s);
    check("r8", &s, 25, RUNG_SOLVER_NEWTON, RUNG_SOLVER_NEWTON);
    sample_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_rows), cmocka_unit_test(breast_cancer),
        cmocka_unit_test(iris),        cmocka_unit_test(adult),
        cmocka_unit_test(reuters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
