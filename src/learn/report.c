/* metrics.jsonl of a training. */
#include "learn/report.h"

#include <math.h>

#include "base/alloc.h"
#include "base/files.h"

#define SCHEMA 1

static const char *const names[RUNG_REPORT_NUMBERS] = {
    "loss", "valid_loss", "lr", "grad_norm", "units_per_second", "elapsed_seconds"};

/* Puts a new number into the line; true if there was memory. */
static bool add_number(json_t *line, const char *name, json_t *number)
{
    return json_object_set(line, name, number) == 0;
}

static rung_status make_line(rung_report_log *l, rung_error *err)
{
    rung__json_use_alloc();
    l->line = json_object();
    l->step = json_integer(0);
    bool done = json_object_set_new(l->line, "schema", json_integer(SCHEMA)) == 0 &&
                add_number(l->line, "step", l->step);
    for (int i = 0; i < RUNG_REPORT_NUMBERS; i++) {
        l->numbers[i] = json_real(0);
        done = done && add_number(l->line, names[i], l->numbers[i]);
    }
    return done ? RUNG_OK : rung__out_of_memory(err, 0, "a line of metrics");
}

static rung_status cut_and_open(rung_report_log *l, int64_t step, rung_error *err)
{
    if (step < 0)
        RUNG_TRY(rung_file_write(l->path, "", 0, err));
    else
        RUNG_TRY(rung_metrics_cut_back(l->path, step, err));
    return rung_metrics_open(&l->log, l->path, err);
}

rung_status rung__report_log_open(rung_report_log *l, const char *dir, int64_t step,
                                  rung_error *err)
{
    *l = (rung_report_log){.log = {.fd = -1}};
    if (!dir) return RUNG_OK;
    RUNG_TRY(make_line(l, err));
    l->path = rung_path_join(dir, "metrics.jsonl");
    if (!l->path) return rung__out_of_memory(err, 0, "a path");
    return cut_and_open(l, step, err);
}

void rung__report_log_close(rung_report_log *l)
{
    rung_metrics_close(&l->log);
    rung__free(l->path);
    json_decref(l->line);
    json_decref(l->step);
    for (int i = 0; i < RUNG_REPORT_NUMBERS; i++) json_decref(l->numbers[i]);
    *l = (rung_report_log){.log = {.fd = -1}};
}

rung_status rung__report_log_add(rung_report_log *l, const rung_train_report *report,
                                 rung_error *err)
{
    if (!l->path) return RUNG_OK;
    const double values[RUNG_REPORT_NUMBERS] = {
        report->loss,      report->valid_loss,       report->lr,
        report->grad_norm, report->units_per_second, report->elapsed_seconds};
    json_integer_set(l->step, report->step);
    for (int i = 0; i < RUNG_REPORT_NUMBERS; i++) {
        const bool is_number = json_real_set(l->numbers[i], values[i]) == 0; // not NaN
        json_object_set(l->line, names[i], is_number ? l->numbers[i] : json_null());
    }
    return rung_metrics_add(&l->log, l->line, err);
}

static json_t *go_back_line(int64_t step, int64_t from, double lr_scale)
{
    json_t *line = json_object();
    if (json_object_set_new(line, "schema", json_integer(SCHEMA)) == 0 &&
        json_object_set_new(line, "step", json_integer(step + 1)) == 0 &&
        json_object_set_new(line, "event", json_string("rollback")) == 0 &&
        json_object_set_new(line, "from", json_integer(from)) == 0 &&
        json_object_set_new(line, "lr_scale", json_real(lr_scale)) == 0)
        return line;
    json_decref(line);
    return NULL;
}

rung_status rung__report_log_go_back(rung_report_log *l, int64_t step, int64_t from,
                                     double lr_scale, rung_error *err)
{
    if (!l->path) return RUNG_OK;
    rung_metrics_close(&l->log);
    RUNG_TRY(cut_and_open(l, step, err));
    json_t *line = go_back_line(step, from, lr_scale);
    if (!line) return rung__out_of_memory(err, 0, "a line of metrics");
    const rung_status status = rung_metrics_add(&l->log, line, err);
    json_decref(line);
    return status;
}
