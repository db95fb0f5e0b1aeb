/* Models: the rungs of the ladder. A rung is a class (an abstract base and one const
 * table of methods each), found by name in a factory; a model is an object of it. What a
 * rung can do beyond being trained and scored shows in its optional methods.
 *
 * A model folder holds config.json, model.safetensors, tokenizer.json and training.json.
 * While it is used a model is immutable: any number of sessions may use one, each on its
 * own thread. */
#ifndef RUNG_MODEL_H
#define RUNG_MODEL_H

#include "rung/formats.h"
#include "rung/labelled.h"
#include "rung/learn.h"
#include "rung/table.h"
#include "rung/text.h"
#include "rung/words.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rung_model rung_model;
typedef struct rung_session rung_session;
typedef struct rung_class rung_class;
typedef struct rung_table_ops rung_table_ops; /* rung/tabular.h */

/* Data of a language model: token ids, and the bytes behind them. */
typedef struct rung_tokens {
    const int32_t *ids;
    size_t count;
    size_t bytes;
} rung_tokens;

/* Generation: how a class reads one stream and says what comes next. */
typedef struct rung_stream_ops {
    size_t session_bytes; /* of the concrete session; its first member is rung_session */
    /* Prepares s (zeroed, base filled) for one stream of at most `max_tokens` tokens. */
    rung_status (*open)(rung_session *s, int64_t max_tokens, rung_error *err);
    /* Reads n > 0 tokens and writes the logits of the next one, float [vocab]. When the
     * stream is longer than the model's context, the oldest tokens are forgotten. */
    rung_status (*read)(rung_session *s, const int32_t *ids, size_t n, float *logits,
                        rung_error *err);
    void (*close)(rung_session *s); /* frees what open made; fine after a failed open */
} rung_stream_ops;

/* The kinds of data that models learn from. RUNG_WORDS is raw text, read as words. */
typedef enum rung_data_kind {
    RUNG_RAW,
    RUNG_LABELLED,
    RUNG_WORDS,
    RUNG_TABLE
} rung_data_kind;
RUNG_API const char *rung_data_kind_name(rung_data_kind kind); /* "raw text", ... */

/* Raw text: the class is a language model. */
typedef struct rung_raw_ops {
    /* Options of the trainer and of the class that suit it better here than the general
     * defaults: "lr=3e-3 clip=0.5". (optional) */
    const char *defaults;

    /* Builds the logits [B, T, V] of ids [B, T]. States carried over the batch are found
     * in `states` when it is not NULL. (optional: a class with `fit` needs none) */
    rung_tensor *(*logits)(const rung_model *m, rung_graph *g, rung_tensor *ids,
                           const rung_params *states, bool training);

    /* Declares the states that training carries from window to window for a batch of B
     * lanes. (optional: windows are independent) */
    rung_status (*carry)(const rung_model *m, rung_params *states, int64_t B,
                         rung_error *err);

    /* Learns without the trainer: counts, closed forms. (optional) */
    rung_status (*fit)(rung_model *m, rung_runtime *rt, const rung_tokens *train,
                       const rung_tokens *valid, rung_error *err);

    /* Minus the sum of log p(ids[i] | ids[0 ... i-1]) for i in [from, n). (optional:
     * computed from `logits`; required with `fit`) */
    double (*score)(const rung_model *m, const int32_t *ids, size_t from, size_t n);

    const rung_stream_ops *stream; /* generation (optional) */
} rung_raw_ops;

