/* Huffman's code of words (Huffman 1952), the tree of hierarchical softmax (Mikolov et
 * al. 2013b, section 2.1): a word is the product of the decisions on its path, and the
 * expected length of paths is the shortest there is. */
#ifndef RUNG_LEARN_HUFFMAN_H
#define RUNG_LEARN_HUFFMAN_H

#include <stdint.h>

#include "rung/status.h"

/* The path of word i goes through inner nodes nodes[p], from the root (n - 2) down, and
 * turns left there if labels[p] is 1, right if 0, for first[i] <= p < first[i + 1]. */
typedef struct rung__huffman {
    int64_t n, longest; /* words; nodes of the longest path */
    int64_t *first;     /* [n + 1], owned */
    int32_t *nodes;     /* [first[n]], owned: 0 ... n - 2 */
    float *labels;      /* [first[n]], owned */
} rung__huffman;

/* counts [n], n >= 2, fall or stay from one word to the next. */
rung_status rung__huffman_new(rung__huffman *out, const int64_t *counts, int64_t n,
                              rung_error *err);
void rung__huffman_release(rung__huffman *tree);

#endif
