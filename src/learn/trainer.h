/* Inside of the trainer.
 *
 *     setup.c      graphs, buffers and threads of every rank: all that a run allocates
 *     step.c       one optimizer step, as each rank does it
 *     evaluate.c   the mean loss of held-out data
 *     budget.c     how many steps: from steps, epochs or seconds
 *     resume.c     the state of a run, to a checkpoint or to memory and back
 *     trainer.c    rung_train: the loop, and what rank 0 decides after each step
 *     plan.c       rung_plan
 *
 * Ranks are threads that run the same program. They share the parameters, the moments and
 * the rung_trainer; graphs, blocks, gradients and states are each one's own
 * (rung_worker). Rank 0 is the caller's thread; only it writes to the rung_trainer, while
 * the others wait for its verdict. */
#ifndef RUNG_LEARN_TRAINER_H
#define RUNG_LEARN_TRAINER_H

#include <pthread.h>

#include "learn/optimizer.h"
#include "learn/report.h"
#include "learn/sumtree.h"
#include "rung/learn.h"

/* What changes as a run goes on, beside tensors: a plain struct with a table of options,
 * from which trainer.json comes. */
typedef struct rung_standing {
    int64_t schema;  /* of trainer.json */
    int64_t step;    /* steps done */
    double lr_scale; /* 1, or less after a rollback */
    int64_t rollbacks;
    int64_t best_step; /* -1: nothing was evaluated */
    double best_loss;
    int64_t bad_evals;           /* evaluations since the best one */
    double first_loss;           /* of the first evaluation */
    double early_best;           /* the best loss of the first three quarters */
    double loss_sum, weight_sum; /* of the training data since the last evaluation */
    double train_loss;           /* mean of the last such stretch */
    double seconds;              /* of training steps, in all parts of the run */
} rung_standing;

#define RUNG_TRAINER_SCHEMA 1

/* What a micro-batch, or a step, came to: the sums of loss and weight. */
typedef struct rung_loss_sum {
    double loss, weight;
} rung_loss_sum;

/* What a step came to; the same on every rank. */
typedef struct rung_step_result {
    rung_loss_sum sum;
    double grad_norm; /* of the mean gradient, before clipping */
    bool is_finite;   /* else no parameter was changed */
} rung_step_result;

/* What rank 0 tells the others after a step. */
typedef struct rung_verdict {
    bool go_on;
    int64_t step; /* the next one */
    double lr;    /* its rate */
} rung_verdict;

typedef struct rung_trainer rung_trainer;
typedef struct rung_worker rung_worker;

/* What all ranks run together. */
typedef rung_status (*rung_worker_fn)(rung_worker *w, rung_error *err);

/* A rank. */
struct rung_worker {
    rung_trainer *trainer; /* borrowed */
    rung_rank rank;
    rung_runtime *rt; /* its own threads, owned; the caller's when it is the only rank */
    rung_step_graph train[RUNG_MAX_BUCKETS]; /* a graph for each bucket */
    void *block; /* of the graphs, owned; rank 0 evaluates in it too */
    size_t block_bytes;
    bool
        holds_grads; /* the graphs do, in their block: there is one partial sum at most */
    void *buffer;    /* for feeding, owned */
    rung_sumtree sums;
    void *states;    /* [accumulate] copies of the states' values, owned; NULL: none */
    double *squares; /* scratch of rung_grad_norm, owned */
    rung_loss_sum
        *losses; /* [accumulate] of its own, then [micro_batches] of all, owned */
    pthread_t thread;
    rung_worker_fn fn;
    rung_status status; /* of fn */
    rung_error error;
};

/* A graph that evaluates, and what it needs. */
typedef struct rung_evaluator {
    rung_task *task; /* borrowed */
    rung_step_graph steps[RUNG_MAX_BUCKETS];
    size_t block_bytes; /* that the graphs need */
    void *buffer;       /* for feeding, owned */
    void *states;       /* owned; NULL: none */
} rung_evaluator;

struct rung_trainer {
    rung_runtime *rt;              /* borrowed */
    rung_task *task;               /* borrowed */
    const char *dir;               /* borrowed; NULL: no checkpoints */
    const rung_train_hooks *hooks; /* borrowed; never NULL */

