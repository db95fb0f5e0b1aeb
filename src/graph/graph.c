/* Building a graph: tensors, nodes, leaves, and the first error. */
#include "graph/graph.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

rung_status rung__graph_new(rung_graph **out, rung_runtime *rt, rung_dtype real,
                            rung_error *err)
{
    assert(real != RUNG_I32);
    rung_graph *g = rung__alloc(sizeof *g);
    if (!g) return rung__out_of_memory(err, sizeof *g, "a graph");
    g->rt = rt;
    g->real = real;
    g->exec.k = real == RUNG_F64 ? rung_kernels_double() : rung_kernels_get(rt->isa);
    g->exec.pool = rt->pool;
    *out = g;
    return RUNG_OK;
}

void rung_graph_free(rung_graph *g)
{
    if (!g) return;
    rung__free(g->order);
    rung_arena_release(&g->arena);
    rung__free(g);
}

/* ---- Errors and the path of the layer ---- */

/* Keeps the first error, with the path before it (which does not matter to memory). */
static void keep_error(rung_graph *g, rung_error *error)
{
    if (g->error.code != RUNG_OK) return;
    if (g->path[0] && error->code != RUNG_MEMORY) rung_fail_within(error, "%s", g->path);
    g->error = *error;
}

rung_tensor *rung_graph_fail(rung_graph *g, const char *format, ...)
{
    rung_error error = {RUNG_SHAPE, ""};
    va_list args;
    va_start(args, format);
    vsnprintf(error.message, sizeof error.message, format, args);
    va_end(args);
    keep_error(g, &error);
    return NULL;
}

static void *graph_alloc(rung_graph *g, size_t size)
{
    void *p = rung_arena_alloc(&g->arena, size);
    rung_error error;
    if (!p) {
        rung__out_of_memory(&error, size, "a graph");
        keep_error(g, &error);
    }
    return p;
}

