/* What tests of graphs share: making a graph ready to run, and a runtime. Include after
 * support.h. */
#ifndef RUNG_TESTS_ENGINE_H
#define RUNG_TESTS_ENGINE_H

#include "graph/graph.h"
#include "rung/ops.h"

#define SHAPE(...) ((int64_t[]){__VA_ARGS__})

static inline rung_runtime *new_runtime(int threads)
{
    rung_error err = {0};
    rung_runtime *rt = NULL;
    assert_ok(rung_runtime_new(&rt, &(rung_runtime_config){threads, RUNG_ISA_BEST, 0, 0},
                               &err));
    return rt;
}

static inline rung_graph *new_graph(rung_runtime *rt, rung_dtype real)
{
    rung_error err = {0};
    rung_graph *g = NULL;
    assert_ok(rung_graph_new(&g, rt, real, &err));
    return g;
}

/* Compiles and binds; returns the block, which the caller frees. */
static inline void *make_ready(rung_graph *g, rung_tensor *const *outputs, size_t n,
                               const rung_block *grads, void *states)
{
    rung_error err = {0};
    assert_ok(rung_graph_compile(g, outputs, n, &err));
    void *block = rung__alloc(rung_graph_block_bytes(g));
    assert_non_null(block);
    rung_graph_bind(g, block, grads, states);
    return block;
}

static inline void run_graph(rung_graph *g)
{
    rung_error err = {0};
    assert_ok(rung_graph_run(g, &(rung_run){0}, &err));
}

static inline float float_at(const rung_tensor *t, int64_t i)
{
    return ((const float *)rung_tensor_data(t))[i];
}

static inline rung_tensor *input_of(rung_graph *g, int rank, const int64_t *shape,
                                    const void *data)
{
    rung_tensor *t = rung_input(g, "x", g->real, rank, shape);
    if (t) rung_input_set(t, data);
    return t;
}

static inline rung_tensor *ids_of(rung_graph *g, int rank, const int64_t *shape,
                                  const int32_t *data)
{
    rung_tensor *t = rung_input(g, "ids", RUNG_I32, rank, shape);
    if (t) rung_input_set(t, data);
    return t;
}

/* A set with one matrix a name, NULL-terminated, all [rows, columns]. */
static inline rung_params *matrices(const char *const *names, int64_t rows,
                                    int64_t columns)
{
    rung_error err = {0};
    rung_params *p = NULL;
    assert_ok(rung_params_new(&p, RUNG_F32, &err));
    for (; *names; names++) {
        rung_param spec = {.name = *names,
                           .rank = 2,
                           .shape = {rows, columns},
                           .init = RUNG_INIT_NORMAL,
                           .scale = 1};
        assert_ok(rung_params_add(p, &spec, &err));
    }
    rung_params_init(p, 1);
    return p;
}

/* Group fixture: *state is a runtime of two threads. */
static inline int open_runtime(void **state)
{
    *state = new_runtime(2);
    return 0;
}

static inline int close_runtime(void **state)
{
    rung_runtime_free(*state);
    return 0;
}

#endif
