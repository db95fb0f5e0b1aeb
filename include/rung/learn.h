/* Learning: the trainer and what it is made of. It knows no model: it trains a rung_task.
 *
 * One optimizer step uses `ranks * accumulate` micro-batches of `batch` samples. The
 * global batch is ordered first and then cut, gradients are summed in a fixed binary tree
 * over the index of the micro-batch and divided once by the step's weight, so the bits
 * depend neither on threads, nor on how ranks and accumulation share the work. */
#ifndef RUNG_LEARN_H
#define RUNG_LEARN_H

#include "rung/graph.h"
#include "rung/ops.h"
#include "rung/options.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, text) */
#define RUNG_OPTIMIZER_LIST(X) X(SGD, "sgd") X(ADAGRAD, "adagrad") X(ADAMW, "adamw")
#define RUNG_SCHEDULE_LIST(X)                                                            \
    X(CONSTANT, "constant")                                                              \
    X(LINEAR, "linear")                                                                  \
    X(COSINE, "cosine")                                                                  \
    X(INVERSE_SQRT, "inverse_sqrt")                                                      \
    X(STEP, "step")

typedef enum rung_optimizer_kind {
#define X(name, text) RUNG_OPTIMIZER_##name,
    RUNG_OPTIMIZER_LIST(X)
#undef X
} rung_optimizer_kind;

typedef enum rung_schedule_kind {
#define X(name, text) RUNG_SCHEDULE_##name,
    RUNG_SCHEDULE_LIST(X)
#undef X
} rung_schedule_kind;

/* Every field is an option of the same name (rung_train_options). Zero means "not given"
 * for the three lengths, of which one is needed. */
typedef struct rung_train_config {
    int64_t steps; /* optimizer steps */
    double epochs; /* passes over the training data */
    double budget; /* seconds of training: a few steps are timed, then all are fixed */
    int64_t batch; /* samples in one micro-batch of one rank */
    int64_t accumulate; /* micro-batches of one rank in a step */
    int64_t ranks;      /* threads of this process that each take micro-batches */
    int optimizer;      /* rung_optimizer_kind */
    double lr;
    int schedule;    /* rung_schedule_kind */
    int64_t warmup;  /* steps of linear warm-up; -1: one in twenty */
    double min_lr;   /* the end of linear and cosine, as a share of lr */
    double clip;     /* global norm of the gradient; 0: off */
    double momentum; /* sgd */
    bool nesterov;   /* sgd */
    double beta1, beta2, eps, weight_decay;
    int64_t eval_every; /* steps; 0: twenty times in a run */
    int64_t save_every; /* steps; 0: at every evaluation */
    int64_t patience;   /* evaluations without a better one before it stops; 0: never */
    int64_t keep;       /* checkpoints kept */
    int64_t seed;
} rung_train_config;

/* The table of the above, for command lines and files. */
RUNG_API const rung_option *rung_train_options(size_t *count);

/* The learning rate of step `step` (from 0) of `steps`, by kind, warm-up and min_lr.
 * Pure. */
RUNG_API double rung_schedule_lr(const rung_train_config *config, int64_t step,
                                 int64_t steps);

/* ---- What is trained ---- */

/* One micro-batch's graph of a task: built by `build`, fed by `feed`. */
typedef struct rung_step_graph {
    rung_graph *graph;
    rung_loss loss;
    rung_tensor *inputs[4]; /* the task's own, set in feed */
} rung_step_graph;

typedef struct rung_task rung_task;

