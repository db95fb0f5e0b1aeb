/* Words as points of a plane: the two directions in which their vectors vary most, with
 * classes as colours. */
#ifndef RUNG_MODELS_WORD_MAP_H
#define RUNG_MODELS_WORD_MAP_H

#include "rung/report.h"
#include "rung/vectors.h"

typedef struct rung__word_map {
    size_t n;
    rung_point *points; /* [n], owned; their labels lie in `names` */
    char *names;        /* owned */
    int64_t classes;    /* colours of points are classes */
    double shares[2];   /* of all variance that each direction has */
} rung__word_map;

/* Of all words of a space, in k classes: a new one (rung__word_map_free). */
rung_status rung__word_map_of(rung__word_map **out, const rung_space *s, int64_t k,
                              uint64_t seed, rung_error *err);
/* Adds it to a page, with its numbers beneath. */
void rung__word_map_add(const rung__word_map *map, rung_page *page, const char *title);
void rung__word_map_free(rung__word_map *map); /* NULL is fine */

#endif
