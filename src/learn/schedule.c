/* Learning-rate schedules: a pure function of the step, so there is nothing to save.
 *
 * The rate climbs over the first W steps as lr (s + 1) / (W + 1). Then, with p = (s -
 * W) / (S - W) running from 0 to almost 1 and r = min_lr:
 *
 *     constant      lr
 *     linear        lr (1 - (1 - r) p)
 *     cosine        lr (r + (1 - r) (1 + cos(pi p)) / 2)  Loshchilov, Hutter 2017, eq. 5
 *     inverse_sqrt  lr sqrt((W + 1) / (s + 1))            Vaswani et al. 2017, sec. 5.3
 *     step          lr, a tenth from S / 2, a hundredth from 3 S / 4
 *                                                         He et al. 2016, sec. 4.2 */
#include <math.h>

#include "rung/learn.h"

#define WARMUP_SHARE 20 /* warmup -1: one step in so many */

static double step_factor(int64_t step, int64_t steps)
{
    if (step < steps / 2) return 1;
    return step < steps - steps / 4 ? 0.1 : 0.01;
}

static double decay_factor(const rung_train_config *config, int64_t step, int64_t steps,
                           int64_t warmup)
{
    const double p =
        step < steps ? (double)(step - warmup) / (double)(steps - warmup) : 1;
    const double fall = 1 - config->min_lr;
    switch ((rung_schedule_kind)config->schedule) {
    case RUNG_SCHEDULE_LINEAR:
        return 1 - fall * p;
    case RUNG_SCHEDULE_COSINE:
        return config->min_lr + fall * (1 + cos(acos(-1) * p)) / 2;
    case RUNG_SCHEDULE_INVERSE_SQRT:
        return sqrt((double)(warmup + 1) / (double)(step + 1));
    case RUNG_SCHEDULE_STEP:
        return step_factor(step, steps);
    case RUNG_SCHEDULE_CONSTANT:
        break;
    }
    return 1;
}

double rung_schedule_lr(const rung_train_config *config, int64_t step, int64_t steps)
{
    const int64_t warmup = config->warmup < 0 ? steps / WARMUP_SHARE : config->warmup;
    if (step < warmup) return config->lr * (double)(step + 1) / (double)(warmup + 1);
    return config->lr * decay_factor(config, step, steps, warmup);
}
