/* Hashed word n-grams.
 *
 * Texts are counted in blocks, one task each: words are folded, every n-gram becomes a
 * column, the columns of a text are sorted and counted. What a row becomes depends on its
 * text alone, and how many texts have a column is a sum of whole numbers, so neither
 * threads nor blocks show in the result. A block's rows are weighted where they lie and
 * then copied to their places in the matrix.
 *
 * The hash of the n-gram w1 ... wn is join(... join(h(w1), h(w2)) ..., h(wn)). It is part
 * of every saved model: it never changes. */
#include "text/features.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "text/words.h"

#define BLOCK_TEXTS 256

/* ---- Hashes ---- */

/* The hash of the word at *p, eight bytes at a time; moves *p behind its NUL. The bytes
 * after the NUL do not count. */
static uint64_t hash_word(const char **p)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t hash = 0, word;
    for (;; *p += sizeof word) {
        memcpy(&word, *p, sizeof word);
        // The lowest high bit that this leaves set is in the first NUL (Mycroft 1987).
        const uint64_t nul = (word - ones) & ~word & highs;
        if (!nul) {
            hash = rung__hash_mix(hash ^ word);
            continue;
        }
        const int n_bits = __builtin_ctzll(nul) - 7; // before the NUL
        *p += n_bits / 8 + 1;
        hash = rung__hash_mix(hash ^ (word & (((uint64_t)1 << n_bits) - 1)));
        return rung__hash_mix(hash); // once more: numbers alike would cluster otherwise
    }
}

/* The hash of one run of words followed by another; their order matters. */
static uint64_t join(uint64_t a, uint64_t b)
{
    return rung__hash_mix((a << 23 | a >> 41) ^ b);
}

/* The columns of all n-grams of folded words; returns how many. */
static size_t hash_ngrams(const char *words, size_t size, int64_t ngrams, int64_t bits,
                          uint32_t *columns)
{
    const int shift = (int)(64 - bits);
    uint64_t last[RUNG_MAX_NGRAMS] = {0}; // last[k]: of the k + 1 words that end here
    size_t n = 0;
    int64_t n_words = 0;
    for (const char *p = words; p < words + size; n_words++) {
        const uint64_t word = hash_word(&p);
        for (int64_t k = n_words < ngrams - 1 ? n_words : ngrams - 1; k > 0; k--) {
            last[k] = join(last[k - 1], word);
            columns[n++] = (uint32_t)(last[k] >> shift);
        }
        last[0] = word;
        columns[n++] = (uint32_t)(word >> shift);
    }
    return n;
}

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

/* Sorts n numbers below 2^bits by their bytes, the lowest first; x and spare change
 * places. Returns the sorted one. */
