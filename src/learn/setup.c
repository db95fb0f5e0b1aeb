/* All that a run allocates, before its first step: graphs, buffers and threads of every
 * rank. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/runtime.h"
#include "learn/config.h"
#include "learn/trainer.h"

static rung_status step_graph_new(rung_step_graph *step, rung_runtime *rt,
                                  rung_task *task, int64_t batch, bool training,
                                  bool *holds_grads, rung_error *err)
{
    RUNG_TRY(rung_graph_new(&step->graph, rt, rung_params_type(task->params), err));
    task->ops->build(task, step, batch, training);
    if (training) rung_graph_grad(step->graph, step->loss.sum);
    if (training && *holds_grads)
        *holds_grads = rung_graph_hold_grads(step->graph, task->params);
    rung_tensor *outputs[] = {step->loss.sum, step->loss.weight};
    return rung_graph_compile(step->graph, outputs, 2, err);
}

rung_status rung__step_graphs_new(rung_step_graph *steps, rung_runtime *rt,
                                  rung_task *task, int64_t batch, bool training,
                                  bool *holds_grads, size_t *block_bytes, rung_error *err)
{
    for (int64_t k = 0; k == 0 || k < task->n_buckets; k++) {
        steps[k] = (rung_step_graph){.bucket = k};
        RUNG_TRY(step_graph_new(&steps[k], rt, task, batch, training, holds_grads, err));
        const size_t bytes = rung_graph_block_bytes(steps[k].graph);
        if (bytes > *block_bytes) *block_bytes = bytes;
    }
    return RUNG_OK;
}

void rung__step_graphs_free(rung_step_graph *steps)
{
    for (int k = 0; k < RUNG_MAX_BUCKETS; k++) rung_graph_free(steps[k].graph);
}

/* ---- A rank ---- */

static rung_status allocate(void **out, size_t bytes, const char *what, rung_error *err)
{
    *out = rung__alloc(bytes);
    return *out ? RUNG_OK : rung__out_of_memory(err, bytes, what);
}

/* Its threads: an equal part of the caller's. A rank on its own has them all. */
static rung_status worker_runtime(rung_worker *w, int ranks, rung_error *err)
{
    rung_runtime *rt = w->trainer->rt;
    if (ranks == 1) {
        w->rt = rt;
        return RUNG_OK;
    }
    const int threads = rung_runtime_threads(rt) / ranks;
    const rung_runtime_config config = {.threads = threads > 0 ? threads : 1,
                                        .isa = rung_runtime_isa(rt)};
    return rung_runtime_new(&w->rt, &config, err);
}

static rung_status worker_init(rung_worker *w, rung_trainer *t, int r, rung_error *err)
{
    const int ranks = (int)t->config.ranks;
    rung_task *task = t->task;
    w->trainer = t;
    RUNG_TRY(worker_runtime(w, ranks, err));
    const bool is_double = rung_params_type(task->params) == RUNG_F64;
    w->rank = (rung_rank){
        .comm = t->group ? rung_thread_group_comm(t->group, r) : rung_comm_self(),
        .pool = w->rt->pool,
        .kernels = is_double ? rung_kernels_double() : rung_kernels_get(w->rt->isa),
        .chunks = &t->chunks};
    const int64_t accumulate = t->config.accumulate, first = r * accumulate;
    const int64_t end = first + accumulate;
    w->holds_grads = rung_sumtree_buffers(t->micro_batches, first, end) == 1;
    if (r == 0) w->block_bytes = t->eval.block_bytes;
    RUNG_TRY(rung__step_graphs_new(w->train, w->rt, task, t->config.batch, true,
                                   &w->holds_grads, &w->block_bytes, err));
    RUNG_TRY(allocate(&w->block, w->block_bytes, "the block of a graph", err));
    const size_t buffer_bytes = task->ops->buffer_bytes(task, t->config.batch);
    RUNG_TRY(allocate(&w->buffer, buffer_bytes, "samples", err));

    RUNG_TRY(rung_sumtree_init(&w->sums, &w->rank, task->params, t->micro_batches, first,
                               end, w->holds_grads ? w->block : NULL, err));
    if (task->states)
        RUNG_TRY(allocate(&w->states, (size_t)accumulate * rung__set_bytes(task->states),
                          "states", err));
    const size_t squares = (size_t)t->chunks.most * (size_t)(ranks + 1) * sizeof(double);
    RUNG_TRY(allocate((void **)&w->squares, squares, "the norm of a gradient", err));
    const size_t losses = (size_t)(accumulate + t->micro_batches) * sizeof *w->losses;
    return allocate((void **)&w->losses, losses, "losses", err);
}

static void worker_release(rung_worker *w)
{
    rung__free(w->losses);
    rung__free(w->squares);
    rung__free(w->states);
    rung_sumtree_release(&w->sums);
    rung__free(w->buffer);
    rung__free(w->block);
    rung__step_graphs_free(w->train);
    if (w->trainer && w->rt != w->trainer->rt) rung_runtime_free(w->rt);
}

