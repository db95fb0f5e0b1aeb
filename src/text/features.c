/* Rows of weighted n-grams.
 *
 * Texts are counted in blocks, one task each: every n-gram becomes a column, the columns
 * of a text are sorted and counted. What a row becomes depends on its text alone, and how
 * many texts have a column is a sum of whole numbers, so neither threads nor blocks show
 * in the result. A block's rows are weighted where they lie and then copied to their
 * places in the matrix. */
#include "text/features.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"

#define BLOCK_TEXTS 256

/* ---- Sorting ---- */

#define FEW 48 /* so many are sorted by insertion */

static void insertion_sort(uint32_t *x, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const uint32_t value = x[i];
        size_t j = i;
        for (; j > 0 && x[j - 1] > value; j--) x[j] = x[j - 1];
        x[j] = value;
    }
}

/* Sorts n numbers below `limit` by their bytes, the lowest first; x and spare change
 * places. Returns the sorted one. */
static uint32_t *sort(uint32_t *x, uint32_t *spare, size_t n, int64_t limit)
{
    if (n <= FEW) {
        insertion_sort(x, n);
        return x;
    }
    for (int shift = 0; (limit - 1) >> shift > 0; shift += 8) {
        size_t place[256] = {0}, begin = 0;
        for (size_t i = 0; i < n; i++) place[x[i] >> shift & 255]++;
        for (int b = 0; b < 256; b++) {
            const size_t count = place[b];
            place[b] = begin;
            begin += count;
        }
        for (size_t i = 0; i < n; i++) spare[place[x[i] >> shift & 255]++] = x[i];
        uint32_t *sorted = spare;
        spare = x;
        x = sorted;
    }
    return x;
}

/* ---- Counting ---- */

/* The rows of BLOCK_TEXTS texts: columns before selection with counts, then columns with
 * weights. */
typedef struct block {
    int32_t *columns; /* [cap], owned */
    float *values;    /* [cap], owned */
    size_t n, cap;
    rung_status status;
} block;

/* What a thread needs for one text. */
typedef struct scratch {
    rung_ngrams_scratch ngrams;
    uint32_t *columns; /* [2 columns_cap]: two buffers, owned */
    size_t columns_cap;
} scratch;

typedef struct counting {
    const rung_features *f; /* its columns are chosen later */
    const rung_span *texts;
    size_t n_texts;
    rung_pool *pool;
    int64_t n_blocks;
    block *blocks;      /* [n_blocks], owned */
    scratch *scratches; /* [threads], owned */
    int64_t *sizes;     /* [n_texts]: values of each row, owned */
} counting;

static size_t block_begin(const counting *c, int64_t b)
{
    const size_t begin = (size_t)b * BLOCK_TEXTS;
    return begin < c->n_texts ? begin : c->n_texts;
}

static bool reserve(block *b, size_t n)
{
    size_t cap = b->cap;
    if (!rung__grow(&b->columns, &cap, b->n + n, sizeof *b->columns)) return false;
    return rung__grow(&b->values, &b->cap, b->n + n, sizeof *b->values);
}

/* The columns of one text, unsorted, in s->columns: hashes or numbers of names. */
static bool find_columns(scratch *s, const rung_features *f, rung_span text, size_t *n)
{
    if (!rung__ngrams_of(&s->ngrams, &f->which, text, false)) return false;
    const size_t n_keys = s->ngrams.n;
    if (!rung__grow(&s->columns, &s->columns_cap, n_keys, 2 * sizeof *s->columns))
        return false;
    const int shift = (int)(64 - f->config.bits);
    *n = f->config.bits ? n_keys : 0;
    for (size_t i = 0; i < *n; i++)
        s->columns[i] = (uint32_t)(s->ngrams.keys[i] >> shift);
    for (size_t i = 0; i < n_keys && !f->config.bits; i++) {
        const int32_t id = rung__ngram_set_find(&f->names, s->ngrams.keys[i]);
        if (id >= 0) s->columns[(*n)++] = (uint32_t)id;
    }
    return true;
}

/* How many columns there are before any is chosen. */
static int64_t n_before(const rung_features *f)
{
    return f->config.bits ? (int64_t)1 << f->config.bits : f->names.n;
}