static uint32_t *sort(uint32_t *x, uint32_t *spare, size_t n, int64_t bits)
{
    if (n <= FEW) {
        insertion_sort(x, n);
        return x;
    }
    for (int shift = 0; shift < bits; shift += 8) {
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
    char *words;       /* [words_cap], owned */
    uint32_t *columns; /* [2 columns_cap]: two buffers, owned */
    size_t words_cap, columns_cap;
} scratch;

typedef struct counting {
    const rung_features_config *config;
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

static bool grow(void *array, size_t count, size_t size)
{
    void *old, *more;
    size_t bytes;
    memcpy(&old, array, sizeof old);
    more = rung_mul_size(count, size, &bytes) ? rung__realloc(old, bytes) : NULL;
    if (more) memcpy(array, &more, sizeof more);
    return more != NULL;
}

static bool reserve(block *b, size_t n)
{
    if (b->n + n <= b->cap) return true;
    const size_t cap = (b->n + n) + (b->n + n) / 2;
    if (!grow(&b->columns, cap, sizeof *b->columns)) return false;
    if (!grow(&b->values, cap, sizeof *b->values)) return false;
    b->cap = cap;
    return true;
}

/* The columns of one text, unsorted, in s->columns. */
static bool hash_text(scratch *s, const rung_features_config *config, rung_span text,
                      size_t *n)
{
    if (s->words_cap < RUNG__WORDS_ROOM(text.size)) {
        const size_t room = RUNG__WORDS_ROOM(text.size);
        if (!grow(&s->words, room, 1)) return false;
        s->words_cap = room;
    }
    const size_t size = rung__words_fold(text, s->words);
    const size_t most = size / 2 * (size_t)config->ngrams; // a word has two bytes
    if (s->columns_cap < most) {
        if (!grow(&s->columns, most, 2 * sizeof *s->columns)) return false;
        s->columns_cap = most;
    }
    *n = hash_ngrams(s->words, size, config->ngrams, config->bits, s->columns);
    return true;
}

/* Appends the row of one text: its columns, ascending, with their counts. */
static bool count_text(const counting *c, scratch *s, size_t i, block *b)
{
    size_t n;
    if (!hash_text(s, c->config, c->texts[i], &n) || !reserve(b, n)) return false;
    const uint32_t *x = sort(s->columns, s->columns + s->columns_cap, n, c->config->bits);
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
        rung__free(c->scratches[t].words), rung__free(c->scratches[t].columns);
    rung__free(c->blocks), rung__free(c->scratches), rung__free(c->sizes);
}

/* Counts all texts. Release it also after a failure. */
static rung_status count(counting *c, const rung_features_config *config,
                         const rung_span *texts, size_t n, rung_pool *pool,
                         rung_error *err)
{
    *c = (counting){.config = config, .texts = texts, .n_texts = n, .pool = pool};
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
        before += __builtin_popcountll(f->groups[g].kept);
    }
    return RUNG_OK;
}

/* The number of a column, -1 if it is not kept. */
static int32_t column_of(const rung_features *f, int32_t hash)
{
    const rung_features_group *g = &f->groups[hash / 64];
    const uint64_t bit = (uint64_t)1 << hash % 64;
    return g->kept & bit ? (int32_t)g->before + __builtin_popcountll(g->kept & (bit - 1))
                         : -1;
}

static rung_status new_columns(rung_features *f, int64_t n, rung_error *err)
{
    f->n_columns = n;
    f->hashes = rung__alloc_array((size_t)n, sizeof *f->hashes);
    f->idf = rung__alloc_array((size_t)n, sizeof *f->idf);
    return f->hashes && f->idf ? RUNG_OK
                               : rung__out_of_memory(err, (size_t)n * 8, "columns");
}

static rung_status choose(rung_features *f, const counting *c, const uint32_t *df,
                          rung_error *err)
{
    const int64_t n_hashes = (int64_t)1 << f->config.bits;
    int64_t n = 0;
    for (int64_t h = 0; h < n_hashes; h++) {
        f->n_occupied += df[h] > 0;
        n += df[h] >= f->config.min_df;
    }
    RUNG_TRY(new_columns(f, n, err));
    for (int64_t h = 0, j = 0; h < n_hashes; h++) {
        if (df[h] < f->config.min_df) continue;
        f->hashes[j] = (int32_t)h;
        f->idf[j++] = (float)(1 + log((1.0 + (double)c->n_texts) / (1.0 + df[h])));
    }
    return index_columns(f, err);
}

static rung_status choose_columns(rung_features *f, const counting *c, rung_error *err)
{
    const size_t n_hashes = (size_t)1 << f->config.bits;
    uint32_t *df = rung__alloc_array(n_hashes, sizeof *df);
    if (!df) return rung__out_of_memory(err, n_hashes * sizeof *df, "counts of columns");
    for (int64_t b = 0; b < c->n_blocks; b++) {
        const block *x = &c->blocks[b];
        for (size_t p = 0; p < x->n; p++) df[x->columns[p]]++;
    }
    rung_status status = choose(f, c, df, err);
    rung__free(df);
    return status;
}

/* ---- Weights ---- */

typedef struct weighing {
    const rung_features *f;
    counting *c;
    rung_csr *rows;
} weighing;

/* Weights one row of n counts in place; returns how many of its columns are kept. `to`
 * does not lie behind `from`. */
static int64_t weigh_row(const rung_features *f, const block *b, size_t from, int64_t n,
                         size_t to)
{
    double squares = 0;
    size_t end = to;
    for (size_t p = from; p < from + (size_t)n; p++) {
        const int32_t j = column_of(f, b->columns[p]);
        if (j < 0) continue;
        const float c = b->values[p];
        const double x = (c > 1 ? 1 + log((double)c) : 1) * (double)f->idf[j];
        squares += x * x;
        b->columns[end] = j;
        b->values[end++] = (float)x;
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

rung_status rung__features_fit(rung_features *f, const rung_features_config *config,
                               const rung_span *texts, size_t n, rung_pool *pool,
                               rung_csr *rows, rung_error *err)
{
    counting c;
    *f = (rung_features){.config = *config};
    rung_status status = count(&c, config, texts, n, pool, err);
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
    rung_status status = count(&c, &f->config, texts, n, pool, err);
    if (status == RUNG_OK) status = weigh(f, &c, rows, err);
    counting_release(&c);
    return status;
}

static rung_status check_column(const rung_features *f, const int32_t *hashes,
                                const float *idf, int64_t j, rung_error *err)
{
    if (hashes[j] < 0 || hashes[j] >= (int64_t)1 << f->config.bits ||
        (j > 0 && hashes[j] <= hashes[j - 1]))
        return rung_fail(err, RUNG_INPUT,
                         "column %lld has hash %d: hashes ascend from 0 to 2^%lld - 1",
                         (long long)j, (int)hashes[j], (long long)f->config.bits);
    if (!(idf[j] >= 1 && isfinite(idf[j])))
        return rung_fail(err, RUNG_INPUT, "idf of column %lld is %g: must be 1 or more",
                         (long long)j, (double)idf[j]);
    return RUNG_OK;
}

rung_status rung__features_restore(rung_features *f, const rung_features_config *config,
                                   const int32_t *hashes, const float *idf,
                                   int64_t n_columns, rung_error *err)
{
    *f = (rung_features){.config = *config};
    for (int64_t j = 0; j < n_columns; j++)
        RUNG_TRY(check_column(f, hashes, idf, j, err));
    rung_status status = new_columns(f, n_columns, err);
    if (status == RUNG_OK) {
        memcpy(f->hashes, hashes, (size_t)n_columns * sizeof *hashes);
        memcpy(f->idf, idf, (size_t)n_columns * sizeof *idf);
        status = index_columns(f, err);
    }
    if (status != RUNG_OK) rung__features_release(f);
    return status;
}

void rung__features_release(rung_features *f)
{
    rung__free(f->hashes), rung__free(f->idf), rung__free(f->groups);
    *f = (rung_features){0};
}

double rung__features_collisions(const rung_features *f)
{
    const double M = ldexp(1, (int)f->config.bits), m = (double)f->n_occupied;
    if (m == 0) return 0;
    return m < M ? 1 - m / (-M * log1p(-m / M)) : 1;
}
