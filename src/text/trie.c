/* Builds double arrays. */
#include "text/trie.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define BLOCK 256 /* the children of a node share a block: base ^ byte stays in it */
#define CHUNK ((size_t)64 * BLOCK)
#define MOST_TRIES 64 /* places tried for a node's children before a block is added */
#define FREE (-1)
#define NO_PARENT (-2) /* the root's: it is nobody's child */
#define MAX_NODES ((size_t)1 << 30)

/* While it is built, the free nodes are a list: base is the one before, id the one
 * after. */
typedef struct builder {
    rung__trie *trie;
    int32_t first, last; /* free nodes, -1: none */
    rung_error *err;
} builder;

/* Makes room for CHUNK nodes where the last chunk is full. */
static rung_status reserve(builder *b)
{
    rung__trie *t = b->trie;
    if (t->n % CHUNK != 0) return RUNG_OK;
    size_t size = 0;
    rung__trie_node *nodes = NULL;
    if (t->n < MAX_NODES && rung_mul_size(t->n + CHUNK, sizeof *nodes, &size))
        nodes = rung__realloc(t->nodes, size);
    if (!nodes) return rung__out_of_memory(b->err, size, "a trie");
    t->nodes = nodes;
    return RUNG_OK;
}

static rung_status add_block(builder *b)
{
    RUNG_TRY(reserve(b));
    rung__trie_node *nodes = b->trie->nodes;
    for (int i = 0; i < BLOCK; i++) {
        const int32_t node = (int32_t)b->trie->n++;
        nodes[node] = (rung__trie_node){b->last, FREE, -1};
        if (b->last >= 0)
            nodes[b->last].id = node;
        else
            b->first = node;
        b->last = node;
    }
    return RUNG_OK;
}

/* Takes a free node. */
static void take(builder *b, int32_t node, int32_t parent)
{
    rung__trie_node *nodes = b->trie->nodes;
    const int32_t before = nodes[node].base, after = nodes[node].id;
    assert(nodes[node].parent == FREE);
    if (before >= 0)
        nodes[before].id = after;
    else
        b->first = after;
    if (after >= 0)
        nodes[after].base = before;
    else
        b->last = before;
    nodes[node] = (rung__trie_node){0, parent, -1};
}

static bool fits(const rung__trie *t, int32_t base, const unsigned char *labels, int n)
{
    for (int i = 0; i < n; i++)
        if (t->nodes[base ^ labels[i]].parent != FREE) return false;
    return true;
}

/* Gives a node its children. */
static rung_status place(builder *b, int32_t node, const unsigned char *labels, int n)
{
    int32_t base = -1, at = n == 1 ? b->first : b->last;
    for (int i = 0; i < MOST_TRIES && at >= 0 && base < 0; i++) {
        if (fits(b->trie, at ^ labels[0], labels, n)) base = at ^ labels[0];
        at = n == 1 ? b->trie->nodes[at].id : b->trie->nodes[at].base;
    }
    if (base < 0) {
        base = (int32_t)b->trie->n;
        RUNG_TRY(add_block(b));
    }
    for (int i = 0; i < n; i++) take(b, base ^ labels[i], node);
    b->trie->nodes[node].base = base;
    return RUNG_OK;
}

static unsigned char label_of(const rung__trie_key *key, size_t depth)
{
    return (unsigned char)key->string.bytes[depth];
}

/* The keys begin with the string of `node`, which has `depth` bytes. */
static rung_status place_all(builder *b, int32_t node, const rung__trie_key *keys,
                             size_t n, size_t depth)
{
    unsigned char labels[BLOCK];
    int n_labels = 0;
    for (size_t i = 0; i < n; i++) {
        const unsigned char label = label_of(&keys[i], depth);
        if (n_labels == 0 || labels[n_labels - 1] != label) labels[n_labels++] = label;
    }
    return place(b, node, labels, n_labels);
}

static rung_status insert(builder *b, int32_t node, const rung__trie_key *keys, size_t n,
                          size_t depth)
{
    if (n > 0 && keys[0].string.size == depth) {
        b->trie->nodes[node].id = keys[0].id;
        keys++, n--;
    }
    if (n == 0) return RUNG_OK;
    RUNG_TRY(place_all(b, node, keys, n, depth));
    for (size_t begin = 0, end; begin < n; begin = end) {
        const unsigned char label = label_of(&keys[begin], depth);
        for (end = begin + 1; end < n && label_of(&keys[end], depth) == label;) end++;
        RUNG_TRY(insert(b, b->trie->nodes[node].base ^ label, keys + begin, end - begin,
                        depth + 1));
    }
    return RUNG_OK;
}

static int bytewise(const void *a, const void *b)
{
    const rung_span x = ((const rung__trie_key *)a)->string;
    const rung_span y = ((const rung__trie_key *)b)->string;
    const int order = memcmp(x.bytes, y.bytes, x.size < y.size ? x.size : y.size);
    if (order) return order;
    return x.size < y.size ? -1 : x.size > y.size;
}

rung_status rung__trie_build(rung__trie *trie, rung__trie_key *keys, size_t n,
                             rung_error *err)
{
    builder b = {.trie = trie, .first = -1, .last = -1, .err = err};
    if (n > 0) qsort(keys, n, sizeof *keys, bytewise);
    RUNG_TRY(add_block(&b));
    take(&b, 0, NO_PARENT);
    RUNG_TRY(insert(&b, 0, keys, n, 0));
    for (int32_t i = b.first, next; i >= 0; i = next) {
        next = trie->nodes[i].id;
        trie->nodes[i] = (rung__trie_node){0, FREE, -1};
    }
    return RUNG_OK;
}

void rung__trie_release(rung__trie *trie)
{
    rung__free(trie->nodes);
    *trie = (rung__trie){0};
}
