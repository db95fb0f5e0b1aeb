/* The gradient as a transformation of the graph (reverse mode): walking the nodes
 * backwards, each operator's rule appends the nodes that compute the gradients of its
 * inputs from those of its outputs. What several users contribute to one tensor is added.
 * Planner and executor see only nodes. */
#include "graph/graph.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Adds `dx` to what is known of the gradient of `x`. That of a view is its original's. */
static void contribute(rung_graph *g, rung_tensor *x, rung_tensor *dx)
{
    if (!x || !dx || !x->needs_grad) return;
    if (x->view_of) {
        rung_tensor *root = x->view_of;
        dx = rung__view(g, dx, root->rank, root->shape);
        x = root;
    }
    if (!dx) return;
    assert(dx->size == x->size);
    (dx->view_of ? dx->view_of : dx)->grad_uses++;
    x->grad = x->grad ? g->sum(g, x->grad, dx) : dx;
}

/* The gradient that reached a tensor, in its own shape. */
static rung_tensor *reached(rung_graph *g, rung_tensor *t)
{
    if (!t->grad || rung__same_shape(t->grad, t)) return t->grad;
    return rung__view(g, t->grad, t->rank, t->shape);
}

/* Appends the gradient of one node, under the name of the layer that made it. */
static void differentiate(rung_graph *g, rung_node *n)
{
    snprintf(g->path, sizeof g->path, "%s", n->path);
    rung_tensor *dy[RUNG_MAX_OUTPUTS] = {0}, *dx[RUNG_MAX_INPUTS] = {0};
    bool any = false;
    for (int o = 0; o < n->op->n_outputs; o++) {
        dy[o] = reached(g, n->out[o]);
        any |= dy[o] != NULL;
    }
    if (!any || !n->op->grad) return;
    n->op->grad(g, n, dy, dx);
    for (int i = 0; i < n->n_inputs; i++) contribute(g, n->in[i], dx[i]);
}

/* Gives a parameter's gradient its home in the gradient block. What computes it writes
 * there; a value that has a home already, or is not a node's own output, is copied. */
static void house(rung_graph *g, rung_tensor *leaf)
{
    rung_tensor *dw = leaf->grad;
    if (!dw) return;
    rung_tensor *root = dw->view_of ? dw->view_of : dw;
    if (root->home != RUNG_HOME_BLOCK || !root->node) {
        leaf->grad = dw = g->copy(g, dw);
        if (!dw) return;
        root = dw;
    }
    if (leaf->param->row_sparse && !root->node->op->marks_rows) {
        rung_graph_fail(g, "parameter '%s' is row-sparse, but its gradient is dense",
                        leaf->name);
        return;
    }
    root->home = RUNG_HOME_GRAD;
    root->param = leaf->param;
    root->set = leaf->set;
}

void rung_graph_grad(rung_graph *g, rung_tensor *loss)
{
    if (!loss || g->error.code != RUNG_OK) return;
    assert(!g->has_grad);
    if (loss->size != 1) {
        char shape[100];
        rung_graph_fail(g, "the loss must be a scalar, not %s",
                        rung__tensor_shape(loss, shape));
        return;
    }
    char path[sizeof g->path];
    memcpy(path, g->path, sizeof path);
    g->has_grad = true;
    contribute(g, loss, rung_constant(g, 1));
    for (rung_node *n = g->last_node; n; n = n->prev) {
        if (n->out[0]->needs_grad) differentiate(g, n);
        if (g->error.code != RUNG_OK) return;
    }
    memcpy(g->path, path, sizeof path);
    for (rung_tensor *t = g->leaves; t; t = t->next_leaf) {
        if (t->home == RUNG_HOME_PARAM) house(g, t);
    }
}

bool rung_graph_hold_grads(rung_graph *g, const rung_params *set)
{
    assert(!g->order && "before compile");
    size_t n = 0;
    for (const rung_tensor *t = g->leaves; t; t = t->next_leaf)
        n += t->home == RUNG_HOME_PARAM && t->set == set && t->grad;
    const bool has_all = g->has_grad && n == rung_params_count(set);
    if (has_all) g->held = set;
    return has_all;
}

rung_tensor *rung_tensor_grad(const rung_tensor *t)
{
    return t->grad;
}