/* Appends the row of one text: its columns, ascending, with their counts. */
static bool count_text(const counting *c, scratch *s, size_t i, block *b)
{
    size_t n;
    if (!find_columns(s, c->f, c->texts[i], &n) || !reserve(b, n)) return false;
    if (n == 0) return true; // sizes[i] is 0
    const uint32_t *x = sort(s->columns, s->columns + s->columns_cap, n, n_before(c->f));
    const size_t begin = b->n;
    for (size_t k = 0; k < n; k++) {
        if (k > 0 && x[k] == x[k - 1]) {
            b->values[b->n - 1] += 1;
        } else {
            b->columns[b->n] = (int32_t)x[k];
            b->values[b->n++] = 1;
        }
    }
    c->sizes[i] = (int64_t)(b->n - begin);
    return true;
}

static void count_block(void *ctx, int64_t task, int worker)
{
    const counting *c = ctx;
    block *b = &c->blocks[task];
    for (size_t i = block_begin(c, task); i < block_begin(c, task + 1); i++) {
        if (count_text(c, &c->scratches[worker], i, b)) continue;
        b->status = RUNG_MEMORY;
        return;
    }
}

static void counting_release(counting *c)
{
    for (int64_t b = 0; c->blocks && b < c->n_blocks; b++)
        rung__free(c->blocks[b].columns), rung__free(c->blocks[b].values);
    for (int t = 0; c->scratches && t < rung_pool_threads(c->pool); t++)
        rung__ngrams_release(&c->scratches[t].ngrams),
            rung__free(c->scratches[t].columns);
    rung__free(c->blocks), rung__free(c->scratches), rung__free(c->sizes);
}

/* Counts all texts. Release it also after a failure. */
static rung_status count(counting *c, const rung_features *f, const rung_span *texts,
                         size_t n, rung_pool *pool, rung_error *err)
{
    *c = (counting){.f = f, .texts = texts, .n_texts = n, .pool = pool};
    if (n > INT32_MAX)
        return rung_fail(err, RUNG_INPUT, "%zu texts: must be fewer than 2^31", n);
    c->n_blocks = (int64_t)((n + BLOCK_TEXTS - 1) / BLOCK_TEXTS);
    c->blocks = rung__alloc_array((size_t)c->n_blocks, sizeof *c->blocks);
    c->scratches =
        rung__alloc_array((size_t)rung_pool_threads(pool), sizeof *c->scratches);
    c->sizes = rung__alloc_array(n, sizeof *c->sizes);
    if (!c->blocks || !c->scratches || !c->sizes)
        return rung__out_of_memory(err, n * sizeof *c->sizes, "features of texts");
    rung_pool_run(pool, c->n_blocks, count_block, c);
    for (int64_t b = 0; b < c->n_blocks; b++) {
        if (c->blocks[b].status != RUNG_OK)
            return rung__out_of_memory(err, 8 * c->blocks[b].cap, "features of texts");
    }
    return RUNG_OK;
}

/* ---- Choosing columns ---- */

/* Bits that are set. The compiler's own calls a function where it may not assume the
 * instruction. */
static int count_bits(uint64_t x)
{
    x -= x >> 1 & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (int)(x * 0x0101010101010101u >> 56);
}

/* Numbers the kept columns: hashes ascend. */
static rung_status index_columns(rung_features *f, rung_error *err)
{
    const size_t n_groups = (size_t)1 << (f->config.bits - 6);
    f->groups = rung__alloc_array(n_groups, sizeof *f->groups);
    if (!f->groups)
        return rung__out_of_memory(err, n_groups * sizeof *f->groups, "columns");
    for (int64_t j = 0; j < f->n_columns; j++)
        f->groups[f->hashes[j] / 64].kept |= (uint64_t)1 << f->hashes[j] % 64;
    int64_t before = 0;
    for (size_t g = 0; g < n_groups; g++) {
        f->groups[g].before = before;
        before += count_bits(f->groups[g].kept);
    }
    return RUNG_OK;
}

/* Whether a column before selection is kept, and its number if it is. */
static bool find_column(int32_t *j, const rung_features *f, int32_t hash)
{
    const rung_features_group *g = &f->groups[hash / 64];
    const int bit = hash % 64;
    *j = (int32_t)g->before + count_bits(g->kept & (((uint64_t)1 << bit) - 1));
    return g->kept >> bit & 1;
}