    /* As asked for; once the length is fixed (rung__fix_length), steps, eval_every and
     * save_every hold what is done, and epochs and budget are 0. */
    rung_train_config config;
    int64_t micro_batches; /* ranks * accumulate */
    rung_standing now;

    rung_chunks chunks;
    rung_optimizer *optimizer;
    rung_evaluator eval;      /* without graphs: no valid data */
    void *best;               /* values of the best evaluation, owned; NULL: none kept */
    void *saved;              /* the last saved state, owned; NULL: it is a checkpoint */
    rung_standing saved_now;  /* that goes with it */
    rung_thread_group *group; /* NULL: one rank */
    rung_worker *workers;     /* [config.ranks], owned */

    bool is_interrupted;
    double valid_loss;   /* of the last evaluation */
    double step_seconds; /* of late */
    double eval_seconds; /* of the last evaluation */
    double save_seconds; /* of the last saving */
    double time_limit;   /* while steps are timed: seconds */
    rung_report_log log;
};

/* ---- setup.c ---- */

/* The length may be open yet. Release also after a failure. */
rung_status rung__trainer_init(rung_trainer *t, rung_runtime *rt, rung_task *task,
                               const rung_train_config *config, const char *dir,
                               const rung_train_hooks *hooks, rung_error *err);
void rung__trainer_release(rung_trainer *t);

/* Builds and compiles the task's graphs, one for each bucket; *block_bytes grows to what
 * they need. For training with *holds_grads the graphs hold the gradients, unless one
 * cannot (then it becomes false). To be freed also after a failure. */
rung_status rung__step_graphs_new(rung_step_graph *steps, rung_runtime *rt,
                                  rung_task *task, int64_t batch, bool training,
                                  bool *holds_grads, size_t *block_bytes,
                                  rung_error *err);
void rung__step_graphs_free(rung_step_graph *steps);

/* Runs fn on all ranks, each on its thread; the first failure ends all. */
rung_status rung__trainer_run(rung_trainer *t, rung_worker_fn fn, rung_error *err);

/* ---- step.c ---- */

/* Step `step` with rate lr; collective. */
rung_status rung__worker_step(rung_worker *w, int64_t step, double lr,
                              rung_step_result *result, rung_error *err);
/* Operations that step `step` takes on rank 0: samples of a task have different sizes. */
double rung__step_flops(const rung_trainer *t, int64_t step);
/* The states before micro-batch m of the global batch. */
void *rung__trainer_states(const rung_trainer *t, int64_t m);
/* Bytes of values, and of one copy of the states. */
size_t rung__set_bytes(const rung_params *set);
/* Fails with RUNG_DIVERGED: step, the first layer whose values are not finite, and the
 * samples. `what` was not finite: "the loss is nan". */
rung_status rung__diverged(rung_trainer *t, int64_t step, double lr, const char *what,
                           rung_error *err);

/* ---- evaluate.c ---- */
rung_status rung__evaluator_init(rung_evaluator *e, rung_runtime *rt, rung_task *task,
                                 rung_error *err);
void rung__evaluator_release(rung_evaluator *e);
/* Evaluates the first chunks in `block`, which has the bytes that the graph asks for. */
rung_status rung__evaluator_run(rung_evaluator *e, void *block, int64_t n_chunks,
                                rung_loss_sum *sum, rung_error *err);

/* ---- budget.c ---- */

/* Fixes config.steps, eval_every and save_every. With a budget, a few steps are done and
 * timed; the parameters, moments and states are then as before. `spent`: seconds of the
 * budget used up. */
rung_status rung__fix_length(rung_trainer *t, double spent, rung_error *err);
/* Sets step_seconds from at least two steps, and as many more as begin within `seconds`;
 * likewise. */
rung_status rung__time_steps(rung_trainer *t, double seconds, rung_error *err);

/* ---- resume.c ---- */

/* Saves the state of the run: a checkpoint if there is a folder, else in memory. */
rung_status rung__save(rung_trainer *t, rung_error *err);
/* Back to what was saved last. */
rung_status rung__restore(rung_trainer *t, rung_error *err);
/* Bytes that a state in memory takes. */
size_t rung__state_bytes(const rung_trainer *t);
/* Takes over the configuration with which the run in the folder was begun. *found: there
 * is one. */
rung_status rung__recall_config(rung_runtime *rt, const char *dir,
                                rung_train_config *config, bool *found, rung_error *err);

#endif
