/* Graphs: the program of one step.
 *
 * Builders (rung/ops.h) append nodes and compute nothing. rung_graph_grad appends the
 * gradient, rung_graph_compile orders the nodes and gives every intermediate its place in
 * one block of memory, rung_graph_run executes without allocating. Parameters and states
 * live outside, in named sets.
 *
 *     rung_graph_new(&g, rt, RUNG_F32, err);
 *     x    = rung_input(g, "x", RUNG_F32, 2, (int64_t[]){8, 3});
 *     loss = rung_sum(g, rung_matmul(g, x, rung_param(g, params, "w"), 0));
 *     rung_graph_grad(g, loss);
 *     rung_graph_compile(g, &loss, 1, err);
 *     rung_graph_bind(g, block, grads, states);  rung_input_set(x, data);
 *     rung_graph_run(g, &run, err);              rung_tensor_data(loss) ...
 *
 * Errors while building are kept, with the path of the layer that asked; every builder
 * then returns NULL, and rung_graph_compile reports the first one. A graph belongs to one
 * thread. */
#ifndef RUNG_GRAPH_H
#define RUNG_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rung/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RUNG_MAX_RANK 4

typedef enum rung_dtype { RUNG_F32, RUNG_F64, RUNG_I32 } rung_dtype;

/* Of one element. */
RUNG_API size_t rung_dtype_bytes(rung_dtype type);

typedef struct rung_graph rung_graph;
typedef struct rung_tensor rung_tensor; /* lives as long as its graph */

/* ---- Named sets of tensors: parameters, and states that persist between runs ---- */

typedef struct rung_params rung_params;

/* X(name, text): initialisers. std and bound follow Glorot, Bengio 2010 (xavier) and He
 * et al. 2015 (kaiming); fan-in and fan-out are the two sizes of a matrix. */
#define RUNG_INIT_LIST(X)                                                                \
    X(ZEROS, "zeros")                                                                    \
    X(ONES, "ones")                                                                      \
    X(NORMAL, "normal")                   /* mean 0, deviation `scale` */                \
    X(UNIFORM, "uniform")                 /* in [-scale, scale] */                       \
    X(XAVIER_UNIFORM, "xavier_uniform")   /* in +-scale sqrt(6 / (in + out)) */          \
    X(XAVIER_NORMAL, "xavier_normal")     /* deviation scale sqrt(2 / (in + out)) */     \
    X(KAIMING_UNIFORM, "kaiming_uniform") /* in +-scale sqrt(6 / in) */                  \
    X(KAIMING_NORMAL, "kaiming_normal")   /* deviation scale sqrt(2 / in) */

typedef enum rung_init {
#define X(name, text) RUNG_INIT_##name,
    RUNG_INIT_LIST(X)
#undef X
        RUNG_INIT_COUNT
} rung_init;

typedef struct rung_param {
    const char *name; /* owned by the set */
    int rank;
    int64_t shape[RUNG_MAX_RANK];
    int64_t size;   /* elements */
    int64_t offset; /* of the first element in every block of the set */
    rung_init init;
    double scale;    /* of the initialiser */
    bool transposed; /* a matrix is [out, in] (torch.nn.Linear), not [in, out] (Conv1D) */
    bool decay;      /* weight decay applies */
    bool row_sparse; /* the gradient touches few rows (an embedding table) */
    int64_t mask_offset; /* of its rows in a block's `touched`, when row_sparse */
} rung_param;

/* An empty set of tensors of `type`. */
RUNG_API rung_status rung_params_new(rung_params **out, rung_dtype type, rung_error *err);
RUNG_API void rung_params_free(rung_params *p);

/* Appends a zeroed tensor described by name, rank, shape, init, scale, transposed, decay,
 * row_sparse of `spec` (the rest is computed). Names are unique. Values move: pointers
 * into the set's block, and graphs that use it, must be made after the last add. */
RUNG_API rung_status rung_params_add(rung_params *p, const rung_param *spec,
                                     rung_error *err);

/* Fills all tensors by their initialisers; each from a stream named by (seed, name). */
RUNG_API void rung_params_init(rung_params *p, uint64_t seed);

/* What is in the set: by number, in the order of adding, or by name (NULL: none);
 * borrowed, valid until the next add. */
RUNG_API size_t rung_params_count(const rung_params *p);
RUNG_API const rung_param *rung_params_at(const rung_params *p, size_t i);
RUNG_API const rung_param *rung_params_find(const rung_params *p, const char *name);
RUNG_API rung_dtype rung_params_type(const rung_params *p);
RUNG_API int64_t rung_params_size(const rung_params *p);   /* elements, all tensors */
RUNG_API int64_t rung_params_extent(const rung_params *p); /* of a block, with padding */
RUNG_API void *rung_params_values(const rung_params *p);   /* [extent], borrowed */
RUNG_API void *rung_params_data(const rung_params *p, const rung_param *param);

/* A block laid out as the set's values: gradients, moments, partial sums. */
typedef struct rung_block {
    void *data; /* [extent], owned */
    unsigned char
        *touched; /* a byte for each row of row-sparse tensors, owned, or NULL */
    bool borrows; /* data is the caller's */
} rung_block;

/* A zeroed block for the set, which must not grow afterwards; or one over the caller's
 * memory. */
RUNG_API rung_status rung_block_new(rung_block *block, const rung_params *p,
                                    rung_error *err);
