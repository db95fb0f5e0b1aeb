/* lstm: a recurrent network (Hochreiter, Schmidhuber 1997; Zaremba, Sutskever, Vinyals
 * 2014). Of raw text a language model, of labelled text a classifier:
 *
 *     x = embedding[ids],  y = lstm(x), stacked
 *     raw text:       logits = y decoder^T + bias, for the next token of each place
 *     labelled text:  logits = [mean_t y, max_t y] classifier^T + bias
 *
 * On raw text it is trained on windows that follow each other: the state at the end of
 * one is where the next begins (truncated back-propagation through time), unless
 * --no-carry. Names and layouts are PyTorch's. */
#include "models/rungs.h"

#include <math.h>
#include <string.h>

#include "models/lm_stream.h"
#include "rung/nn.h"

typedef struct lstm_config {
    int64_t layers, width, embedding, context;
    double dropout;
    bool carry;
} lstm_config;

typedef struct lstm {
    rung_model base;
    lstm_config config;
} lstm;

#define FIELD(name) offsetof(lstm_config, name)

static const rung_option lstm_options[] = {
    {"layers", RUNG_OPTION_INT, FIELD(layers), "2", 1, 64, NULL, "stacked LSTM layers",
     "num_layers"},
    {"width", RUNG_OPTION_INT, FIELD(width), "256", 1, 65536, NULL, "units of a layer",
     "hidden_size"},
    {"embedding", RUNG_OPTION_INT, FIELD(embedding), "0", 0, 65536, NULL,
     "size of a token's vector; 0: the width", "embedding_size"},
    {"context", RUNG_OPTION_INT, FIELD(context), "64", 1, 1 << 20, NULL,
     "tokens of a training window", "context"},
    {"dropout", RUNG_OPTION_REAL, FIELD(dropout), "0", 0, 0.9, NULL,
     "share of values dropped between layers while training", "dropout"},
    {"carry", RUNG_OPTION_FLAG, FIELD(carry), "true", 0, 0, NULL,
     "carry the state from window to window while training", "carry"},
};

static const rung_config_key lstm_keys[] = {
    {"architectures", "[\"LSTMLanguageModel\"]"},
};

static const double CLASSIFIER_DROPOUT = 0.5; // of what the texts are pooled to

static const lstm *lstm_of(const rung_model *m)
{
    return (const lstm *)m;
}

static int64_t embedding_width(const lstm_config *c)
{
    return c->embedding ? c->embedding : c->width;
}

static rung_lstm_spec stack_spec(const lstm_config *c, bool training)
{
    return (rung_lstm_spec){embedding_width(c), c->width, c->layers,
                            training ? c->dropout : 0};
}

static rung_linear_spec decoder_spec(const rung_model *m)
{
    int64_t H = lstm_of(m)->config.width;
    return (rung_linear_spec){H,    m->vocab,          true,
                              true, RUNG_INIT_UNIFORM, 1 / sqrt((double)H)};
}

static rung_linear_spec classifier_spec(const rung_model *m)
{
    return (rung_linear_spec){2 * lstm_of(m)->config.width,
                              m->n_labels,
                              true,
                              true,
                              RUNG_INIT_XAVIER_UNIFORM,
                              1};
}

static rung_status lstm_declare(rung_model *m, rung_error *err)
{
    const lstm_config *c = &lstm_of(m)->config;
    bool is_raw = m->kind == RUNG_RAW;
    m->context = c->context;
    m->carries = is_raw && c->carry;
    rung_scope root = rung_scope_root(m->params, NULL, NULL);
    rung_scope embedding = rung_scope_in(&root, "embedding"),
               stack = rung_scope_in(&root, "lstm");
    rung_scope head = rung_scope_in(&root, is_raw ? "decoder" : "classifier");
    rung_embedding_spec tokens = {m->vocab, embedding_width(c), RUNG_INIT_NORMAL, 1,
                                  true};
    rung_lstm_spec layers = stack_spec(c, true);
    rung_linear_spec out = is_raw ? decoder_spec(m) : classifier_spec(m);
    RUNG_TRY(rung_nn_embedding_declare(&embedding, &tokens, err));
    RUNG_TRY(rung_nn_lstm_declare(&stack, &layers, err));
    return rung_nn_linear_declare(&head, &out, err);
}

