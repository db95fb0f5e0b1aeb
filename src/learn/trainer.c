/* rung_train: the loop, and what rank 0 decides after each step. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/files.h"
#include "learn/checkpoint.h"
#include "learn/config.h"
#include "learn/trainer.h"

#define ROLLBACK_LR_SCALE 0.5
#define CONVERGED_GAIN 0.005 /* of the loss, in the last quarter */
#define RATE_MEMORY 0.9      /* share of the past in the moving mean of a step's time */

/* ---- Where the run stands ---- */

static bool is_done(const rung_trainer *t)
{
    return t->now.step >= t->config.steps;
}

static bool is_out_of_patience(const rung_trainer *t)
{
    return t->config.patience > 0 && t->now.bad_evals >= t->config.patience;
}

static bool has_ended(const rung_trainer *t)
{
    return is_done(t) || is_out_of_patience(t) || t->is_interrupted;
}

static rung_train_end end_of(const rung_trainer *t)
{
    if (is_done(t)) return RUNG_TRAIN_DONE;
    return is_out_of_patience(t) ? RUNG_TRAIN_EARLY_STOP : RUNG_TRAIN_INTERRUPTED;
}

static double rate_of(const rung_trainer *t, int64_t step)
{
    return t->now.lr_scale * rung_schedule_lr(&t->config, step, t->config.steps);
}

/* Units of one step. */
static double step_units(const rung_trainer *t)
{
    return (double)(t->micro_batches * t->config.batch * t->task->units_per_sample);
}

/* Whether all of the data was seen, and the last quarter of the run brought little or the
 * run was as long as it is worth. */
static bool has_converged(const rung_trainer *t)
{
    const int64_t samples = t->now.step * t->micro_batches * t->config.batch;
    if (t->now.best_step < 0 || !has_ended(t)) return false;
    if (end_of(t) == RUNG_TRAIN_EARLY_STOP) return true;
    if (!is_done(t) || samples < t->task->samples_per_epoch) return false;
    if (t->task->enough_samples > 0 && samples >= t->task->enough_samples) return true;
    return t->now.early_best - t->now.best_loss <
           CONVERGED_GAIN * fabs(t->now.early_best);
}

/* ---- Evaluation and reports ---- */

/* Sets valid_loss, and keeps the values if they are the best ones. */
static rung_status evaluate(rung_trainer *t, rung_error *err)
{
    rung_standing *now = &t->now;
    rung_loss_sum sum;
    const double start = rung__now_seconds();
    RUNG_TRY(
        rung__evaluator_run(&t->eval, t->workers[0].block, t->task->n_eval, &sum, err));
    t->eval_seconds = rung__now_seconds() - start;
    if (!(sum.weight > 0))
        return rung_fail(err, RUNG_INPUT, "nothing in the valid data counts");
    t->valid_loss = sum.loss / sum.weight;
    if (!isfinite(t->valid_loss)) return RUNG_OK;
    if (now->best_step < 0) now->first_loss = t->valid_loss;
    if (now->best_step < 0 || t->valid_loss < now->best_loss) {
        now->best_loss = t->valid_loss;
        now->best_step = now->step;
        now->bad_evals = 0;
        memcpy(t->best, rung_params_values(t->task->params),
               rung__set_bytes(t->task->params));
    } else {
        now->bad_evals++;
    }
    const bool is_early = (double)now->step <= 0.75 * (double)t->config.steps;
    if (is_early) now->early_best = now->best_loss;
    return RUNG_OK;
}

static double seconds_left(const rung_trainer *t)
{
    const int64_t steps = t->config.steps - t->now.step;
    const double evals = ceil((double)steps / (double)t->config.eval_every);
    const double saves = ceil((double)steps / (double)t->config.save_every);
    return (double)steps * t->step_seconds + evals * t->eval_seconds +
           saves * t->save_seconds;
}

