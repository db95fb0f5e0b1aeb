/* Progress of long work, reported through a callback at most ten times a second: the
 * library measures, the program shows. */
#ifndef RUNG_PROGRESS_H
#define RUNG_PROGRESS_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rung_progress {
    const char *label;  /* what is done: "gpt"; borrowed for the call, as is unit */
    const char *unit;   /* of done, total and rate: "tok" */
    double done, total; /* total 0: not known */
    double rate;        /* units a second, lately; 0: not known yet */
    double elapsed;     /* seconds since the start */
    double left;        /* seconds to the end, estimated; -1: not known */
    double loss;        /* NaN: there is none */
    bool is_last;       /* the work has ended, complete or not */
} rung_progress;

/* Receives one report; called by the thread that does the work. */
typedef void (*rung_progress_fn)(void *self, const rung_progress *progress);

/* Whom to report to; {NULL, NULL}: nobody. */
typedef struct rung_progress_sink {
    rung_progress_fn report;
    void *self; /* borrowed: outlives the work */
} rung_progress_sink;

#ifdef __cplusplus
}
#endif
#endif
