/* Newton's method for many variables: each step minimises the quadratic model
 *
 *     q(s) = g.s + 1/2 s.Hs,   |s| <= Delta
 *
 * by conjugate gradients, which need products H d only (Steihaug 1983), and Delta follows
 * how well q foretells f (Lin, Weng, Keerthi 2008, "Trust region Newton method for
 * large-scale logistic regression", section 2). Norms and conjugate gradients are scaled
 * by M, the diagonal of H: |s|^2 = s.Ms (Conn, Gould, Toint 2000, "Trust-region methods",
 * section 7.5.1). */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "learn/minimise.h"
#include "learn/vectors.h"

/* The constants of section 2 of Lin, Weng, Keerthi. */
#define ETA0 1e-4
#define ETA1 0.25
#define ETA2 0.75
#define SIGMA1 0.25
#define SIGMA2 0.5
#define SIGMA3 4.0
#define MAX_PRODUCTS 1000 /* of one step */
#define MAX_REFUSED 40    /* steps in a row */

typedef struct region {
    const rung_objective *f;
    rung_vectors v;
    double delta;
    double value;
    double *w, *g, *next_w, *next_g;
    double *inverse;            /* 1 / M */
    double *s, *r, *z, *d, *hd; /* the step, -g - Hs, r / M, the direction, H d */
    int evaluations;
} region;

/* The root of |s + tau d| = Delta, from the products with M. */
static double to_the_edge(double delta, double ss, double sd, double dd)
{
    const double rest = delta * delta - ss, root = sqrt(sd * sd + dd * rest);
    return sd >= 0 ? rest / (sd + root) : (root - sd) / dd;
}

/* Makes s and r; returns |s|. Ends when |r| <= share |g|. */
static double find_step(region *t, double share)
{
    const rung_vectors *v = &t->v;
    const double delta = t->delta;
    double ss = 0, sd = 0; // s.Ms, s.Md
    memset(t->s, 0, (size_t)v->n * sizeof *t->s);
    rung__combine(v, t->r, NULL, -1, t->g, t->g);
    double rz = rung__scale(v, t->z, t->inverse, 1, t->r, t->r), dd = rz;
    const double enough = share * share * rz;
    memcpy(t->d, t->z, (size_t)v->n * sizeof *t->d);
    for (int i = 0; i < MAX_PRODUCTS && rz > enough; i++) {
        t->f->product(t->f->self, t->d, t->hd);
        t->evaluations++;
        const double alpha = rz / rung__dot(v, t->d, t->hd);
        const double longer = ss + 2 * alpha * sd + alpha * alpha * dd;
        const bool is_inside = longer < delta * delta; // false for a NaN, too
        const double length = is_inside ? alpha : to_the_edge(delta, ss, sd, dd);
        rung__combine(v, t->s, t->s, length, t->d, t->d);
        rung__combine(v, t->r, t->r, -length, t->hd, t->hd);
        if (!is_inside) return delta;
        const double before = rz;
        rz = rung__scale(v, t->z, t->inverse, 1, t->r, t->r);
        const double beta = rz / before;
        rung__combine(v, t->d, t->z, beta, t->d, t->d);
        ss = longer;
        sd = beta * (sd + alpha * dd);
        dd = rz + beta * beta * dd;
    }
    return sqrt(ss);
}

/* Section 2, equation 8 and below: how far the next step may go, with `expected` and
 * `gained` the falls of q and f. */
static void resize(region *t, double length, double slope, double expected, double gained)
{
    const double bend = -gained - slope; // f's curvature along s, seen from its value
    double alpha = bend <= 0 ? SIGMA3 : fmax(SIGMA1, -0.5 * slope / bend);
    if (!isfinite(gained)) alpha = SIGMA1, gained = -INFINITY;
    if (gained < ETA0 * expected)
        t->delta = fmin(alpha * length, SIGMA2 * t->delta);
    else if (gained < ETA1 * expected)
        t->delta = fmax(SIGMA1 * t->delta, fmin(alpha * length, SIGMA2 * t->delta));
    else if (gained < ETA2 * expected)
        t->delta = fmax(SIGMA1 * t->delta, fmin(alpha * length, SIGMA3 * t->delta));
    else
        t->delta = fmax(t->delta, fmin(alpha * length, SIGMA3 * t->delta));
}

