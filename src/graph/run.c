/* Running a compiled graph: node after node, without allocating. */
#include "graph/graph.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "base/clock.h"

/* Inputs may have moved since bind: views of them follow. */
static void follow_inputs(rung_node *n)
{
    for (int i = 0; i < n->n_inputs; i++) {
        rung_tensor *t = n->in[i];
        if (t && t->view_of && t->home == RUNG_HOME_INPUT) t->data = t->view_of->data;
    }
}

static rung_status run_node(rung_graph *g, rung_node *n, rung_error *err)
{
    follow_inputs(n);
    rung_status status = n->op->run(n, &g->exec, err);
    if (status != RUNG_OK) {
        rung_fail_within(err, "%s", n->op->name);
        if (n->path[0]) rung_fail_within(err, "%s", n->path);
    }
    return status;
}

rung_status rung_graph_run(rung_graph *g, const rung_run *run, rung_error *err)
{
    assert(g->order && "compiled");
    g->exec.run = run;
    for (size_t p = 0; p < g->n_order; p++) RUNG_TRY(run_node(g, g->order[p], err));
    return RUNG_OK;
}

/* ---- Work ---- */

static double bytes_moved(const rung_node *n)
{
    double bytes = 0;
    for (int i = 0; i < n->n_inputs; i++) {
        if (n->in[i]) bytes += (double)rung__tensor_bytes(n->in[i]);
    }
    for (int o = 0; o < n->op->n_outputs; o++)
        bytes += (double)rung__tensor_bytes(n->out[o]);
    return bytes;
}

static rung_cost node_cost(const rung_node *n)
{
    rung_cost cost = n->op->cost ? n->op->cost(n) : (rung_cost){0, 0};
    if (cost.bytes <= 0) cost.bytes = bytes_moved(n);
    return cost;
}

rung_cost rung_graph_cost(const rung_graph *g)
{
    rung_cost total = {0, 0};
    for (size_t p = 0; p < g->n_order; p++) {
        rung_cost cost = node_cost(g->order[p]);
        total.flops += cost.flops;
        total.bytes += cost.bytes;
    }
    return total;
}

/* ---- Looking inside ---- */

static bool has_nonfinite(const rung_graph *g, const rung_tensor *t)
{
    if (t->type == RUNG_I32 || !t->data) return false;
    for (int64_t i = 0; i < t->size; i++) {
        if (!isfinite(rung__get(&g->exec, t->data, i))) return true;
    }
    return false;
}

bool rung_graph_find_nonfinite(rung_graph *g, const rung_run *run, char *out, size_t size)
{
    g->exec.run = run;
    for (size_t p = 0; p < g->n_order; p++) {
        rung_node *n = g->order[p];
        if (run_node(g, n, NULL) != RUNG_OK || has_nonfinite(g, n->out[0])) {
            snprintf(out, size, "%s%s%s", n->path, n->path[0] ? ": " : "", n->op->name);
            return true;
        }
    }
    return false;
}

rung_status rung_graph_profile(rung_graph *g, const rung_run *run,
                               void (*line)(void *self, const char *text), void *self,
                               rung_error *err)
{
    g->exec.run = run;
    for (size_t p = 0; p < g->n_order; p++) {
        rung_node *n = g->order[p];
        double start = rung__now_seconds();
        RUNG_TRY(run_node(g, n, err));
        double seconds = rung__now_seconds() - start;
        rung_cost cost = node_cost(n);
        char shape[100], text[400];
        snprintf(text, sizeof text, "%9.3f ms %7.1f GFLOP/s %6.1f GB/s  %-18s %-20s %s",
                 1e3 * seconds, 1e-9 * cost.flops / seconds, 1e-9 * cost.bytes / seconds,
                 n->op->name, rung__tensor_shape(n->out[0], shape), n->path);
        line(self, text);
    }
    return RUNG_OK;
}
