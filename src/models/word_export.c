/* Vectors of a model for other programs. */
#include "formats/word_vectors.h"
#include "models/vectors.h"
#include "rung/vectors.h"

static const char *name_of(const void *self, int64_t i, int64_t *size)
{
    const rung_model *m = self;
    const rung_span word = rung_tokenizer_bytes(m->tokenizer, (int32_t)i);
    *size = (int64_t)word.size;
    return word.bytes;
}

rung_status rung_export_words(const rung_model *m, const char *format, const char *path,
                              rung_error *err)
{
    rung__word_rows v;
    rung__word_format to;
    RUNG_TRY(rung__vectors_rows(&v, m, err));
    RUNG_TRY(rung__word_format_find(&to, format, err));
    return rung__word_vectors_write(path, to, v.rows, m->vocab, v.dim, name_of, m, err);
}
