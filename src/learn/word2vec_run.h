/* One run of neighbouring places of the text: its windows and their gradients. */
#ifndef RUNG_LEARN_WORD2VEC_RUN_H
#define RUNG_LEARN_WORD2VEC_RUN_H

#include "kernels/kernels.h"
#include "learn/huffman.h"
#include "learn/noise.h"
#include "learn/word2vec.h"

/* What all runs read. */
typedef struct rung__word2vec_step {
    const rung__word2vec_task *model;
    const rung_kernels *kernels;
    uint32_t *keep;     /* [words], owned: a word stays if a number is not above it */
    rung__noise noise;  /* negative sampling */
    float *labels;      /* likewise, owned: 1, 0, 0, ... */
    rung__huffman tree; /* hierarchical softmax */
    int64_t most_outs;  /* outputs of a window, at most */
    float *ones;        /* [n-grams of a word at most], owned: their weights */
    uint64_t key;       /* of this epoch's numbers */
    double rate;
} rung__word2vec_step;

typedef struct rung__word2vec_run {
    int64_t begin, end; /* places of the text, set by the caller */

    /* Filled by rung__word2vec_compute: words kept in and around the run, -1 for a line
     * end, and the gradient of each, times the rate; the same of the windows' outputs. */
    int32_t *ins; /* [n_ins] */
    float *d_in;  /* [n_ins, width] */
    float *v_in;  /* [n_ins, width]: the inputs themselves, where words have n-grams */
    int64_t n_ins;
    int32_t *outs; /* [n_outs] */
    float *d_out;  /* [n_outs, width] */
    int64_t n_outs;
    double loss;
    int64_t n_pairs; /* inputs that the loss is the sum of */

    /* Within. */
    int64_t n_windows;
    int32_t *centre, *reach; /* [n_windows]: index in ins; words on either side */
    int64_t *place;          /* [n_windows]: of the centre, in the text */
    int64_t *first_out;      /* [n_windows + 1] */
    const void **v, **u;     /* rows of a window's inputs and outputs */
    void **dv;
    float *mean, *d_mean; /* [width]: CBOW's input */
    void *scratch;
    char *block; /* owned: all of the above */
} rung__word2vec_run;

rung_status rung__word2vec_run_new(rung__word2vec_run *r, const rung__word2vec_step *s,
                                   rung_error *err);
void rung__word2vec_run_release(rung__word2vec_run *r);

/* A word's input: v[width] = the mean of its row and its n-grams'. */
void rung__word2vec_input(const rung__word2vec_step *s, int32_t word, float *v);

void rung__word2vec_compute(const rung__word2vec_step *s, rung__word2vec_run *r);

#endif