/* Labelled text: the class is a classifier. It has `logits`, or `fit` and `predict`. */
typedef struct rung_labelled_ops {
    const char *defaults;     /* as above (optional) */
    const char *architecture; /* first of config.json's `architectures` (optional) */
    const char *tokenizer; /* kind, learned from the training texts; NULL: the class reads
                              texts itself (then it has `fit`) */
    bool is_framed;        /* ids of a text are [CLS] ... [SEP], cut to the context */
    bool takes_several;    /* a text may have any number of labels */
    bool is_seeded;        /* what `fit` learns depends on the model's seed */

    /* Builds the logits [B, labels] of ids [B, T], of which the first lengths[b] of each
     * row, int32 [B], are text; the rest must not matter. */
    rung_tensor *(*logits)(const rung_model *m, rung_graph *g, rung_tensor *ids,
                           rung_tensor *lengths, bool training);

    /* Learns without the trainer; chooses what is to be chosen on valid, which may be
     * empty. Labels are >= 0 in both. */
    rung_status (*fit)(rung_model *m, rung_runtime *rt, const rung_examples *train,
                       const rung_examples *valid, rung_error *err);

    /* Log-probabilities [count, labels] of texts; several labels: of each by itself. */
    rung_status (*predict)(const rung_model *m, rung_runtime *rt,
                           const rung_examples *data, float *logp, rung_error *err);
} rung_labelled_ops;

/* A training on running words: which, how, and where it keeps its checkpoints. */
typedef struct rung_words_run {
    const rung_words *words;
    const rung_train_config *train;
    const char *dir; /* NULL: no checkpoints */
    bool resume;
    const rung_train_hooks *hooks; /* may be NULL */
} rung_words_run;

/* Vectors of words: learned from running text, or only kept: then no functions. */
typedef struct rung_words_ops {
    const char *defaults; /* as above (optional) */
    /* How the text is to be read. */
    rung_words_config (*reading)(const rung_model *m);
    /* Learns; m has the words' vocabulary. */
    rung_status (*fit)(rung_model *m, rung_runtime *rt, const rung_words_run *run,
                       rung_train_result *result, rung_error *err);
} rung_words_ops;

/* A key of config.json that is the same for every model of a class: value as JSON, or
 * "=key" for a copy of another key's value, "=4*key" for a multiple of it. */
typedef struct rung_config_key {
    const char *key, *value;
} rung_config_key;

enum { RUNG_MAX_EXTRA = 8 };

/* A class of models. Functions without "(optional)" are required: rung_model_register
 * refuses a class that lacks one, by the method's name. */
struct rung_class {
    const char *name;       /* the command's word: "gpt" */
    const char *model_type; /* of config.json: "gpt2" */
    const char *summary;    /* one line for `rung models` */
    size_t model_bytes;     /* of the concrete struct, whose first member is rung_model */

    /* The rung's own options: a table over its config struct, which lies in the model. */
    const rung_option *options;
    size_t n_options;
    size_t options_offset; /* of the config struct (its text is owned) in the concrete */

    /* Declares the parameters (model->params) from options, vocabulary size, data kind
     * and labels; checks options that depend on each other ("width 100 is not a multiple
     * of 3 heads"). */
    rung_status (*declare)(rung_model *m, rung_error *err);

    /* Keys that Hugging Face expects beside those of the options; checked on loading. */
    const rung_config_key *config_keys;
    size_t n_config_keys;

    /* Ends of names (NULL-terminated) of tensors that a foreign folder may hold beside
     * those of the model; any others are refused. (optional) */
    const char *const *ignored_tensors;

    /* What it can learn from: at least one of them. (each optional) A class with `words`
     * has a vocabulary in its folder; of labelled text it learns the vectors first. */
    const rung_raw_ops *raw;
    const rung_labelled_ops *labelled;
    const rung_words_ops *words;
    const rung_table_ops *table;
    const struct rung_linear_ops *linear; /* weights of features to be read (optional) */

    /* Tensors beyond the parameters: fills at most RUNG_MAX_EXTRA of `out` (data borrowed
     * from the model) and returns how many; takes them back from a folder. (optional,
     * both or none) */
    size_t (*extra)(const rung_model *m, rung_stored *out);
    rung_status (*load_extra)(rung_model *m, const rung_safetensors *file,
                              rung_error *err);

