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
#include "rung/learn.h"
#include "rung/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rung_model rung_model;
typedef struct rung_session rung_session;
typedef struct rung_class rung_class;

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

/* A key of config.json that is the same for every model of a class: value as JSON, or
 * "=key" for a copy of another key's value. */
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

    /* What suits this rung better than the trainer's defaults: "lr=3e-3 clip=0.5".
     * (optional) */
    const char *train_defaults;

    /* Declares the parameters (model->params) from options and vocabulary size; checks
     * options that depend on each other ("width 100 is not a multiple of 3 heads"). */
    rung_status (*declare)(rung_model *m, rung_error *err);

    /* Keys that Hugging Face expects beside those of the options; checked on loading. */
    const rung_config_key *config_keys;
    size_t n_config_keys;

    /* Ends of names (NULL-terminated) of tensors that a foreign folder may hold beside
     * those of the model; any others are refused. (optional) */
    const char *const *ignored_tensors;

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

    /* Tensors beyond the parameters: fills at most RUNG_MAX_EXTRA of `out` (data borrowed
     * from the model) and returns how many; takes them back from a folder. (optional,
     * both or none) */
    size_t (*extra)(const rung_model *m, rung_stored *out);
    rung_status (*load_extra)(rung_model *m, const rung_safetensors *file,
                              rung_error *err);

    /* Generation. (optional) */
    const rung_stream_ops *stream;

    /* Frees what the concrete struct owns beyond the base. (optional) */
    void (*release)(rung_model *m);
};

/* The base struct, first member of every concrete model. */
struct rung_model {
    const rung_class *type;
    rung_params *params;       /* owned; empty until declared */
    rung_tokenizer *tokenizer; /* owned */
    int64_t vocab;
    int64_t context;     /* tokens that training windows have; set by declare */
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
/* Adds an embedding program's own class (borrowed for the life of the process; not
 * thread-safe: call it before other threads start). Refused with the name of the missing
 * method. */
RUNG_API rung_status rung_model_register(const rung_class *type, rung_error *err);

/* Sets the train_defaults of the class in a set of rung_train_options, where the user
 * gave nothing else. */
RUNG_API rung_status rung_class_train_defaults(const rung_class *type,
                                               const rung_option_set *set,
                                               rung_error *err);

/* ---- A model's life ---- */

/* Default options; change them through rung_model_options, then declare with
 * rung_model_build. */
RUNG_API rung_status rung_model_new(rung_model **out, const rung_class *type,
                                    rung_error *err);
RUNG_API rung_option_set rung_model_options(rung_model *m);
/* Takes the tokenizer, declares the parameters and initialises them from the seed. */
RUNG_API rung_status rung_model_build(rung_model *m, rung_tokenizer *tok, uint64_t seed,
                                      rung_error *err);
RUNG_API void rung_model_free(rung_model *m);

/* The folder: config.json, model.safetensors, tokenizer.json. Loading checks that names,
 * shapes and config agree and names what does not. */
RUNG_API rung_status rung_model_save(const rung_model *m, const char *dir,
                                     rung_error *err);
RUNG_API rung_status rung_model_load(rung_model **out, const char *dir, rung_error *err);

/* ---- Training and scoring of language models ---- */

/* Makes the trainer's task of a model and its data (borrowed: outlive the task): windows
 * of `context` tokens at a random phase each epoch, permuted; lanes where the class
 * carries states. */
RUNG_API rung_status rung_lm_task_new(rung_task **out, rung_model *m,
                                      const rung_tokens *train, const rung_tokens *valid,
                                      const rung_train_config *config, rung_error *err);
RUNG_API void rung_lm_task_free(rung_task *task);
/* From here on an evaluation looks at all windows of the valid data, not at a sample. */
RUNG_API void rung_lm_task_evaluate_all(rung_task *task);

/* What a language model says of held-out text. Every byte is scored once: windows of
 * `context` tokens (0: the model's own) move on by half of it, each scores what no
 * earlier one did. */
typedef struct rung_lm_score {
    double nats; /* in total */
    double bits_per_byte;
    double nats_per_token;
    size_t tokens, bytes;
    double seconds;     /* of the scoring */
    double *chunk_nats; /* [n_chunks]: the total in equal pieces of the text, owned */
    size_t n_chunks;
} rung_lm_score;

/* Scores `data`; the score is released by rung_lm_score_release. */
RUNG_API rung_status rung_lm_evaluate(const rung_model *m, rung_runtime *rt,
                                      const rung_tokens *data, int64_t context,
                                      rung_lm_score *score, rung_error *err);
RUNG_API void rung_lm_score_release(rung_lm_score *score);

/* ---- Generation ---- */
typedef struct rung_sampling {
    double temperature; /* 0: greedy */
    int64_t top_k;      /* 0: all */
    double top_p;       /* 1: all */
    uint64_t seed;
} rung_sampling;

#define RUNG_SAMPLING_DEFAULT                                                            \
    {                                                                                    \
        1.0, 0, 1.0, 0                                                                   \
    }

/* One token from logits [n]: draw number `index` of the seed's stream. Pure. order:
 * scratch of n numbers. */
RUNG_API int32_t rung_sample(const float *logits, int64_t n, const rung_sampling *how,
                             uint64_t index, int32_t *order);

/* One stream of at most max_tokens tokens; RUNG_UNSUPPORTED when the class cannot. */
RUNG_API rung_status rung_session_open(rung_session **out, const rung_model *m,
                                       rung_runtime *rt, int64_t max_tokens,
                                       rung_error *err);
RUNG_API rung_status rung_session_read(rung_session *s, const int32_t *ids, size_t n,
                                       float *logits, rung_error *err);
RUNG_API void rung_session_close(rung_session *s);

#ifdef __cplusplus
}
#endif
#endif
