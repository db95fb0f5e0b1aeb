/* How many steps: given, from epochs, or as many as fit into a time. The clock is asked
 * once, before the first step; what follows from it is fixed and recorded, and never
 * asked for again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "learn/trainer.h"

#define MOST_STEPS 1e12
#define STOPS 20           /* in a run, unless told otherwise */
#define STOP_SHARE 0.25    /* of a budget, at most */
#define TIMING_SHARE 0.05  /* of a budget */
#define TIMING_SECONDS 3.0 /* are enough */
#define TIMING_STEPS 2     /* at least, after one to warm up */
#define ASKED_STEPS 256    /* how many operations they take */

typedef struct sized_step {
    int64_t step;
    double flops;
} sized_step;

static int by_flops(const void *a, const void *b)
{
    const sized_step *x = a, *y = b;
    return (x->flops > y->flops) - (x->flops < y->flops);
}

/* Steps from all of an epoch by their operations; returns how many. */
static int64_t size_steps(sized_step out[ASKED_STEPS], const rung_trainer *t)
{
    const int64_t per_step = t->micro_batches * t->config.batch;
    const int64_t steps = t->task->samples_per_epoch / per_step;
    const int64_t n = steps < 1 ? 1 : steps < ASKED_STEPS ? steps : ASKED_STEPS;
    for (int64_t i = 0; i < n; i++) {
        const int64_t step = i * steps / n;
        out[i] = (sized_step){step, rung__step_flops(t, step)};
    }
    qsort(out, (size_t)n, sizeof *out, by_flops);
    return n;
}

static double mean_flops(const sized_step *steps, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += steps[i].flops;
    return sum / (double)n;
}

/* Which of n sorted steps is timed as number k: first the largest, which touches all
 * memory and is not counted, then the middle, the quarters, the eighths, ... (van der
 * Corput 1935), so that however many there is time for stand for all. */
static int64_t place_of(int64_t k, int64_t n)
{
    double place = 0;
    for (double half = 0.5; k > 0; k /= 2, half /= 2) place += half * (double)(k % 2);
    return place > 0 ? (int64_t)(place * (double)n) : n - 1;
}

/* Rate zero: the same work, and values that stay in range. Steps differ in length, so
 * what is taken from those that are timed is the time of an operation (a ratio estimator:
 * Cochran 1977, "Sampling Techniques", chapter 6). */
static rung_status time_rank(rung_worker *w, rung_error *err)
{
    rung_trainer *t = w->trainer;
    const bool leads = w->rank.comm->rank == 0;
    sized_step steps[ASKED_STEPS];
    double seconds = 0, flops = 0;
    const int64_t n = leads ? size_steps(steps, t) : 0;
    rung_verdict next = {.go_on = true};
    for (int64_t k = 0; next.go_on; k++) {
        rung_step_result result;
        if (leads) next.step = steps[place_of(k, n)].step;
        RUNG_TRY(rung_comm_broadcast(w->rank.comm, &next, sizeof next, err));
        const double start = rung__now_seconds();
        RUNG_TRY(rung__worker_step(w, next.step, 0, &result, err));
        if (leads && k > 0) {
            seconds += rung__now_seconds() - start;
            flops += steps[place_of(k, n)].flops;
            next.go_on = k < TIMING_STEPS || seconds < t->time_limit;
        }
        RUNG_TRY(rung_comm_broadcast(w->rank.comm, &next, sizeof next, err));
    }
    if (leads) t->step_seconds = seconds / flops * mean_flops(steps, n);
    return RUNG_OK;
}

/* As if no step had been done. */
static void undo(rung_trainer *t, const void *values)
{
    memcpy(rung_params_values(t->task->params), values, rung__set_bytes(t->task->params));
    rung_optimizer_reset(t->optimizer);
    for (int64_t m = 0; t->task->states && m < t->micro_batches; m++)
        memset(rung__trainer_states(t, m), 0, rung__set_bytes(t->task->states));
}

rung_status rung__time_steps(rung_trainer *t, double seconds, rung_error *err)
{
    const size_t bytes = rung__set_bytes(t->task->params);
    void *values = t->best ? t->best : rung__alloc(bytes);
    if (!values) return rung__out_of_memory(err, bytes, "the first values");
    memcpy(values, rung_params_values(t->task->params), bytes);
    t->time_limit = seconds;
    const rung_status status = rung__trainer_run(t, time_rank, err);
    undo(t, values);
    if (values != t->best) rung__free(values);
    return status;
}

/* The steps for so many samples. */
static int64_t steps_for(const rung_trainer *t, double samples)
{
    const double per_step = (double)(t->micro_batches * t->config.batch);
    return (int64_t)fmin(ceil(samples / per_step), MOST_STEPS);
}

/* More of them are not worth it. */
static int64_t enough_steps(const rung_trainer *t)
{
    const int64_t enough = t->task->enough_samples;
    return enough > 0 ? steps_for(t, (double)enough) : (int64_t)MOST_STEPS;
}

/* The steps that fit into `seconds`, if they are worth it, and how often to stop for an
 * evaluation if that is left open: as in other runs, or less often where they would take
 * too much of the time. */
static void fit_into(rung_trainer *t, double seconds)
{
    rung_train_config *c = &t->config;
    double step = t->step_seconds, stop = t->eval_seconds;
    if (c->save_every > 0)
        step += t->save_seconds / (double)c->save_every;
    else
        stop += t->save_seconds;
    double steps, n = STOPS;
    if (c->eval_every > 0) {
        steps = seconds / (step + stop / (double)c->eval_every);
    } else {
        if (n * stop > STOP_SHARE * seconds)
            n = fmax(1, floor(STOP_SHARE * seconds / stop));
        steps = (seconds - n * stop) / step;
    }
    c->steps = (int64_t)fmin(fmax(1, floor(steps)), (double)enough_steps(t));
    if (c->eval_every == 0) c->eval_every = (int64_t)ceil((double)c->steps / n);
}

/* Sample indices must not overflow. */
static rung_status check_steps(const rung_trainer *t, rung_error *err)
{
    const int64_t per_step = t->micro_batches * t->config.batch;
    if (t->config.steps < INT64_MAX / per_step) return RUNG_OK;
    return rung_fail(err, RUNG_USAGE, "%lld steps of %lld samples are too many",
                     (long long)t->config.steps, (long long)per_step);
}

rung_status rung__fix_length(rung_trainer *t, double spent, rung_error *err)
{
    rung_train_config *c = &t->config;
    if (c->steps == 0 && c->epochs == 0 && c->budget == 0) {
        if (t->task->enough_samples == 0)
            return rung_fail(err, RUNG_USAGE, "give one of steps, epochs and budget");
        c->steps = enough_steps(t);
    }
    if (c->epochs > 0)
        c->steps = steps_for(t, c->epochs * (double)t->task->samples_per_epoch);
    if (c->budget > 0) {
        const double start = rung__now_seconds();
        RUNG_TRY(
            rung__time_steps(t, fmin(TIMING_SHARE * c->budget, TIMING_SECONDS), err));
        spent += rung__now_seconds() - start;
        fit_into(t, c->budget - spent);
        rung_log(t->rt, RUNG_LOG_INFO, "%lld steps of %.3g s fit into %.4g s",
                 (long long)c->steps, t->step_seconds, c->budget);
    }
    c->epochs = c->budget = 0;
    if (c->eval_every == 0) c->eval_every = (c->steps - 1) / STOPS + 1;
    if (c->save_every == 0) c->save_every = c->eval_every;
    return check_steps(t, err);
}
