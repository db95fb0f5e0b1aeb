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

enum { BLOCK_TEXTS = RUNG_FEATURES_VISIT };

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

/* Where the values of each byte begin, from how many there are. */
static void find_places(uint32_t place[256])
{
    uint32_t begin = 0;
    for (int b = 0; b < 256; b++) {
        const uint32_t count = place[b];
        place[b] = begin;
        begin += count;
    }
}

/* Sorts n numbers below `limit` by their bytes, the lowest first; x and spare change
 * places. Returns the sorted one. */
static uint32_t *sort(uint32_t *x, uint32_t *spare, size_t n, int64_t limit)
{
    uint32_t places[4][256] = {0};
    int n_bytes = 1;
    if (n <= FEW) {
        insertion_sort(x, n);
        return x;
    }
    while (n_bytes < 4 && (limit - 1) >> 8 * n_bytes > 0) n_bytes++;
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < n_bytes; k++) places[k][x[i] >> 8 * k & 255]++;
    for (int k = 0; k < n_bytes; k++) {
        uint32_t *place = places[k], *sorted = spare;
        find_places(place);
        for (size_t i = 0; i < n; i++) sorted[place[x[i] >> 8 * k & 255]++] = x[i];
        spare = x;
        x = sorted;
    }
    return x;
}

/* ---- Counting ---- */

/* The rows of BLOCK_TEXTS texts: columns before selection with counts, then columns with
 * weights. */
typedef struct block {
    int64_t first[BLOCK_TEXTS + 1]; /* where rows begin, and the last one ends */
    int32_t *columns;               /* [cap], owned */
    float *values;                  /* [cap], owned */
    size_t cap;
} block;

/* What a thread needs for one text. */
typedef struct scratch {
    rung_ngrams_scratch ngrams;
    uint32_t *columns; /* [2 columns_cap]: two buffers, owned */
    size_t columns_cap;
    bool has_failed; /* an allocation */
} scratch;

typedef struct counting {
    const rung_features *f; /* its columns may be chosen later */
    const rung_span *texts;
    size_t n_texts;
    rung_pool *pool;
    int64_t n_tasks, n_blocks;
    block *blocks;      /* [n_blocks]: one for each task, or for each thread; owned */
    scratch *scratches; /* [threads], owned */
} counting;

static size_t task_begin(const counting *c, int64_t task)
{
    const size_t begin = (size_t)task * BLOCK_TEXTS;
    return begin < c->n_texts ? begin : c->n_texts;
}

static int64_t task_texts(const counting *c, int64_t task)
{
    return (int64_t)(task_begin(c, task + 1) - task_begin(c, task));
}

/* Room for n values, which are of this share of the block's text; for all of it, if that
 * goes on likewise: growing costs pages. */