static rung_status new_columns(rung_features *f, int64_t n, rung_error *err)
{
    f->n_columns = n;
    f->hashes = f->config.bits ? rung__alloc_array((size_t)n, sizeof *f->hashes) : NULL;
    f->idf = rung__alloc_array((size_t)n, sizeof *f->idf);
    return (f->hashes || !f->config.bits) && f->idf
               ? RUNG_OK
               : rung__out_of_memory(err, (size_t)n * 8, "columns");
}

/* The number of texts that a limit means. */
static double texts_of(double limit, size_t n_texts)
{
    return limit < 1 ? limit * (double)n_texts : limit;
}

static double most_texts(const rung_features_config *config, size_t n_texts)
{
    return config->max_df > 0 ? texts_of(config->max_df, n_texts) : INFINITY;
}

static double idf_of(const rung_features *f, size_t n_texts, uint32_t df)
{
    return f->config.idf ? 1 + log((1.0 + (double)n_texts) / (1.0 + df)) : 1;
}

static rung_status choose_hashes(rung_features *f, size_t n_texts, const uint32_t *df,
                                 rung_error *err)
{
    const int64_t n_hashes = n_before(f);
    const double least = fmax(texts_of(f->config.min_df, n_texts), 1);
    const double most = most_texts(&f->config, n_texts);
    int64_t n = 0;
    for (int64_t h = 0; h < n_hashes; h++) {
        f->n_occupied += df[h] > 0;
        n += df[h] >= least && df[h] <= most;
    }
    RUNG_TRY(new_columns(f, n, err));
    for (int64_t h = 0, j = 0; h < n_hashes; h++) {
        if (df[h] < least || df[h] > most) continue;
        f->hashes[j] = (int32_t)h;
        f->idf[j++] = (float)idf_of(f, n_texts, df[h]);
    }
    return index_columns(f, err);
}

/* All names stay: whoever made the vocabulary has chosen. */
static rung_status weigh_names(rung_features *f, size_t n_texts, const uint32_t *df,
                               rung_error *err)
{
    RUNG_TRY(new_columns(f, f->names.n, err));
    for (int64_t j = 0; j < f->n_columns; j++)
        f->idf[j] = (float)idf_of(f, n_texts, df[j]);
    return RUNG_OK;
}

static rung_status choose_columns(rung_features *f, const counting *c, rung_error *err)
{
    const size_t n_columns = (size_t)n_before(f);
    uint32_t *df = rung__alloc_array(n_columns, sizeof *df);
    if (!df) return rung__out_of_memory(err, n_columns * sizeof *df, "counts of columns");
    for (int64_t b = 0; b < c->n_blocks; b++) {
        const block *x = &c->blocks[b];
        for (size_t p = 0; p < x->n; p++) df[x->columns[p]]++;
    }
    rung_status status = f->config.bits ? choose_hashes(f, c->n_texts, df, err)
                                        : weigh_names(f, c->n_texts, df, err);
    rung__free(df);
    return status;
}

/* ---- Weights ---- */

typedef struct weighing {
    const rung_features *f;
    counting *c;
    rung_csr *rows;
} weighing;

static double tf_of(int tf, float count)
{
    if (tf == RUNG_TF_BINARY || count == 1) return 1;
    return tf == RUNG_TF_RAW ? (double)count : 1 + log((double)count);
}

/* Leaves the kept ones of n columns, from `from`, at `to`; returns where they end. There
 * is no branch that may be guessed wrong while memory is waited for. */
static size_t keep_columns(const rung_features *f, const block *b, size_t from, int64_t n,
                           size_t to)
{
    for (size_t p = from; p < from + (size_t)n; p++) {
        int32_t j = b->columns[p];
        const float count = b->values[p];
        const bool is_kept = !f->config.bits || find_column(&j, f, j);
        b->columns[to] = j;
        b->values[to] = count;
        to += is_kept;
    }
    return to;
}

/* Weights one row of n counts in place; returns how many of its columns are kept. `to`
 * does not lie behind `from`. */
