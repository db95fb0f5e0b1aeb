/* bert: BERT's encoder as a classifier (Devlin et al. 2019, "BERT: pre-training of deep
 * bidirectional Transformers for language understanding"), trained from scratch, with the
 * names and layouts of Hugging Face's BertForSequenceClassification.
 *
 *     x = LayerNorm(word[ids] + position[0 ... T-1] + type[0])
 *     x = encoder layer(x), num_hidden_layers times
 *     logits = classifier(tanh(pooler(x[0])))
 *
 * Only the first row of the last layer, that of [CLS], is read, so no other is computed
 * there. All weights start from N(0, 0.02). */
#include "models/attention.h"
#include "models/rungs.h"

#include <string.h>

#include "rung/nn.h"

typedef struct bert_config {
    int64_t layers, heads, width, context;
    double dropout;
} bert_config;

typedef struct bert {
    rung_model base;
    bert_config config;
} bert;

#define FIELD(name) offsetof(bert_config, name)

static const rung_option bert_options[] = {
    {"layers", RUNG_OPTION_INT, FIELD(layers), "2", 1, 256, NULL, "Transformer layers",
     "num_hidden_layers"},
    {"heads", RUNG_OPTION_INT, FIELD(heads), "4", 1, 256, NULL, "attention heads",
     "num_attention_heads"},
    {"width", RUNG_OPTION_INT, FIELD(width), "128", 1, 65536, NULL,
     "size of a token's vector, a multiple of the heads", "hidden_size"},
    {"context", RUNG_OPTION_INT, FIELD(context), "512", 3, 1 << 20, NULL,
     "tokens of a text that it reads", "max_position_embeddings"},
    {"dropout", RUNG_OPTION_REAL, FIELD(dropout), "0.2", 0, 0.9, NULL,
     "share of values dropped while training", "hidden_dropout_prob"},
};

static const rung_config_key bert_keys[] = {
    {"intermediate_size", "=4*hidden_size"},
    {"hidden_act", "\"gelu\""},
    {"layer_norm_eps", "1e-12"},
    {"initializer_range", "0.02"},
    {"type_vocab_size", "2"},
    {"pad_token_id", "0"},
    {"attention_probs_dropout_prob", "=hidden_dropout_prob"},
};

/* Of older checkpoints: 0, 1, 2, ... */
static const char *const bert_ignored[] = {".embeddings.position_ids", NULL};

static const double INIT = 0.02, EPS = 1e-12;
enum { TYPES = 2 };

static const bert *bert_of(const rung_model *m)
{
    return (const bert *)m;
}

static rung_encoder_spec layer_spec(const bert_config *c, bool training)
{
    return (rung_encoder_spec){.width = c->width,
                               .heads = c->heads,
                               .inner = 4 * c->width,
                               .dropout = training ? c->dropout : 0,
                               .attention_dropout = training ? c->dropout : 0,
                               .eps = EPS,
                               .scale = INIT};
}

static rung_linear_spec head_spec(int64_t in, int64_t out)
{
    return (rung_linear_spec){in, out, true, true, RUNG_INIT_NORMAL, INIT};
}

/* ---- Parameters ---- */

static rung_status declare_embeddings(const rung_scope *s, const rung_model *m,
                                      rung_error *err)
{
    const bert_config *c = &bert_of(m)->config;
    const struct {
        const char *name;
        int64_t rows;
    } tables[] = {{"word_embeddings", m->vocab},
                  {"position_embeddings", c->context},
                  {"token_type_embeddings", TYPES}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        rung_scope table = rung_scope_in(s, "%s", tables[i].name);
        rung_embedding_spec spec = {tables[i].rows, c->width, RUNG_INIT_NORMAL, INIT,
                                    i == 0};
        RUNG_TRY(rung_nn_embedding_declare(&table, &spec, err));
    }
    rung_scope norm = rung_scope_in(s, "LayerNorm");
    return rung_nn_layernorm_declare(&norm, c->width, err);
}

static rung_status bert_declare(rung_model *m, rung_error *err)
{
    const bert_config *c = &bert_of(m)->config;
    if (c->width % c->heads != 0)
        return rung_fail(err, RUNG_USAGE, "width %lld is not a multiple of %lld heads",
                         (long long)c->width, (long long)c->heads);
    m->context = m->max_context = c->context;
    rung_scope root = rung_scope_root(m->params, NULL, NULL);
    rung_scope embeddings = rung_scope_in(&root, "bert.embeddings"),
               pooler = rung_scope_in(&root, "bert.pooler.dense"),
               classifier = rung_scope_in(&root, "classifier");
    rung_encoder_spec layer = layer_spec(c, true);
    rung_linear_spec pool = head_spec(c->width, c->width),
                     classify = head_spec(c->width, m->n_labels);
    RUNG_TRY(declare_embeddings(&embeddings, m, err));
    for (int64_t l = 0; l < c->layers; l++) {
        rung_scope s = rung_scope_in(&root, "bert.encoder.layer.%lld", (long long)l);
        RUNG_TRY(rung_nn_encoder_layer_declare(&s, &layer, err));
    }
    RUNG_TRY(rung_nn_linear_declare(&pooler, &pool, err));
    return rung_nn_linear_declare(&classifier, &classify, err);
}

