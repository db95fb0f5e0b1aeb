/* GloVe: vectors of words from their co-occurrences (Pennington, Socher, Manning 2014,
 * "GloVe: Global Vectors for Word Representation").
 *
 *     J = sum over X[i][j] > 0 of 1/2 f(X[i][j]) (u_i.v_j + b_i + c_j - ln X[i][j])^2
 *     f(x) = min(1, (x / x_max)^alpha)
 *
 * with u_i, b_i the vector and the bias of word i as a centre, v_j, c_j those of word j
 * as a context (section 3, equation 8; the 1/2 is the authors' program's). Each X[i][j]
 * in turn takes an AdaGrad step, as kernels/kernels.h says.
 *
 * A step of the run is a round: blocks of X of which no two share a row or a column, so
 * that threads never meet (Gemulla et al. 2011, "Large-scale matrix factorization with
 * distributed stochastic gradient descent", section 4). The order of rounds, and that
 * within a block, is the seed's: any number of threads gives the same bits. */
#ifndef RUNG_LEARN_GLOVE_H
#define RUNG_LEARN_GLOVE_H

#include "learn/cooccur.h"
#include "rung/learn.h"

typedef struct rung_glove_config {
    int64_t dim;
    int64_t rounds; /* in all; grid.groups of them are an epoch */
    double lr;
    double clip; /* the largest gradient of one number, before the rate; 0: any */
    uint64_t seed;
    int64_t save_every; /* rounds between checkpoints; 0: about half a minute */
    int64_t keep;       /* checkpoints */
    /* What X comes from, in words: a run is resumed on the same only. */
    const char *origin;
} rung_glove_config;

/* What was learned; owned by the caller. */
typedef struct rung_glove_vectors {
    float *centre, *context;           /* [V, dim] */
    float *centre_bias, *context_bias; /* [V] */
} rung_glove_vectors;

/* The grid in which V words of `dim` are learned, and their co-occurrences counted. */
rung_word_grid rung__glove_grid(int64_t V, int64_t dim);
/* Bytes that learning takes beside the co-occurrences. */
size_t rung__glove_bytes(int64_t V, int64_t dim);

/* Fills `out`. `dir` holds checkpoints/ and metrics.jsonl; NULL: neither. With `resume`
 * the run goes on from the last checkpoint there, if there is one, to the same bits.
 * hooks may be NULL. Of the result, steps are rounds, train_loss is J a pair over the
 * last epoch, or what there is of it, and units are pairs. RUNG_DIVERGED when the loss is
 * no longer finite. */
rung_status rung__glove_train(const rung_glove_vectors *out, rung_runtime *rt,
                              const rung_cooccur *x, const rung_glove_config *config,
                              const char *dir, bool resume, const rung_train_hooks *hooks,
                              rung_train_result *result, rung_error *err);

#endif
