/* Losses. Everything goes through e = exp(-|z|), at most 1:
 *
 *     ln(1 + exp(z)) = max(z, 0) + ln(1 + e),
 *     1 / (1 + exp(-z)) = 1 / (1 + e) for z >= 0, else e / (1 + e)
 *
 * and ln sum exp(z) has the largest z taken out. */
#include "learn/logistic_loss.h"

#include <math.h>

double rung__softplus(double z)
{
    return fmax(z, 0) + log1p(exp(-fabs(z)));
}

double rung__sigmoid_loss(double *z, double *p, int64_t O, rung_label_set y)
{
    double loss = 0;
    int64_t next = 0; // of the set
    for (int64_t o = 0; o < O; o++) {
        const bool is_label = next < y.n && y.ids[next] == o;
        const double score = z[o], e = exp(-fabs(score));
        next += is_label;
        loss += fmax(is_label ? -score : score, 0) + log1p(e);
        const double likelier = 1 / (1 + e), other = e * likelier;
        p[o] = score >= 0 ? likelier : other;
        z[o] = !is_label ? p[o] : score >= 0 ? -other : -likelier; // p - y
    }
    return loss;
}

double rung__softmax_loss(double *z, double *p, int64_t O, int32_t label)
{
    const double score = z[label];
    double most = z[0], sum = 0;
    for (int64_t o = 1; o < O; o++) most = fmax(most, z[o]);
    for (int64_t o = 0; o < O; o++) sum += p[o] = exp(z[o] - most);
    for (int64_t o = 0; o < O; o++) z[o] = p[o] /= sum;
    z[label] -= 1;
    return most - score + log(sum);
}

void rung__log_sigmoid(double *z, int64_t O)
{
    for (int64_t o = 0; o < O; o++) z[o] = -rung__softplus(-z[o]);
}

void rung__log_softmax(double *z, int64_t O)
{
    double most = z[0], sum = 0;
    for (int64_t o = 1; o < O; o++) most = fmax(most, z[o]);
    for (int64_t o = 0; o < O; o++) sum += exp(z[o] - most);
    for (int64_t o = 0; o < O; o++) z[o] -= most + log(sum);
}