static rung_status report(rung_trainer *t, double loss, double lr, double grad_norm,
                          rung_error *err)
{
    const rung_train_report r = {
        .step = t->now.step,
        .steps = t->config.steps,
        .loss = loss,
        .valid_loss = t->valid_loss,
        .lr = lr,
        .grad_norm = grad_norm,
        .unit = t->task->unit,
        .units_per_second = t->step_seconds > 0 ? step_units(t) / t->step_seconds : 0,
        .elapsed_seconds = t->now.seconds,
        .eta_seconds = seconds_left(t),
        .best = isfinite(t->valid_loss) && t->now.best_step == t->now.step};
    RUNG_TRY(rung__report_log_add(&t->log, &r, err));
    if (t->hooks->report) t->hooks->report(t->hooks->self, &r);
    return RUNG_OK;
}

/* ---- After a step ---- */

/* Once: from step number `from` (1 is the first) back to what was saved last, with a
 * smaller rate. */
static rung_status go_back(rung_trainer *t, int64_t from, const char *what,
                           rung_error *err)
{
    if (t->now.rollbacks > 0)
        return rung__diverged(t, from - 1, rate_of(t, from - 1), what, err);
    RUNG_TRY(rung__restore(t, err));
    t->now.rollbacks++;
    t->now.lr_scale *= ROLLBACK_LR_SCALE;
    rung_log(t->rt, RUNG_LOG_WARN,
             "step %lld: %s: back to step %lld, with %.2g of the rate", (long long)from,
             what, (long long)t->now.step, t->now.lr_scale);
    return rung__report_log_go_back(&t->log, t->now.step, from, t->now.lr_scale, err);
}

static void count_step(rung_trainer *t, const rung_step_result *r, double seconds)
{
    t->now.step++;
    t->now.loss_sum += r->sum.loss;
    t->now.weight_sum += r->sum.weight;
    t->now.seconds += seconds;
    t->step_seconds = t->step_seconds > 0
                          ? RATE_MEMORY * t->step_seconds + (1 - RATE_MEMORY) * seconds
                          : seconds;
}

/* At the end of a stretch between two evaluations, whether there is valid data or not. */
static rung_status end_stretch(rung_trainer *t, rung_error *err)
{
    rung_standing *now = &t->now;
    now->train_loss = now->weight_sum > 0 ? now->loss_sum / now->weight_sum : 0;
    now->loss_sum = now->weight_sum = 0;
    return t->task->n_eval > 0 ? evaluate(t, err) : RUNG_OK;
}

static rung_status after_step(rung_trainer *t, const rung_verdict *step,
                              const rung_step_result *r, double seconds, rung_error *err)
{
    char what[60];
    if (!r->is_finite) {
        const bool is_loss = !isfinite(r->sum.loss);
        snprintf(what, sizeof what, "the %s is %g", is_loss ? "loss" : "gradient's norm",
                 is_loss ? r->sum.loss : r->grad_norm);
        return go_back(t, step->step + 1, what, err);
    }
    const rung_train_config *c = &t->config;
    count_step(t, r, seconds);
    t->valid_loss = NAN;
    if (is_done(t) || t->now.step % c->eval_every == 0) {
        RUNG_TRY(end_stretch(t, err));
        if (t->task->n_eval > 0 && !isfinite(t->valid_loss)) {
            snprintf(what, sizeof what, "the valid loss is %g", t->valid_loss);
            return go_back(t, step->step + 1, what, err);
        }
    }
    const double loss = r->sum.weight > 0 ? r->sum.loss / r->sum.weight : 0;
    RUNG_TRY(report(t, loss, step->lr, r->grad_norm, err));
    if (t->hooks->should_stop) t->is_interrupted = t->hooks->should_stop(t->hooks->self);
    if (has_ended(t) || t->now.step % c->save_every == 0) return rung__save(t, err);
    return RUNG_OK;
}

static rung_verdict next_step(const rung_trainer *t)
{
    return (rung_verdict){!has_ended(t), t->now.step, rate_of(t, t->now.step)};
}

/* The loop, on every rank. */
static rung_status train_rank(rung_worker *w, rung_error *err)
{
    rung_trainer *t = w->trainer;
    const rung_comm *comm = w->rank.comm;
    const bool leads = comm->rank == 0;
    rung_verdict step = {0};
    if (leads) step = next_step(t);
    RUNG_TRY(rung_comm_broadcast(comm, &step, sizeof step, err));
    while (step.go_on) {
        rung_step_result result;
        const double start = rung__now_seconds();
        RUNG_TRY(rung__worker_step(w, step.step, step.lr, &result, err));
        if (leads) {
            RUNG_TRY(after_step(t, &step, &result, rung__now_seconds() - start, err));
            step = next_step(t);
        }
        RUNG_TRY(rung_comm_broadcast(comm, &step, sizeof step, err));
    }
    return RUNG_OK;
}

