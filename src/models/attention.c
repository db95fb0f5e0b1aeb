/* Attention weights of one text, through a graph of small operators beside the fused
 * ones. */
#include "models/attention.h"

#include <string.h>

#include "base/alloc.h"
#include "models/rungs.h"

static const struct {
    const rung_class *type;
    size_t (*build)(const rung_model *, rung_graph *, rung_tensor *, rung_tensor *,
                    rung_tensor **);
    bool is_causal;
} kinds[] = {{&rung__gpt, rung__gpt_attention, true},
             {&rung__bert, rung__bert_attention, false}};

enum { N_KINDS = sizeof kinds / sizeof *kinds };

static size_t kind_of(const rung_model *m)
{
    size_t k = 0;
    while (k < N_KINDS && kinds[k].type != m->type) k++;
    return k;
}

bool rung__has_attention(const rung_model *m)
{
    return kind_of(m) < N_KINDS;
}

/* 0 where key j is seen by query i, else what softmax makes 0 of. */
static void fill_mask(float *mask, int64_t T, bool is_causal)
{
    for (int64_t i = 0; i < T; i++)
        for (int64_t j = 0; j < T; j++) mask[i * T + j] = is_causal && j > i ? -1e9f : 0;
}

static rung_status copy(rung__attention *out, rung_tensor *const *weights, size_t layers,
                        int64_t T, rung_error *err)
{
    *out = (rung__attention){
        .layers = (int64_t)layers, .heads = rung_tensor_dim(weights[0], 1), .T = T};
    const size_t n = (size_t)(out->heads * T * T);
    out->weights = rung__alloc_array(layers * n, sizeof *out->weights);
    if (!out->weights) return rung__out_of_memory(err, layers * n * 4, "attention");
    for (size_t l = 0; l < layers; l++)
        memcpy(out->weights + l * n, rung_tensor_data(weights[l]),
               n * sizeof *out->weights);
    return RUNG_OK;
}

static rung_status run(rung__attention *out, rung_graph *g, const rung_model *m,
                       size_t kind, const int32_t *ids, int64_t T, float *mask,
                       rung_error *err)
{
    rung_tensor *weights[RUNG__MOST_LAYERS];
    rung_tensor *in = rung_input(g, "ids", RUNG_I32, 2, (int64_t[]){1, T});
    rung_tensor *hidden = rung_input(g, "mask", RUNG_F32, 2, (int64_t[]){T, T});
    const size_t layers = in && hidden ? kinds[kind].build(m, g, in, hidden, weights) : 0;
    RUNG_TRY(rung_graph_compile(g, weights, layers, err));
    void *block = rung__alloc(rung_graph_block_bytes(g));
    if (!block) return rung__out_of_memory(err, rung_graph_block_bytes(g), "attention");
    rung_graph_bind(g, block, NULL, NULL);
    rung_input_set(in, ids);
    rung_input_set(hidden, mask);
    rung_status status = rung_graph_run(g, &(rung_run){0}, err);
    if (status == RUNG_OK) status = copy(out, weights, layers, T, err);
    rung__free(block);
    return status;
}

rung_status rung__attention_of(rung__attention *out, const rung_model *m,
                               rung_runtime *rt, const int32_t *ids, int64_t T,
                               rung_error *err)
{
    const size_t kind = kind_of(m);
    rung_graph *g = NULL;
    *out = (rung__attention){0};
    if (kind == N_KINDS) return RUNG_OK;
    float *mask = rung__alloc_array((size_t)(T * T), sizeof *mask);
    if (!mask) return rung__out_of_memory(err, (size_t)(T * T) * sizeof *mask, "a mask");
    fill_mask(mask, T, kinds[kind].is_causal);
    rung_status status = rung_graph_new(&g, rt, RUNG_F32, err);
    if (status == RUNG_OK) status = run(out, g, m, kind, ids, T, mask, err);
    rung_graph_free(g);
    rung__free(mask);
    return status;
}

void rung__attention_release(rung__attention *a)
{
    rung__free(a->weights);
    *a = (rung__attention){0};
}
