/* The memory plan: which nodes run, in which order, and where every intermediate lies.
 *
 * A tensor lives from the node that writes it to the last node that reads it; two tensors
 * may share bytes when their lives do not meet. An operator that may work in place takes
 * over the bytes of an input that dies there. Places are chosen largest tensor first,
 * each in the smallest gap that fits (greedy by size: Pisarchyk, Lee 2020, "Efficient
 * memory management for deep neural net inference", section 5.2). */
#include "graph/graph.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static rung_tensor *root_of(rung_tensor *t)
{
    return t->view_of ? t->view_of : t;
}

/* ---- Which nodes run ---- */

static void wake(rung_tensor *t)
{
    rung_node *n = t ? root_of(t)->node : NULL;
    if (n) n->is_live = true;
    if (t && t->node)
        t->node->is_live = true; // what a view's own node writes into its root
}

static bool writes_grad(const rung_node *n)
{
    for (int o = 0; o < n->op->n_outputs; o++) {
        if (n->out[o]->home == RUNG_HOME_GRAD) return true;
    }
    return false;
}

/* Marks what outputs, gradients and states need, walking backwards once: every input is
 * made by an earlier node. */
static void mark_live(rung_graph *g, rung_tensor *const *outputs, size_t n)
{
    for (size_t i = 0; i < n; i++) wake(outputs[i]);
    for (rung_node *node = g->last_node; node; node = node->prev) {
        if (writes_grad(node) || node->op->writes_input) node->is_live = true;
        if (!node->is_live) continue;
        for (int i = 0; i < node->n_inputs; i++) wake(node->in[i]);
    }
}

static rung_status order_nodes(rung_graph *g, rung_error *err)
{
    size_t bytes = (size_t)(g->n_nodes + 1) * sizeof *g->order;
    g->order = rung__alloc(bytes);
    if (!g->order) return rung__out_of_memory(err, bytes, "the order of a graph");
    g->n_order = 0;
    for (int at_end = 0; at_end < 2; at_end++) {
        for (rung_node *n = g->first_node; n; n = n->next) {
            if (n->is_live && n->op->at_end == (bool)at_end) g->order[g->n_order++] = n;
        }
    }
    return RUNG_OK;
}

/* ---- Lives ---- */

/* Only intermediates are planned. Output 0 always has bytes; others only when somebody
 * reads them. */
static void find_lives(rung_graph *g)
{
    for (size_t p = 0; p < g->n_order; p++) {
        rung_node *n = g->order[p];
        for (int i = 0; i < n->n_inputs; i++) {
            if (n->in[i]) root_of(n->in[i])->last = (int64_t)p;
        }
        for (int o = 0; o < n->op->n_outputs; o++) {
            rung_tensor *t = root_of(n->out[o]);
            if (t->first < 0) t->first = (int64_t)p;
            if (o == 0 || n->op->all_outputs) t->last = (int64_t)p;
        }
    }
    for (size_t i = 0; i < g->n_outputs; i++) {
        rung_tensor *t = root_of(g->outputs[i]);
        t->kept = true;
        t->last = (int64_t)g->n_order;
    }
}

static bool is_planned(const rung_tensor *t)
{
    return t->home == RUNG_HOME_BLOCK && !t->view_of && t->last >= 0;
}

/* Whether output 0 of n may lie in the bytes of its input i. */
static bool can_take(const rung_node *n, int i, int64_t position)
{
    if (!(n->op->in_place >> i & 1) || !n->in[i]) return false;
    const rung_tensor *from = root_of(n->in[i]), *to = n->out[0];
    if (!is_planned(from) || !is_planned(to) || from->kept || from->last != position)
        return false;
    if (rung__tensor_bytes(from) != rung__tensor_bytes(to)) return false;
    for (int j = 0; j < n->n_inputs; j++) {
        if (j != i && n->in[j] && root_of(n->in[j]) == from) return false;
    }
    return true;
}

static rung_tensor *bytes_of(rung_tensor *t)
{
    t = root_of(t);
    while (t->takes) t = t->takes;
    return t;
}

static void choose_in_place(rung_graph *g)
{
    for (size_t p = 0; p < g->n_order; p++) {
        rung_node *n = g->order[p];
        for (int i = 0; i < n->n_inputs && !n->out[0]->takes; i++) {
            if (!can_take(n, i, (int64_t)p)) continue;
            rung_tensor *from = bytes_of(n->in[i]);
            n->out[0]->takes = from;
            if (n->out[0]->last > from->last) from->last = n->out[0]->last;
        }
    }
}

/* ---- Places ---- */

typedef struct place {
    int64_t first, last; /* life */
    size_t bytes, offset;
    bool is_fixed;  /* the offset is given */
    size_t *result; /* where the offset goes */
    size_t number;  /* in the order of adding */
} place;

static int by_size(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->is_fixed != y->is_fixed) return x->is_fixed ? -1 : 1;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static size_t round_up(size_t n)
{
    return (n + RUNG_ALIGN - 1) / RUNG_ALIGN * RUNG_ALIGN;
}

/* The smallest gap between the neighbours (sorted by offset) that fits, else behind. */
static size_t best_gap(const place *const *neighbours, size_t n, size_t bytes)
{
    size_t end = 0, best = SIZE_MAX, best_bytes = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        const place *b = neighbours[i];
        if (b->offset > end && b->offset - end >= bytes && b->offset - end < best_bytes)
            best = end, best_bytes = b->offset - end;
        if (b->offset + b->bytes > end) end = b->offset + b->bytes;
    }
    return best == SIZE_MAX ? end : best;
}

