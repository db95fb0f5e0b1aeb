/* A corpus: raw text in three parts, tokenized once for all rungs. */
#include "rung/ladder.h"

#include "base/alloc.h"

/* Held-out parts that are cut from the data need not be larger than this. */
static const double MOST_HELD_OUT = 512 * 1024;

static double share_of(double share, size_t size)
{
    double most = MOST_HELD_OUT / (double)size;
    return share < most ? share : most;
}

static rung_span whole(const rung_text *text)
{
    return (rung_span){text->bytes, text->size};
}

static rung_status read_texts(rung_corpus *c, const rung_corpus_config *config,
                              rung_error *err)
{
    rung_tales_config tales = RUNG_TALES_CONFIG_DEFAULT;
    rung_text *data = &c->texts[RUNG_TRAIN];
    RUNG_TRY(config->data ? rung_text_read(data, config->data, 0, err)
                          : rung_tales_make(data, &tales, err));
    if (config->valid)
        RUNG_TRY(rung_text_read(&c->texts[RUNG_VALID], config->valid, 0, err));
    if (config->test)
        RUNG_TRY(rung_text_read(&c->texts[RUNG_TEST], config->test, 0, err));
    double valid = config->valid ? 0 : share_of(config->valid_share, data->size);
    double test = config->test ? 0 : share_of(config->test_share, data->size);
    RUNG_TRY(rung_text_split(data, valid, test, &c->parts[RUNG_TRAIN],
                             &c->parts[RUNG_VALID], &c->parts[RUNG_TEST], err));
    if (config->valid) c->parts[RUNG_VALID] = whole(&c->texts[RUNG_VALID]);
    if (config->test) c->parts[RUNG_TEST] = whole(&c->texts[RUNG_TEST]);
    return RUNG_OK;
}

static rung_status tokenize(rung_corpus *c, const rung_corpus_config *config,
                            rung_error *err)
{
    rung_tokenizer_config how = {.vocab_size = config->vocab_size};
    if (!c->tokenizer)
        RUNG_TRY(rung_tokenizer_train(&c->tokenizer, config->tokenizer, &how,
                                      c->parts[RUNG_TRAIN], err));
    for (int p = 0; p < RUNG_PARTS; p++) {
        if (c->parts[p].size == 0) continue;
        int32_t *ids;
        RUNG_TRY(rung_tokenizer_encode(c->tokenizer, c->parts[p], &ids,
                                       &c->tokens[p].count, err));
        c->tokens[p].ids = ids;
        c->tokens[p].bytes = c->parts[p].size;
    }
    return RUNG_OK;
}

rung_status rung_corpus_open(rung_corpus *corpus, const rung_corpus_config *config,
                             rung_tokenizer *tok, rung_error *err)
{
    *corpus = (rung_corpus){.tokenizer = tok, .config = *config};
    rung_status status = read_texts(corpus, config, err);
    if (status == RUNG_OK) status = tokenize(corpus, config, err);
    if (status != RUNG_OK) rung_corpus_release(corpus);
    return status;
}

void rung_corpus_release(rung_corpus *corpus)
{
    for (int p = 0; p < RUNG_PARTS; p++) {
        rung_text_release(&corpus->texts[p]);
        rung_ids_free((int32_t *)corpus->tokens[p].ids);
    }
    rung_tokenizer_free(corpus->tokenizer);
    *corpus = (rung_corpus){0};
}
