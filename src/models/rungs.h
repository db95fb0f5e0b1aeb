/* The built-in classes: one rung, one file. */
#ifndef RUNG_MODELS_RUNGS_H
#define RUNG_MODELS_RUNGS_H

#include "rung/language.h"
#include "rung/tabular.h"

extern const rung_class rung__unigram, rung__bigram, rung__majority, rung__linreg,
    rung__logreg, rung__bow, rung__word2vec, rung__glove, rung__lstm, rung__gpt,
    rung__bert;

/* Vectors of words from a file of another program: no rung, as it learns nothing. */
extern const rung_class rung__imported;

#endif
