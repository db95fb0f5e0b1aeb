/* A set of byte strings with ids, walked byte by byte: finds the longest string that a
 * text begins with in one pass.
 *
 * A double array (Aoe 1989), with an exclusive or for the sum: the child of node s by
 * byte b is nodes[s].base ^ b, if the parent there is s. */
#ifndef RUNG_TEXT_TRIE_H
#define RUNG_TEXT_TRIE_H

#include <stddef.h>
#include <stdint.h>

#include "rung/status.h"
#include "rung/text.h"

typedef struct rung__trie_node {
    int32_t base, parent; /* parent -1: free */
    int32_t id;           /* of the string that ends here, -1 if none does */
} rung__trie_node;

/* {0} may be released. */
typedef struct rung__trie {
    rung__trie_node *nodes; /* node 0 is the root */
    size_t n;               /* a multiple of 256 */
} rung__trie;

/* A string of the set. */
typedef struct rung__trie_key {
    rung_span string; /* of at most RUNG__TRIE_DEPTH bytes */
    int32_t id;
} rung__trie_key;

#define RUNG__TRIE_DEPTH 4096 /* building calls itself so deep */

/* Builds *trie, {0} before, of n different strings, which are sorted in their place. */
rung_status rung__trie_build(rung__trie *trie, rung__trie_key *keys, size_t n,
                             rung_error *err);
void rung__trie_release(rung__trie *trie);

/* The child of a node, -1 if it has none by this byte. */
static inline int32_t rung__trie_step(const rung__trie_node *nodes, int32_t node,
                                      char byte)
{
    const int32_t child = nodes[node].base ^ (unsigned char)byte;
    return nodes[child].parent == node ? child : -1;
}

#endif
