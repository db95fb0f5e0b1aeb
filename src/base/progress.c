/* A meter for progress. */
#include "base/progress.h"

#include <math.h>

#include "base/clock.h"

#define REPORT_NS 100000000 /* at most ten reports a second */
#define RATE_SECONDS 3.0    /* the rate forgets what is older, as exp(-age / this) */

void rung_meter_start(rung_meter *m, rung_progress_sink sink, const char *label,
                      const char *unit, double done, double total)
{
    *m = (rung_meter){.sink = sink, .reported = done};
    m->now = (rung_progress){.label = label,
                             .unit = unit,
                             .done = done,
                             .total = total,
                             .left = -1,
                             .loss = NAN};
    m->start_ns = m->report_ns = rung__now_ns();
}

/* The mean of the rates since the start, each weighted by how recent it is. */
static double new_rate(const rung_meter *m, double done, double seconds)
{
    const double latest = (done - m->reported) / seconds;
    if (m->now.rate <= 0) return latest;
    const double forgotten = exp(-seconds / RATE_SECONDS);
    return forgotten * m->now.rate + (1 - forgotten) * latest;
}

void rung__meter_update_at(rung_meter *m, double done, double loss, int64_t now_ns,
                           bool is_last)
{
    rung_progress *now = &m->now;
    now->done = done;
    if (!isnan(loss)) now->loss = loss;
    const int64_t passed_ns = now_ns - m->report_ns;
    if (!m->sink.report || (passed_ns < REPORT_NS && !is_last)) return;
    // A short rest before the end says little about the rate.
    if (passed_ns >= REPORT_NS || now->rate <= 0) {
        const double seconds = fmax((double)passed_ns * 1e-9, 1e-9);
        now->rate = new_rate(m, done, seconds);
    }
    now->elapsed = (double)(now_ns - m->start_ns) * 1e-9;
    const bool is_known = now->total > 0 && now->rate > 0;
    now->left = is_known ? fmax(now->total - done, 0) / now->rate : -1;
    now->is_last = is_last;
    m->report_ns = now_ns;
    m->reported = done;
    m->sink.report(m->sink.self, now);
}

void rung_meter_update(rung_meter *m, double done, double loss)
{
    rung__meter_update_at(m, done, loss, rung__now_ns(), false);
}

void rung_meter_end(rung_meter *m)
{
    rung__meter_update_at(m, m->now.done, NAN, rung__now_ns(), true);
}
