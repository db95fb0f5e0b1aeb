/* Calibration: maximum likelihood of one or two numbers, by L-BFGS.
 *
 * Temperature: the loss of scale z, with all labels (Guo et al. 2017, "On calibration of
 * modern neural networks", section 4.2). Platt: p = 1 / (1 + exp(-(scale z + shift)))
 * against targets slightly off 0 and 1, (n+ + 1) / (n+ + 2) and 1 / (n- + 2) (Platt 1999,
 * "Probabilistic outputs for support vector machines", section 2.2). Rows count by their
 * weights in neither. */
#include "learn/calibrate.h"

#include <assert.h>
#include <math.h>

#include "base/alloc.h"

#define TOLERANCE 1e-4 /* of 1e-5 of the first gradient */
#define MAX_ITERATIONS 200

typedef struct calibration {
    const rung_logistic_data *data;
    const double *z; /* [N, O] */
    double *u, *p;   /* [O]: scratch */
    double yes, no;  /* targets of Platt */
    int64_t O;
} calibration;

static double temperature_value(void *self, const double *scale, double *gradient)
{
    const calibration *c = self;
    double loss = 0;
    gradient[0] = 0;
    for (int64_t i = 0; i < c->data->rows->n_rows; i++) {
        const double *z = c->z + i * c->O;
        for (int64_t o = 0; o < c->O; o++) c->u[o] = scale[0] * z[o];
        loss += rung__logistic_loss(c->data, i, c->u, c->p); // u = p - y
        for (int64_t o = 0; o < c->O; o++) gradient[0] += z[o] * c->u[o];
    }
    return loss;
}

/* -t ln p - (1 - t) ln(1 - p) = ln(1 + exp(u)) - t u,   u = scale z + shift. */
static double platt_value(void *self, const double *w, double *gradient)
{
    const calibration *c = self;
    double loss = 0;
    gradient[0] = gradient[1] = 0;
    for (int64_t i = 0; i < c->data->rows->n_rows; i++) {
        const double z = c->z[i], u = w[0] * z + w[1];
        const double t = c->data->labels[i] ? c->yes : c->no;
        const double r = exp(-rung__softplus(-u)) - t;
        loss += rung__softplus(u) - t * u;
        gradient[0] += z * r;
        gradient[1] += r;
    }
    return loss;
}

rung_status rung__calibrate(double *scale, double *shift, rung_calibration kind,
                            const rung_logistic_data *data, const double *z,
                            rung_pool *pool, rung_error *err)
{
    const int64_t N = data->rows->n_rows, O = rung__logistic_outputs(data);
    assert(kind != RUNG_CALIBRATION_PLATT || O == 1);
    double w[2] = {1, 0}, n_yes = 0;
    *scale = 1, *shift = 0;
    if (kind == RUNG_CALIBRATION_NONE || N == 0) return RUNG_OK;
    calibration c = {.data = data, .z = z, .O = O};
    c.u = rung__alloc_array(2 * (size_t)O, sizeof *c.u);
    if (!c.u) return rung__out_of_memory(err, (size_t)O * 16, "calibration");
    c.p = c.u + O;
    const bool is_platt = kind == RUNG_CALIBRATION_PLATT;
    for (int64_t i = 0; is_platt && i < N; i++) n_yes += data->labels[i] != 0;
    c.yes = (n_yes + 1) / (n_yes + 2);
    c.no = 1 / ((double)N - n_yes + 2);
    const rung_objective f = {.value = is_platt ? platt_value : temperature_value,
                              .self = &c,
                              .n = is_platt ? 2 : 1,
                              .n_parts = 1};
    const rung_minimise_config config = {TOLERANCE, 0, MAX_ITERATIONS};
    rung_minimise_result result;
    const rung_status status = rung__lbfgs(w, &result, &f, &config, pool, err);
    if (status == RUNG_OK && w[0] > 0 && isfinite(w[0])) *scale = w[0], *shift = w[1];
    rung__free(c.u);
    return status;
}