/* y [B, T, H] of ids [B, T]. */
static rung_tensor *lstm_hidden(const rung_model *m, const rung_scope *root,
                                rung_tensor *ids, bool training)
{
    rung_scope embedding = rung_scope_in(root, "embedding"),
               stack = rung_scope_in(root, "lstm");
    rung_lstm_spec layers = stack_spec(&lstm_of(m)->config, training);
    rung_tensor *x = rung_nn_embedding(&embedding, ids);
    x = rung_dropout(root->graph, x, layers.dropout);
    x = rung_nn_lstm(&stack, &layers, x);
    return rung_dropout(root->graph, x, layers.dropout);
}

static rung_tensor *lstm_logits(const rung_model *m, rung_graph *g, rung_tensor *ids,
                                const rung_params *states, bool training)
{
    rung_scope root = rung_scope_root(m->params, g, states);
    rung_scope decoder = rung_scope_in(&root, "decoder");
    rung_linear_spec out = decoder_spec(m);
    rung_tensor *y = lstm_hidden(m, &root, ids, training);
    return rung_nn_linear(&decoder, &out, y, RUNG_ACT_NONE, NULL);
}

static rung_tensor *lstm_label_logits(const rung_model *m, rung_graph *g,
                                      rung_tensor *ids, rung_tensor *lengths,
                                      bool training)
{
    rung_scope root = rung_scope_root(m->params, g, NULL);
    rung_scope classifier = rung_scope_in(&root, "classifier");
    rung_linear_spec out = classifier_spec(m);
    rung_tensor *y = lstm_hidden(m, &root, ids, training);
    rung_tensor *pooled[] = {rung_pooling(g, y, lengths, RUNG_POOLING_MEAN),
                             rung_pooling(g, y, lengths, RUNG_POOLING_MAX)};
    rung_tensor *x = rung_concat(g, pooled, 2, 1);
    x = rung_dropout(g, x, training ? CLASSIFIER_DROPOUT : 0);
    return rung_nn_linear(&classifier, &out, x, RUNG_ACT_NONE, NULL);
}

static rung_status lstm_carry(const rung_model *m, rung_params *states, int64_t B,
                              rung_error *err)
{
    rung_scope root = rung_scope_root(states, NULL, NULL);
    rung_scope stack = rung_scope_in(&root, "lstm");
    rung_lstm_spec layers = stack_spec(&lstm_of(m)->config, false);
    return rung_nn_lstm_carry(&stack, &layers, B, err);
}

/* ---- Generation: the state is all that is kept of what was read ---- */

static rung_status lstm_open(rung_session *s, int64_t max_tokens, rung_error *err)
{
    (void)max_tokens;
    return rung__lm_stream_open(s, lstm_carry, 0, err);
}

static const rung_stream_ops lstm_stream = {
    .session_bytes = sizeof(rung__lm_stream),
    .open = lstm_open,
    .read = rung__lm_stream_read,
    .close = rung__lm_stream_close,
};

static const rung_raw_ops lstm_raw = {
    .defaults = "lr=3e-3",
    .logits = lstm_logits,
    .carry = lstm_carry,
    .stream = &lstm_stream,
};

static const rung_labelled_ops lstm_labelled = {
    .defaults = "layers=1 width=128 context=256 dropout=0.3 batch=32 lr=2e-3",
    .architecture = "LSTMForSequenceClassification",
    .tokenizer = "wordpiece",
    .logits = lstm_label_logits,
};

const rung_class rung__lstm = {
    .name = "lstm",
    .model_type = "lstm",
    .summary =
        "recurrent network: long short-term memory, one state carried along the text",
    .model_bytes = sizeof(lstm),
    .options = lstm_options,
    .n_options = sizeof lstm_options / sizeof lstm_options[0],
    .options_offset = offsetof(lstm, config),
    .config_keys = lstm_keys,
    .n_config_keys = sizeof lstm_keys / sizeof lstm_keys[0],
    .declare = lstm_declare,
    .raw = &lstm_raw,
    .labelled = &lstm_labelled,
};
