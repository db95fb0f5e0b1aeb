/* Files of word vectors as other programs have them: a word and its numbers a line.
 *
 *     word2vec-text    "words dim", then "word x x x"; fasttext-vec is the same
 *     word2vec-binary  "words dim", then "word ", dim floats, a line end or none
 *     glove-text       as word2vec-text, without the first line
 *
 * Numbers are written with nine digits, which give the same floats back. */
#ifndef RUNG_FORMATS_WORD_VECTORS_H
#define RUNG_FORMATS_WORD_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#include "rung/status.h"

/* X(NAME, name) */
#define RUNG__WORD_FORMAT_LIST(X)                                                        \
    X(WORD2VEC_TEXT, "word2vec-text")                                                    \
    X(WORD2VEC_BINARY, "word2vec-binary")                                                \
    X(GLOVE_TEXT, "glove-text")                                                          \
    X(FASTTEXT_VEC, "fasttext-vec")

typedef enum rung__word_format {
#define X(name, text) RUNG__##name,
    RUNG__WORD_FORMAT_LIST(X)
#undef X
        RUNG__WORD_FORMATS
} rung__word_format;

const char *rung__word_format_name(rung__word_format format);
/* RUNG_USAGE with the nearest name, or all, where there is no such format. */
rung_status rung__word_format_find(rung__word_format *out, const char *name,
                                   rung_error *err);

/* ---- Writing ---- */

/* The bytes of word i and how many, borrowed. */
typedef const char *(*rung__word_name_fn)(const void *self, int64_t i, int64_t *size);

/* Writes rows [n, dim], completely or not at all. */
rung_status rung__word_vectors_write(const char *path, rung__word_format format,
                                     const float *rows, int64_t n, int64_t dim,
                                     rung__word_name_fn name, const void *self,
                                     rung_error *err);

/* ---- Reading ---- */

enum { RUNG__VECTOR_WORD_BYTES = 1000, RUNG__VECTOR_MOST = 10000 }; /* at most */

/* Reads a file, packed or not, word by word: never more than one is in memory. */
typedef struct rung__word_reader rung__word_reader;

/* A word as it stands in the file, its bytes borrowed until the next; its numbers, all
 * finite. */
typedef struct rung__word_row {
    const char *word; /* NULL: there are no more */
    size_t size;
    const float *x; /* [dim], borrowed until the next */
    int64_t dim;
} rung__word_row;

/* RUNG__WORD_FORMATS as the format: told by the content. Fails with the path and, where
 * there is one, the line. */
rung_status rung__word_reader_open(rung__word_reader **out, const char *path,
                                   rung__word_format format, rung_error *err);
rung__word_format rung__word_reader_format(const rung__word_reader *r);
/* The next word. Where the file has a header, the file must end when all words that it
 * tells of have been read, and every line must end: what was cut off is found. */
rung_status rung__word_reader_next(rung__word_reader *r, rung__word_row *row,
                                   rung_error *err);
void rung__word_reader_close(rung__word_reader *r); /* NULL is fine */

#endif