static char *graph_strdup(rung_graph *g, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = graph_alloc(g, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void rung_graph_push(rung_graph *g, const char *format, ...)
{
    size_t used = strlen(g->path);
    assert(g->depth < RUNG_MAX_DEPTH);
    g->path_ends[g->depth++] = used;
    if (used && used + 1 < sizeof g->path) {
        g->path[used++] = '.';
        g->path[used] = 0;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(g->path + used, sizeof g->path - used, format, args);
    va_end(args);
}

void rung_graph_pop(rung_graph *g)
{
    assert(g->depth > 0);
    g->path[g->path_ends[--g->depth]] = 0;
}

/* ---- Tensors ---- */

/* Elements of one tensor: far more than any memory, and far from overflow. */
static const int64_t MAX_ELEMENTS = (int64_t)1 << 44;

/* A size that overflows stays INT64_MAX, which check_size refuses. */
void rung__shape_set(rung_tensor *t, rung_dtype type, int rank, const int64_t *shape)
{
    assert(rank >= 0 && rank <= RUNG_MAX_RANK);
    t->type = type;
    t->rank = rank;
    t->size = 1;
    for (int i = 0; i < rank; i++) {
        t->shape[i] = shape[i];
        if (__builtin_mul_overflow(t->size, shape[i], &t->size)) t->size = INT64_MAX;
    }
}

static bool check_size(rung_graph *g, const rung_tensor *t, const char *what)
{
    char shape[100];
    for (int i = 0; i < t->rank; i++) {
        if (t->shape[i] >= 1) continue;
        rung_graph_fail(g, "%s: size %lld of dimension %d is not positive", what,
                        (long long)t->shape[i], i);
        return false;
    }
    if (t->size <= MAX_ELEMENTS) return true;
    rung_graph_fail(g, "%s: %s is too large", what, rung__tensor_shape(t, shape));
    return false;
}

void rung__shape_like(rung_tensor *t, const rung_tensor *other)
{
    rung__shape_set(t, other->type, other->rank, other->shape);
}

bool rung__same_shape(const rung_tensor *a, const rung_tensor *b)
{
    return a->rank == b->rank &&
           memcmp(a->shape, b->shape, (size_t)a->rank * sizeof a->shape[0]) == 0;
}

int64_t rung__last(const rung_tensor *t)
{
    return t->rank ? t->shape[t->rank - 1] : 1;
}

int64_t rung__rows(const rung_tensor *t)
{
    return t->size / rung__last(t);
}

size_t rung__tensor_bytes(const rung_tensor *t)
{
    return (size_t)t->size * rung_dtype_bytes(t->type);
}

const char *rung__tensor_shape(const rung_tensor *t, char *out)
{
    return rung__shape_text(out, t->rank, t->shape);
}

static rung_tensor *tensor_new(rung_graph *g, rung_home home)
{
    rung_tensor *t = graph_alloc(g, sizeof *t);
    if (!t) return NULL;
    t->graph = g;
    t->home = home;
    t->first = t->last = -1;
    rung__shape_set(t, g->real, 0, NULL);
    return t;
}

rung_tensor *rung__view(rung_graph *g, rung_tensor *x, int rank, const int64_t *shape)
{
    if (!x) return NULL;
    rung_tensor *t = tensor_new(g, x->home);
    if (!t) return NULL;
    *t = *x;
    rung__shape_set(t, x->type, rank, shape);
    assert(t->size == x->size);
    t->view_of = x->view_of ? x->view_of : x;
    t->grad = NULL;
    t->takes = NULL;
    t->kept = false;
    return t;
}

int rung_tensor_rank(const rung_tensor *t)
{
    return t->rank;
}

int64_t rung_tensor_dim(const rung_tensor *t, int i)
{
    int at = i < 0 ? t->rank + i : i;
    assert(at >= 0 && at < t->rank);
    return t->shape[at];
}

int64_t rung_tensor_size(const rung_tensor *t)
{
    return t->size;
}

rung_dtype rung_tensor_type(const rung_tensor *t)
{
    return t->type;
}

const void *rung_tensor_data(const rung_tensor *t)
{
    return t->data;
}

double rung_tensor_scalar(const rung_tensor *t)
{
    assert(t->size == 1 && t->type != RUNG_I32);
    return t->type == RUNG_F64 ? *(const double *)t->data
                               : (double)*(const float *)t->data;
}

/* ---- Leaves ---- */

rung_tensor *rung_input(rung_graph *g, const char *name, rung_dtype type, int rank,
                        const int64_t *shape)
{
    rung_tensor *t = tensor_new(g, RUNG_HOME_INPUT);
    if (!t) return NULL;
    rung__shape_set(t, type, rank, shape);
    t->name = graph_strdup(g, name);
    return t->name && check_size(g, t, name) ? t : NULL;
}

void rung_input_set(rung_tensor *input, const void *data)
{
    assert(input->home == RUNG_HOME_INPUT && !input->view_of);
    input->data = (void *)data;
}

static const char *type_name(rung_dtype type)
{
    return type == RUNG_I32 ? "int32" : type == RUNG_F64 ? "float64" : "float32";
}

static rung_tensor *set_leaf(rung_graph *g, const rung_params *set, rung_home home,
                             const char *format, va_list args)
{
    char name[200];
    vsnprintf(name, sizeof name, format, args);
    for (rung_tensor *t = g->leaves; t; t = t->next_leaf) {
        if (t->set == set && strcmp(t->name, name) == 0) return t;
    }
    const rung_param *param = rung_params_find(set, name);
    const char *kind = home == RUNG_HOME_STATE ? "state" : "parameter";
    if (!param) return rung_graph_fail(g, "there is no %s '%s'", kind, name);
    if (rung_params_type(set) != g->real)
        return rung_graph_fail(g, "%s '%s' is %s, not %s", kind, name,
                               type_name(rung_params_type(set)), type_name(g->real));
    rung_tensor *t = tensor_new(g, home);
    if (!t) return NULL;
    rung__shape_set(t, g->real, param->rank, param->shape);
    t->name = param->name;
    t->param = param;
    t->set = set;
    t->needs_grad = home == RUNG_HOME_PARAM;
    t->next_leaf = g->leaves;
    g->leaves = t;
    return t;
}

rung_tensor *rung_param_leaf(rung_graph *g, const rung_params *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    rung_tensor *t = set_leaf(g, p, RUNG_HOME_PARAM, format, args);
    va_end(args);
    return t;
}

rung_tensor *rung_state_leaf(rung_graph *g, const rung_params *states, const char *format,
                             ...)
{
    va_list args;
    va_start(args, format);
    rung_tensor *t = set_leaf(g, states, RUNG_HOME_STATE, format, args);
    va_end(args);
    return t;
}

rung_tensor *rung_constant(rung_graph *g, double value)
{
    rung_tensor *t = tensor_new(g, RUNG_HOME_CONST);
    if (!t) return NULL;
    t->data = graph_alloc(g, sizeof(double));
    if (!t->data) return NULL;
    rung__put(&g->exec, t->data, 0, value);
    return t;
}

void rung_tensor_require_grad(rung_tensor *t)
{
    if (t) t->needs_grad = true;
}

/* ---- Nodes ---- */

static bool check_inputs(rung_graph *g, const rung_op *op, int n_required, int n_inputs,
                         rung_tensor *const *inputs)
{
    for (int i = 0; i < n_inputs; i++) {
        const rung_tensor *x = inputs[i];
        rung_dtype wanted = op->int_inputs >> i & 1 ? RUNG_I32 : g->real;
        if (!x && i < n_required)
            rung_graph_fail(g, "%s: input %d is missing", op->name, i);
        if (x && !op->any_type && x->type != wanted)
            rung_graph_fail(g, "%s: input %d is %s, not %s", op->name, i,
                            type_name(x->type), type_name(wanted));
    }
    return g->error.code == RUNG_OK;
}

rung_node *rung__node(rung_graph *g, const rung_op *op, int n_required, int n_inputs,
                      rung_tensor *const *inputs, const void *attrs)
{
    assert(n_inputs <= RUNG_MAX_INPUTS && op->n_outputs <= RUNG_MAX_OUTPUTS);
    if (g->error.code != RUNG_OK) return NULL;
    if (!check_inputs(g, op, n_required, n_inputs, inputs)) return NULL;
    rung_node *n = graph_alloc(g, sizeof *n);
    if (!n) return NULL;
    n->op = op;
    n->n_inputs = n_inputs;
    n->serial = g->n_nodes++;
    n->path = graph_strdup(g, g->path);
    n->attrs = graph_alloc(g, op->attr_bytes ? op->attr_bytes : 1);
    if (!n->path || !n->attrs) return NULL;
    if (op->attr_bytes) memcpy(n->attrs, attrs, op->attr_bytes);

    bool needs_grad = false;
    for (int i = 0; i < n_inputs; i++) {
        n->in[i] = inputs[i];
        needs_grad |= inputs[i] && inputs[i]->needs_grad;
    }
    for (int o = 0; o < op->n_outputs; o++) {
        n->out[o] = tensor_new(g, RUNG_HOME_BLOCK);
        if (!n->out[o]) return NULL;
        n->out[o]->node = n;
        n->out[o]->needs_grad = needs_grad && op->grad;
    }
    rung_error error;
    if (op->infer(g, n, &error) != RUNG_OK) {
        keep_error(g, &error);
        return NULL;
    }
    for (int o = 0; o < op->n_outputs; o++) {
        if (!check_size(g, n->out[o], op->name)) return NULL;
    }
    if (op->writes_input) { // the output is the input under another name
        rung_tensor *state = n->in[0]->view_of ? n->in[0]->view_of : n->in[0];
        n->out[0]->home = state->home;
        n->out[0]->view_of = state;
        n->out[0]->needs_grad = false;
    }
    n->prev = g->last_node;
    *(g->last_node ? &g->last_node->next : &g->first_node) = n;
    g->last_node = n;
    return n;
}