/* Places all, the fixed ones first, then the largest. `sorted` has room for n pointers:
 * the placed, by offset. */
static size_t place_all(place *places, size_t n, const place **sorted, const place **meet)
{
    size_t total = 0;
    qsort(places, n, sizeof *places, by_size);
    for (size_t i = 0; i < n; i++) {
        place *a = &places[i];
        size_t n_meet = 0;
        for (size_t j = 0; j < i; j++) {
            if (sorted[j]->first <= a->last && sorted[j]->last >= a->first)
                meet[n_meet++] = sorted[j];
        }
        if (!a->is_fixed) *a->result = a->offset = best_gap(meet, n_meet, a->bytes);
        if (a->offset + a->bytes > total) total = a->offset + a->bytes;
        size_t at = i;
        for (; at > 0 && sorted[at - 1]->offset > a->offset; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = a;
    }
    return total;
}

static void add_place(place *places, size_t *n, size_t bytes, int64_t first, int64_t last,
                      size_t *result)
{
    places[*n] = (place){first, last, round_up(bytes), 0, false, result, *n};
    (*n)++;
}

/* The gradient of a parameter: from when it is written to the end, and longer. */
static void add_gradient(place *places, size_t *n, const rung_graph *g, rung_tensor *t)
{
    add_place(places, n, rung__tensor_bytes(t), t->first, (int64_t)g->n_order, NULL);
    places[*n - 1].is_fixed = true;
    places[*n - 1].offset = (size_t)t->param->offset * rung_dtype_bytes(g->real);
}

static rung_status place_tensors(rung_graph *g, rung_error *err)
{
    size_t cap = g->n_order * (RUNG_MAX_OUTPUTS + 1) + 1, n = 0;
    place *places = rung__alloc_array(cap, sizeof *places + 2 * sizeof(place *));
    if (!places) return rung__out_of_memory(err, cap * sizeof *places, "a memory plan");
    for (size_t p = 0; p < g->n_order; p++) {
        rung_node *node = g->order[p];
        for (int o = 0; o < node->op->n_outputs; o++) {
            rung_tensor *t = node->out[o];
            if (is_planned(t) && !t->takes)
                add_place(places, &n, rung__tensor_bytes(t), t->first, t->last,
                          &t->offset);
            else if (g->held && t->home == RUNG_HOME_GRAD && t->set == g->held &&
                     !t->view_of)
                add_gradient(places, &n, g, t);
        }
        if (node->scratch_bytes > 0)
            add_place(places, &n, node->scratch_bytes, (int64_t)p, (int64_t)p,
                      &node->scratch_offset);
    }
    const place **sorted = (const place **)(places + cap);
    g->block_bytes = place_all(places, n, sorted, sorted + cap);
    if (g->held) {
        const size_t extent =
            (size_t)rung_params_extent(g->held) * rung_dtype_bytes(g->real);
        if (g->block_bytes < extent) g->block_bytes = extent;
    }
    rung__free(places);
    return RUNG_OK;
}

rung_status rung_graph_compile(rung_graph *g, rung_tensor *const *outputs, size_t n,
                               rung_error *err)
{
    assert(!g->order);
    if (g->error.code != RUNG_OK) {
        if (err) *err = g->error;
        return g->error.code;
    }
    g->outputs = rung_arena_alloc(&g->arena, (n + 1) * sizeof *outputs);
    if (!g->outputs) return rung__out_of_memory(err, n * sizeof *outputs, "a graph");
    for (size_t i = 0; i < n; i++) {
        if (!outputs[i]) return rung_fail(err, RUNG_USAGE, "output %zu is missing", i);
        g->outputs[i] = outputs[i];
    }
    g->n_outputs = n;
    mark_live(g, outputs, n);
    RUNG_TRY(order_nodes(g, err));
    find_lives(g);
    choose_in_place(g);
    return place_tensors(g, err);
}

size_t rung_graph_block_bytes(const rung_graph *g)
{
    return g->block_bytes;
}

size_t rung_graph_count(const rung_graph *g)
{
    return g->n_order;
}

/* ---- Binding: offsets become addresses ---- */

static void *address(const rung_graph *g, rung_tensor *t)
{
    rung_tensor *root = root_of(t);
    size_t real = rung_dtype_bytes(g->real);
    switch (root->home) {
    case RUNG_HOME_BLOCK:
        if (root->last < 0) return NULL;
        return (char *)g->block + bytes_of(root)->offset;
    case RUNG_HOME_PARAM:
        return rung_params_data(root->set, root->param);
    case RUNG_HOME_STATE:
        return g->states ? (char *)g->states + (size_t)root->param->offset * real : NULL;
    case RUNG_HOME_GRAD:
        return g->exec.grads
                   ? (char *)g->exec.grads->data + (size_t)root->param->offset * real
                   : NULL;
    default:
        return root->data;
    }
}

void rung_graph_bind(rung_graph *g, void *block, const rung_block *grads, void *states)
{
    g->block = block;
    g->states = states;
    g->exec.grads = grads;
    for (size_t p = 0; p < g->n_order; p++) {
        rung_node *n = g->order[p];
        n->scratch = n->scratch_bytes ? (char *)block + n->scratch_offset : NULL;
        for (int i = 0; i < n->n_inputs; i++) {
            if (n->in[i]) n->in[i]->data = address(g, n->in[i]);
        }
        for (int o = 0; o < n->op->n_outputs; o++)
            n->out[o]->data = address(g, n->out[o]);
    }
    for (size_t i = 0; i < g->n_outputs; i++)
        g->outputs[i]->data = address(g, g->outputs[i]);
}