static int64_t weigh_row(const rung_features *f, const block *b, size_t from, int64_t n,
                         size_t to)
{
    const size_t end = keep_columns(f, b, from, n, to);
    double squares = 0;
    for (size_t p = to; p < end; p++) {
        const double x =
            tf_of(f->config.tf, b->values[p]) * (double)f->idf[b->columns[p]];
        squares += x * x;
        b->values[p] = (float)x;
    }
    const float scale = (float)(squares > 0 ? 1 / sqrt(squares) : 0);
    for (size_t p = to; p < end; p++) b->values[p] *= scale;
    return (int64_t)(end - to);
}

static void weigh_block(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const weighing *w = ctx;
    block *b = &w->c->blocks[task];
    size_t from = 0, to = 0;
    for (size_t i = block_begin(w->c, task); i < block_begin(w->c, task + 1); i++) {
        const int64_t n = w->c->sizes[i];
        w->c->sizes[i] = weigh_row(w->f, b, from, n, to);
        from += (size_t)n;
        to += (size_t)w->c->sizes[i];
    }
    b->n = to;
}

/* Copies a block to its place, and frees it. */
static void place_block(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const weighing *w = ctx;
    block *b = &w->c->blocks[task];
    const int64_t begin = w->rows->first[block_begin(w->c, task)];
    if (b->n > 0) {
        memcpy(w->rows->columns + begin, b->columns, b->n * sizeof *b->columns);
        memcpy(w->rows->values + begin, b->values, b->n * sizeof *b->values);
    }
    rung__free(b->columns), rung__free(b->values);
    *b = (block){0};
}

static rung_status weigh(const rung_features *f, counting *c, rung_csr *rows,
                         rung_error *err)
{
    weighing w = {f, c, rows};
    int64_t n = 0;
    rung_pool_run(c->pool, c->n_blocks, weigh_block, &w);
    for (size_t i = 0; i < c->n_texts; i++) n += c->sizes[i];
    RUNG_TRY(rung__csr_new(rows, (int64_t)c->n_texts, f->n_columns, n, err));
    for (size_t i = 0; i < c->n_texts; i++)
        rows->first[i + 1] = rows->first[i] + c->sizes[i];
    rung_pool_run(c->pool, c->n_blocks, place_block, &w);
    return RUNG_OK;
}

/* ---- Features ---- */

rung_status rung__features_check(const rung_features_config *config, rung_error *err)
{
    rung_ngrams which = {.words = config->ngrams};
    RUNG_TRY(rung__ngrams_parse_chars(&which, config->chars, err));
    if (which.words == 0 && which.chars_to == 0)
        return rung_fail(err, RUNG_USAGE, "no features: --ngrams is 0 and --chars unset");
    if (config->bits != 0 && config->bits < RUNG_MIN_HASH_BITS)
        return rung_fail(err, RUNG_USAGE, "--hash %lld: must be %d to %d, or 0",
                         (long long)config->bits, RUNG_MIN_HASH_BITS, RUNG_MAX_HASH_BITS);
    const bool are_alike = (config->min_df < 1) == (config->max_df < 1);
    if (config->max_df > 0 && are_alike && config->min_df > config->max_df)
        return rung_fail(err, RUNG_USAGE, "--min-df %g is more than --max-df %g",
                         config->min_df, config->max_df);
    return RUNG_OK;
}

static rung_status make_features(rung_features *f, const rung_features_config *config,
                                 rung_error *err)
{
    RUNG_TRY(rung__features_check(config, err));
    *f = (rung_features){.config = *config, .which = {.words = config->ngrams}};
    f->config.chars = f->config.vocabulary = NULL;
    if (config->vocabulary) f->config.bits = 0;
    return rung__ngrams_parse_chars(&f->which, config->chars, err);
}

static rung_status read_vocabulary(rung_features *f, const char *path, rung_error *err)
{
    rung_text text;
    RUNG_TRY(rung_text_read(&text, path, 0, err));
    const rung_span names = {text.bytes, text.size};
    const rung_status status = rung__ngram_set_parse(&f->names, &f->which, names, err);
    if (status != RUNG_OK) rung_fail_within(err, "%s", path);
    rung_text_release(&text);
    return status;
}