/* ---- All of them ---- */

static rung_status init_workers(rung_trainer *t, rung_error *err)
{
    const int ranks = (int)t->config.ranks;
    t->workers = rung__alloc_array((size_t)ranks, sizeof *t->workers);
    if (!t->workers) return rung__out_of_memory(err, sizeof *t->workers, "ranks");
    if (ranks > 1) RUNG_TRY(rung_thread_group_new(&t->group, ranks, err));
    for (int r = 0; r < ranks; r++) RUNG_TRY(worker_init(&t->workers[r], t, r, err));
    return RUNG_OK;
}

/* What the run has to remember beside its own state: the best values, and a good state to
 * go back to. The best values also hold the first ones while steps are timed. */
static rung_status init_memory(rung_trainer *t, rung_error *err)
{
    const size_t values = rung__set_bytes(t->task->params);
    if (t->task->n_eval > 0 || t->config.budget > 0)
        RUNG_TRY(allocate(&t->best, values, "the best values", err));
    if (t->dir) return RUNG_OK;
    return allocate(&t->saved, rung__state_bytes(t), "the last good state", err);
}

static rung_status check_task(const rung_task *task, rung_error *err)
{
    assert(task->ops->build && task->ops->feed && task->ops->buffer_bytes);
    assert(task->n_eval == 0 || task->ops->feed_eval);
    assert(task->n_buckets <= RUNG_MAX_BUCKETS);
    assert(task->n_buckets <= 1 || (task->ops->bucket && task->ops->bucket_eval));
    if (task->samples_per_epoch > 0) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "there is no sample to train on");
}

rung_status rung__trainer_init(rung_trainer *t, rung_runtime *rt, rung_task *task,
                               const rung_train_config *config, const char *dir,
                               const rung_train_hooks *hooks, rung_error *err)
{
    static const rung_train_hooks no_hooks = {0};
    *t = (rung_trainer){.rt = rt,
                        .task = task,
                        .dir = dir,
                        .hooks = hooks ? hooks : &no_hooks,
                        .config = *config,
                        .micro_batches = config->ranks * config->accumulate,
                        .log = {.log = {.fd = -1}}};
    t->now =
        (rung_standing){.schema = RUNG_TRAINER_SCHEMA, .lr_scale = 1, .best_step = -1};
    RUNG_TRY(check_task(task, err));
    RUNG_TRY(rung_chunks_init(&t->chunks, task->params, (int)config->ranks, err));
    RUNG_TRY(rung_optimizer_new(&t->optimizer, config, task->params, err));
    if (task->n_eval > 0) RUNG_TRY(rung__evaluator_init(&t->eval, rt, task, err));
    RUNG_TRY(init_workers(t, err));
    return init_memory(t, err);
}

void rung__trainer_release(rung_trainer *t)
{
    for (int64_t r = 0; t->workers && r < t->config.ranks; r++)
        worker_release(&t->workers[r]);
    rung__free(t->workers);
    rung_thread_group_free(t->group);
    rung__evaluator_release(&t->eval);
    rung_optimizer_free(t->optimizer);
    rung_chunks_release(&t->chunks);
    rung__report_log_close(&t->log);
    rung__free(t->saved);
    rung__free(t->best);
    *t = (rung_trainer){0};
}

/* ---- Running ---- */

static void *run_worker(void *arg)
{
    rung_worker *w = arg;
    w->error = (rung_error){0};
    w->status = w->fn(w, &w->error);
    if (w->status != RUNG_OK) rung_comm_abort(w->rank.comm);
    return NULL;
}

/* The failure that began it: the other ranks were only interrupted. */
static rung_status first_failure(const rung_trainer *t, rung_error *err)
{
    const rung_worker *failed = NULL;
    for (int64_t r = 0; r < t->config.ranks; r++) {
        const rung_worker *w = &t->workers[r];
        if (w->status == RUNG_OK) continue;
        if (!failed || failed->status == RUNG_INTERRUPTED) failed = w;
    }
    if (!failed) return RUNG_OK;
    if (err) *err = failed->error;
    return failed->status;
}

rung_status rung__trainer_run(rung_trainer *t, rung_worker_fn fn, rung_error *err)
{
    const int64_t ranks = t->config.ranks;
    rung_worker *lead = &t->workers[0];
    for (int64_t r = 0; r < ranks; r++) t->workers[r].fn = fn;
    int64_t started = 1;
    int error = 0;
    for (; started < ranks; started++) {
        rung_worker *w = &t->workers[started];
        error = pthread_create(&w->thread, NULL, run_worker, w);
        if (error) break;
    }
    if (error) {
        lead->status =
            rung_fail(&lead->error, RUNG_MEMORY, "cannot start rank %d of %d: %s",
                      (int)started, (int)ranks, strerror(error));
        rung_comm_abort(lead->rank.comm);
    } else {
        run_worker(lead);
    }
    for (int64_t r = 1; r < started; r++) pthread_join(t->workers[r].thread, NULL);
    return first_failure(t, err);
}
