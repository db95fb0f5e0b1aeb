/* Huffman's algorithm with two queues: words from the rarest, and inner nodes, which are
 * made in the order of their weights. */
#include "learn/huffman.h"

#include <stdbool.h>

#include "base/alloc.h"

/* Nodes 0 ... n - 1 are the words, n ... 2n - 2 the inner ones. */
typedef struct node {
    int64_t weight;
    int32_t parent, depth;
    bool is_left;
} node;

static void join(node *nodes, int64_t n)
{
    int64_t word = n - 1, inner = n;
    for (int64_t next = n; next < 2 * n - 1; next++) {
        for (int side = 0; side < 2; side++) {
            const bool takes_word =
                word >= 0 && (inner >= next || nodes[word].weight <= nodes[inner].weight);
            const int64_t child = takes_word ? word-- : inner++;
            nodes[next].weight += nodes[child].weight;
            nodes[child].parent = (int32_t)next;
            nodes[child].is_left = side == 0;
        }
    }
    for (int64_t i = 2 * n - 3; i >= 0; i--) // the root's depth is 0
        nodes[i].depth = nodes[nodes[i].parent].depth + 1;
}

static void write_path(rung__huffman *tree, const node *nodes, int64_t word)
{
    int64_t p = tree->first[word + 1];
    for (int64_t i = word; p > tree->first[word]; i = nodes[i].parent) {
        p--;
        tree->nodes[p] = (int32_t)(nodes[i].parent - tree->n);
        tree->labels[p] = nodes[i].is_left ? 1.0f : 0.0f;
    }
}

static bool make_paths(rung__huffman *tree, const node *nodes)
{
    const int64_t n = tree->n;
    tree->first = rung__alloc_array((size_t)n + 1, sizeof *tree->first);
    for (int64_t i = 0; tree->first && i < n; i++) {
        tree->first[i + 1] = tree->first[i] + nodes[i].depth;
        if (nodes[i].depth > tree->longest) tree->longest = nodes[i].depth;
    }
    if (!tree->first) return false;
    tree->nodes = rung__alloc_array((size_t)tree->first[n], sizeof *tree->nodes);
    tree->labels = rung__alloc_array((size_t)tree->first[n], sizeof *tree->labels);
    if (!tree->nodes || !tree->labels) return false;
    for (int64_t i = 0; i < n; i++) write_path(tree, nodes, i);
    return true;
}

rung_status rung__huffman_new(rung__huffman *out, const int64_t *counts, int64_t n,
                              rung_error *err)
{
    *out = (rung__huffman){.n = n};
    node *nodes = rung__alloc_array((size_t)(2 * n - 1), sizeof *nodes);
    for (int64_t i = 0; nodes && i < n; i++) nodes[i].weight = counts[i];
    if (nodes) join(nodes, n);
    const bool done = nodes && make_paths(out, nodes);
    rung__free(nodes);
    if (done) return RUNG_OK;
    rung__huffman_release(out);
    return rung__out_of_memory(err, (size_t)n * 60, "a tree of words");
}

void rung__huffman_release(rung__huffman *tree)
{
    rung__free(tree->first);
    rung__free(tree->nodes);
    rung__free(tree->labels);
    *tree = (rung__huffman){0};
}
