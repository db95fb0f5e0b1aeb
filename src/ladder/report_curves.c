/* How the rungs learn: the loss on valid over the seconds of training. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "ladder/report.h"

typedef struct curve {
    double *seconds, *loss; /* owned */
    size_t n;
} curve;

static void release(curve *curves, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        rung__free(curves[i].seconds);
        rung__free(curves[i].loss);
    }
}

static size_t count_lines(const char *text)
{
    size_t n = 1;
    for (; *text; text++) n += *text == '\n';
    return n;
}

/* Takes a line if it is one of an evaluation after some training. A line that is torn or
 * of another kind is none. */
static rung_status take_line(curve *c, const char *line, size_t size, rung_error *err)
{
    json_error_t fault = {0};
    json_t *o = rung__json_load(line, size, &fault);
    if (!o && json_error_code(&fault) == json_error_out_of_memory)
        return rung__out_of_memory(err, size, "metrics.jsonl");
    const json_t *step = json_object_get(o, "step");
    const json_t *loss = json_object_get(o, "valid_loss");
    const json_t *seconds = json_object_get(o, "elapsed_seconds");
    if (json_integer_value(step) > 0 && json_is_number(loss) && json_is_number(seconds)) {
        c->seconds[c->n] = json_number_value(seconds);
        c->loss[c->n++] = json_number_value(loss);
    }
    json_decref(o);
    return RUNG_OK;
}

static rung_status take_lines(curve *c, const char *text, rung_error *err)
{
    const size_t most = count_lines(text);
    c->seconds = rung__alloc_array(most, sizeof *c->seconds);
    c->loss = rung__alloc_array(most, sizeof *c->loss);
    if (!c->seconds || !c->loss) return rung__out_of_memory(err, most, "a curve");
    for (const char *line = text; *line;) {
        const size_t n = strcspn(line, "\n");
        if (n) RUNG_TRY(take_line(c, line, n, err));
        line += n + (line[n] == '\n');
    }
    return RUNG_OK;
}

static rung_status read_curve(const rung__report *r, size_t row, curve *c,
                              rung_error *err)
{
    char *text;
    size_t size;
    RUNG_TRY(rung__report_read(r, row, 0, "metrics.jsonl", &text, &size, err));
    const rung_status status = text ? take_lines(c, text, err) : RUNG_OK;
    rung__free(text);
    return status;
}

static void add_chart(const rung__report *r, const curve *curves)
{
    const bool is_raw = r->ladder->kind == RUNG_RAW;
    rung_series series[RUNG_LADDER_MAX];
    size_t n = 0;
    for (size_t i = 0; i < r->ladder->n_rows; i++) {
        if (curves[i].n)
            series[n++] = (rung_series){.name = r->ladder->rows[i].type->name,
                                        .x = curves[i].seconds,
                                        .y = curves[i].loss,
                                        .n = curves[i].n,
                                        .color = (int)i};
    }
    if (n == 0) return;
    rung_page_heading(r->page, "How they learn");
    rung_page_lines(
        r->page,
        &(rung_lines){
            .title = "Learning curves",
            .caption = "Loss on a sample of valid while training, for the rungs "
                       "that are trained by steps (of several trainings the first). A "
                       "curve that still falls at "
                       "its end asks for a larger budget; one that rises has "
                       "learned train by heart, and its best weights were kept.",
            .x = {"training time", RUNG_UNIT_SECONDS, false, 0, 0},
            .y = {is_raw ? "nats a token" : "nats a text", RUNG_UNIT_NUMBER, false, 0, 0},
            .series = series,
            .n_series = n});
}

rung_status rung__report_curves(const rung__report *r, rung_error *err)
{
    curve curves[RUNG_LADDER_MAX] = {{0}};
    rung_status status = RUNG_OK;
    for (size_t i = 0; status == RUNG_OK && i < r->ladder->n_rows; i++)
        status = read_curve(r, i, &curves[i], err);
    if (status == RUNG_OK) add_chart(r, curves);
    release(curves, r->ladder->n_rows);
    return status;
}
