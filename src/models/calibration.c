/* Calibration in bins of equal width, and Brier's score. */
#include "models/calibration.h"

#include <math.h>

enum { N = RUNG_CALIBRATION_BINS };

void rung__calibration_add(rung_calibration_bin *bins, double p, bool is_right)
{
    int b = 0;
    while (b < N - 1 && p > (double)(b + 1) / N) b++;
    bins[b].count++;
    bins[b].confidence += p;
    bins[b].right += is_right;
}

void rung__calibration_end(rung_calibration_bin *bins)
{
    for (int b = 0; b < N; b++) {
        bins[b].confidence /= (double)bins[b].count; // NaN in an empty one
        bins[b].right /= (double)bins[b].count;
    }
}

double rung__calibration_error(const rung_calibration_bin *bins)
{
    double sum = 0, n = 0;
    for (int b = 0; b < N; b++) {
        if (bins[b].count == 0) continue;
        const double count = (double)bins[b].count;
        sum += count * fabs(bins[b].right - bins[b].confidence);
        n += count;
    }
    return sum / n;
}

double rung__brier(const float *logp, int64_t L, int32_t given)
{
    double sum = 0;
    for (int64_t l = 0; l < L; l++) {
        const double d = exp((double)logp[l]) - (l == given);
        sum += d * d;
    }
    return sum / 2;
}
