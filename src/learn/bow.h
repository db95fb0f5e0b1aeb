/* fastText's classifier on sparse rows (Joulin, Grave, Bojanowski, Mikolov 2016, "Bag of
 * Tricks for Efficient Text Classification", section 2).
 *
 *     h = sum of x[j] E[j],   z = h U + b,   p = softmax(z), or sigmoid(z)
 *
 * with x a row of D columns, E [D, dim] a vector for each column, U [dim, L] and the
 * biases b [L], which follow from the labels' shares and stay so: a row without columns
 * gets the shares. The loss is -ln p(label) or, where each label is a question of its own
 * and a row has any number of them, the sum of -ln p(answer) over all labels. Trained by
 * stochastic gradient descent, the rate falling to zero along a line; a row changes the
 * vectors of its own columns only.
 *
 * A step takes a batch of rows: their gradients are found with the weights of the
 * beginning, then added row by row. Who adds is cut by columns, not by rows, into a fixed
 * number of shards. So no two threads write to one place, and the order of additions is
 * always the same: the same bits at any number of threads. */
#ifndef RUNG_LEARN_BOW_H
#define RUNG_LEARN_BOW_H

#include "base/sparse.h"
#include "kernels/kernels.h"

/* What is learned, in the reals of `k`. */
typedef struct rung_bow {
    const rung_kernels *k;
    bool is_ova; /* one label against all others: sigmoid */
    int64_t D, dim, L;
    void *E; /* [D, dim], owned */
    void *U; /* [dim, L], owned */
    void *b; /* [L], owned */
} rung_bow;

/* Rows with labels, all borrowed. */
typedef struct rung_bow_data {
    const rung_csr *rows;
    const int32_t *labels; /* [n_rows], each in 0 ... L - 1 */
    const int64_t *first;  /* [n_rows + 1]: of several labels, as in rung_examples */
} rung_bow_data;

typedef struct rung_bow_config {
    int64_t epochs;
    double lr; /* of the first step */
    uint64_t seed;
} rung_bow_config;

/* Room for the weights; all are zero. */
rung_status rung__bow_new(rung_bow *m, const rung_kernels *k, int64_t D, int64_t dim,
                          int64_t L, rung_error *err);
void rung__bow_release(rung_bow *m);

/* The weights before the first step: E uniform in +-1/dim, U zero, b from the data. */
void rung__bow_init(rung_bow *m, const rung_bow_data *data, uint64_t seed,
                    rung_pool *pool);

/* Told after each epoch: the mean loss of its rows, each as it was met. */
typedef void (*rung_bow_told)(void *self, int64_t epoch, double loss);

/* Goes on from the weights as they are. RUNG_DIVERGED when the loss is not finite. */
rung_status rung__bow_fit(rung_bow *m, const rung_bow_data *data,
                          const rung_bow_config *config, rung_pool *pool,
                          rung_bow_told told, void *self, rung_error *err);

/* Log-probabilities, reals [n_rows, L]; one against all others, they do not sum to 1. */
rung_status rung__bow_predict(const rung_bow *m, const rung_csr *rows, rung_pool *pool,
                              void *logp, rung_error *err);

#endif
