/* word2vec (Mikolov et al. 2013a, "Efficient estimation of word representations in vector
 * space"; 2013b, "Distributed representations of words and phrases and their
 * compositionality").
 *
 * For each word of the text the words around it are inputs, with rows of `in`, and the
 * word itself is to be told from noise, with rows of `out` (negative sampling; 2013b,
 * section 2.2), or found in a tree of decisions (hierarchical softmax; section 2.1). In
 * the skip-gram model each input does it alone, in CBOW the mean of all.
 *
 * Where it differs from the original program: the inputs of a window share its negatives
 * (Ji et al. 2016, "Parallelizing word2vec in shared and distributed memory"), so the
 * work is small matrix products; and it goes in steps of up to a thousand places of the
 * text, whose gradients are all taken at the vectors before the step and then added in a
 * fixed order, each row by one thread. So there are no races, and any number of threads
 * gives the same bits. A step is shorter where the text has few words or the rate is
 * high, as gradients of one row in one step do not know of each other.
 *
 * With n-grams of characters (text/subwords.h) a word's input is the mean of its own row
 * and those of its n-grams, each of which gets the gradient undivided, as in fastText.
 * Inputs are made once for all the windows of a run, as is their gradient. */
#ifndef RUNG_LEARN_WORD2VEC_H
#define RUNG_LEARN_WORD2VEC_H

#include "rung/learn.h"
#include "rung/words.h"
#include "text/subwords.h"

/* A step is RUNS runs of at most RUN neighbouring places, each of another part of the
 * text: what is frequent in one chapter is not met in all runs at once. */
enum { RUNG__WORD2VEC_RUN = 64, RUNG__WORD2VEC_RUNS = 16 };
enum { RUNG__WORD2VEC_MAX_WINDOW = 100 };

typedef struct rung__word2vec_config {
    int64_t dim, window; /* places on either side at most; each word draws from 1 on */
    int64_t negative;    /* words of noise for a window; 0: hierarchical softmax */
    bool cbow;
    double sample;     /* words more frequent than this are left out at random; 0: none */
    double power;      /* of the counts in the noise distribution */
    double epochs, lr; /* the rate falls linearly to almost 0 */
    double save_every; /* epochs between checkpoints; 0: about half a minute */
} rung__word2vec_config;

typedef struct rung__word2vec_task {
    const rung__word2vec_config *config;
    const rung_words *words;
    int64_t width;   /* of a row: dim, rounded up to 16; columns from dim on are 0 */
    float *in, *out; /* [words of the vocabulary, width] */

    const rung__subwords *subwords;   /* NULL: a word's input is its row alone */
    const rung__subword_lists *lists; /* else of each word */
    float *ngrams;                    /* likewise: [subwords->n, width] */
} rung__word2vec_task;

/* The width of rows for a dimension. */
static inline int64_t rung__word2vec_width(int64_t dim)
{
    return (dim + 15) / 16 * 16;
}

/* Fills all rows with what the seed gives before the first step, and learns; then rows of
 * `in` are the words' inputs, the means of theirs and their n-grams'.
 * Checkpoints in dir (NULL: none); `resume` goes on from the latest one to the same bits.
 * RUNG_INPUT when there is nothing to learn: one word, or no two in one line. */
rung_status rung__word2vec_train(rung__word2vec_task *t, rung_runtime *rt, uint64_t seed,
                                 const char *dir, bool resume,
                                 const rung_train_hooks *hooks, rung_train_result *result,
                                 rung_error *err);

#endif
