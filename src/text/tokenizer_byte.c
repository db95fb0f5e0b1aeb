/* Bytes: 256 tokens, nothing to learn. */
#include "text/tokenizer.h"

static rung_status byte_train(rung_tokenizer *tok, const rung_tokenizer_config *config,
                              rung_span text, rung_error *err)
{
    (void)tok, (void)config, (void)text, (void)err;
    return RUNG_OK;
}

static rung_status byte_encode(const rung_tokenizer *tok, rung_span text, rung__ids *out,
                               rung_error *err)
{
    (void)tok;
    RUNG_TRY(rung__ids_reserve(out, text.size, err));
    int32_t *ids = out->ids + out->n;
    for (size_t i = 0; i < text.size; i++) ids[i] = (unsigned char)text.bytes[i];
    out->n += text.size;
    return RUNG_OK;
}

static rung_status byte_prepare(rung_tokenizer *tok, rung_error *err)
{
    if (tok->entries.n == 0) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT,
                     "a byte tokenizer has 256 tokens: this one has %zu more",
                     tok->entries.n);
}

const rung_tokenizer_class rung__tokenizer_byte = {
    .kind = "byte",
    .size = sizeof(rung_tokenizer),
    .train = byte_train,
    .encode = byte_encode,
    .prepare = byte_prepare,
};
