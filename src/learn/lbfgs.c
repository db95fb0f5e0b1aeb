/* L-BFGS. The direction is the two-loop recursion over the last few pairs of steps and
 * changes of the gradient (Liu, Nocedal 1989, "On the limited memory BFGS method for
 * large scale optimization", section 2). The letters are the paper's: p the direction,
 * s = w+ - w, y = g+ - g, rho = 1 / s.y.
 *
 * The recursion begins with gamma D^-1, where D is the diagonal of the Hessian, found
 * anew every few steps, and gamma = s.y / (y D^-1 y): curvatures as different as those of
 * rare words, frequent words and a bias would cost two to three times the steps. */
#include "learn/lbfgs.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "learn/l1.h"

enum { MEMORY = RUNG_LBFGS_MEMORY };

/* The i-th newest pair: its place in the rings. */
static int pair_at(const rung_lbfgs_state *l, int i)
{
    return (l->newest - i + MEMORY) % MEMORY;
}

/* p = -H g by the two-loop recursion, g the steepest; returns the slope g.p. Each pass
 * over p also takes the product that the next one needs. */
static double find_direction(rung_lbfgs_state *l)
{
    const double *g = l->steepest;
    const int64_t n = l->v.n;
    if (l->n_pairs == 0) return rung__scale(&l->v, l->p, l->inverse, -1, g, g);
    double product = rung__combine(&l->v, l->p, NULL, -1, g, l->s + pair_at(l, 0) * n);
    for (int i = 0; i < l->n_pairs; i++) {
        const int k = pair_at(l, i), older = pair_at(l, i + 1);
        l->alpha[k] = l->rho[k] * product;
        product = rung__combine(&l->v, l->p, l->p, -l->alpha[k], l->y + k * n,
                                l->s + older * n);
    }
    const int oldest = pair_at(l, l->n_pairs - 1);
    product = rung__scale(&l->v, l->p, l->inverse, l->gamma, l->p, l->y + oldest * n);
    for (int i = l->n_pairs - 1; i >= 0; i--) {
        const int k = pair_at(l, i);
        const double *u = i > 0 ? l->y + pair_at(l, i - 1) * n : g;
        const double beta = l->rho[k] * product;
        product = rung__combine(&l->v, l->p, l->p, l->alpha[k] - beta, l->s + k * n, u);
    }
    return product;
}

/* gamma of the newest pair, whose step is done: p is free. */
static void find_gamma(rung_lbfgs_state *l)
{
    const double *y = l->y + l->newest * l->v.n;
    const double yy = rung__scale(&l->v, l->p, l->inverse, 1, y, y);
    l->gamma = 1 / (l->rho[l->newest] * yy);
}

/* Keeps the pair of the step from now to next, over the oldest one. */
static void keep_pair(rung_lbfgs_state *l)
{
    const int k = l->n_pairs > 0 ? (l->newest + 1) % MEMORY : 0;
    double *s = l->s + k * l->v.n, *y = l->y + k * l->v.n;
    rung__combine(&l->v, s, l->next.w, -1, l->now.w, l->next.w);
    const double sy = rung__combine(&l->v, y, l->next.g, -1, l->now.g, s);
    if (l->n_pairs == MEMORY) l->n_pairs--;
    if (!(sy > 0)) return; // rounding: f is convex
    l->rho[k] = 1 / sy;
    l->newest = k;
    l->n_pairs++;
    find_gamma(l);
}

/* One step; false when none makes the value smaller. */
static bool step(rung_lbfgs_state *l)
{
    const double slope = find_direction(l);
    const bool moves = slope < 0 && (l->f->l1 > 0 ? rung__orthant_search(l)
                                                  : rung__line_search(l, slope));
    if (!moves) {
        const bool had_pairs = l->n_pairs > 0;
        l->n_pairs = 0; // rounding: once more along the gradient
        return had_pairs;
    }
    keep_pair(l);
    const rung_lbfgs_point now = l->now;
    l->now = l->next;
    l->next = now;
    return true;
}

/* Of the diagonal at l->now, where the function was last asked for; without one, the
 * first step has length 1. */
static void find_inverse(rung_lbfgs_state *l, double norm)
{
    if (l->f->diagonal) l->f->diagonal(l->f->self, l->inverse);
    for (int64_t i = 0; i < l->v.n; i++)
        l->inverse[i] = 1 / (l->f->diagonal ? l->inverse[i] : norm);
    if (l->n_pairs > 0) find_gamma(l);
}

static void run(rung_lbfgs_state *l, const rung_minimise_config *config,
                rung_minimise_result *r)
{
    double first = 0;
    l->now.value = l->f->value(l->f->self, l->now.w, l->now.g) +
                   rung__l1_value(l->f, &l->v, l->now.w);
    l->evaluations = 1;
    *r = (rung_minimise_result){0};
    for (bool moves = true;; r->iterations++) {
        if (l->f->l1 > 0)
            rung__l1_subgradient(l->f, &l->v, l->now.w, l->now.g, l->steepest);
        else
            l->steepest = l->now.g;
        r->gradient_norm = sqrt(rung__dot(&l->v, l->steepest, l->steepest));
        if (r->iterations == 0) first = r->gradient_norm;
        r->converged = rung__is_minimum(
            config, r->gradient_norm, sqrt(rung__dot(&l->v, l->now.w, l->now.w)), first);
        if (r->converged || !moves || r->iterations == config->max_iterations) break;
        if (r->iterations % MEMORY == 0) find_inverse(l, r->gradient_norm);
        moves = step(l);
    }
    r->value = l->now.value;
    r->evaluations = l->evaluations;
}

bool rung__is_minimum(const rung_minimise_config *config, double g, double w, double g0)
{
    return g <= config->tolerance * (config->scale * w + 1e-5 * g0);
}

rung_status rung__lbfgs(double *w, rung_minimise_result *result, const rung_objective *f,
                        const rung_minimise_config *config, rung_pool *pool,
                        rung_error *err)
{
    const size_t n = (size_t)f->n, n_vectors = 2 * MEMORY + 6 + (f->l1 > 0);
    size_t vectors;
    double *x = rung_mul_size(n_vectors, n, &vectors)
                    ? rung__alloc_array(vectors + (size_t)rung__vectors_blocks(f->n), 8)
                    : NULL;
    if (!x) return rung__out_of_memory(err, n_vectors * n * 8, "the solver");
    rung_lbfgs_state l = {.f = f, .v = {pool, f->n, x + vectors}};
    l.s = x, l.y = x + MEMORY * n, l.p = x + 2 * MEMORY * n;
    l.now.w = l.p + n, l.now.g = l.p + 2 * n;
    l.next.w = l.p + 3 * n, l.next.g = l.p + 4 * n;
    l.inverse = l.p + 5 * n, l.steepest = l.p + 6 * n;
    memcpy(l.now.w, w, n * sizeof *w);
    run(&l, config, result);
    memcpy(w, l.now.w, n * sizeof *w);
    rung__free(x);
    return RUNG_OK;
}