RUNG_API rung_status rung_block_over(rung_block *block, const rung_params *p, void *data,
                                     rung_error *err);
RUNG_API void rung_block_release(rung_block *block);

/* ---- Building ---- */

/* `real` is RUNG_F32, or RUNG_F64 for tests of gradients. The runtime is borrowed. */
RUNG_API rung_status rung_graph_new(rung_graph **out, rung_runtime *rt, rung_dtype real,
                                    rung_error *err);
RUNG_API void rung_graph_free(rung_graph *g);

/* Messages name the layer: push "encoder", push "layer.3": "encoder.layer.3: ...". */
RUNG_API void rung_graph_push(rung_graph *g, const char *format, ...) RUNG_PRINTF(2, 3);
RUNG_API void rung_graph_pop(rung_graph *g);

/* Records an error of a layer (the first one stays) and returns NULL. */
RUNG_API rung_tensor *rung_graph_fail(rung_graph *g, const char *format, ...)
    RUNG_PRINTF(2, 3);

/* Leaves. An input's data is set before each run. A parameter or state is found by name
 * (an unknown name is an error of the graph); asking twice gives the same tensor. */
RUNG_API rung_tensor *rung_input(rung_graph *g, const char *name, rung_dtype type,
                                 int rank, const int64_t *shape);
RUNG_API rung_tensor *rung_param_leaf(rung_graph *g, const rung_params *p,
                                      const char *format, ...) RUNG_PRINTF(3, 4);
RUNG_API rung_tensor *rung_state_leaf(rung_graph *g, const rung_params *states,
                                      const char *format, ...) RUNG_PRINTF(3, 4);
RUNG_API rung_tensor *rung_constant(rung_graph *g, double value); /* a scalar */

/* Asks for the gradient with respect to an input; before it is used. */
RUNG_API void rung_tensor_require_grad(rung_tensor *t);

/* Appends the gradient of the scalar `loss` with respect to every parameter used (written
 * into the gradient block that is bound) and every input that asked (rung_tensor_grad).
 * Once a graph. */
RUNG_API void rung_graph_grad(rung_graph *g, rung_tensor *loss);
RUNG_API rung_tensor *rung_tensor_grad(const rung_tensor *t); /* NULL if there is none */

/* Between rung_graph_grad and compile: the gradients of this set shall lie in the graph's
 * own block, at its beginning, laid out as a rung_block of the set: bind with data = the
 * block. They are born as intermediates die, and so cost little memory. False, and
 * nothing is changed, when a parameter of the set has no gradient in this graph. */
RUNG_API bool rung_graph_hold_grads(rung_graph *g, const rung_params *set);

/* ---- Running ---- */

/* What changes from run to run without a new graph. */
typedef struct rung_run {
    uint64_t seed;
    int64_t step;    /* of the training */
    int64_t sample0; /* index of the batch's first sample in the global batch */
    int64_t past;    /* valid positions before the first one of this run (caches) */
    bool training;   /* dropout is on */
} rung_run;

/* Keeps `outputs` (and the gradients, when asked for) and what they need, places every
 * intermediate. Reports the first error of the building. */
RUNG_API rung_status rung_graph_compile(rung_graph *g, rung_tensor *const *outputs,
                                        size_t n, rung_error *err);

/* Bytes of the block that holds all intermediates and scratch; after compile. */
RUNG_API size_t rung_graph_block_bytes(const rung_graph *g);

/* Work of one run: floating-point operations, and bytes read and written. */
typedef struct rung_cost {
    double flops, bytes;
} rung_cost;
RUNG_API rung_cost rung_graph_cost(const rung_graph *g);
RUNG_API size_t rung_graph_count(const rung_graph *g); /* nodes that run */

/* Places for the next runs; all borrowed, 64-byte aligned, outliving the runs. grads may
 * be NULL without gradients, states (the values of the state set) without states. */
RUNG_API void rung_graph_bind(rung_graph *g, void *block, const rung_block *grads,
                              void *states);
RUNG_API void rung_input_set(rung_tensor *input, const void *data);

/* Executes. Never allocates. RUNG_INPUT names operator and value when an index is out of
 * range. */
RUNG_API rung_status rung_graph_run(rung_graph *g, const rung_run *run, rung_error *err);

/* After a run: which node first produced a value that is not finite ("h.3.mlp: linear"),
 * into `out`; false if none. Runs the graph again, node by node. */
RUNG_API bool rung_graph_find_nonfinite(rung_graph *g, const rung_run *run, char *out,
                                        size_t n);

/* Prints one line a node with its time, for profiling: calls line() for each. */
RUNG_API rung_status rung_graph_profile(rung_graph *g, const rung_run *run,
                                        void (*line)(void *self, const char *text),
                                        void *self, rung_error *err);

/* ---- Tensors ---- */
RUNG_API int rung_tensor_rank(const rung_tensor *t);
RUNG_API int64_t rung_tensor_dim(const rung_tensor *t, int i); /* i < 0: from the end */
RUNG_API int64_t rung_tensor_size(const rung_tensor *t);
RUNG_API rung_dtype rung_tensor_type(const rung_tensor *t);
/* Where the values are, after a run, until the next run on this block; outputs only. */
RUNG_API const void *rung_tensor_data(const rung_tensor *t);
RUNG_API double rung_tensor_scalar(const rung_tensor *t); /* its only element */

#ifdef __cplusplus
}
#endif
#endif
