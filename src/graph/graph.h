/* Inside a graph: tensors, nodes, and the record that describes an operator.
 *
 * The graph knows no operator by name: it asks the record. A tensor is a value of the
 * program; its `home` says where its bytes are:
 *
 *     BLOCK   an intermediate: a place in the graph's block, given by the plan
 *     PARAM   a parameter: in the values of its set
 *     STATE   likewise, of the state set
 *     GRAD    a parameter's gradient: in the bound gradient block
 *     INPUT   the caller's memory
 *     CONST   in the graph itself
 *
 * A view (`view_of`) is another shape of the same bytes; it has no home of its own. */
#ifndef RUNG_GRAPH_GRAPH_H
#define RUNG_GRAPH_GRAPH_H

#include "base/arena.h"
#include "base/runtime.h"
#include "kernels/kernels.h"
#include "rung/graph.h"

typedef struct rung_node rung_node;
typedef struct rung_op rung_op;

typedef enum rung_home {
    RUNG_HOME_BLOCK,
    RUNG_HOME_PARAM,
    RUNG_HOME_STATE,
    RUNG_HOME_GRAD,
    RUNG_HOME_INPUT,
    RUNG_HOME_CONST
} rung_home;

struct rung_tensor {
    rung_graph *graph;
    rung_node *node; /* that computes it; NULL for leaves */
    rung_dtype type;
    int rank;
    int64_t shape[RUNG_MAX_RANK]; /* row-major, contiguous */
    int64_t size;                 /* elements */
    rung_home home;
    rung_tensor *view_of;    /* the tensor whose bytes these are, never itself a view */
    const char *name;        /* of a leaf, else NULL */
    const rung_param *param; /* of PARAM, STATE and GRAD */
    const rung_params *set;  /* that it belongs to; borrowed */
    rung_tensor *next_leaf;
    bool needs_grad;
    rung_tensor *grad; /* after rung_graph_grad */
    int grad_uses;     /* to how many gradients this one contributes */
    void *data;        /* resolved by bind; NULL when nothing reads the value */

    /* The plan: life in the order of execution, and the place in the block. */
    int64_t first, last; /* -1: not used */
    size_t offset;
    rung_tensor *takes; /* in place: shares the bytes of this tensor, which dies here */
    bool kept;          /* an output of the graph: lives to the end */
};

#define RUNG_MAX_DEPTH 16
#define RUNG_MAX_INPUTS 8
#define RUNG_MAX_OUTPUTS 5

struct rung_node {
    const rung_op *op;
    int n_inputs;
    rung_tensor *in[RUNG_MAX_INPUTS];   /* an optional input may be NULL */
    rung_tensor *out[RUNG_MAX_OUTPUTS]; /* op->n_outputs of them */
    void *attrs;                        /* op->attr_bytes, in the arena */
    const char *path;                   /* of the layer that asked: "h.3.attn" */
    int64_t serial;                     /* place in the order of building; keys dropout */
    size_t scratch_bytes;
    size_t scratch_offset;
    void *scratch; /* resolved by bind */
    bool is_live;
    rung_node *next, *prev; /* in the order of building */
};

/* What an operator gets to run with. */
typedef struct rung_exec {
    const rung_kernels *k;
    rung_pool *pool;
    const rung_run *run;
    const rung_block *grads; /* the bound gradient block */
} rung_exec;

/* An operator: one const record, in its own file. */
struct rung_op {
    const char *name;
    size_t attr_bytes;
    int n_outputs;

    /* Inputs (a bit mask) that are int32; the others are of the graph's real type, or of
     * any one type. */
    unsigned int_inputs;
    bool any_type;

    /* Checks the inputs and sets type, rank and shape of every output (all start as
     * scalars of the graph's real type) and, if it needs any, n->scratch_bytes. */
    rung_status (*infer)(rung_graph *g, rung_node *n, rung_error *err);

    /* Writes every element of every output whose data is not NULL. Does not allocate. */
    rung_status (*run)(const rung_node *n, const rung_exec *x, rung_error *err);

