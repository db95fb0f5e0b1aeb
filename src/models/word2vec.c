/* word2vec: vectors of words, learned by telling a word from noise by the words around
 * it; learn/word2vec.h says how. */
#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "learn/word2vec.h"
#include "models/rungs.h"
#include "models/vectors.h"

typedef struct word2vec_config {
    rung_words_config reading;
    rung__word2vec_config learning;
    int model; /* sg, cbow */
    double lr; /* 0: the model's */
    const char *chars;
    int64_t buckets;
    rung__word_labels_config labels;
} word2vec_config;

typedef struct word2vec {
    rung__vectors base;
    word2vec_config config;
} word2vec;

static word2vec *word2vec_of(const rung_model *m)
{
    return (word2vec *)m;
}

#define AT(field) offsetof(word2vec_config, field)

static const rung_option word2vec_options[] = {
    {"dim", RUNG_OPTION_INT, AT(learning.dim), "100", 1, 10000, NULL,
     "numbers in a vector", NULL},
    {"model", RUNG_OPTION_CHOICE, AT(model), "sg", 0, 0, "sg|cbow",
     "skip-gram, or the mean of the words around", NULL},
    {"window", RUNG_OPTION_INT, AT(learning.window), "5", 1, RUNG__WORD2VEC_MAX_WINDOW,
     NULL, "words on either side, at most", NULL},
    {"negative", RUNG_OPTION_INT, AT(learning.negative), "5", 0, 60, NULL,
     "words of noise for a window; 0: hierarchical softmax", NULL},
    {"sample", RUNG_OPTION_REAL, AT(learning.sample), "1e-3", 0, 1, NULL,
     "words of a larger share are left out at random; 0: none", NULL},
    {"noise", RUNG_OPTION_REAL, AT(learning.power), "0.75", -1, 2, NULL,
     "power of the counts in the distribution of noise", NULL},
    {"epochs", RUNG_OPTION_REAL, AT(learning.epochs), "5", 0.001, 1e6, NULL,
     "passes over the text", NULL},
    {"lr", RUNG_OPTION_REAL, AT(lr), "0", 0, 1e6, NULL,
     "learning rate at the beginning, falling to almost 0; 0: 0.025, of cbow 0.12", NULL},
    {"chars", RUNG_OPTION_TEXT, AT(chars), NULL, 0, 0, NULL,
     "runs of characters within words have vectors, too, such as 3-6", NULL},
    {"buckets", RUNG_OPTION_INT, AT(buckets), "2000000", 1, RUNG__MOST_SUBWORD_BUCKETS,
     NULL, "runs of characters are hashed into so many (--chars)", NULL},
    {"save-every", RUNG_OPTION_REAL, AT(learning.save_every), "0", 0, 1e6, NULL,
     "epochs between checkpoints; 0: about half a minute", NULL},
    RUNG__READING_OPTIONS(AT(reading)),
    RUNG__WORD_LABELS_OPTIONS(AT(labels)),
};

static rung_status word2vec_declare(rung_model *m, rung_error *err)
{
    word2vec *r = word2vec_of(m);
    const bool cbow = r->config.learning.cbow = r->config.model == 1;
    r->config.learning.lr = r->config.lr > 0 ? r->config.lr : cbow ? 0.12 : 0.025;
    r->base.dim = r->config.learning.dim;
    r->base.labels.config = &r->config.labels;
    return rung__subwords_init(&r->base.subwords, r->config.chars, r->config.buckets,
                               err);
}

static rung_words_config word2vec_reading(const rung_model *m)
{
    return word2vec_of(m)->config.reading;
}

/* Rows of `width` floats become rows of `dim`, where they stand. */
static void close_up(float *rows, int64_t n, int64_t width, int64_t dim)
{
    for (int64_t i = 1; i < n; i++)
        memmove(rows + i * dim, rows + i * width, (size_t)dim * sizeof *rows);
}

static rung_status out_of_vectors(size_t n, rung_error *err)
{
    return rung__out_of_memory(err, n * sizeof(float), "vectors");
}

static rung_status make_ngrams(word2vec *r, rung__word2vec_task *learner,
                               rung__subword_lists *lists, rung_error *err)
{
    rung__vectors *v = &r->base;
    RUNG_TRY(rung__subwords_learn(&v->subwords, lists, v->base.tokenizer, err));
    const size_t size = (size_t)v->subwords.n * (size_t)learner->width;
    v->ngrams = rung__alloc_array(size, sizeof(float));
    if (!v->ngrams) return out_of_vectors(size, err);
    learner->subwords = &v->subwords;
    learner->lists = lists;
    learner->ngrams = v->ngrams;
    return RUNG_OK;
}

static rung_status learn(word2vec *r, rung__word2vec_task *learner, rung_runtime *rt,
                         const rung_words_run *run, rung_train_result *result,
                         rung_error *err)
{
    rung__vectors *v = &r->base;
    const int64_t V = v->base.vocab, width = learner->width;
    const size_t size = (size_t)V * (size_t)width;
    v->centre = learner->in = rung__alloc_array(size, sizeof(float));
    v->context = learner->out = rung__alloc_array(size, sizeof(float));
    if (!learner->in || !learner->out) return out_of_vectors(size, err);
    RUNG_TRY(rung__vectors_count(v, run->words, err));
    RUNG_TRY(rung__word2vec_train(learner, rt, (uint64_t)run->train->seed, run->dir,
                                  run->resume, run->hooks, result, err));
    close_up(learner->in, V, width, v->dim);
    close_up(learner->out, V, width, v->dim);
    if (v->ngrams) close_up(v->ngrams, v->subwords.n, width, v->dim);
    return RUNG_OK;
}

static rung_status word2vec_fit(rung_model *m, rung_runtime *rt,
                                const rung_words_run *run, rung_train_result *result,
                                rung_error *err)
{
    word2vec *r = word2vec_of(m);
    rung__word2vec_task learner = {.config = &r->config.learning, .words = run->words};
    rung__subword_lists lists = {0};
    rung_status status = RUNG_OK;
    learner.width = rung__word2vec_width(r->base.dim);
    if (r->base.subwords.to > 0) status = make_ngrams(r, &learner, &lists, err);
    if (status == RUNG_OK) status = learn(r, &learner, rt, run, result, err);
    rung__subword_lists_release(&lists);
    return status;
}

static const rung_words_ops word2vec_words = {
    .reading = word2vec_reading,
    .fit = word2vec_fit,
};

static const rung_labelled_ops word2vec_labelled = {
    .defaults = "min-count=2 window=10 epochs=10",
    .takes_several = true,
    .is_seeded = true,
    .fit = rung__word_labels_fit,
    .predict = rung__word_labels_predict,
};

const rung_class rung__word2vec = {
    .name = "word2vec",
    .model_type = "word2vec",
    .summary = "vectors of words, told from noise by the words around them",
    .model_bytes = sizeof(word2vec),
    .options = word2vec_options,
    .n_options = sizeof word2vec_options / sizeof *word2vec_options,
    .options_offset = offsetof(word2vec, config),
    .declare = word2vec_declare,
    .labelled = &word2vec_labelled,
    .words = &word2vec_words,
    .extra = rung__vectors_extra,
    .load_extra = rung__vectors_load,
    .release = rung__vectors_release,
};
