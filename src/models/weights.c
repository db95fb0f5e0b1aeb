/* The strongest weights of a linear model, with names. */
#include "rung/weights.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "models/linear.h"
#include "rung/classify.h"

rung_status rung__linear_of(const rung_linear_ops **out, const rung_model *m,
                            rung_error *err)
{
    rung_str names = {0};
    *out = m->kind == RUNG_LABELLED ? m->type->linear : NULL;
    if (*out && (*out)->weights(m)) return RUNG_OK;
    if (*out) return rung_fail(err, RUNG_INPUT, "%s: not trained yet", m->type->name);
    for (size_t i = 0; i < rung_class_count(); i++) {
        if (rung_class_at(i)->linear)
            rung_str_addf(&names, " %s", rung_class_at(i)->name);
    }
    rung_fail(err, RUNG_UNSUPPORTED, "%s has no weights of features: those that do:%s",
              m->type->name, names.data ? names.data : " none");
    rung_str_release(&names);
    return err->code;
}

rung_status rung_weights_hash_bits(int64_t *bits, const rung_model *m, rung_error *err)
{
    const rung_linear_ops *ops;
    RUNG_TRY(rung__linear_of(&ops, m, err));
    *bits = ops->features(m)->config.bits;
    return RUNG_OK;
}

bool rung_weights_number(rung_number_weight *out, const rung_model *m, int64_t label,
                         size_t k)
{
    const rung_linear_ops *ops = m->kind == RUNG_LABELLED ? m->type->linear : NULL;
    const rung_numbers *numbers = ops && ops->weights(m) ? ops->numbers(m) : NULL;
    if (!numbers || k >= numbers->n || label < 0 || label >= m->n_labels) return false;
    const int64_t O = ops->outputs(m), j = ops->features(m)->n_columns + (int64_t)k;
    const double w = (double)ops->weights(m)[j * O + (O == 1 ? 0 : label)];
    const char *names = rung_number_columns(m);
    for (size_t i = 0; i <= k; i++) rung__numbers_name(&out->name, &names);
    out->weight = O == 1 && label == 0 ? -w : w;
    out->mean = numbers->scales[k].mean;
    out->deviation = numbers->scales[k].deviation;
    return true;
}

/* ---- The strongest ---- */

typedef struct strong {
    double weight;
    int32_t column;
} strong;

static bool is_weaker(strong a, strong b)
{
    return a.weight < b.weight || (a.weight == b.weight && a.column > b.column);
}

/* The strongest of D columns in list [most], the first of them the strongest: a sorted
 * list into which each stronger one is inserted. Returns how many. */
static size_t find_strongest(strong *list, size_t most, const rung_model *m,
                             const rung_linear_ops *ops, int64_t label)
{
    const rung_features *f = ops->features(m);
    const int64_t O = ops->outputs(m), o = O == 1 ? 0 : label;
    const double sign = O == 1 && label == 0 ? -1 : 1;
    const float *w = ops->weights(m);
    size_t n = 0;
    for (int64_t j = 0; j < f->n_columns && most > 0; j++) {
        const strong x = {sign * (double)w[j * O + o] * (double)f->idf[j], (int32_t)j};
        if (!(x.weight > 0) || (n == most && is_weaker(x, list[n - 1]))) continue;
        size_t at = n < most ? n++ : n - 1;
        for (; at > 0 && is_weaker(list[at - 1], x); at--) list[at] = list[at - 1];
        list[at] = x;
    }
    return n;
}

/* ---- Names ---- */

/* Looks for the hashes of the list in the texts. */
static bool find_names(size_t *at, rung_str *names, const strong *list, size_t n,
                       const rung_features *f, const rung_span *texts, size_t n_texts)
{
    const int shift = (int)(64 - f->config.bits);
    rung_ngrams_scratch s = {0};
    bool has_room = true;
    size_t n_found = 0;
    for (size_t t = 0; t < n_texts && n_found < n && has_room; t++) {
        has_room = rung__ngrams_of(&s, &f->which, texts[t], true);
        for (size_t g = 0; has_room && g < s.n; g++) {
            const int32_t hash = (int32_t)(s.list[g].key >> shift);
            size_t i = 0;
            while (i < n && (at[i] || f->hashes[list[i].column] != hash)) i++;
            if (i == n) continue;
            at[i] = names->len + 1;
            rung__ngram_name(names, &s, &s.list[g]);
            rung_str_add_bytes(names, "", 1);
            n_found++;
        }
    }
    rung__ngrams_release(&s);
    return has_room;
}

/* The names of the list one after another, each with a NUL; at[i] is where the i-th
 * begins, plus 1. */
static bool name_all(size_t *at, rung_str *names, const strong *list, size_t n,
                     const rung_features *f, const rung_span *texts, size_t n_texts)
{
    if (f->config.bits && !find_names(at, names, list, n, f, texts, n_texts))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (at[i]) continue;
        at[i] = names->len + 1;
        rung__features_name(names, f, list[i].column);
        rung_str_add_bytes(names, "", 1);
    }
    return !names->failed;
}

rung_status rung_weights_strongest(rung_weights *out, const rung_model *m, int64_t label,
                                   size_t most, const rung_span *texts, size_t n,
                                   rung_error *err)
{
    const rung_linear_ops *ops;
    rung_str names = {0};
    *out = (rung_weights){0};
    RUNG_TRY(rung__linear_of(&ops, m, err));
    if (label < 0 || label >= m->n_labels)
        return rung_fail(err, RUNG_USAGE, "label %lld of %lld", (long long)label,
                         (long long)m->n_labels);
    strong *list = rung__alloc_array(most, sizeof *list);
    size_t *at = rung__alloc_array(most, sizeof *at);
    rung_weight *weights = rung__alloc_array(most, sizeof *weights);
    bool has_room = list && at && weights;
    const size_t count = has_room ? find_strongest(list, most, m, ops, label) : 0;
    has_room = has_room && name_all(at, &names, list, count, ops->features(m), texts, n);
    for (size_t i = 0; has_room && i < count; i++)
        weights[i] = (rung_weight){names.data + at[i] - 1, list[i].weight};
    rung__free(list), rung__free(at);
    *out = (rung_weights){weights, count, names.data};
    if (has_room) return RUNG_OK;
    rung_weights_release(out);
    return rung__out_of_memory(err, most * sizeof *list, "weights");
}

void rung_weights_release(rung_weights *weights)
{
    rung__free(weights->list), rung__free(weights->storage);
    *weights = (rung_weights){0};
}
