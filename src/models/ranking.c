/* Areas under curves, and what is among the first. All go through the cases from the
 * highest score down, one group of equal scores after another. */
#include "models/ranking.h"

#include <math.h>
#include <stdlib.h>

static int by_score(const void *a, const void *b)
{
    const rung__scored *x = a, *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

void rung__scored_sort(rung__scored *cases, size_t n)
{
    if (n) qsort(cases, n, sizeof *cases, by_score);
}

/* Cases whose score is at least that of a threshold. */
typedef struct above {
    double positive, negative;
    size_t n;
} above;

/* Lowers the threshold to the next score; false behind the last one. */
static bool take_group(above *a, const rung__scored *cases, size_t n)
{
    if (a->n == n) return false;
    const float score = cases[a->n].score;
    do {
        a->positive += cases[a->n].is_positive;
        a->negative += !cases[a->n].is_positive;
        a->n++;
    } while (a->n < n && cases[a->n].score >= score);
    return true;
}

static above count_all(const rung__scored *cases, size_t n)
{
    above all = {.n = n};
    for (size_t i = 0; i < n; i++) all.positive += cases[i].is_positive;
    all.negative = (double)n - all.positive;
    return all;
}

double rung__roc_auc(const rung__scored *cases, size_t n)
{
    const above all = count_all(cases, n);
    double pairs = 0;
    for (above now = {0}, before = now; take_group(&now, cases, n); before = now)
        pairs += (now.negative - before.negative) * (now.positive + before.positive) / 2;
    return pairs / (all.positive * all.negative);
}

double rung__average_precision(const rung__scored *cases, size_t n)
{
    const above all = count_all(cases, n);
    double sum = 0;
    for (above now = {0}, before = now; take_group(&now, cases, n); before = now)
        sum += (now.positive - before.positive) * now.positive / (double)now.n;
    return sum / all.positive;
}

size_t rung__ranking_curve(double *x, double *y, size_t most, rung__curve_kind kind,
                           const rung__scored *cases, size_t n)
{
    const above all = count_all(cases, n);
    const double gap = most > 2 ? (double)n / (double)(most - 2) : (double)n;
    size_t n_points = 0;
    if (kind == RUNG__ROC) x[0] = y[0] = 0, n_points = 1;
    for (above now = {0}; take_group(&now, cases, n);) {
        const double so_far = (double)(n_points - (kind == RUNG__ROC));
        if (now.n < n && (double)now.n < so_far * gap) continue;
        const double recall = now.positive / all.positive;
        x[n_points] = kind == RUNG__ROC ? now.negative / all.negative : recall;
        y[n_points++] = kind == RUNG__ROC ? recall : now.positive / (double)now.n;
    }
    return n_points;
}

void rung__count_hits(size_t *hits, size_t n_hits, const float *scores, int64_t L,
                      const int32_t *ids, size_t n_ids)
{
    for (size_t i = 0; i < n_ids; i++) {
        const int32_t id = ids[i];
        if (id < 0) continue;
        size_t rank = 0;
        for (int64_t l = 0; l < L; l++)
            rank += scores[l] > scores[id] || (l < id && scores[l] == scores[id]);
        for (size_t k = rank; k < n_hits; k++) hits[k]++;
    }
}