    /* Appends the gradient: for each input i that needs one, sets dx[i]. dy[o] is NULL
     * where no gradient reaches output o. (optional: no gradient exists) */
    void (*grad)(rung_graph *g, rung_node *n, rung_tensor *const *dy, rung_tensor **dx);

    /* Work of one run. (optional: no flops, all inputs and outputs moved once) */
    rung_cost (*cost)(const rung_node *n);

    /* Output 0 may lie in the bytes of the first of these inputs (a bit mask) that dies
     * here. */
    unsigned in_place;

    /* Output 0 is input 0 itself, changed in place (states): runs even if nobody reads
     * it. */
    bool writes_input;

    /* Runs after all other nodes: what reads the old value comes first. */
    bool at_end;

    /* Every output has bytes, also when nobody reads it (else only output 0 must). */
    bool all_outputs;

    /* As a gradient it writes only the rows that it marks in the block's `touched`. */
    bool marks_rows;
};

struct rung_graph {
    rung_runtime *rt; /* borrowed: outlives this */
    rung_dtype real;
    rung_arena arena;
    rung_error error;                 /* the first one */
    char path[200];                   /* of the layer being built */
    size_t path_ends[RUNG_MAX_DEPTH]; /* where it ended before each push */
    int depth;

    rung_node *first_node, *last_node;
    int64_t n_nodes;
    rung_tensor *leaves; /* parameters and states, newest first, through next_leaf */

    /* The sum of two gradients of one tensor, and a copy of one that two parameters
     * share: supplied by the operators' floor. */
    rung_tensor *(*sum)(rung_graph *g, rung_tensor *a, rung_tensor *b);
    rung_tensor *(*copy)(rung_graph *g, rung_tensor *x);

    bool has_grad;
    const rung_params *held; /* whose gradients lie in the block; NULL: none; borrowed */
    rung_node **order;       /* live nodes in the order of execution, owned */
    size_t n_order;
    rung_tensor **outputs; /* [n_outputs], in the arena */
    size_t n_outputs;
    size_t block_bytes;
    rung_exec exec;
    void *block, *states; /* bound; borrowed */
};

/* ---- For operators ---- */

/* Appends a node; attrs (op->attr_bytes) is copied. NULL after an error. The first
 * n_required inputs must be there, later ones may be NULL; their types are checked. */
rung_node *rung__node(rung_graph *g, const rung_op *op, int n_required, int n_inputs,
                      rung_tensor *const *inputs, const void *attrs);

/* The same bytes in another shape of equal size. */
rung_tensor *rung__view(rung_graph *g, rung_tensor *x, int rank, const int64_t *shape);

void rung__shape_set(rung_tensor *t, rung_dtype type, int rank, const int64_t *shape);
void rung__shape_like(rung_tensor *t, const rung_tensor *other);
bool rung__same_shape(const rung_tensor *a, const rung_tensor *b);
int64_t rung__last(const rung_tensor *t); /* the last dimension, 1 for a scalar */
int64_t rung__rows(const rung_tensor *t); /* size / last */
size_t rung__tensor_bytes(const rung_tensor *t);
/* "[2,3]" in `out` (at least 100 bytes), which it returns: for messages. */
const char *rung__tensor_shape(const rung_tensor *t, char *out);

/* base + `elements` reals. */
static inline void *rung__at(const rung_exec *x, const void *base, int64_t elements)
{
    return (char *)base + elements * (int64_t)x->k->real_bytes;
}

/* A real at `index` of a tensor's data, as a double; and the way back. */
static inline double rung__get(const rung_exec *x, const void *base, int64_t index)
{
    return x->k->real_bytes == 4 ? (double)((const float *)base)[index]
                                 : ((const double *)base)[index];
}

static inline void rung__put(const rung_exec *x, void *base, int64_t index, double value)
{
    if (x->k->real_bytes == 4)
        ((float *)base)[index] = (float)value;
    else
        ((double *)base)[index] = value;
}

rung_status rung__graph_new(rung_graph **out, rung_runtime *rt, rung_dtype real,
                            rung_error *err);

#endif
