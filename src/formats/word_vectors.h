/* Files of word vectors as other programs read them: a word and its numbers a line.
 *
 *     word2vec-text    "words dim", then "word x x x"; fasttext-vec is the same
 *     word2vec-binary  "words dim", then "word ", dim floats, a line end
 *     glove-text       as word2vec-text, without the first line
 *
 * Numbers are written with nine digits, which give the same floats back. */
#ifndef RUNG_FORMATS_WORD_VECTORS_H
#define RUNG_FORMATS_WORD_VECTORS_H

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

/* The bytes of word i and how many, borrowed. */
typedef const char *(*rung__word_name_fn)(const void *self, int64_t i, int64_t *size);

/* Writes rows [n, dim], completely or not at all. */
rung_status rung__word_vectors_write(const char *path, rung__word_format format,
                                     const float *rows, int64_t n, int64_t dim,
                                     rung__word_name_fn name, const void *self,
                                     rung_error *err);

#endif
