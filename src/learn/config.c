/* The options of a training. One set of defaults serves all rungs and data:
 *
 * AdamW with a cosine to a tenth of the rate is what the language models of this
 * family are trained with (Loshchilov, Hutter 2019; Brown et al. 2020, appendix B).
 * beta2 = 0.99 rather than 0.999, since runs of a few thousand steps are too short for
 * a memory of a thousand. Weight decay acts on matrices only. Clipping at 1 costs
 * nothing when it does not act, and recurrent rungs need it. The micro-batch is small:
 * on a few processors many steps are worth more than smooth ones. */
#include "learn/config.h"

#include <stdio.h>

#include "base/options.h"

/* "sgd|adagrad|adamw", from the list. */
#define X(name, text) "|" text
static const char optimizer_choices[] = RUNG_OPTIMIZER_LIST(X);
static const char schedule_choices[] = RUNG_SCHEDULE_LIST(X);
#undef X

#define AT(field) offsetof(rung_train_config, field)
#define OPEN 1e19 /* no upper end: beyond every 64-bit integer */

static const rung_option options[] = {
    {"steps", RUNG_OPTION_INT, AT(steps), NULL, 0, OPEN, NULL, "optimizer steps", NULL},
    {"epochs", RUNG_OPTION_REAL, AT(epochs), NULL, 0, OPEN, NULL,
     "passes over the training data", NULL},
    {"budget", RUNG_OPTION_SECONDS, AT(budget), NULL, 0, OPEN, NULL,
     "time for it: a few steps are timed, then their number is fixed", NULL},
    {"batch", RUNG_OPTION_INT, AT(batch), "16", 1, 1e6, NULL,
     "samples in a micro-batch of one rank", NULL},
    {"accumulate", RUNG_OPTION_INT, AT(accumulate), "1", 1, 1e5, NULL,
     "micro-batches of one rank in a step", NULL},
    {"ranks", RUNG_OPTION_INT, AT(ranks), "1", 1, 256, NULL,
     "threads of this process that each take micro-batches", NULL},
    {"optimizer", RUNG_OPTION_CHOICE, AT(optimizer), "adamw", 0, 0, optimizer_choices + 1,
     "how gradients become steps", NULL},
    {"lr", RUNG_OPTION_REAL, AT(lr), "1e-3", 0, OPEN, NULL,
     "learning rate at its highest", NULL},
    {"schedule", RUNG_OPTION_CHOICE, AT(schedule), "cosine", 0, 0, schedule_choices + 1,
     "how the learning rate falls", NULL},
    {"warmup", RUNG_OPTION_INT, AT(warmup), "-1", -1, OPEN, NULL,
     "steps of linear warm-up; -1: one in twenty", NULL},
    {"min-lr", RUNG_OPTION_REAL, AT(min_lr), "0.1", 0, 1, NULL,
     "end of linear and cosine, as a share of lr", NULL},
    {"clip", RUNG_OPTION_REAL, AT(clip), "1", 0, OPEN, NULL,
     "largest norm of the gradient; 0: any", NULL},
    {"momentum", RUNG_OPTION_REAL, AT(momentum), "0.9", 0, 0.99999, NULL, "of sgd", NULL},
    {"nesterov", RUNG_OPTION_FLAG, AT(nesterov), NULL, 0, 0, NULL,
     "look ahead along the momentum (sgd)", NULL},
    {"beta1", RUNG_OPTION_REAL, AT(beta1), "0.9", 0, 0.99999, NULL,
     "memory of the mean gradient (adamw)", NULL},
    {"beta2", RUNG_OPTION_REAL, AT(beta2), "0.99", 0, 0.99999, NULL,
     "memory of the mean square (adamw)", NULL},
    {"eps", RUNG_OPTION_REAL, AT(eps), "1e-8", 0, 1, NULL,
     "added to the root of the mean square (adamw, adagrad)", NULL},
    {"weight-decay", RUNG_OPTION_REAL, AT(weight_decay), "0.1", 0, OPEN, NULL,
     "of matrices; decoupled from the gradient in adamw", NULL},
    {"eval-every", RUNG_OPTION_INT, AT(eval_every), "0", 0, OPEN, NULL,
     "steps between evaluations; 0: twenty in a run", NULL},
    {"save-every", RUNG_OPTION_INT, AT(save_every), "0", 0, OPEN, NULL,
     "steps between checkpoints; 0: at every evaluation", NULL},
    {"patience", RUNG_OPTION_INT, AT(patience), "0", 0, OPEN, NULL,
     "evaluations without a better one before it stops; 0: any number", NULL},
    {"keep", RUNG_OPTION_INT, AT(keep), "2", 1, OPEN, NULL, "checkpoints to keep", NULL},
    {"seed", RUNG_OPTION_INT, AT(seed), "1", 0, OPEN, NULL,
     "of initial values, order of samples and dropout", NULL},
};

enum { N_OPTIONS = sizeof options / sizeof *options };

const rung_option *rung_train_options(size_t *count)
{
    *count = N_OPTIONS;
    return options;
}

/* Sets the option to the value it has, in a copy, and so learns what is wrong with it. */
static rung_status check_option(const rung_option_set *copy, size_t i, rung_error *err)
{
    const rung_option *o = &options[i];
    const void *field = rung__option_field(copy, i);
    size_t length;
    char number[16];
    switch (o->type) {
    case RUNG_OPTION_INT:
        return rung__option_set_int(copy, i, *(const int64_t *)field, o->name, err);
    case RUNG_OPTION_REAL:
    case RUNG_OPTION_SECONDS:
        return rung__option_set_real(copy, i, *(const double *)field, o->name, err);
    case RUNG_OPTION_CHOICE:
        if (rung__option_choice(o, *(const int *)field, &length)) return RUNG_OK;
        snprintf(number, sizeof number, "%d", *(const int *)field);
        return rung__option_fail(o, o->name, number, err);
    default:
        return RUNG_OK;
    }
}

rung_status rung__train_config_check(const rung_train_config *config, rung_error *err)
{
    rung_train_config copy = *config;
    const rung_option_set set = {NULL, options, N_OPTIONS, &copy, NULL};
    for (size_t i = 0; i < N_OPTIONS; i++) RUNG_TRY(check_option(&set, i, err));
    if ((config->steps > 0) + (config->epochs > 0) + (config->budget > 0) > 1)
        return rung_fail(err, RUNG_USAGE, "give one of steps, epochs and budget");
    return RUNG_OK;
}
