/* The alias table: each slot holds what its own word has of 1/n, filled up by one other
 * word that has more. */
#include "learn/noise.h"

#include <math.h>

#include "base/alloc.h"

/* The words with less than 1/n stand in list[0 ... n_small - 1], the others from the
 * end; share[i] is n P(i). */
static void fill(rung__noise *noise, double *share, int32_t *list)
{
    const int64_t n = noise->n;
    int64_t n_small = 0, large = n;
    for (int64_t i = 0; i < n; i++) {
        if (share[i] < 1)
            list[n_small++] = (int32_t)i;
        else
            list[--large] = (int32_t)i;
        noise->slots[i] = (rung__noise_slot){UINT32_MAX, (int32_t)i};
    }
    while (n_small > 0 && large < n) {
        const int32_t s = list[--n_small], l = list[large];
        noise->slots[s] = (rung__noise_slot){(uint32_t)(share[s] * UINT32_MAX), l};
        share[l] -= 1 - share[s];
        if (share[l] >= 1) continue;
        large++;
        list[n_small++] = l;
    }
}

rung_status rung__noise_new(rung__noise *out, const int64_t *counts, int64_t n,
                            double power, rung_error *err)
{
    double *share = rung__alloc_array((size_t)n, sizeof *share);
    int32_t *list = rung__alloc_array((size_t)n, sizeof *list);
    *out = (rung__noise){rung__alloc_array((size_t)n, sizeof *out->slots), n};
    const bool done = share && list && out->slots;
    if (done) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++) sum += share[i] = pow((double)counts[i], power);
        for (int64_t i = 0; i < n; i++) share[i] *= (double)n / sum;
        fill(out, share, list);
    } else {
        rung__noise_release(out);
    }
    rung__free(share);
    rung__free(list);
    return done ? RUNG_OK : rung__out_of_memory(err, (size_t)n * 20, "a table of noise");
}

void rung__noise_release(rung__noise *noise)
{
    rung__free(noise->slots);
    *noise = (rung__noise){0};
}
