/* One optimizer step, as each rank does it.
 *
 * The global batch of step s is the samples [s M B, (s + 1) M B) of the task's order, for
 * M micro-batches of B samples; rank r of A accumulated ones takes the micro-batches r A
 * ... r A + A - 1 of it. Everything random is keyed by these numbers, all sums follow the
 * tree over m, and the divisor (the weight of the whole batch) is applied once: so R and
 * A matter only as their product. */
#include "learn/trainer.h"

#include <math.h>
#include <string.h>

size_t rung__set_bytes(const rung_params *set)
{
    return (size_t)rung_params_extent(set) * rung_dtype_bytes(rung_params_type(set));
}

void *rung__trainer_states(const rung_trainer *t, int64_t m)
{
    const rung_worker *w = &t->workers[m / t->config.accumulate];
    const size_t i = (size_t)(m % t->config.accumulate);
    return w->states ? (char *)w->states + i * rung__set_bytes(t->task->states) : NULL;
}

/* ---- A micro-batch ---- */

/* Index of its first sample in the order of all. */
static int64_t first_sample(const rung_trainer *t, int64_t step, int64_t m)
{
    return (step * t->micro_batches + m) * t->config.batch;
}

double rung__step_flops(const rung_trainer *t, int64_t step)
{
    const rung_task *task = t->task;
    double flops = 0;
    for (int64_t m = 0; m < t->config.accumulate; m++) {
        const rung_step_graph *graph = t->workers[0].train;
        if (task->n_buckets > 1)
            graph += task->ops->bucket(task, first_sample(t, step, m), t->config.batch,
                                       (uint64_t)t->config.seed);
        flops += rung_graph_cost(graph->graph).flops;
    }
    return flops;
}

static rung_run run_of(const rung_trainer *t, int64_t step, int64_t m)
{
    return (rung_run){.seed = (uint64_t)t->config.seed,
                      .step = step,
                      .sample0 = m * t->config.batch,
                      .training = true};
}

/* Puts micro-batch m of the step before one of the rank's graphs, which is returned. */
static rung_step_graph *prepare(rung_worker *w, int64_t step, int64_t m,
                                const rung_block *grads, void *states)
{
    const rung_trainer *t = w->trainer;
    const rung_task_ops *ops = t->task->ops;
    const int64_t first = first_sample(t, step, m), batch = t->config.batch;
    const uint64_t seed = (uint64_t)t->config.seed;
    rung_step_graph *graph = w->train;
    if (t->task->n_buckets > 1) graph += ops->bucket(t->task, first, batch, seed);
    if (states && ops->resets_states && ops->resets_states(t->task, first))
        memset(states, 0, rung__set_bytes(t->task->states));
    rung_graph_bind(graph->graph, w->block, grads, states);
    ops->feed(t->task, graph, first, batch, seed, w->buffer);
    return graph;
}

static rung_status take_micro_batches(rung_worker *w, int64_t step, rung_error *err)
{
    const rung_trainer *t = w->trainer;
    for (int64_t i = 0; i < t->config.accumulate; i++) {
        const int64_t m = w->rank.comm->rank * t->config.accumulate + i;
        const rung_step_graph *graph =
            prepare(w, step, m, rung_sumtree_next(&w->sums), rung__trainer_states(t, m));
        const rung_run run = run_of(t, step, m);
        RUNG_TRY(rung_graph_run(graph->graph, &run, err));
        w->losses[i] = (rung_loss_sum){rung_tensor_scalar(graph->loss.sum),
                                       rung_tensor_scalar(graph->loss.weight)};
        rung_sumtree_push(&w->sums);
    }
    return RUNG_OK;
}

/* ---- The step ---- */

/* Adds up what the micro-batches of all ranks came to, in their order. */
static rung_status gather_losses(rung_worker *w, rung_loss_sum *sum, rung_error *err)
{
    const rung_trainer *t = w->trainer;
    rung_loss_sum *all = w->losses + t->config.accumulate;
    RUNG_TRY(rung_comm_gather(w->rank.comm, w->losses,
                              (size_t)t->config.accumulate * sizeof *all, all, err));
    *sum = (rung_loss_sum){0, 0};
    for (int64_t m = 0; m < t->micro_batches; m++) {
        sum->loss += all[m].loss;
        sum->weight += all[m].weight;
    }
    return RUNG_OK;
}

rung_status rung__worker_step(rung_worker *w, int64_t step, double lr,
                              rung_step_result *result, rung_error *err)
{
    const rung_trainer *t = w->trainer;
    void *values = rung_params_values(t->task->params);
    rung_block sum;
    double norm;
    RUNG_TRY(take_micro_batches(w, step, err));
    RUNG_TRY(gather_losses(w, &result->sum, err));
    RUNG_TRY(rung_sumtree_reduce(&w->sums, &sum, err));
    RUNG_TRY(rung_grad_norm(&w->rank, t->optimizer, &sum, w->squares,
                            w->squares + t->chunks.most, &norm, err));
    const double mean = result->sum.weight > 0 ? 1 / result->sum.weight : 0;
    result->grad_norm = norm * mean;
    result->is_finite = isfinite(result->sum.loss) && isfinite(result->grad_norm);
    if (result->is_finite) {
        const double factor = rung_clip_factor(result->grad_norm, t->config.clip);
        rung_optimizer_step(t->optimizer, &w->rank, step, lr, mean * factor, &sum,
                            values);
    }
    return rung_comm_gather_shards(w->rank.comm, values, &t->chunks.shards, err);
}

/* ---- Divergence ---- */

/* The micro-batch whose loss was not finite, as rank 0 knows them all; else the first. */
static int64_t suspect(const rung_trainer *t)
{
    const rung_loss_sum *all = t->workers[0].losses + t->config.accumulate;
    for (int64_t m = 0; m < t->micro_batches; m++) {
        if (!isfinite(all[m].loss)) return m;
    }
    return 0;
}

rung_status rung__diverged(rung_trainer *t, int64_t step, double lr, const char *what,
                           rung_error *err)
{
    rung_worker *w = &t->workers[0];
    const int64_t m = suspect(t), first = first_sample(t, step, m);
    const rung_run run = run_of(t, step, m);
    char layer[200] = "none when run again", place[300] = "";
    // The states from before the step are gone; those after it show the layer as well.
    const rung_step_graph *graph =
        prepare(w, step, m, &w->sums.buffers[0], rung__trainer_states(t, m));
    rung_graph_find_nonfinite(graph->graph, &run, layer, sizeof layer);
    if (t->task->ops->locate)
        t->task->ops->locate(t->task, first, t->config.batch, (uint64_t)t->config.seed,
                             place, sizeof place);
    return rung_fail(err, RUNG_DIVERGED,
                     "step %lld: %s, also after going back once; first not finite: %s; "
                     "samples %lld to %lld%s%s; rate %.4g: try a lower one",
                     (long long)step + 1, what, layer, (long long)first,
                     (long long)(first + t->config.batch - 1), place[0] ? ", " : "",
                     place, lr);
}
