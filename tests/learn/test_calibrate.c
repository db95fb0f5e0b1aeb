/* Calibration: what was wrong with the scores is found. */
#include "support.h"

#include "base/rng.h"
#include "learn/calibrate.h"

static rung_error err;

enum { N = 4000, K = 4 };

/* Scores of which `scale` times them plus `shift` are right: labels are drawn so. */
typedef struct drawn {
    rung_csr rows; /* no columns: only how many there are */
    int32_t labels[N];
    double z[N * K];
} drawn;

static int32_t draw_one(rung_rng *rng, const double *z, int64_t O, double scale,
                        double shift)
{
    double p[K], sum = 0, u = rung_rng_double(rng);
    if (O == 1) return u < 1 / (1 + exp(-(scale * z[0] + shift)));
    for (int o = 0; o < O; o++) sum += p[o] = exp(scale * z[o]);
    for (int32_t o = 0; o < O - 1; o++) {
        u -= p[o] / sum;
        if (u < 0) return o;
    }
    return (int32_t)O - 1;
}

static void draw(drawn *d, int64_t O, double scale, double shift)
{
    rung_rng rng = rung_rng_make(2);
    d->rows = (rung_csr){.n_rows = N};
    for (int i = 0; i < N; i++) {
        double *z = d->z + i * O;
        for (int o = 0; o < O; o++) z[o] = 3 * rung_rng_normal(&rng);
        d->labels[i] = draw_one(&rng, z, O, scale, shift);
    }
}

static void calibrate(double *scale, double *shift, rung_calibration kind, const drawn *d,
                      int64_t n_labels)
{
    rung_pool *pool;
    const rung_logistic_data data = {
        .rows = &d->rows, .n_labels = n_labels, .labels = d->labels};
    assert_ok(rung_pool_new(&pool, 1, &err));
    assert_ok(rung__calibrate(scale, shift, kind, &data, d->z, pool, &err));
    rung_pool_free(pool);
}

static void temperature_finds_the_scale(void **state)
{
    (void)state;
    static drawn d;
    double scale, shift;
    draw(&d, 1, 0.4, 0);
    calibrate(&scale, &shift, RUNG_CALIBRATION_TEMPERATURE, &d, 2);
    assert_near(scale, 0.4, 0.03);
    assert_true(shift == 0);
    draw(&d, K, 2.5, 0);
    calibrate(&scale, &shift, RUNG_CALIBRATION_TEMPERATURE, &d, K);
    assert_near(scale, 2.5, 0.2);
}

static void platt_finds_scale_and_shift(void **state)
{
    (void)state;
    static drawn d;
    double scale, shift;
    draw(&d, 1, 0.7, -1.2);
    calibrate(&scale, &shift, RUNG_CALIBRATION_PLATT, &d, 2);
    assert_near(scale, 0.7, 0.05);
    assert_near(shift, -1.2, 0.1);
}

/* Platt's targets keep probabilities off 0 and 1 where labels follow from the scores:
 * (n + 1) / (n + 2) on each side, here at z = -1 and 1. */
static void platts_targets_are_off_the_ends(void **state)
{
    (void)state;
    static drawn d;
    double scale, shift;
    d.rows = (rung_csr){.n_rows = 8};
    for (int i = 0; i < 8; i++) d.labels[i] = i < 6, d.z[i] = i < 6 ? 1 : -1;
    calibrate(&scale, &shift, RUNG_CALIBRATION_PLATT, &d, 2);
    assert_near(1 / (1 + exp(-(scale + shift))), 7.0 / 8, 1e-6);
    assert_near(1 / (1 + exp(scale - shift)), 1.0 / 4, 1e-6);
}

static void scores_stay_where_the_rows_do_not_tell(void **state)
{
    (void)state;
    static drawn d;
    double scale, shift;
    draw(&d, 1, -1, 0); // they mean their opposite
    calibrate(&scale, &shift, RUNG_CALIBRATION_TEMPERATURE, &d, 2);
    assert_true(scale == 1 && shift == 0);
    calibrate(&scale, &shift, RUNG_CALIBRATION_PLATT, &d, 2);
    assert_true(scale == 1 && shift == 0);
    draw(&d, 1, 0.5, 0);
    calibrate(&scale, &shift, RUNG_CALIBRATION_NONE, &d, 2);
    assert_true(scale == 1 && shift == 0);
    d.rows.n_rows = 0;
    calibrate(&scale, &shift, RUNG_CALIBRATION_PLATT, &d, 2);
    assert_true(scale == 1 && shift == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(temperature_finds_the_scale),
        cmocka_unit_test(platt_finds_scale_and_shift),
        cmocka_unit_test(platts_targets_are_off_the_ends),
        cmocka_unit_test(scores_stay_where_the_rows_do_not_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
