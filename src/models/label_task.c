/* Training a classifier: a sample is one text.
 *
 * The order of an epoch is a function of (seed, epoch): a random permutation, cut into
 * pools of 64 blocks of 32 samples; each pool is sorted by length, and its blocks are
 * visited in a random order. So a micro-batch holds texts of like length and needs little
 * padding, and sample s is found without remembering anything, whatever the batch. */
#include "models/encoded.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

enum { BLOCK = 32, POOL = 64 * BLOCK, EVAL_BATCH = 32 };
enum { INPUT_IDS, INPUT_LENGTHS, INPUT_TARGETS };

typedef struct label_task {
    rung_task base;
    rung_model *model; /* borrowed */
    rung__encoded train, valid;
    int32_t *train_labels, *valid_labels; /* owned */
    size_t *valid_order;                  /* owned: by length */
    int64_t buckets[RUNG_LENGTH_BUCKETS];
} label_task;

static const label_task *task_of(const rung_task *task)
{
    return (const label_task *)task;
}

/* ---- Which text sample s is ---- */

typedef struct member {
    int32_t length, text;
} member;

static int by_length(const void *a, const void *b)
{
    const member *x = a, *y = b;
    if (x->length != y->length) return x->length < y->length ? -1 : 1;
    return x->text < y->text ? -1 : x->text > y->text;
}

/* The pool that sample s lies in, in the order of visits. */
typedef struct pool {
    int64_t first, n; /* samples */
    member members[POOL];
} pool;

static void fill_pool(pool *p, const label_task *t, int64_t sample, uint64_t seed)
{
    int64_t N = t->base.samples_per_epoch, epoch = sample / N;
    int64_t begin = sample % N / POOL * POOL;
    uint64_t order = rung_rng_key(seed, "texts", (uint64_t)epoch);
    p->first = epoch * N + begin;
    p->n = N - begin < POOL ? N - begin : POOL;
    for (int64_t i = 0; i < p->n; i++) {
        size_t text = (size_t)rung_permute(order, (uint64_t)N, (uint64_t)(begin + i));
        p->members[i] =
            (member){(int32_t)rung__encoded_length(&t->train, text), (int32_t)text};
    }
    qsort(p->members, (size_t)p->n, sizeof *p->members, by_length);
}

/* The text of a sample; p is filled anew where it does not hold the sample. */
static size_t text_of(pool *p, const label_task *t, int64_t sample, uint64_t seed)
{
    if (sample < p->first || sample >= p->first + p->n) fill_pool(p, t, sample, seed);
    int64_t i = sample - p->first, whole = p->n / BLOCK;
    if (i / BLOCK < whole) { // what is beyond the whole blocks stays at the end
        uint64_t key = rung_rng_key(seed, "blocks", (uint64_t)p->first);
        uint64_t block = rung_permute(key, (uint64_t)whole, (uint64_t)(i / BLOCK));
        i = (int64_t)block * BLOCK + i % BLOCK;
    }
    return (size_t)p->members[i].text;
}

static int64_t label_bucket(const rung_task *task, int64_t first, int64_t batch,
                            uint64_t seed)
{
    const label_task *t = task_of(task);
    int64_t longest = 0;
    pool p = {.n = 0};
    for (int64_t b = 0; b < batch; b++) {
        int64_t n = rung__encoded_length(&t->train, text_of(&p, t, first + b, seed));
        if (n > longest) longest = n;
    }
    return rung__bucket_of(t->buckets, (int)task->n_buckets, longest);
}

static size_t valid_text(const label_task *t, int64_t i)
{
    return t->valid_order[i];
}

static int64_t label_bucket_eval(const rung_task *task, int64_t chunk, int64_t batch)
{
    const label_task *t = task_of(task);
    int64_t last = (chunk + 1) * batch, n = (int64_t)t->valid.count;
    size_t text = valid_text(t, (last < n ? last : n) - 1);
    return rung__bucket_of(t->buckets, (int)task->n_buckets,
                           rung__encoded_length(&t->valid, text));
}

static void label_locate(const rung_task *task, int64_t first, int64_t n, uint64_t seed,
                         char *out, size_t size)
{
    pool p = {.n = 0};
    snprintf(out, size, "%lld texts, the first is example %zu of the training data",
             (long long)n, text_of(&p, task_of(task), first, seed) + 1);
}

/* ---- The graph and its inputs ---- */

static void label_build(rung_task *task, rung_step_graph *step, int64_t batch,
                        bool training)
{
    const label_task *t = task_of(task);
    const rung_model *m = t->model;
    rung_graph *g = step->graph;
    int64_t shape[] = {batch, t->buckets[step->bucket]};
    step->inputs[INPUT_IDS] = rung_input(g, "ids", RUNG_I32, 2, shape);
    step->inputs[INPUT_LENGTHS] = rung_input(g, "lengths", RUNG_I32, 1, shape);
    step->inputs[INPUT_TARGETS] = rung_input(g, "targets", RUNG_I32, 1, shape);
    rung_tensor *logits = m->type->labelled->logits(
        m, g, step->inputs[INPUT_IDS], step->inputs[INPUT_LENGTHS], training);
    step->loss = rung_cross_entropy(g, logits, step->inputs[INPUT_TARGETS], NULL, 0);
}

