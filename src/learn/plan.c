/* What a training would need. The trainer is set up as for the real thing, which costs
 * addresses but hardly memory: what it has allocated is what will be resident once every
 * page is touched. */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "learn/config.h"
#include "learn/trainer.h"

#define TIMING_SECONDS 1.0

/* What this process has in memory; 0 if the system does not tell. What the heap keeps of
 * freed memory is given back before: training would fill it first. */
static size_t resident_bytes(void)
{
    unsigned long total, resident = 0;
    rung__alloc_trim();
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    if (fscanf(file, "%lu %lu", &total, &resident) != 2) resident = 0;
    fclose(file);
    return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* Memory that the system could still give; everything if it does not tell. */
static size_t available_bytes(void)
{
    char line[200];
    unsigned long long kilobytes;
    size_t bytes = SIZE_MAX;
    FILE *file = fopen("/proc/meminfo", "r");
    if (!file) return bytes;
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "MemAvailable: %llu kB", &kilobytes) == 1)
            bytes = (size_t)kilobytes << 10;
    }
    fclose(file);
    return bytes;
}

static void count_bytes(const rung_trainer *t, rung_train_plan *plan)
{
    const size_t values = rung__set_bytes(t->task->params);
    const size_t states = t->task->states ? rung__set_bytes(t->task->states) : 0;
    plan->params_bytes = values;
    plan->moments_bytes = (size_t)t->optimizer->n_moments * values;
    for (int64_t r = 0; r < t->config.ranks; r++) {
        const rung_worker *w = &t->workers[r];
        plan->grads_bytes += (size_t)w->sums.n_buffers * values;
        if (w->holds_grads) plan->block_bytes -= values; // counted as gradients
        plan->block_bytes += w->block_bytes + (size_t)t->config.accumulate * states;
    }
    if (t->best) plan->eval_bytes += values;
    if (t->eval.states) plan->eval_bytes += states;
}

/* Operations of a micro-batch of the longest samples. */
static double longest_cost(const rung_trainer *t)
{
    const int64_t last = t->task->n_buckets > 1 ? t->task->n_buckets - 1 : 0;
    return rung_graph_cost(t->workers[0].train[last].graph).flops;
}

/* Does a little of everything, by the clock. */
static rung_status time_it(rung_trainer *t, rung_train_plan *plan, rung_error *err)
{
    if (t->task->n_eval > 0) {
        rung_loss_sum sum;
        const double start = rung__now_seconds();
        RUNG_TRY(rung__evaluator_run(&t->eval, t->workers[0].block, 1, &sum, err));
        t->eval_seconds = (rung__now_seconds() - start) * (double)t->task->n_eval;
    }
    RUNG_TRY(rung__fix_length(t, t->eval_seconds, err));
    if (t->step_seconds <= 0) RUNG_TRY(rung__time_steps(t, TIMING_SECONDS, err));
    const rung_train_config *c = &t->config;
    const double evals = floor((double)c->steps / (double)c->eval_every) + 1;
    plan->steps = c->steps;
    plan->seconds_per_step = t->step_seconds;
    plan->seconds = (double)c->steps * t->step_seconds + evals * t->eval_seconds;
    return RUNG_OK;
}

rung_status rung_plan(rung_runtime *rt, rung_task *task, const rung_train_config *config,
                      rung_train_plan *plan, rung_error *err)
{
    RUNG_TRY(rung__train_config_check(config, err));
    rung_train_plan p = {.steps = config->steps,
                         .seconds_per_step = NAN,
                         .seconds = NAN,
                         .data_bytes = resident_bytes()};
    const size_t available = available_bytes();
    const int64_t live = rung__alloc_stats().live_bytes;
    size_t needed = 0;
    rung_trainer t;
    rung_status status = rung__trainer_init(&t, rt, task, config, "", NULL, err);
    if (status == RUNG_OK) {
        needed = (size_t)(rung__alloc_stats().live_bytes - live);
        count_bytes(&t, &p);
        p.flops_per_step = (double)t.micro_batches * longest_cost(&t);
        if (needed < available) status = time_it(&t, &p, err);
    }
    rung__trainer_release(&t);
    if (status != RUNG_OK) return status;
    // Once more, since by now the pages of the program that training uses have come in.
    const size_t resident = resident_bytes();
    if (resident > p.data_bytes) p.data_bytes = resident;
    p.peak_bytes = p.data_bytes + needed;
    *plan = p;
    return RUNG_OK;
}
