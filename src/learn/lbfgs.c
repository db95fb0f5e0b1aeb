/* L-BFGS with a line search for the strong Wolfe conditions. The letters are those of
 * the papers: p the direction, s = w+ - w, y = g+ - g, rho = 1 / s.y.
 *
 * The recursion begins with gamma D^-1, where D is the diagonal of the Hessian, found
 * anew every few steps, and gamma = s.y / (y D^-1 y): curvatures as different as those of
 * rare words, frequent words and a bias would cost two to three times the steps. */
#include "learn/lbfgs.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"

#define C1 1e-4 /* sufficient decrease, and */
#define C2 0.9  /* curvature: Nocedal, Wright 2006, section 3.1 */
#define MAX_TRIALS 20
#define BLOCK 8192 /* elements: 64 KB */

typedef struct point {
    double *w, *g; /* [n] each */
    double value;
} point;

/* A place on the line w + t p. */
typedef struct trial {
    double t, value, slope;
} trial;

typedef struct lbfgs {
    const rung_objective *f;
    rung_pool *pool;
    int64_t n;
    int memory, n_pairs, newest; /* pairs lie in rings */
    double *s, *y;               /* [memory, n] */
    double *rho, *alpha;         /* [memory] */
    double gamma;                /* of the newest pair */
    double *inverse;             /* [n]: 1 / D */
    double *p;                   /* [n] */
    double *sums;                /* [n_blocks(n)] */
    point now, next;             /* next = now + t p */
    int evaluations;
} lbfgs;

/* ---- Vectors ---- */

typedef struct combination {
    double *z; /* NULL: the product alone, u.x */
    const double *base, *x, *factors, *u;
    double c, *sums;
    int64_t n;
} combination;

static int64_t n_blocks(int64_t n)
{
    return (n + BLOCK - 1) / BLOCK;
}

/* The sum of one block, in four parts whose additions need not wait for each other. */
static double block_dot(const double *x, const double *u, int64_t n)
{
    double a = 0, b = 0, c = 0, d = 0;
    int64_t i = 0;
    for (; i + 4 <= n; i += 4) {
        a += x[i] * u[i];
        b += x[i + 1] * u[i + 1];
        c += x[i + 2] * u[i + 2];
        d += x[i + 3] * u[i + 3];
    }
    for (; i < n; i++) a += x[i] * u[i];
    return (a + b) + (c + d);
}

static void combine_block(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const combination *k = ctx;
    const int64_t begin = task * BLOCK, left = k->n - begin;
    const int64_t n = left < BLOCK ? left : BLOCK;
    const double *x = k->x + begin, c = k->c;
    double *z = k->z ? k->z + begin : NULL;
    if (k->factors) {
        for (int64_t i = 0; i < n; i++) z[i] = c * k->factors[begin + i] * x[i];
    } else if (k->base) {
        for (int64_t i = 0; i < n; i++) z[i] = k->base[begin + i] + c * x[i];
    } else if (z) {
        for (int64_t i = 0; i < n; i++) z[i] = c * x[i];
    }
    k->sums[task] = block_dot(z ? z : x, k->u + begin, n);
}

static double join_blocks(lbfgs *l, combination k)
{
    double sum = 0;
    k.sums = l->sums, k.n = l->n;
    rung_pool_run(l->pool, n_blocks(l->n), combine_block, &k);
    for (int64_t b = 0; b < n_blocks(l->n); b++) sum += l->sums[b];
    return sum;
}

/* z = base + c x (base NULL: 0; it may be z); returns u.z. */
static double combine(lbfgs *l, double *z, const double *base, double c, const double *x,
                      const double *u)
{
    return join_blocks(l, (combination){.z = z, .base = base, .c = c, .x = x, .u = u});
}

/* z = c D^-1 x (x may be z); returns u.z. */
static double scale(lbfgs *l, double *z, double c, const double *x, const double *u)
{
    return join_blocks(
        l, (combination){.z = z, .factors = l->inverse, .c = c, .x = x, .u = u});
}