static bool reserve(block *b, size_t n, double share)
{
    size_t cap = b->cap;
    if (n <= cap) return true;
    n = (size_t)((double)n / share);
    if (!rung__grow(&b->columns, &cap, n, sizeof *b->columns)) return false;
    return rung__grow(&b->values, &b->cap, n, sizeof *b->values);
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

/* Puts the different ones of n sorted columns at `end`, with their counts; returns where
 * they end. */
static int64_t append_row(const block *b, const uint32_t *x, size_t n, int64_t end)
{
    for (size_t k = 0; k < n; k++) {
        if (k > 0 && x[k] == x[k - 1]) {
            b->values[end - 1] += 1;
        } else {
            b->columns[end] = (int32_t)x[k];
            b->values[end++] = 1;
        }
    }
    return end;
}

/* Bits that are set. The compiler's own calls a function where it may not assume the
 * instruction. */
static int count_bits(uint32_t x)
{
    x -= x >> 1 & 0x55555555u;
    x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
    x = (x + (x >> 4)) & 0x0F0F0F0Fu;
    return (int)(x * 0x01010101u >> 24);
}

/* Leaves the kept ones of the columns between `from` and `end` at `to`, which does not
 * lie behind; returns where they end. There is no branch that may be guessed wrong while
 * memory is waited for. */
static int64_t keep_columns(const rung_features *f, const block *b, int64_t from,
                            int64_t end, int64_t to)
{
    for (int64_t p = from; p < end; p++) {
        const uint32_t hash = (uint32_t)b->columns[p], bit = hash % 32;
        const rung_features_group g = f->groups[hash / 32];
        const float count = b->values[p];
        b->columns[to] = g.before + count_bits(g.kept & (((uint32_t)1 << bit) - 1));
        b->values[to] = count;
        to += g.kept >> bit & 1;
    }
    return to;
}

static double tf_of(int tf, float count)
{
    if (tf == RUNG_TF_BINARY || count == 1) return 1;
    return tf == RUNG_TF_RAW ? (double)count : 1 + log((double)count);
}

/* Weighs one row of counts between `from` and `end`; leaves it at `to`, which does not
 * lie behind, and returns where it ends. */
static int64_t weigh_row(const rung_features *f, const block *b, int64_t from,
                         int64_t end, int64_t to)
{
    if (f->config.bits) end = keep_columns(f, b, from, end, to);
    double squares = 0;
    for (int64_t p = to; p < end; p++) {
        const double x =
            tf_of(f->config.tf, b->values[p]) * (double)f->idf[b->columns[p]];
        squares += x * x;
        b->values[p] = (float)x;
    }
    const float scale = (float)(squares > 0 ? 1 / sqrt(squares) : 0);
    for (int64_t p = to; p < end; p++) b->values[p] *= scale;
    return end;
}

/* Appends row k of the block: columns, ascending, with their counts, or with their
 * weights if these are known already. */
static bool count_text(const rung_features *f, scratch *s, rung_span text, block *b,
                       int64_t k, double share)
{
    const int64_t begin = b->first[k];
    size_t n;
    if (!find_columns(s, f, text, &n)) return false;
    if (!reserve(b, (size_t)begin + n, share)) return false;
    const uint32_t *x = s->columns;
    if (n > 0) x = sort(s->columns, s->columns + s->columns_cap, n, n_before(f));
    int64_t end = append_row(b, x, n, begin);
    if (f->idf) end = weigh_row(f, b, begin, end, begin);
    b->first[k + 1] = end;
    return true;
}

/* The rows of one task's texts. */
static bool count_texts(const counting *c, int64_t task, scratch *s, block *b)
{
    const rung_span *texts = c->texts + task_begin(c, task);
    const int64_t n = task_texts(c, task);
    size_t bytes = 1, done = 1;
    for (int64_t k = 0; k < n; k++) bytes += texts[k].size;
    for (int64_t k = 0; k < n && !s->has_failed; k++) {
        done += texts[k].size;
        s->has_failed =
            !count_text(c->f, s, texts[k], b, k, (double)done / (double)bytes);
    }
    return !s->has_failed;
}

static void count_block(void *ctx, int64_t task, int worker)
{
    const counting *c = ctx;
    count_texts(c, task, &c->scratches[worker], &c->blocks[task]);
}

static void counting_release(counting *c)
{
    for (int64_t b = 0; c->blocks && b < c->n_blocks; b++)
        rung__free(c->blocks[b].columns), rung__free(c->blocks[b].values);
    for (int t = 0; c->scratches && t < rung_pool_threads(c->pool); t++)
        rung__ngrams_release(&c->scratches[t].ngrams),
            rung__free(c->scratches[t].columns);
    rung__free(c->blocks), rung__free(c->scratches);
}

/* Runs a task for every BLOCK_TEXTS texts. Release it also after a failure. */
static rung_status run(counting *c, rung_task_fn task, void *ctx, rung_error *err)
{
    const int threads = rung_pool_threads(c->pool);
    if (c->n_texts > INT32_MAX)
        return rung_fail(err, RUNG_INPUT, "%zu texts: must be fewer than 2^31",
                         c->n_texts);
    c->n_tasks = (int64_t)((c->n_texts + BLOCK_TEXTS - 1) / BLOCK_TEXTS);
    if (c->n_blocks == 0) c->n_blocks = c->n_tasks;
    const size_t bytes = (size_t)c->n_blocks * sizeof *c->blocks;
    c->blocks = rung__alloc(bytes);
    c->scratches = rung__alloc_array((size_t)threads, sizeof *c->scratches);
    if (!c->blocks || !c->scratches)
        return rung__out_of_memory(err, bytes, "features of texts");
    rung_pool_run(c->pool, c->n_tasks, task, ctx);
    for (int t = 0; t < threads; t++) {
        if (c->scratches[t].has_failed)
            return rung__out_of_memory(err, 8 * c->blocks[0].cap, "features of texts");
    }
    return RUNG_OK;
}

/* ---- Choosing columns ---- */

/* Numbers the kept columns: hashes ascend. */
static rung_status index_columns(rung_features *f, rung_error *err)
{
    const size_t n_groups = (size_t)1 << (f->config.bits - 5);
    f->groups = rung__alloc_array(n_groups, sizeof *f->groups);
    if (!f->groups)
        return rung__out_of_memory(err, n_groups * sizeof *f->groups, "columns");
    for (int64_t j = 0; j < f->n_columns; j++)
        f->groups[f->hashes[j] / 32].kept |= (uint32_t)1 << f->hashes[j] % 32;
    int32_t before = 0;
    for (size_t g = 0; g < n_groups; g++) {
        f->groups[g].before = before;
        before += count_bits(f->groups[g].kept);
    }
    return RUNG_OK;
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

/* Columns before selection are looked at in slices, one a task. */
enum { MAX_SLICES = 16 };

typedef struct choosing {
    rung_features *f;
    const counting *c;
    double least, most; /* texts */
    uint32_t *df;       /* [n_before]: texts that have the column, owned */
    int64_t n_slices;
    struct {
        int64_t n_occupied, n_kept, before; /* before: kept ones of other slices */
    } slices[MAX_SLICES];
} choosing;

static int64_t slice_begin(const choosing *k, int64_t slice)
{
    return n_before(k->f) * slice / k->n_slices;
}

/* All names stay: whoever made the vocabulary has chosen. */
static bool is_kept(const choosing *k, int64_t h)
{
    return !k->f->config.bits || (k->df[h] >= k->least && k->df[h] <= k->most);
}

/* The first of columns[p ... end), ascending, that is not below `column`. */
static int64_t lower_bound(const int32_t *columns, int64_t p, int64_t end, int64_t column)
{
    while (p < end) {
        const int64_t middle = p + (end - p) / 2;
        if (columns[middle] < column)
            p = middle + 1;
        else
            end = middle;
    }
    return p;
}

/* Counts the texts of a block that have the columns from `begin` to `end`. */
static void count_columns(const choosing *k, int64_t task, int64_t begin, int64_t end)
{
    const block *b = &k->c->blocks[task];
    const int32_t *columns = b->columns;
    for (int64_t i = 0; i < task_texts(k->c, task); i++) {
        int64_t p = b->first[i];
        if (begin > 0) p = lower_bound(columns, p, b->first[i + 1], begin);
        for (; p < b->first[i + 1] && columns[p] < end; p++) k->df[columns[p]]++;
    }
}

static void count_slice(void *ctx, int64_t slice, int worker)
{
    (void)worker;
    choosing *k = ctx;
    const int64_t begin = slice_begin(k, slice), end = slice_begin(k, slice + 1);
    for (int64_t task = 0; task < k->c->n_tasks; task++)
        count_columns(k, task, begin, end);
    for (int64_t h = begin; h < end; h++) {
        k->slices[slice].n_occupied += k->df[h] > 0;
        k->slices[slice].n_kept += is_kept(k, h);
    }
}

static void number_slice(void *ctx, int64_t slice, int worker)
{
    (void)worker;
    const choosing *k = ctx;
    rung_features *f = k->f;
    int64_t j = k->slices[slice].before;
    for (int64_t h = slice_begin(k, slice); h < slice_begin(k, slice + 1); h++) {
        if (!is_kept(k, h)) continue;
        if (f->hashes) f->hashes[j] = (int32_t)h;
        f->idf[j++] = (float)idf_of(f, k->c->n_texts, k->df[h]);
    }
}

static rung_status choose_columns(rung_features *f, const counting *c, rung_error *err)
{
    const size_t n = (size_t)n_before(f);
    choosing k = {.f = f,
                  .c = c,
                  .least = fmax(texts_of(f->config.min_df, c->n_texts), 1),
                  .most = most_texts(&f->config, c->n_texts)};
    int64_t n_kept = 0;
    k.n_slices = rung_pool_threads(c->pool);
    if (k.n_slices > MAX_SLICES) k.n_slices = MAX_SLICES;
    k.df = rung__alloc_array(n, sizeof *k.df);
    if (!k.df) return rung__out_of_memory(err, n * sizeof *k.df, "counts of columns");
    rung_pool_run(c->pool, k.n_slices, count_slice, &k);
    for (int s = 0; s < k.n_slices; s++) {
        k.slices[s].before = n_kept;
        n_kept += k.slices[s].n_kept;
        if (f->config.bits) f->n_occupied += k.slices[s].n_occupied;
    }
    rung_status status = new_columns(f, n_kept, err);
    if (status == RUNG_OK) rung_pool_run(c->pool, k.n_slices, number_slice, &k);
    rung__free(k.df);
    return status == RUNG_OK && f->config.bits ? index_columns(f, err) : status;
}

/* ---- Rows ---- */

typedef struct placing {
    const rung_features *f;
    counting *c;
    rung_csr *rows;
} placing;

/* Rows that were counted before the columns were chosen: keeps those and weighs them. */
static void weigh_block(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const placing *w = ctx;
    block *b = &w->c->blocks[task];
    int64_t from = 0;
    for (int64_t k = 0; k < task_texts(w->c, task); k++) {
        const int64_t end = b->first[k + 1];
        b->first[k + 1] = weigh_row(w->f, b, from, end, b->first[k]);
        from = end;
    }
}

/* Copies a block to its place, and frees it. */
static void place_block(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const placing *w = ctx;
    block *b = &w->c->blocks[task];
    int64_t *first = w->rows->first + task_begin(w->c, task);
    const int64_t begin = first[0], n_texts = task_texts(w->c, task);
    const size_t n = (size_t)b->first[n_texts];
    for (int64_t k = 1; k < n_texts; k++) first[k] = begin + b->first[k];
    if (n > 0) {
        memcpy(w->rows->columns + begin, b->columns, n * sizeof *b->columns);
        memcpy(w->rows->values + begin, b->values, n * sizeof *b->values);
    }
    rung__free(b->columns), rung__free(b->values);
    *b = (block){0};
}

static rung_status place(placing *w, rung_error *err)
{
    const counting *c = w->c;
    int64_t n = 0;
    for (int64_t t = 0; t < c->n_tasks; t++) n += c->blocks[t].first[task_texts(c, t)];
    RUNG_TRY(rung__csr_new(w->rows, (int64_t)c->n_texts, w->f->n_columns, n, err));
    int64_t *first = w->rows->first; // of each block now, of the rows within it later
    for (int64_t t = 0; t < c->n_tasks; t++)
        first[task_begin(c, t + 1)] =
            first[task_begin(c, t)] + c->blocks[t].first[task_texts(c, t)];
    rung_pool_run(c->pool, c->n_tasks, place_block, w);
    return RUNG_OK;
}

/* ---- Rows that are not kept ---- */

typedef struct visiting {
    counting c;
    rung_features_fn *fn;
    void *ctx;
} visiting;

static void visit_block(void *ctx, int64_t task, int worker)
{
    const visiting *v = ctx;
    const counting *c = &v->c;
    scratch *s = &c->scratches[worker];
    block *b = &c->blocks[worker];
    if (!count_texts(c, task, s, b)) return;
    const rung_csr rows = {task_texts(c, task), c->f->n_columns, b->first, b->columns,
                           b->values};
    s->has_failed = !v->fn(v->ctx, task_begin(c, task), &rows, worker);
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
    counting c = {.f = f, .texts = texts, .n_texts = n, .pool = pool};
    *f = (rung_features){0};
    RUNG_TRY(make_features(f, config, err));
    rung_status status = make_vocabulary(f, config->vocabulary, texts, n, pool, err);
    if (status == RUNG_OK) status = run(&c, count_block, &c, err);
    if (status == RUNG_OK) status = choose_columns(f, &c, err);
    placing w = {f, &c, rows};
    if (status == RUNG_OK) rung_pool_run(pool, c.n_tasks, weigh_block, &w);
    if (status == RUNG_OK) status = place(&w, err);
    counting_release(&c);
    if (status != RUNG_OK) rung__features_release(f);
    return status;
}

rung_status rung__features_apply(const rung_features *f, const rung_span *texts, size_t n,
                                 rung_pool *pool, rung_csr *rows, rung_error *err)
{
    counting c = {.f = f, .texts = texts, .n_texts = n, .pool = pool};
    rung_status status = run(&c, count_block, &c, err);
    placing w = {f, &c, rows};
    if (status == RUNG_OK) status = place(&w, err);
    counting_release(&c);
    return status;
}

rung_status rung__features_visit(const rung_features *f, const rung_span *texts, size_t n,
                                 rung_pool *pool, rung_features_fn *fn, void *ctx,
                                 rung_error *err)
{
    visiting v = {{.f = f, .texts = texts, .n_texts = n, .pool = pool}, fn, ctx};
    v.c.n_blocks = rung_pool_threads(pool);
    const rung_status status = run(&v.c, visit_block, &v, err);
    counting_release(&v.c);
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