/* ---- Beginning and end ---- */

/* Evaluates, fixes the length and saves: the state before the first step. With a budget
 * it is saved twice, since it must be known beforehand what that costs. */
static rung_status begin(rung_trainer *t, rung_error *err)
{
    const double start = rung__now_seconds();
    if (t->task->n_eval > 0) {
        RUNG_TRY(evaluate(t, err));
        if (!isfinite(t->valid_loss))
            return rung_fail(err, RUNG_DIVERGED,
                             "the valid loss is %g before the first step", t->valid_loss);
    }
    if (t->config.budget > 0) RUNG_TRY(rung__save(t, err));
    RUNG_TRY(rung__fix_length(t, rung__now_seconds() - start, err));
    RUNG_TRY(rung__report_log_open(&t->log, t->dir, -1, err));
    if (t->task->n_eval > 0) RUNG_TRY(report(t, NAN, rate_of(t, 0), NAN, err));
    return rung__save(t, err);
}

static rung_status go_on(rung_trainer *t, rung_error *err)
{
    RUNG_TRY(rung__restore(t, err));
    return rung__report_log_open(&t->log, t->dir, t->now.step, err);
}

static void fill_result(const rung_trainer *t, rung_train_result *result)
{
    const rung_standing *now = &t->now;
    const bool is_evaluated = now->best_step >= 0;
    *result = (rung_train_result){
        .end = end_of(t),
        .steps = now->step,
        .config = t->config,
        .best_step = is_evaluated ? now->best_step : now->step,
        .train_loss = now->train_loss,
        .valid_loss = is_evaluated ? now->best_loss : NAN,
        .first_valid_loss = is_evaluated ? now->first_loss : NAN,
        .seconds = now->seconds,
        .units_per_second =
            now->seconds > 0 ? (double)now->step * step_units(t) / now->seconds : 0,
        .rollbacks = (int)now->rollbacks,
        .converged = has_converged(t)};
}

/* The folder of a new run holds no other's checkpoints. */
static rung_status check_new(const char *dir, rung_error *err)
{
    int64_t step;
    char *path;
    RUNG_TRY(rung_checkpoint_latest(dir, &step, &path, err));
    rung__free(path);
    if (!path) return RUNG_OK;
    return rung_fail(err, RUNG_USAGE,
                     "'%s' holds a run, saved at step %lld: resume it, or remove its "
                     "checkpoints",
                     dir, (long long)step);
}

rung_status rung_train(rung_runtime *rt, rung_task *task, const rung_train_config *config,
                       const char *dir, bool resume, const rung_train_hooks *hooks,
                       rung_train_result *result, rung_error *err)
{
    rung_train_config own = *config;
    bool found = false;
    if (dir && resume) RUNG_TRY(rung__recall_config(rt, dir, &own, &found, err));
    if (dir && !resume) RUNG_TRY(check_new(dir, err));
    RUNG_TRY(rung__train_config_check(&own, err));

    // Neither what reading the data has left in the heap, nor what training leaves, is to
    // lie beside the memory of what comes next.
    rung__alloc_trim();
    rung_trainer t;
    rung_status status = rung__trainer_init(&t, rt, task, &own, dir, hooks, err);
    if (status == RUNG_OK && dir) status = rung_make_dirs(dir, err);
    if (status == RUNG_OK) status = found ? go_on(&t, err) : begin(&t, err);
    if (status == RUNG_OK) status = rung__trainer_run(&t, train_rank, err);
    if (t.now.best_step >= 0 && (status == RUNG_OK || status == RUNG_DIVERGED))
        memcpy(rung_params_values(task->params), t.best, rung__set_bytes(task->params));
    if (status == RUNG_OK) fill_result(&t, result);
    rung__trainer_release(&t);
    rung__alloc_trim();
    return status;
}