static double dot(lbfgs *l, const double *x, const double *u)
{
    return join_blocks(l, (combination){.x = x, .u = u});
}

/* ---- The direction ---- */

/* The i-th newest pair: its place in the rings. */
static int pair_at(const lbfgs *l, int i)
{
    return (l->newest - i + l->memory) % l->memory;
}

/* p = -H g by the two-loop recursion; returns the slope g.p. Each pass over p also takes
 * the product that the next one needs. */
static double find_direction(lbfgs *l)
{
    const double *g = l->now.g;
    const int64_t n = l->n;
    if (l->n_pairs == 0) return scale(l, l->p, -1, g, g);
    double product = combine(l, l->p, NULL, -1, g, l->s + pair_at(l, 0) * n);
    for (int i = 0; i < l->n_pairs; i++) {
        const int k = pair_at(l, i), older = pair_at(l, i + 1);
        l->alpha[k] = l->rho[k] * product;
        product = combine(l, l->p, l->p, -l->alpha[k], l->y + k * n, l->s + older * n);
    }
    const int oldest = pair_at(l, l->n_pairs - 1);
    product = scale(l, l->p, l->gamma, l->p, l->y + oldest * n);
    for (int i = l->n_pairs - 1; i >= 0; i--) {
        const int k = pair_at(l, i);
        const double *u = i > 0 ? l->y + pair_at(l, i - 1) * n : g;
        const double beta = l->rho[k] * product;
        product = combine(l, l->p, l->p, l->alpha[k] - beta, l->s + k * n, u);
    }
    return product;
}

/* Keeps the pair of the step from now to next, over the oldest one. */
static void keep_pair(lbfgs *l, double t)
{
    const int k = l->n_pairs > 0 ? (l->newest + 1) % l->memory : 0;
    double *s = l->s + k * l->n, *y = l->y + k * l->n;
    combine(l, s, NULL, t, l->p, l->p);
    const double sy = combine(l, y, l->next.g, -1, l->now.g, s);
    if (!(sy > 0)) return; // rounding: the Wolfe conditions make it positive
    const double yy = scale(l, l->p, 1, y, y); // p has done its work
    l->rho[k] = 1 / sy;
    l->gamma = sy / yy;
    l->newest = k;
    if (l->n_pairs < l->memory) l->n_pairs++;
}

/* ---- The line search ---- */

static trial try_step(lbfgs *l, double t)
{
    combine(l, l->next.w, l->now.w, t, l->p, l->p);
    l->next.value = l->f->value(l->f->self, l->next.w, l->next.g);
    l->evaluations++;
    return (trial){t, l->next.value, dot(l, l->next.g, l->p)};
}

/* Too high for the sufficient decrease from `zero`, or not finite. */
static bool is_high(const trial *x, const trial *zero)
{
    return !(x->value <= zero->value + C1 * x->t * zero->slope);
}

static bool is_flat(const trial *x, const trial *zero)
{
    return fabs(x->slope) <= -C2 * zero->slope;
}

/* Where the cubic through both values and slopes is least (equation 3.59), but not near
 * the ends; the middle, if that is nowhere. */
static double interpolate(const trial *a, const trial *b)
{
    const double width = b->t - a->t, margin = 0.1;
    const double d1 = a->slope + b->slope - 3 * (a->value - b->value) / (a->t - b->t);
    const double d2 = copysign(sqrt(d1 * d1 - a->slope * b->slope), width);
    const double part = 1 - (b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2);
    if (!isfinite(part)) return a->t + 0.5 * width;
    return a->t + fmin(fmax(part, margin), 1 - margin) * width;
}

