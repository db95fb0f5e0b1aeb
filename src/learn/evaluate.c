/* The mean loss of held-out data: its chunks one after another, with states that are zero
 * before the first. Sums are kept in double, in the order of the chunks. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "learn/trainer.h"

rung_status rung__evaluator_init(rung_evaluator *e, rung_runtime *rt, rung_task *task,
                                 rung_error *err)
{
    *e = (rung_evaluator){.task = task};
    RUNG_TRY(rung__step_graphs_new(e->steps, rt, task, task->eval_batch, false, NULL,
                                   &e->block_bytes, err));
    const size_t bytes = task->ops->buffer_bytes(task, task->eval_batch);
    e->buffer = rung__alloc(bytes);
    if (!e->buffer) return rung__out_of_memory(err, bytes, "samples to evaluate");
    if (!task->states) return RUNG_OK;
    e->states = rung__alloc(rung__set_bytes(task->states));
    if (!e->states)
        return rung__out_of_memory(err, rung__set_bytes(task->states), "states");
    return RUNG_OK;
}

void rung__evaluator_release(rung_evaluator *e)
{
    rung__step_graphs_free(e->steps);
    rung__free(e->buffer);
    rung__free(e->states);
    *e = (rung_evaluator){0};
}

rung_status rung__evaluator_run(rung_evaluator *e, void *block, int64_t n_chunks,
                                rung_loss_sum *sum, rung_error *err)
{
    const rung_task *task = e->task;
    const rung_run run = {.training = false};
    if (e->states) memset(e->states, 0, rung__set_bytes(task->states));
    *sum = (rung_loss_sum){0, 0};
    for (int64_t chunk = 0; chunk < n_chunks; chunk++) {
        const rung_step_graph *step = e->steps;
        if (task->n_buckets > 1)
            step += task->ops->bucket_eval(task, chunk, task->eval_batch);
        rung_graph_bind(step->graph, block, NULL, e->states);
        task->ops->feed_eval(task, step, chunk, task->eval_batch, e->buffer);
        RUNG_TRY(rung_graph_run(step->graph, &run, err));
        sum->loss += rung_tensor_scalar(step->loss.sum);
        sum->weight += rung_tensor_scalar(step->loss.weight);
    }
    return RUNG_OK;
}

rung_status rung_evaluate(rung_runtime *rt, rung_task *task, double *loss, double *weight,
                          rung_error *err)
{
    if (task->n_eval < 1)
        return rung_fail(err, RUNG_USAGE, "there is no data to evaluate");
    rung_evaluator e;
    rung_loss_sum sum = {0, 0};
    void *block = NULL;
    rung_status status = rung__evaluator_init(&e, rt, task, err);
    if (status != RUNG_OK) goto end;
    block = rung__alloc(e.block_bytes);
    status = block
                 ? rung__evaluator_run(&e, block, task->n_eval, &sum, err)
                 : rung__out_of_memory(err, e.block_bytes, "the block of an evaluation");
end:
    rung__free(block);
    rung__evaluator_release(&e);
    if (status != RUNG_OK) return status;
    if (!(sum.weight > 0))
        return rung_fail(err, RUNG_INPUT, "nothing in the data counts");
    *loss = sum.loss / sum.weight;
    if (weight) *weight = sum.weight;
    return RUNG_OK;
}
