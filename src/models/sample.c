/* Choosing the next token: temperature, top-k (Fan et al. 2018), top-p (Holtzman et al.
 * 2020). */
#include "rung/language.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"

/* Whether logit a stands before logit b in descending order; ties by id, and what is not
 * a number last, so that the order is total whatever a model says. */
static bool before(const float *logits, int32_t a, int32_t b)
{
    float x = isnan(logits[a]) ? -INFINITY : logits[a];
    float y = isnan(logits[b]) ? -INFINITY : logits[b];
    return x > y || (x == y && a < b);
}

static int32_t greedy(const float *logits, int64_t n)
{
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++) {
        if (before(logits, i, best)) best = i;
    }
    return best;
}

static int compare(const void *a, const void *b, void *logits)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x == y ? 0 : before(logits, x, y) ? -1 : 1;
}

/* How many of the most probable tokens remain: at most top_k, and no more than make up
 * top_p. */
static int64_t count_kept(const float *logits, int64_t n, const rung_sampling *how,
                          const int32_t *order, double total)
{
    int64_t most = how->top_k > 0 && how->top_k < n ? how->top_k : n, kept = 0;
    double mass = 0;
    while (kept < most && (kept == 0 || mass < how->top_p * total)) {
        mass += exp((logits[order[kept]] - logits[order[0]]) / how->temperature);
        kept++;
    }
    return kept;
}

int32_t rung_sample(const float *logits, int64_t n, const rung_sampling *how,
                    uint64_t index, int32_t *order)
{
    if (how->temperature <= 0) return greedy(logits, n);
    bool filter = how->top_k > 0 || how->top_p < 1;
    for (int32_t i = 0; i < n; i++) order[i] = i;
    if (filter) qsort_r(order, (size_t)n, sizeof *order, compare, (void *)logits);

    double top = logits[filter ? order[0] : greedy(logits, n)], total = 0, kept_total = 0;
    for (int64_t i = 0; i < n; i++) total += exp((logits[i] - top) / how->temperature);
    int64_t kept = filter ? count_kept(logits, n, how, order, total) : n;
    for (int64_t i = 0; i < kept; i++)
        kept_total += exp((logits[order[i]] - top) / how->temperature);

    rung_rng rng = rung_rng_make(rung_rng_key(how->seed, "sample", index));
    double point = rung_rng_double(&rng) * kept_total;
    for (int64_t i = 0; i < kept; i++) {
        point -= exp((logits[order[i]] - top) / how->temperature);
        if (point < 0) return order[i];
    }
    return order[kept - 1];
}