/* ---- The graph ---- */

static rung_tensor *embed(const rung_scope *s, rung_tensor *ids, double dropout)
{
    rung_graph *g = s->graph;
    rung_scope words = rung_scope_in(s, "word_embeddings"),
               places = rung_scope_in(s, "position_embeddings"),
               types = rung_scope_in(s, "token_type_embeddings"),
               norm = rung_scope_in(s, "LayerNorm");
    rung_tensor *word = rung_nn_embedding(&words, ids);
    rung_tensor *place =
        rung_nn_embedding(&places, rung_positions(g, rung_tensor_dim(ids, 1)));
    rung_tensor *type = rung_scope_param(&types, "weight");
    if (!type) return NULL;
    rung_graph_push(g, "%s", s->path);
    int64_t width = rung_tensor_dim(type, 1);
    type = rung_reshape(g, rung_slice(g, type, 0, 0, 1), 1, &width);
    rung_tensor *x = rung_add(g, word, rung_add(g, place, type));
    x = rung_dropout(g, rung_nn_layernorm(&norm, x, EPS), dropout);
    rung_graph_pop(g);
    return x;
}

/* x [B, 1, width] -> [B, labels] */
static rung_tensor *classify(const rung_scope *root, const rung_model *m, rung_tensor *x,
                             double dropout)
{
    int64_t width = bert_of(m)->config.width;
    rung_graph *g = root->graph;
    rung_scope pooler = rung_scope_in(root, "bert.pooler.dense"),
               classifier = rung_scope_in(root, "classifier");
    rung_linear_spec pool = head_spec(width, width),
                     classify = head_spec(width, m->n_labels);
    if (!x) return NULL;
    x = rung_reshape(g, x, 2, (int64_t[]){rung_tensor_dim(x, 0), width});
    x = rung_nn_linear(&pooler, &pool, x, RUNG_ACT_NONE, NULL);
    rung_graph_push(g, "classifier");
    x = rung_dropout(g, rung_activation(g, x, RUNG_ACT_TANH), dropout);
    rung_graph_pop(g);
    return rung_nn_linear(&classifier, &classify, x, RUNG_ACT_NONE, NULL);
}

static rung_tensor *bert_logits(const rung_model *m, rung_graph *g, rung_tensor *ids,
                                rung_tensor *lengths, bool training)
{
    const bert_config *c = &bert_of(m)->config;
    rung_scope root = rung_scope_root(m->params, g, NULL);
    rung_scope embeddings = rung_scope_in(&root, "bert.embeddings");
    rung_encoder_spec layer = layer_spec(c, training);
    if (!ids) return NULL;
    int64_t T = rung_tensor_dim(ids, 1);
    if (T > c->context)
        return rung_graph_fail(g, "texts of %lld tokens, but the context is %lld",
                               (long long)T, (long long)c->context);
    rung_tensor *x = embed(&embeddings, ids, layer.dropout);
    for (int64_t l = 0; l < c->layers; l++) {
        rung_scope s = rung_scope_in(&root, "bert.encoder.layer.%lld", (long long)l);
        x = rung_nn_encoder_layer(&s, &layer, x, lengths, l + 1 < c->layers ? T : 1);
    }
    return classify(&root, m, x, layer.dropout);
}

size_t rung__bert_attention(const rung_model *m, rung_graph *g, rung_tensor *ids,
                            rung_tensor *mask, rung_tensor **weights)
{
    const bert_config *c = &bert_of(m)->config;
    rung_scope root = rung_scope_root(m->params, g, NULL);
    rung_scope embeddings = rung_scope_in(&root, "bert.embeddings");
    rung_encoder_spec layer = layer_spec(c, false);
    rung_tensor *x = embed(&embeddings, ids, 0);
    for (int64_t l = 0; l < c->layers; l++) {
        rung_scope s = rung_scope_in(&root, "bert.encoder.layer.%lld", (long long)l);
        weights[l] = rung_nn_encoder_layer_weights(&s, &layer, x, mask);
        x = rung_nn_encoder_layer(&s, &layer, x, NULL, rung_tensor_dim(ids, 1));
    }
    return (size_t)c->layers;
}

/* From scratch, [CLS] has to find out that the words matter: for the first hundreds of
 * steps the loss stands still, longer at higher rates, whose noise hides what little the
 * words say. Then it learns fast, and dropout is what keeps it from knowing the training
 * texts by heart. Larger initial weights made the wait longer. */
static const rung_labelled_ops bert_labelled = {
    .defaults = "lr=3e-4",
    .architecture = "BertForSequenceClassification",
    .tokenizer = "wordpiece",
    .is_framed = true,
    .logits = bert_logits,
};

const rung_class rung__bert = {
    .name = "bert",
    .model_type = "bert",
    .summary = "Transformer encoder: BERT, attention both ways",
    .model_bytes = sizeof(bert),
    .options = bert_options,
    .n_options = sizeof bert_options / sizeof bert_options[0],
    .options_offset = offsetof(bert, config),
    .declare = bert_declare,
    .config_keys = bert_keys,
    .n_config_keys = sizeof bert_keys / sizeof bert_keys[0],
    .ignored_tensors = bert_ignored,
    .labelled = &bert_labelled,
};