static rung_status make_vocabulary(rung_features *f, const char *path,
                                   const rung_span *texts, size_t n, rung_pool *pool,
                                   rung_error *err)
{
    if (path) return read_vocabulary(f, path, err);
    if (f->config.bits) return RUNG_OK;
    return rung__ngram_set_collect(&f->names, &f->which, texts_of(f->config.min_df, n),
                                   most_texts(&f->config, n), texts, n, pool, err);
}

rung_status rung__features_fit(rung_features *f, const rung_features_config *config,
                               const rung_span *texts, size_t n, rung_pool *pool,
                               rung_csr *rows, rung_error *err)
{
    counting c = {0};
    *f = (rung_features){0};
    RUNG_TRY(make_features(f, config, err));
    rung_status status = make_vocabulary(f, config->vocabulary, texts, n, pool, err);
    if (status == RUNG_OK) status = count(&c, f, texts, n, pool, err);
    if (status == RUNG_OK) status = choose_columns(f, &c, err);
    if (status == RUNG_OK) status = weigh(f, &c, rows, err);
    counting_release(&c);
    if (status != RUNG_OK) rung__features_release(f);
    return status;
}

rung_status rung__features_apply(const rung_features *f, const rung_span *texts, size_t n,
                                 rung_pool *pool, rung_csr *rows, rung_error *err)
{
    counting c;
    rung_status status = count(&c, f, texts, n, pool, err);
    if (status == RUNG_OK) status = weigh(f, &c, rows, err);
    counting_release(&c);
    return status;
}

static rung_status check_column(const rung_features *f, const int32_t *hashes,
                                const float *idf, int64_t j, rung_error *err)
{
    if (hashes && (hashes[j] < 0 || hashes[j] >= n_before(f) ||
                   (j > 0 && hashes[j] <= hashes[j - 1])))
        return rung_fail(err, RUNG_INPUT,
                         "column %lld has hash %d: hashes ascend from 0 to 2^%lld - 1",
                         (long long)j, (int)hashes[j], (long long)f->config.bits);
    if (!(idf[j] >= 1 && isfinite(idf[j])))
        return rung_fail(err, RUNG_INPUT, "idf of column %lld is %g: must be 1 or more",
                         (long long)j, (double)idf[j]);
    return RUNG_OK;
}

static rung_status take_columns(rung_features *f, const int32_t *hashes, rung_span names,
                                const float *idf, int64_t n, rung_error *err)
{
    if (!f->config.bits)
        RUNG_TRY(rung__ngram_set_parse(&f->names, &f->which, names, err));
    if (!f->config.bits && f->names.n != n)
        return rung_fail(err, RUNG_INPUT, "%lld names for %lld columns",
                         (long long)f->names.n, (long long)n);
    for (int64_t j = 0; j < n; j++) RUNG_TRY(check_column(f, hashes, idf, j, err));
    RUNG_TRY(new_columns(f, n, err));
    if (n > 0) memcpy(f->idf, idf, (size_t)n * sizeof *idf);
    if (!f->config.bits) return RUNG_OK;
    if (n > 0) memcpy(f->hashes, hashes, (size_t)n * sizeof *hashes);
    return index_columns(f, err);
}

rung_status rung__features_restore(rung_features *f, const rung_features_config *config,
                                   const int32_t *hashes, rung_span names,
                                   const float *idf, int64_t n_columns, rung_error *err)
{
    *f = (rung_features){0};
    RUNG_TRY(make_features(f, config, err));
    const rung_status status = take_columns(f, hashes, names, idf, n_columns, err);
    if (status != RUNG_OK) rung__features_release(f);
    return status;
}

void rung__features_name(rung_str *out, const rung_features *f, int64_t column)
{
    if (f->config.bits) {
        rung_str_addf(out, "#%" PRId32, f->hashes[column]);
        return;
    }
    const rung_span name = rung__ngram_set_name(&f->names, column);
    rung_str_add_bytes(out, name.bytes, name.size);
}

void rung__features_release(rung_features *f)
{
    rung__ngram_set_release(&f->names);
    rung__free(f->hashes), rung__free(f->idf), rung__free(f->groups);
    *f = (rung_features){0};
}

double rung__features_collisions(const rung_features *f)
{
    const double M = ldexp(1, (int)f->config.bits), m = (double)f->n_occupied;
    if (m == 0) return 0;
    return m < M ? 1 - m / (-M * log1p(-m / M)) : 1;
}
