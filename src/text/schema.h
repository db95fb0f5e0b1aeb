/* What the columns of a table mean. */
#ifndef RUNG_TEXT_SCHEMA_H
#define RUNG_TEXT_SCHEMA_H

#include <jansson.h>
#include <stdatomic.h>

#include "rung/labelled.h"

/* X(name, text): what a column is for. */
#define RUNG_COLUMN_LIST(X)                                                              \
    X(NUMBER, "number")                                                                  \
    X(WORDS, "words")                                                                    \
    X(TARGET, "target")                                                                  \
    X(WEIGHT, "weight")                                                                  \
    X(DROPPED, "dropped")

typedef enum rung__role {
#define X(name, text) RUNG_COLUMN_##name,
    RUNG_COLUMN_LIST(X)
#undef X
        RUNG_COLUMN_COUNT
} rung__role;

typedef struct rung__column {
    char *name; /* owned; NULL, of all columns: the file has no header */
    rung__role role;
    int64_t feature;     /* NUMBER, WORDS: the first one */
    rung_labels *levels; /* of words, in order; also of a target of words; owned */
} rung__column;

typedef struct rung_schema {
    atomic_int n_owners;
    int64_t n_features;
    rung__column *columns; /* [n_columns], owned; of CSV only */
    size_t n_columns;
    int missing;   /* rung_missing */
    double *means; /* [n_features] of CSV where the missing become means, owned */
} rung_schema;

/* Without columns; NULL when out of memory. */
rung_schema *rung__schema_new(void);
/* Numbers the features, of which a column of words has one less than words. */
void rung__schema_number(rung_schema *s);
/* The column of this role, NULL if there is none. */
const rung__column *rung__schema_find(const rung_schema *s, rung__role role);
static inline int64_t rung__column_features(const rung__column *c)
{
    if (c->role == RUNG_COLUMN_WORDS) return rung_labels_count(c->levels) - 1;
    return c->role == RUNG_COLUMN_NUMBER;
}

/* As a JSON object, a new reference (NULL when out of memory); and back, with everything
 * checked. `where` (a file's name) begins the messages. */
json_t *rung__schema_to_json(const rung_schema *s);
rung_status rung__schema_from_json(rung_schema **out, const json_t *json,
                                   const char *where, rung_error *err);

#endif
