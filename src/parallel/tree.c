/* The fixed binary tree in which partial sums are joined. */
#include "parallel/tree.h"

#include <assert.h>
#include <stdbool.h>

rung_tree rung_tree_make(int64_t count)
{
    assert(count > 0);
    return (rung_tree){.count = count};
}

/* A left child without a right sibling is its own parent; the root has none. */
static rung_tree_node climb(rung_tree_node node, int64_t count)
{
    while (node.index > 0 && node.index % 2 == 0 &&
           (node.index + 1) << node.level >= count) {
        node.index /= 2;
        node.level++;
    }
    return node;
}

static bool are_siblings(rung_tree_node left, rung_tree_node right)
{
    return left.level == right.level && right.index % 2 == 1 &&
           left.index == right.index - 1;
}

int rung_tree_push(rung_tree *tree, rung_tree_node node)
{
    assert(node.index << node.level < tree->count && tree->n_nodes < RUNG_TREE_STACK);
    int n_joins = 0;
    node = climb(node, tree->count);
    while (tree->n_nodes > 0 && are_siblings(tree->nodes[tree->n_nodes - 1], node)) {
        tree->n_nodes--;
        n_joins++;
        node = climb((rung_tree_node){node.level + 1, node.index / 2}, tree->count);
    }
    tree->nodes[tree->n_nodes++] = node;
    return n_joins;
}
