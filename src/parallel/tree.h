/* The fixed binary tree in which partial sums are joined.
 *
 * The leaves are the micro-batches 0 ... count - 1 of a global batch. Node j of level l
 * covers the leaves j 2^l ... (j + 1) 2^l - 1, as far as they exist, and
 *
 *     node(l, j) = node(l - 1, 2j) + node(l - 1, 2j + 1)       a missing one is skipped
 *
 * so the order of addition depends on `count` alone, not on who holds which leaves:
 *
 *     level 3                   *
 *           2          *                 |
 *           1      *       *         *   |
 *           0    0   1   2   3     4   5
 */
#ifndef RUNG_PARALLEL_TREE_H
#define RUNG_PARALLEL_TREE_H

#include <stdint.h>

typedef struct rung_tree_node {
    int level;
    int64_t index;
} rung_tree_node;

/* Two nodes a level stay unjoined at most: one at each end of a range of leaves. */
#define RUNG_TREE_STACK 128

/* What is left of the nodes pushed so far, in the order of their leaves: a binary
 * counter. */
typedef struct rung_tree {
    int64_t count; /* leaves of the whole tree */
    int n_nodes;
    rung_tree_node nodes[RUNG_TREE_STACK];
} rung_tree;

rung_tree rung_tree_make(int64_t count);

/* Adds the node that follows the ones pushed before. Returns how often the top two of the
 * stack are now to be joined (lower += upper, upper is gone); the caller's own stack does
 * the same. */
int rung_tree_push(rung_tree *tree, rung_tree_node node);

#endif
