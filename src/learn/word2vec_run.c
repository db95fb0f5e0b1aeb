/* The windows of a run, and their gradients. Every number drawn is a function of the
 * epoch and the place in the text, so a run needs nothing but its place. */
#include "learn/word2vec_run.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

enum {
    AHEAD = 3,         /* windows whose outputs are fetched before their turn */
    DRAWS = 64,        /* numbers that belong to a place */
    MOST_REDRAWS = 16, /* of noise that is the word itself */
    FLOATS_A_LINE = 16
};

/* ---- Memory ---- */

/* The next `bytes` of a block, from a multiple of 64 on; the block is NULL while its size
 * is found. */
static void *take(char *block, size_t *used, size_t bytes)
{
    char *p = block ? block + *used : NULL;
    *used += (bytes + RUNG_ALIGN - 1) / RUNG_ALIGN * RUNG_ALIGN;
    return p;
}

static size_t lay_out(rung__word2vec_run *r, const rung__word2vec_step *s, char *block)
{
    const size_t most_ins = RUNG__WORD2VEC_RUN + 2 * (size_t)s->model->config->window;
    const size_t around = 2 * (size_t)s->model->config->window;
    const size_t outs = (size_t)s->most_outs, row = (size_t)s->model->width * 4;
    const size_t windows = RUNG__WORD2VEC_RUN;
    size_t n = 0;
    r->ins = take(block, &n, most_ins * sizeof *r->ins);
    r->d_in = take(block, &n, most_ins * row);
    if (s->model->ngrams) r->v_in = take(block, &n, most_ins * row);
    r->outs = take(block, &n, windows * outs * sizeof *r->outs);
    r->d_out = take(block, &n, windows * outs * row);
    r->centre = take(block, &n, windows * sizeof *r->centre);
    r->reach = take(block, &n, windows * sizeof *r->reach);
    r->place = take(block, &n, windows * sizeof *r->place);
    r->first_out = take(block, &n, (windows + 1) * sizeof *r->first_out);
    r->v = take(block, &n, around * sizeof *r->v);
    r->dv = take(block, &n, around * sizeof *r->dv);
    r->u = take(block, &n, outs * sizeof *r->u);
    r->mean = take(block, &n, row);
    r->d_mean = take(block, &n, row);
    r->scratch =
        take(block, &n, s->kernels->word_window_scratch((int64_t)around, s->most_outs));
    return n;
}

rung_status rung__word2vec_run_new(rung__word2vec_run *r, const rung__word2vec_step *s,
                                   rung_error *err)
{
    const size_t bytes = lay_out(r, s, NULL);
    r->block = rung__alloc(bytes);
    if (!r->block) return rung__out_of_memory(err, bytes, "a run of windows");
    lay_out(r, s, r->block);
    return RUNG_OK;
}

void rung__word2vec_run_release(rung__word2vec_run *r)
{
    rung__free(r->block);
}

/* ---- Which words, which windows ---- */

/* Whether the word at a place is kept; *bits: its number, whose high half is unused. */
static bool is_kept(const rung__word2vec_step *s, int64_t place, uint64_t *bits)
{
    *bits = rung__draw(s->key, (uint64_t)place * DRAWS);
    return (uint32_t)*bits <= s->keep[s->model->words->ids[place]];
}

/* Appends the words kept before the run in its first line, `window` at most. */
static void look_left(const rung__word2vec_step *s, rung__word2vec_run *r)
{
    const int32_t *ids = s->model->words->ids;
    int32_t found[RUNG__WORD2VEC_MAX_WINDOW];
    int64_t n = 0;
    uint64_t bits;
    for (int64_t i = r->begin - 1; i >= 0 && ids[i] >= 0 && n < s->model->config->window;
         i--)
        if (is_kept(s, i, &bits)) found[n++] = ids[i];
    while (n > 0) r->ins[r->n_ins++] = found[--n];
}

static void look_right(const rung__word2vec_step *s, rung__word2vec_run *r)
{
    const int32_t *ids = s->model->words->ids;
    const int64_t count = (int64_t)s->model->words->count;
    const int64_t most = r->n_ins + s->model->config->window;
    uint64_t bits;
    for (int64_t i = r->end; i < count && ids[i] >= 0 && r->n_ins < most; i++)
        if (is_kept(s, i, &bits)) r->ins[r->n_ins++] = ids[i];
}