/* lengths [B], targets [B], ids [B, T]. */
static size_t label_buffer_bytes(const rung_task *task, int64_t batch)
{
    const label_task *t = task_of(task);
    return (size_t)(batch * (2 + t->buckets[task->n_buckets - 1])) * sizeof(int32_t);
}

static void put(const rung__encoded *from, const int32_t *labels, size_t text,
                int32_t *buffer, int64_t b, int64_t batch, int64_t T)
{
    rung__encoded_put(from, text, buffer + 2 * batch, buffer, b, T);
    buffer[batch + b] = labels[text];
}

static void set_inputs(const rung_step_graph *step, int32_t *buffer, int64_t batch)
{
    rung_input_set(step->inputs[INPUT_LENGTHS], buffer);
    rung_input_set(step->inputs[INPUT_TARGETS], buffer + batch);
    rung_input_set(step->inputs[INPUT_IDS], buffer + 2 * batch);
}

static void label_feed(const rung_task *task, const rung_step_graph *step, int64_t first,
                       int64_t batch, uint64_t seed, void *buffer)
{
    const label_task *t = task_of(task);
    pool p = {.n = 0};
    for (int64_t b = 0; b < batch; b++)
        put(&t->train, t->train_labels, text_of(&p, t, first + b, seed), buffer, b, batch,
            t->buckets[step->bucket]);
    set_inputs(step, buffer, batch);
}

/* Rows beyond the last text repeat it, and have no target. */
static void label_feed_eval(const rung_task *task, const rung_step_graph *step,
                            int64_t chunk, int64_t batch, void *buffer)
{
    const label_task *t = task_of(task);
    int32_t *targets = (int32_t *)buffer + batch;
    int64_t n = (int64_t)t->valid.count;
    for (int64_t b = 0; b < batch; b++) {
        int64_t i = chunk * batch + b;
        put(&t->valid, t->valid_labels, valid_text(t, i < n ? i : n - 1), buffer, b,
            batch, t->buckets[step->bucket]);
        if (i >= n) targets[b] = -1;
    }
    set_inputs(step, buffer, batch);
}

static const rung_task_ops label_ops = {
    .build = label_build,
    .feed = label_feed,
    .feed_eval = label_feed_eval,
    .buffer_bytes = label_buffer_bytes,
    .bucket = label_bucket,
    .bucket_eval = label_bucket_eval,
    .locate = label_locate,
};

/* ---- Making one ---- */

static rung_status copy_labels(int32_t **out, const rung_examples *data, rung_error *err)
{
    size_t bytes = (data->count + 1) * sizeof **out;
    *out = rung__alloc(bytes);
    if (!*out) return rung__out_of_memory(err, bytes, "labels");
    if (data->count) memcpy(*out, data->labels, data->count * sizeof **out);
    return RUNG_OK;
}

static rung_status encode(label_task *t, const rung_examples *train,
                          const rung_examples *valid, rung_error *err)
{
    RUNG_TRY(rung__encode_texts(&t->train, t->model, train->texts, train->count, err));
    RUNG_TRY(rung__encode_texts(&t->valid, t->model, valid->texts, valid->count, err));
    RUNG_TRY(copy_labels(&t->train_labels, train, err));
    RUNG_TRY(copy_labels(&t->valid_labels, valid, err));
    return rung__encoded_order(&t->valid_order, &t->valid, err);
}

/* Texts after which classifiers of a thousand to a hundred thousand examples no longer
 * get better, with what they repeat or without. */
static int64_t enough(int64_t examples)
{
    const int64_t least = 150000, epochs = 5;
    return examples * epochs > least ? examples * epochs : least;
}

rung_status rung_classify_task_new(rung_task **out, rung_model *m,
                                   const rung_examples *train, const rung_examples *valid,
                                   rung_error *err)
{
    assert(m->type->labelled->logits);
    if (train->count < 1 || train->count > INT32_MAX)
        return rung_fail(err, RUNG_INPUT, "%zu examples to train on", train->count);
    label_task *t = rung__alloc(sizeof *t);
    if (!t) return rung__out_of_memory(err, sizeof *t, "a task");
    t->model = m;
    rung_status status = encode(t, train, valid, err);
    if (status != RUNG_OK) {
        rung_classify_task_free(&t->base);
        return status;
    }
    int64_t longest =
        t->train.longest > t->valid.longest ? t->train.longest : t->valid.longest;
    t->base.ops = &label_ops;
    t->base.params = m->params;
    t->base.n_buckets = rung__length_buckets(t->buckets, longest);
    t->base.samples_per_epoch = (int64_t)train->count;
    t->base.enough_samples = enough(t->base.samples_per_epoch);
    t->base.units_per_sample = 1;
    t->base.unit = "texts";
    t->base.eval_batch = EVAL_BATCH;
    t->base.n_eval = ((int64_t)valid->count + EVAL_BATCH - 1) / EVAL_BATCH;
    *out = &t->base;
    return RUNG_OK;
}

void rung_classify_task_free(rung_task *task)
{
    if (!task) return;
    label_task *t = (label_task *)task;
    rung__encoded_release(&t->train);
    rung__encoded_release(&t->valid);
    rung__free(t->train_labels), rung__free(t->valid_labels), rung__free(t->valid_order);
    rung__free(t);
}