typedef struct rung_task_ops {
    /* Builds forward and loss for `batch` samples into step->graph and fills loss and
     * inputs. Called once for training (the trainer appends the gradient) and once for
     * evaluation. */
    void (*build)(rung_task *task, rung_step_graph *step, int64_t batch, bool training);

    /* Sets the inputs for training samples first ... first + batch - 1 of the endless,
     * seeded order of samples (sample s is the same at any batch, accumulation and
     * ranks). `buffer` has buffer_bytes(batch) bytes of the caller's, valid until the
     * next feed on the same graph. Called by several ranks at once: reads only. */
    void (*feed)(const rung_task *task, const rung_step_graph *step, int64_t first,
                 int64_t batch, uint64_t seed, void *buffer);

    /* Likewise for evaluation: chunk i of n_eval chunks of the valid data. */
    void (*feed_eval)(const rung_task *task, const rung_step_graph *step, int64_t chunk,
                      int64_t batch, void *buffer);
    size_t (*buffer_bytes)(const rung_task *task, int64_t batch);

    /* Whether the carried states begin anew (zero) before the step whose first sample is
     * `first`. (optional: only at the first step) */
    bool (*resets_states)(const rung_task *task, int64_t first);

    /* Where training samples come from, for the message of a divergence: "lines 120-164
     * of f". */
    void (*locate)(const rung_task *task, int64_t first, int64_t n, uint64_t seed,
                   char *out, size_t size); /* (optional) */
} rung_task_ops;

struct rung_task {
    const rung_task_ops *ops;
    rung_params *params; /* trained in place; borrowed */
    rung_params *states; /* carried from step to step, a row for each lane, or NULL */
    int64_t samples_per_epoch; /* optimizer samples that make one pass */
    int64_t units_per_sample;  /* tokens, for rates */
    const char *unit;          /* "tok" */
    int64_t eval_batch;        /* samples of one evaluation chunk */
    int64_t n_eval;            /* chunks of the valid data; 0: none */
};

/* ---- The trainer ---- */

typedef struct rung_train_report {
    int64_t step, steps;
    double loss; /* mean training loss since the last report, nats a unit of weight */
    double valid_loss; /* nats; NaN when this report is not of an evaluation */
    double lr, grad_norm;
    double units_per_second, elapsed_seconds, eta_seconds;
    bool best; /* this evaluation is the best so far */
} rung_train_report;

typedef struct rung_train_hooks {
    /* After each step; NULL: none. */
    void (*report)(void *self, const rung_train_report *report);
    bool (*should_stop)(void *self); /* asked after each step; NULL: never (a signal) */
    void *self;
} rung_train_hooks;

typedef enum rung_train_end {
    RUNG_TRAIN_DONE,       /* all steps */
    RUNG_TRAIN_EARLY_STOP, /* patience ran out */
    RUNG_TRAIN_INTERRUPTED /* should_stop; saved, can be resumed */
} rung_train_end;

typedef struct rung_train_result {
    rung_train_end end;
    int64_t steps, planned_steps, best_step;
    double train_loss, valid_loss; /* valid_loss of the best step; nats */
    double first_valid_loss;
    double seconds; /* of training, evaluation excluded; resumed parts included */
    double units_per_second;
    int rollbacks;
    bool converged; /* the last quarter of the run improved the valid loss by < 0.5 % */
} rung_train_result;

/* Trains task->params; they end as the best evaluated ones. `dir` (may be NULL: no
 * checkpoints) holds checkpoints/ and metrics.jsonl. `resume`: goes on from the latest
 * checkpoint there, to the same bits as an uninterrupted run; steps and schedule are
 * those recorded. A loss that is not finite goes back to the last good state once with
 * half the rate, then fails with RUNG_DIVERGED. */
RUNG_API rung_status rung_train(rung_runtime *rt, rung_task *task,
                                const rung_train_config *config, const char *dir,
                                bool resume, const rung_train_hooks *hooks,
                                rung_train_result *result, rung_error *err);

/* Mean loss of the valid data, nats a unit of weight; *weight (may be NULL) gets the
 * total. */
RUNG_API rung_status rung_evaluate(rung_runtime *rt, rung_task *task, double *loss,
                                   double *weight, rung_error *err);

/* What training would need, before it starts. */
typedef struct rung_train_plan {
    size_t params_bytes, grads_bytes, moments_bytes, block_bytes, data_bytes, eval_bytes;
    size_t peak_bytes; /* resident, with the process itself */
    double flops_per_step;
    double seconds_per_step; /* timed on one step */
    int64_t steps;
    double seconds;
} rung_train_plan;

/* Measures memory and time of the training that `config` asks for, without doing it. */
RUNG_API rung_status rung_plan(rung_runtime *rt, rung_task *task,
                               const rung_train_config *config, rung_train_plan *plan,
                               rung_error *err);

#ifdef __cplusplus
}
#endif
#endif