/* Noise for the word at a place; the word itself is none. */
static int32_t draw_noise(const rung__word2vec_step *s, int64_t place, int64_t k,
                          int32_t word)
{
    uint64_t bits = rung__draw(s->key, (uint64_t)(place * DRAWS + k));
    for (int i = 0; i < MOST_REDRAWS; i++) {
        const int32_t drawn = rung__noise_at(&s->noise, bits);
        if (drawn != word) return drawn;
        bits = rung__draw(s->key, bits);
    }
    return word > 0 ? 0 : 1;
}

/* Appends the outputs of the window around the word at a place. */
static void add_outs(const rung__word2vec_step *s, rung__word2vec_run *r, int64_t place)
{
    const int32_t word = s->model->words->ids[place];
    int32_t *outs = r->outs + r->n_outs;
    const int64_t negative = s->model->config->negative;
    if (negative > 0) {
        outs[0] = word;
        for (int64_t k = 1; k <= negative; k++) outs[k] = draw_noise(s, place, k, word);
        r->n_outs += negative + 1;
        return;
    }
    const int64_t first = s->tree.first[word], n = s->tree.first[word + 1] - first;
    memcpy(outs, s->tree.nodes + first, (size_t)n * sizeof *outs);
    r->n_outs += n;
}

static bool has_neighbour(const rung__word2vec_run *r, int64_t i)
{
    return (i > 0 && r->ins[i - 1] >= 0) || (i + 1 < r->n_ins && r->ins[i + 1] >= 0);
}

/* Fills ins, and the windows without their outputs. */
static void find_words(const rung__word2vec_step *s, rung__word2vec_run *r)
{
    const int32_t *ids = s->model->words->ids;
    uint64_t bits;
    look_left(s, r);
    for (int64_t i = r->begin; i < r->end; i++) {
        if (ids[i] >= 0) {
            if (!is_kept(s, i, &bits)) continue;
            const int64_t w = r->n_windows++;
            r->centre[w] = (int32_t)r->n_ins;
            r->place[w] = i;
            r->reach[w] = 1 + (int32_t)rung__draw_below((uint32_t)(bits >> 32),
                                                        s->model->config->window);
        }
        r->ins[r->n_ins++] = ids[i];
    }
    if (r->n_ins > 0 && r->ins[r->n_ins - 1] >= 0) look_right(s, r);
}

/* Words that are alone in their line have no window. */
static void find_windows(const rung__word2vec_step *s, rung__word2vec_run *r)
{
    r->n_ins = r->n_outs = r->n_windows = 0;
    find_words(s, r);
    int64_t n = 0;
    for (int64_t w = 0; w < r->n_windows; w++) {
        if (!has_neighbour(r, r->centre[w])) continue;
        r->centre[n] = r->centre[w];
        r->reach[n] = r->reach[w];
        r->first_out[n++] = r->n_outs;
        add_outs(s, r, r->place[w]);
    }
    r->first_out[n] = r->n_outs;
    r->n_windows = n;
}

/* ---- Gradients ---- */

static void fetch_rows(const float *table, int64_t width, const int32_t *rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (rows[i] < 0) continue;
        const float *row = table + rows[i] * width;
        for (int64_t d = 0; d < width; d += FLOATS_A_LINE) __builtin_prefetch(row + d);
    }
}

static void fetch_window(const rung__word2vec_step *s, const rung__word2vec_run *r,
                         int64_t w)
{
    if (w >= r->n_windows) return;
    fetch_rows(s->model->out, s->model->width, r->outs + r->first_out[w],
               r->first_out[w + 1] - r->first_out[w]);
}

void rung__word2vec_input(const rung__word2vec_step *s, int32_t word, float *v)
{
    const rung__word2vec_task *m = s->model;
    const int64_t D = m->width, first = m->lists->first[word];
    const int64_t n = m->lists->first[word + 1] - first;
    s->kernels->bag(n, m->lists->rows + first, s->ones, D, m->ngrams, v);
    s->kernels->add(D, v, m->in + word * D, v);
    s->kernels->scale(D, 1.0 / (double)(n + 1), v, v);
}

static void make_inputs(const rung__word2vec_step *s, rung__word2vec_run *r)
{
    for (int64_t i = 0; i < r->n_ins; i++)
        if (r->ins[i] >= 0)
            rung__word2vec_input(s, r->ins[i], r->v_in + i * s->model->width);
}

