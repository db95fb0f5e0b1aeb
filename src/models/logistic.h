/* Logistic regression as rungs offer it: its options, and from rows and options to
 * weights. */
#ifndef RUNG_MODELS_LOGISTIC_H
#define RUNG_MODELS_LOGISTIC_H

#include "learn/calibrate.h"
#include "learn/logistic_fit.h"
#include "rung/formats.h"
#include "rung/labelled.h"
#include "rung/options.h"
#include "rung/runtime.h"

/* Fields of options. */
typedef struct rung__logistic_config {
    int solver;     /* rung_solver */
    int64_t passes; /* of sgd */
    double l1, l2;  /* NaN: to be chosen, or for l2 beside an l1, 0 */
    int64_t folds;  /* >= 2: l1 or l2 is chosen by parts of train, not on valid */
    int classes;    /* rung_logistic_kind: softmax or one-vs-rest */
    bool bias;      /* false: there is none */
    const char *class_weight; /* "balanced", "LABEL=W,..."; NULL: ones; borrowed */
    int calibrate;            /* rung_calibration */
} rung__logistic_config;

/* The options, for a config that lies at `at` in the class's own. */
#define RUNG__LOGISTIC_OPTION(at, name, type, field, usual, least, most, choices, help)  \
    {                                                                                    \
        name, type, (at) + offsetof(rung__logistic_config, field), usual, least, most,   \
            choices, help, NULL                                                          \
    }
#define RUNG__LOGISTIC_OPTIONS(at)                                                       \
    RUNG__LOGISTIC_OPTION(at, "solver", RUNG_OPTION_CHOICE, solver, "auto", 0, 0,        \
                          "auto|newton|lbfgs|sgd", "how the weights are found"),         \
        RUNG__LOGISTIC_OPTION(at, "passes", RUNG_OPTION_INT, passes, "8", 1, 1e6, NULL,  \
                              "over the examples, at most (sgd)"),                       \
        RUNG__LOGISTIC_OPTION(                                                           \
            at, "l2", RUNG_OPTION_REAL, l2, "auto", 0, 1e9, "auto",                      \
            "weight L of L/2 sum of w^2 beside the sum of losses; auto: "                \
            "the best of a few, or 0 if there is an l1"),                                \
        RUNG__LOGISTIC_OPTION(at, "l1", RUNG_OPTION_REAL, l1, "0", 0, 1e9, "auto",       \
                              "weight L of L sum of |w|: many weights become 0"),        \
        RUNG__LOGISTIC_OPTION(                                                           \
            at, "folds", RUNG_OPTION_INT, folds, "0", 0, 1000, NULL,                     \
            "parts of train that choose l1 or l2 in turn; 0: valid does"),               \
        RUNG__LOGISTIC_OPTION(                                                           \
            at, "classes", RUNG_OPTION_CHOICE, classes, "softmax", 0, 0, "softmax|ovr",  \
            "labels share one probability, or each stands against the "                  \
            "rest"),                                                                     \
        RUNG__LOGISTIC_OPTION(at, "bias", RUNG_OPTION_FLAG, bias, "true", 0, 0, NULL,    \
                              "scores have a constant, which is not penalised"),         \
        RUNG__LOGISTIC_OPTION(                                                           \
            at, "class-weight", RUNG_OPTION_TEXT, class_weight, NULL, 0, 0, NULL,        \
            "balanced, or LABEL=W,LABEL=W: how much an example counts"),                 \
        RUNG__LOGISTIC_OPTION(at, "calibrate", RUNG_OPTION_CHOICE, calibrate, "none", 0, \
                              0, "none|temperature|platt",                               \
                              "make valid's probabilities right")

/* RUNG_USAGE if they do not go together, or speak of a label that there is not. */
rung_status rung__logistic_check(const rung__logistic_config *config,
                                 const rung_labels *labels, rung_error *err);

/* Learns from `train`, chooses and calibrates on `valid` (which may be empty); both have
 * rows, labels, n_labels and, where there are any, weights of rows; the config gives the
 * rest. `from`, float [size] or NULL: weights that the new ones begin with and are drawn
 * to by the penalty, instead of to 0. *weights is a new array [size] (rung__free). The
 * config's l1 and l2 become those that were taken. */
rung_status rung__logistic_learn(float **weights, rung__logistic_config *config,
                                 const rung_labels *labels, rung_logistic_data train,
                                 rung_logistic_data valid, const float *from,
                                 uint64_t seed, rung_runtime *rt, rung_error *err);

/* The weights [D O + O] in a folder: tensors "weight" [D, O] and "bias" [O]. Fills two
 * and returns 2; takes them back as a new array (rung__free), all finite. */
size_t rung__logistic_extra(rung_stored *out, const float *weights, int64_t D, int64_t O);
rung_status rung__logistic_load(float **weights, const rung_safetensors *file, int64_t D,
                                int64_t O, rung_error *err);

#endif