/* Between low, the best so far, and high lies a step that satisfies both conditions. */
static double zoom(lbfgs *l, const trial *zero, trial low, trial high)
{
    for (int i = 0; i < MAX_TRIALS; i++) {
        const trial x = try_step(l, interpolate(&low, &high));
        if (is_high(&x, zero) || x.value >= low.value) {
            high = x;
            continue;
        }
        if (is_flat(&x, zero)) return x.t;
        if (x.slope * (high.t - low.t) >= 0) high = low;
        low = x;
    }
    return low.t > 0 ? try_step(l, low.t).t : 0; // at least it is lower
}

/* The step length, 0 if there is none; l->next is the point that it leads to. */
static double search(lbfgs *l, double slope)
{
    const trial zero = {0, l->now.value, slope};
    trial before = zero;
    double t = 1;
    for (int i = 0; i < MAX_TRIALS; i++, t *= 2) {
        const trial x = try_step(l, t);
        if (is_high(&x, &zero) || (i > 0 && x.value >= before.value))
            return zoom(l, &zero, before, x);
        if (is_flat(&x, &zero)) return t;
        if (x.slope >= 0) return zoom(l, &zero, x, before);
        before = x;
    }
    return try_step(l, before.t).t;
}

/* ---- The method ---- */

/* One step; false when none makes the value smaller. */
static bool step(lbfgs *l)
{
    const double slope = find_direction(l);
    const double t = slope < 0 ? search(l, slope) : 0;
    if (!(t > 0)) {
        const bool had_pairs = l->n_pairs > 0;
        l->n_pairs = 0; // rounding: once more along the gradient
        return had_pairs;
    }
    keep_pair(l, t);
    const point now = l->now;
    l->now = l->next;
    l->next = now;
    return true;
}

/* Of the diagonal at l->now, where the function was last asked for; without one, the
 * first step has length 1. */
static void find_inverse(lbfgs *l, double norm)
{
    if (l->f->diagonal) l->f->diagonal(l->f->self, l->inverse);
    for (int64_t i = 0; i < l->n; i++)
        l->inverse[i] = 1 / (l->f->diagonal ? l->inverse[i] : norm);
}

static void run(lbfgs *l, const rung_lbfgs_config *config, rung_lbfgs_result *r)
{
    l->now.value = l->f->value(l->f->self, l->now.w, l->now.g);
    l->evaluations = 1;
    *r = (rung_lbfgs_result){0};
    for (bool moves = true;; r->iterations++) {
        r->gradient_norm = sqrt(dot(l, l->now.g, l->now.g));
        r->converged =
            r->gradient_norm <= config->tolerance * sqrt(dot(l, l->now.w, l->now.w));
        if (r->converged || !moves || r->iterations == config->max_iterations) break;
        if (r->iterations % l->memory == 0) find_inverse(l, r->gradient_norm);
        moves = step(l);
    }
    r->value = l->now.value;
    r->evaluations = l->evaluations;
}

rung_status rung__lbfgs(double *w, rung_lbfgs_result *result, const rung_objective *f,
                        const rung_lbfgs_config *config, rung_pool *pool, rung_error *err)
{
    assert(config->memory > 0);
    const size_t n = (size_t)f->n, m = (size_t)config->memory;
    size_t vectors;
    double *x = rung_mul_size(2 * m + 6, n, &vectors)
                    ? rung__alloc_array(vectors + 2 * m + (size_t)n_blocks(f->n), 8)
                    : NULL;
    if (!x) return rung__out_of_memory(err, (2 * m + 6) * n * 8, "the solver");
    lbfgs l = {.f = f, .pool = pool, .n = f->n, .memory = config->memory};
    l.s = x, l.y = x + m * n, l.p = x + 2 * m * n;
    l.now.w = l.p + n, l.now.g = l.p + 2 * n;
    l.next.w = l.p + 3 * n, l.next.g = l.p + 4 * n;
    l.inverse = l.p + 5 * n;
    l.rho = l.p + 6 * n, l.alpha = l.rho + m, l.sums = l.alpha + m;
    memcpy(l.now.w, w, n * sizeof *w);
    run(&l, config, result);
    memcpy(w, l.now.w, n * sizeof *w);
    rung__free(x);
    return RUNG_OK;
}