static const float *input_of(const rung__word2vec_step *s, const rung__word2vec_run *r,
                             int64_t i)
{
    return s->model->ngrams ? r->v_in + i * s->model->width
                            : s->model->in + r->ins[i] * s->model->width;
}

/* The indices in ins of a window's inputs, [*low, *high] without the centre. */
static void find_inputs(const rung__word2vec_run *r, int64_t w, int64_t *low,
                        int64_t *high)
{
    const int64_t centre = r->centre[w], reach = r->reach[w];
    int64_t i = centre, j = centre;
    while (i > 0 && i > centre - reach && r->ins[i - 1] >= 0) i--;
    while (j + 1 < r->n_ins && j < centre + reach && r->ins[j + 1] >= 0) j++;
    *low = i, *high = j;
}

static rung_word_window window_of(const rung__word2vec_step *s, rung__word2vec_run *r,
                                  int64_t w)
{
    const int64_t D = s->model->width, first = r->first_out[w];
    const int64_t n = r->first_out[w + 1] - first;
    for (int64_t k = 0; k < n; k++) r->u[k] = s->model->out + r->outs[first + k] * D;
    const float *labels = s->labels;
    if (!labels) labels = s->tree.labels + s->tree.first[r->ins[r->centre[w]]];
    return (rung_word_window){.D = D,
                              .N = n,
                              .v = r->v,
                              .u = r->u,
                              .labels = labels,
                              .rate = s->rate,
                              .dv = r->dv,
                              .du = r->d_out + first * D,
                              .scratch = r->scratch};
}

/* Each word around is an input. */
static void skip_gram(const rung__word2vec_step *s, rung__word2vec_run *r, int64_t w)
{
    const int64_t D = s->model->width;
    rung_word_window window = window_of(s, r, w);
    int64_t low, high;
    find_inputs(r, w, &low, &high);
    for (int64_t i = low; i <= high; i++) {
        if (i == r->centre[w]) continue;
        r->v[window.M] = input_of(s, r, i);
        r->dv[window.M++] = r->d_in + i * D;
    }
    r->loss += s->kernels->word_window(&window);
    r->n_pairs += window.M;
}

/* The mean of n words is the input; each takes its gradient / sqrt(n). The original
 * program gives it the whole, the derivative is the n-th part (Irsoy, Benton, Stratos
 * 2021, "Corrected CBOW performs as well as skip-gram"): that is better for similarity
 * and worse for analogies; this is better than the whole for both. */
static void cbow(const rung__word2vec_step *s, rung__word2vec_run *r, int64_t w)
{
    const rung_kernels *k = s->kernels;
    const int64_t D = s->model->width;
    rung_word_window window = window_of(s, r, w);
    int64_t low, high;
    find_inputs(r, w, &low, &high);
    memset(r->mean, 0, (size_t)D * sizeof *r->mean);
    memset(r->d_mean, 0, (size_t)D * sizeof *r->d_mean);
    for (int64_t i = low; i <= high; i++)
        if (i != r->centre[w]) k->add(D, r->mean, input_of(s, r, i), r->mean);
    k->scale(D, 1.0 / (double)(high - low), r->mean, r->mean);
    r->v[0] = r->mean, r->dv[0] = r->d_mean, window.M = 1;
    r->loss += k->word_window(&window);
    r->n_pairs++;
    k->scale(D, 1 / sqrt((double)(high - low)), r->d_mean, r->d_mean);
    for (int64_t i = low; i <= high; i++)
        if (i != r->centre[w]) k->add(D, r->d_in + i * D, r->d_mean, r->d_in + i * D);
}

void rung__word2vec_compute(const rung__word2vec_step *s, rung__word2vec_run *r)
{
    const int64_t D = s->model->width;
    find_windows(s, r);
    r->loss = 0, r->n_pairs = 0;
    memset(r->d_in, 0, (size_t)(r->n_ins * D) * sizeof *r->d_in);
    fetch_rows(s->model->in, D, r->ins, r->n_ins);
    if (s->model->ngrams) make_inputs(s, r);
    for (int64_t w = 0; w < AHEAD; w++) fetch_window(s, r, w);
    for (int64_t w = 0; w < r->n_windows; w++) {
        fetch_window(s, r, w + AHEAD);
        if (s->model->config->cbow)
            cbow(s, r, w);
        else
            skip_gram(s, r, w);
    }
}