    /* Frees what the concrete struct owns beyond the base. (optional) */
    void (*release)(rung_model *m);
};

/* The base struct, first member of every concrete model. */
struct rung_model {
    const rung_class *type;
    rung_data_kind kind;
    rung_params *params;       /* owned; empty until declared */
    rung_tokenizer *tokenizer; /* owned; NULL where the class reads texts itself */
    rung_labels *labels;       /* owned; NULL where none are predicted */
    rung_schema *schema;       /* owned; of tables, else NULL */
    int64_t vocab;             /* of the tokenizer, or 0 */
    int64_t n_labels;          /* or 0 */
    bool has_several; /* a text has any number of labels; set before rung_model_build */
    uint64_t seed;    /* of what learning draws; set by rung_model_build */
    int64_t context;  /* tokens that training windows have; set by declare */
    int64_t max_context; /* positions it knows, 0: any number; set by declare */
    bool carries; /* training carries states from window to window; set by declare */
};

struct rung_session {
    const rung_model *model; /* borrowed: outlives this */
    rung_runtime *rt;        /* borrowed: outlives this */
    float *logits;           /* [vocab], owned: room for rung_session_read's logits */
    int32_t *order;          /* [vocab], owned: scratch for rung_sample */
};

/* ---- The factory ---- */
RUNG_API size_t rung_class_count(void);
RUNG_API const rung_class *rung_class_at(size_t i);
/* By name or model_type; NULL after filling err with the nearest name. */
RUNG_API const rung_class *rung_class_find(const char *name, rung_error *err);
/* Adds an embedding program's own class (borrowed for the life of the process; call it
 * before other threads start). Refused with the name of the missing method. */
RUNG_API rung_status rung_model_register(const rung_class *type, rung_error *err);
/* How a class reads data of `kind`: raw text as words if it learns from words alone. */
RUNG_API rung_data_kind rung_class_kind(const rung_class *type, rung_data_kind kind);
/* RUNG_USAGE when the class cannot learn from this kind of data; names those that can. */
RUNG_API rung_status rung_class_check_kind(const rung_class *type, rung_data_kind kind,
                                           rung_error *err);
/* Whether the trainer trains it on that kind of data, step by step. */
RUNG_API bool rung_class_is_trained(const rung_class *type, rung_data_kind kind);
/* Sets the defaults that the class has for a kind of data, as far as they are options of
 * this set and the user gave nothing else. */
RUNG_API rung_status rung_class_defaults(const rung_class *type, rung_data_kind kind,
                                         const rung_option_set *set, rung_error *err);
/* The default of one such option, at most 39 bytes; false if the class has none. */
RUNG_API bool rung_class_default(char value[40], const rung_class *type,
                                 rung_data_kind kind, const char *option);

/* ---- A model's life ---- */

/* With the default options; change them through rung_model_options, then build it. */
RUNG_API rung_status rung_model_new(rung_model **out, const rung_class *type,
                                    rung_data_kind kind, rung_error *err);
RUNG_API rung_option_set rung_model_options(rung_model *m);
/* Takes the tokenizer (NULL: none) and the labels (NULL where none are predicted),
 * declares the parameters and initialises them from the seed. A model of tables has been
 * given its schema before: m->schema, which it owns. */
RUNG_API rung_status rung_model_build(rung_model *m, rung_tokenizer *tok,
                                      rung_labels *labels, uint64_t seed,
                                      rung_error *err);
RUNG_API void rung_model_free(rung_model *m);

/* The folder: config.json, model.safetensors, tokenizer.json. Loading checks that names,
 * shapes and config agree and names what does not. */
RUNG_API rung_status rung_model_save(const rung_model *m, const char *dir,
                                     rung_error *err);
RUNG_API rung_status rung_model_load(rung_model **out, const char *dir, rung_error *err);

#ifdef __cplusplus
}
#endif
#endif