static void swap(double **a, double **b)
{
    double *c = *a;
    *a = *b, *b = c;
}

/* One step, from a smaller region if need be; false when none makes the value smaller. */
static bool step(region *t, double share, bool is_first)
{
    for (int i = 0; i < MAX_REFUSED; i++) {
        const double length = find_step(t, share);
        const double slope = rung__dot(&t->v, t->g, t->s);
        const double expected = -0.5 * (slope - rung__dot(&t->v, t->s, t->r));
        rung__combine(&t->v, t->next_w, t->w, 1, t->s, t->s);
        const double value = t->f->value(t->f->self, t->next_w, t->next_g);
        const double slack = 8 * DBL_EPSILON * fabs(t->value);
        const double gained = t->value - value;
        t->evaluations++;
        if (is_first && i == 0) t->delta = fmin(t->delta, length);
        resize(t, length, slope, expected, gained);
        if (gained > ETA0 * expected - slack) { // what rounding takes is allowed
            t->value = value;
            swap(&t->w, &t->next_w), swap(&t->g, &t->next_g);
            return expected > 0;
        }
        t->f->value(t->f->self, t->w, t->next_g); // the curvature is that of w again
    }
    return false;
}

static void find_inverse(region *t)
{
    if (t->f->diagonal) t->f->diagonal(t->f->self, t->inverse);
    for (int64_t i = 0; i < t->v.n; i++)
        t->inverse[i] = t->f->diagonal ? 1 / t->inverse[i] : 1;
}

static void run(region *t, const rung_minimise_config *config, rung_minimise_result *r)
{
    double first = 0;
    t->value = t->f->value(t->f->self, t->w, t->g);
    t->evaluations = 1;
    *r = (rung_minimise_result){0};
    for (bool moves = true;; r->iterations++) {
        r->gradient_norm = sqrt(rung__dot(&t->v, t->g, t->g));
        if (r->iterations == 0) first = r->gradient_norm;
        r->converged = rung__is_minimum(config, r->gradient_norm,
                                        sqrt(rung__dot(&t->v, t->w, t->w)), first);
        if (r->converged || !moves || r->iterations == config->max_iterations) break;
        find_inverse(t);
        if (r->iterations == 0)
            t->delta = sqrt(rung__scale(&t->v, t->z, t->inverse, 1, t->g, t->g));
        // Ever better steps, so that the last few are as good as Newton's.
        moves = step(t, fmin(0.1, sqrt(r->gradient_norm / first)), r->iterations == 0);
    }
    r->value = t->value;
    r->evaluations = t->evaluations;
}

rung_status rung__trust_region(double *w, rung_minimise_result *result,
                               const rung_objective *f,
                               const rung_minimise_config *config, rung_pool *pool,
                               rung_error *err)
{
    assert(f->product && f->l1 == 0);
    enum { VECTORS = 10 };
    const size_t n = (size_t)f->n;
    double *x = rung__alloc_array(VECTORS * n + (size_t)rung__vectors_blocks(f->n), 8);
    if (!x) return rung__out_of_memory(err, VECTORS * n * 8, "the solver");
    region t = {.f = f, .v = {pool, f->n, x + VECTORS * n}};
    double **const vectors[VECTORS] = {&t.w, &t.g, &t.next_w, &t.next_g, &t.inverse,
                                       &t.s, &t.r, &t.z,      &t.d,      &t.hd};
    for (size_t i = 0; i < VECTORS; i++) *vectors[i] = x + i * n;
    memcpy(t.w, w, n * sizeof *w);
    run(&t, config, result);
    memcpy(w, t.w, n * sizeof *w);
    rung__free(x);
    return RUNG_OK;
}
