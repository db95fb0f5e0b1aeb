/* The text that is looked at, its tokens as they can be read, and the weights. */
#include "ladder/gaze.h"

#include <string.h>

#include "base/alloc.h"
#include "models/encoded.h"

enum { ASKED_EXAMPLES = 300, BEST_LENGTH = 20 };

/* Blanks and line ends so that they can be seen. */
static void spell(char out[RUNG__TOKEN_BYTES], const rung_tokenizer *tok, int32_t id)
{
    const rung_span token = rung_tokenizer_bytes(tok, id);
    size_t n = 0;
    for (size_t i = 0; i < token.size; i++) {
        const char c = token.bytes[i];
        const char *shown = c == ' ' ? "\u2423" : c == '\n' ? "\u21b5" : NULL;
        const size_t size = shown ? strlen(shown) : 1;
        if (n + size >= RUNG__TOKEN_BYTES) break;
        memcpy(out + n, shown ? shown : &c, size);
        n += size;
    }
    out[n] = 0;
}

static rung_status look(rung__gaze *gaze, const rung_model *m, rung_runtime *rt,
                        const int32_t *ids, int64_t n, rung_error *err)
{
    int64_t most = RUNG__GAZE_TOKENS;
    if (m->max_context && m->max_context < most) most = m->max_context;
    const int64_t T = n < most ? n : most;
    gaze->is_cut = n > T;
    for (int64_t i = 0; i < T; i++) spell(gaze->tokens[i], m->tokenizer, ids[i]);
    return rung__attention_of(&gaze->attention, m, rt, ids, T, err);
}

static int64_t distance(int64_t n)
{
    return n > BEST_LENGTH ? n - BEST_LENGTH : BEST_LENGTH - n;
}

static rung_status look_at_example(rung__gaze *gaze, const rung_model *m,
                                   rung_runtime *rt, const rung_examples *test,
                                   rung_error *err)
{
    const size_t n = test->count < ASKED_EXAMPLES ? test->count : ASKED_EXAMPLES;
    rung__encoded texts;
    if (n == 0) return RUNG_OK;
    RUNG_TRY(rung__encode_texts(&texts, m, test->texts, n, err));
    for (size_t i = 1; i < n; i++) {
        if (distance(rung__encoded_length(&texts, i)) <
            distance(rung__encoded_length(&texts, gaze->text)))
            gaze->text = i;
    }
    const rung_status status = look(gaze, m, rt, texts.ids + texts.begin[gaze->text],
                                    rung__encoded_length(&texts, gaze->text), err);
    rung__encoded_release(&texts);
    return status;
}

rung_status rung__gaze_of(rung__gaze **out, const rung_model *m, rung_runtime *rt,
                          const rung_corpus *corpus, rung_error *err)
{
    *out = NULL;
    if (!rung__has_attention(m)) return RUNG_OK;
    rung__gaze *gaze = rung__alloc(sizeof *gaze);
    if (!gaze) return rung__out_of_memory(err, sizeof *gaze, "attention");
    const rung_tokens *tokens = &corpus->tokens[RUNG_TEST];
    const rung_status status =
        m->kind == RUNG_RAW
            ? look(gaze, m, rt, tokens->ids, (int64_t)tokens->count, err)
            : look_at_example(gaze, m, rt, &corpus->examples[RUNG_TEST], err);
    if (status == RUNG_OK)
        *out = gaze;
    else
        rung__gaze_free(gaze);
    return status;
}

void rung__gaze_free(rung__gaze *gaze)
{
    if (!gaze) return;
    rung__attention_release(&gaze->attention);
    rung__free(gaze);
}
