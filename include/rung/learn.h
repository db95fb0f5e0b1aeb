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
 * for the three lengths, of which one is needed unless the task knows how much is
 * enough. */
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
    int64_t bucket;         /* set before build: which of the task's n_buckets */
} rung_step_graph;

typedef struct rung_task rung_task;

typedef struct rung_task_ops {
    /* Builds forward and loss for `batch` samples into step->graph and fills loss and
     * inputs. Called once for training on each rank (the trainer appends the gradient)
     * and once for evaluation, by one thread; for each bucket in turn. */
    void (*build)(rung_task *task, rung_step_graph *step, int64_t batch, bool training);

    /* Sets the inputs for training samples first ... first + batch - 1 of the endless,
     * seeded order of samples (sample s is the same at any batch, accumulation and
     * ranks). `buffer` has buffer_bytes(batch) bytes of the caller's, valid until the
     * next feed on the same graph. Called by several ranks at once: reads only. */
    void (*feed)(const rung_task *task, const rung_step_graph *step, int64_t first,
                 int64_t batch, uint64_t seed, void *buffer);

    /* Likewise for evaluation: chunk i of n_eval chunks of the valid data, in this
     * order. (optional: without valid data) */
    void (*feed_eval)(const rung_task *task, const rung_step_graph *step, int64_t chunk,
                      int64_t batch, void *buffer);
    size_t (*buffer_bytes)(const rung_task *task, int64_t batch);

    /* The bucket whose graph takes a micro-batch, or an evaluation chunk, by the lengths
     * of its samples. (optional, both or none: there is one) */
    int64_t (*bucket)(const rung_task *task, int64_t first, int64_t batch, uint64_t seed);
    int64_t (*bucket_eval)(const rung_task *task, int64_t chunk, int64_t batch);

    /* Whether the states of the micro-batch that begins with sample `first` are zero
     * before it, rather than what its predecessor left: a new pass begins. They are zero
     * before the first step, and before the first chunk of an evaluation. (optional:
     * never) */
    bool (*resets_states)(const rung_task *task, int64_t first);

    /* Where training samples come from, for the message of a divergence: "lines 120-164
     * of f". */
    void (*locate)(const rung_task *task, int64_t first, int64_t n, uint64_t seed,
                   char *out, size_t size); /* (optional) */
} rung_task_ops;

/* Graphs of one task, at most: samples of different lengths. */
#define RUNG_MAX_BUCKETS 8

struct rung_task {
    const rung_task_ops *ops;
    int64_t n_buckets;   /* 0 or 1: all samples have one size */
    rung_params *params; /* trained in place; borrowed */
    /* Carried from step to step, a row for each lane of a micro-batch, or NULL. Each
     * micro-batch of a global batch has its own: lane l of micro-batch m reads on where
     * that lane of that micro-batch ended in the step before. */
    rung_params *states;
    int64_t samples_per_epoch; /* optimizer samples that make one pass */
    int64_t enough_samples;    /* training on more is not worth it; 0: any number is */
    int64_t units_per_sample;  /* tokens, for rates */
    const char *unit;          /* "tok" */
    int64_t eval_batch;        /* samples of one evaluation chunk */
    int64_t n_eval;            /* chunks of the valid data; 0: none */
};

/* ---- The trainer ---- */

typedef struct rung_train_report {
    int64_t step, steps; /* steps done (0: before the first), and planned */
    double loss;         /* mean of this step, nats a unit of weight; NaN before one */
    double valid_loss;   /* nats; NaN when this report is not of an evaluation */
    double lr;
    double grad_norm;        /* of the mean gradient, before clipping */
    const char *unit;        /* "tok", "texts" */
    double units_per_second; /* of late */
    double elapsed_seconds;  /* of training, evaluation excluded */
    double eta_seconds;
    bool best; /* this evaluation is the best so far */
} rung_train_report;

typedef struct rung_train_hooks {
    /* After the first evaluation and after each step, on the caller's thread; NULL:
     * none. */
    void (*report)(void *self, const rung_train_report *report);
    /* Asked after each step (a signal came); NULL: never. */
    bool (*should_stop)(void *self);
    void *self;
} rung_train_hooks;

typedef enum rung_train_end {
    RUNG_TRAIN_DONE,       /* all steps */
    RUNG_TRAIN_EARLY_STOP, /* patience ran out */
    RUNG_TRAIN_INTERRUPTED /* should_stop; saved, can be resumed */
} rung_train_end;

typedef struct rung_train_result {
    rung_train_end end;
    int64_t steps, best_step;
    rung_train_config config; /* as it was done, with all lengths fixed; given again: the
                                 same run */
    double train_loss;        /* mean since the last evaluation but one */
    double valid_loss;        /* of the best step; NaN without valid data */
    double first_valid_loss;  /* before the first step */
    double seconds; /* of training, evaluation excluded; resumed parts included */
    double units_per_second;
    int rollbacks;
    bool converged; /* after a whole epoch, the last quarter of the run improved the valid
                       loss by < 0.5 %; or patience ran out; or it was as long as is
                       worth it (enough_samples) */
} rung_train_result;

/* Trains task->params; they end as the best evaluated ones, or the last ones without
 * valid data, also after an interruption or a divergence.
 *
 * `dir` holds checkpoints/ (model, best model, moments, states, trainer.json) and
 * metrics.jsonl; one that holds checkpoints already is refused unless `resume`. NULL: no
 * checkpoints; a copy in memory of all that they would hold serves for going back.
 * `resume`: goes on from the latest checkpoint there, or begins if there is none, to the
 * same bits as an uninterrupted run. Its configuration is the recorded one; only keep,
 * ranks and accumulate may change, the last two as long as their product stays.
 *
 * A loss or gradient that is not finite goes back once to what was saved last, with half
 * the rate; the second one fails with RUNG_DIVERGED and names step, layer and samples. */
RUNG_API rung_status rung_train(rung_runtime *rt, rung_task *task,
                                const rung_train_config *config, const char *dir,
                                bool resume, const rung_train_hooks *hooks,
                                rung_train_result *result, rung_error *err);

/* Mean loss of the valid data, nats a unit of weight; *weight (may be NULL) gets the
 * total. */
RUNG_API rung_status rung_evaluate(rung_runtime *rt, rung_task *task, double *loss,
                                   double *weight, rung_error *err);

/* What training would need. peak_bytes = data_bytes + grads + moments + block + eval, and
 * what is small. */
typedef struct rung_train_plan {
    size_t data_bytes;    /* resident already: program, data and parameters */
    size_t params_bytes;  /* of these, the values of the parameters */
    size_t grads_bytes;   /* gradients and partial sums of all ranks */
    size_t moments_bytes; /* of the optimizer */
    size_t block_bytes;   /* intermediates, samples and states of all ranks */
    size_t eval_bytes; /* the best values, and what evaluation needs beside the block */
    size_t peak_bytes; /* resident at most, in training with a folder */
    double flops_per_step;
    double seconds_per_step; /* timed; NaN when the memory at hand is too small to try */
    int64_t steps;           /* 0: a budget, which could not be timed */
    double seconds;          /* of training, evaluation included; NaN likewise */
} rung_train_plan;

/* Says what the training that `config` asks for would need; nothing is changed. A few
 * steps are really done, with rate zero, if there is memory for them. */
RUNG_API rung_status rung_plan(rung_runtime *rt, rung_task *task,
                               const rung_train_config *config, rung_train_plan *plan,
                               rung_error *err);

#ifdef __cplusplus
}
#endif
#endif
