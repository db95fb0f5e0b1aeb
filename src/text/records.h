/* A text in memory as records, one after another: the lines of TSV, CSV, JSON Lines,
 * fastText and plain text, cut into cells that borrow the text's bytes.
 *
 * Ends of lines are LF or CR LF. Empty lines are passed over, except in plain text. */
#ifndef RUNG_TEXT_RECORDS_H
#define RUNG_TEXT_RECORDS_H

#include <jansson.h>

#include "rung/labelled.h"
#include "rung/units.h"

/* How a text is cut into records and cells. */
typedef struct rung__layout {
    int format;       /* rung_format, not AUTO */
    char delimiter;   /* TSV, CSV */
    char separator;   /* between the labels of a cell; NUL: it is one label */
    bool is_quoted;   /* TSV, CSV: a cell may stand in double quotes (RFC 4180) */
    size_t n_columns; /* of a right record; fastText: 0 text, 1 label; 0: unknown yet */
} rung__layout;

/* A cell, until the next one is asked for. */
typedef struct rung__cell {
    rung_span span;     /* bytes NULL: there is none, or it has no spelling */
    const char *type;   /* JSON: of what is no text ("an integer"), else NULL */
    const json_t *list; /* JSON: an array, else NULL */
    bool has_pairs;     /* "" in it stands for one quote */
} rung__cell;

typedef struct rung__records {
    rung__layout layout;
    const char *name;  /* of the text, for messages; borrowed */
    char *start, *end; /* the text, which has a NUL at its end; borrowed */
    char *next;        /* where the next record begins */
    size_t next_line;  /* in which line, from 1 */
    rung__cell *cells; /* [n_columns] of the record, owned; unused for JSON */
    rung_span *names;  /* [n_columns] the first record's cells, JSON: keys; owned */
    size_t n_names;    /* n_columns, or less when the first record has fewer cells: */
    size_t n_first;    /* so many */
    json_t *first;     /* JSON: the object whose keys they are, owned */

    /* The record that was read last. */
    char *begin;
    size_t line;
    size_t n_cells;    /* right or not; those beyond n_columns are not kept */
    char bad[160];     /* why it is no record; "" if it is one */
    size_t n_quoted;   /* of all records so far: cells in quotes, */
    size_t n_pressing; /* and those of them that without quotes would be others */
    json_t *object;    /* JSON: owned */
    char number[RUNG_UNITS_BYTES]; /* JSON: a cell that is one */
    char *kept;                    /* JSON: where in the text a cell may be kept */
} rung__records;

/* From the text's beginning on. It has no cells: enough to count them. */
rung__records rung__records_make(const char *name, char *bytes, size_t size,
                                 const rung__layout *layout);

/* Makes room for the cells and finds the names: of the first record, or the keys of the
 * first object (then n_columns too). Begins anew. RUNG_INPUT if there is no object. */
rung_status rung__records_open(rung__records *r, rung_error *err);
void rung__records_release(rung__records *r);
void rung__records_rewind(rung__records *r);

/* Reads the next record; *any is false at the end. A bad one is told in r->bad; quotes
 * that never close are RUNG_INPUT. */
rung_status rung__records_next(rung__records *r, bool *any, rung_error *err);

/* Cell i < n_columns of the record. */
rung__cell rung__records_cell(rung__records *r, size_t i);

/* The cell as it is meant, for as long as the text: in the bytes of its record, which
 * thereby cannot be read again. NULL bytes in the rare case that they have no room. */
rung_span rung__records_keep(rung__records *r, rung__cell cell);

/* The labels in a cell, one after another: *at is 0 before the first. False: no more. */
bool rung__records_label(rung__records *r, const rung__cell *cell, size_t *at,
                         rung__cell *label);

/* Without blanks at both ends. */
rung_span rung__span_trim(rung_span span);

#endif
