/* Tokenizers: whatever they learned from, any bytes come back whole, if the kind is
 * lossless. The first byte picks the kind and the limits, the second how much of the rest
 * is learned from. */
#include <string.h>

#include "rung/text.h"
#include "support.h"

static const char *const kinds[] = {"byte", "char", "word", "wordpiece"};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2) return 0;
    const rung_span text = {(const char *)bytes + 2, size - 2};
    const rung_span known = {text.bytes, text.size * bytes[1] / 255};
    const char *kind = kinds[bytes[0] % 4];
    const int64_t most = bytes[0] / 4 % 16; // wordpiece needs more than 5
    const rung_tokenizer_config config = {
        .vocab_size = bytes[0] % 4 == 3 && most ? most * most + 6 : most,
        .min_count = bytes[0] / 64,
        .cased = bytes[1] % 2};
    rung_tokenizer *tok = NULL;
    rung_error err;
    FUZZ_CHECK(rung_tokenizer_train(&tok, kind, &config, known, &err) == RUNG_OK);
    int32_t *ids;
    size_t n, at = 0;
    FUZZ_CHECK(rung_tokenizer_encode(tok, text, &ids, &n, &err) == RUNG_OK);
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK(ids[i] >= 0 && ids[i] < rung_tokenizer_size(tok));
        if (!rung_tokenizer_is_lossless(tok)) continue;
        const rung_span token = rung_tokenizer_bytes(tok, ids[i]);
        FUZZ_CHECK(token.size > 0 && token.size <= text.size - at);
        FUZZ_CHECK(memcmp(token.bytes, text.bytes + at, token.size) == 0);
        at += token.size;
    }
    FUZZ_CHECK(at == text.size || !rung_tokenizer_is_lossless(tok));
    rung_ids_free(ids);
    rung_tokenizer_free(tok);
    return 0;
}
