/* metrics.jsonl of a run. */
#include "learn/metrics_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"

static rung_status fail_io(rung_error *err, const char *path, int error)
{
    return rung_fail(err, RUNG_IO, "cannot write '%s': %s", path, strerror(error));
}

/* ---- Appending ---- */

rung_status rung_metrics_open(rung_metrics_log *log, const char *path, rung_error *err)
{
    *log = (rung_metrics_log){.fd = -1, .path = rung__strdup(path)};
    if (!log->path) return rung__out_of_memory(err, strlen(path), "a file's name");
    log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log->fd >= 0) return RUNG_OK;
    const int error = errno;
    rung_metrics_close(log);
    return fail_io(err, path, error);
}

/* The line goes out in one write at the end of the file, so that a crash can only tear
 * the last one, and a full disk leaves a part that is cut off again. */
rung_status rung_metrics_add(rung_metrics_log *log, const json_t *object, rung_error *err)
{
    log->line.len = 0;
    rung_json_add_text(&log->line, object, 0);
    rung_str_add(&log->line, "\n");
    if (log->line.failed) {
        rung_str_release(&log->line);
        return rung__out_of_memory(err, 0, log->path);
    }
    const off_t end = lseek(log->fd, 0, SEEK_END);
    const ssize_t written = write(log->fd, log->line.data, log->line.len);
    if (written == (ssize_t)log->line.len) return RUNG_OK;
    const int error = written < 0 ? errno : ENOSPC; // a short write: no room for the rest
    const bool taken_back = end >= 0 && ftruncate(log->fd, end) == 0;
    return fail_io(err, log->path, taken_back ? error : errno);
}

void rung_metrics_close(rung_metrics_log *log)
{
    if (log->fd >= 0) close(log->fd);
    rung_str_release(&log->line);
    rung__free(log->path);
    *log = (rung_metrics_log){.fd = -1};
}

/* ---- Cutting back ---- */

/* Sets *step to the "step" of a line, INT64_MIN if it has none. */
static rung_status read_step(const char *line, size_t size, const char *path,
                             int64_t number, int64_t *step, rung_error *err)
{
    json_error_t fault = {0};
    json_t *object = rung__json_load(line, size, &fault);
    if (!object && json_error_code(&fault) == json_error_out_of_memory) {
        return rung__out_of_memory(err, size, path);
    }
    const json_t *value = json_object_get(object, "step");
    const bool is_good = json_is_object(object) && (!value || json_is_integer(value));
    *step = value ? json_integer_value(value) : INT64_MIN;
    json_decref(object);
    if (is_good) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "%s:%lld: not a JSON object with a whole \"step\"",
                     path, (long long)number);
}

/* Line by line, not up to the first later step: lines of several kinds may be a little
 * out of order. */
static rung_status keep_lines(rung_str *kept, const char *text, size_t size,
                              int64_t last_step, const char *path, rung_error *err)
{
    const char *line = text, *newline;
    int64_t number = 0, step = 0;
    // What follows the last newline is a torn line.
    while ((newline = memchr(line, '\n', (size_t)(text + size - line)))) {
        RUNG_TRY(read_step(line, (size_t)(newline - line), path, ++number, &step, err));
        const char *next = newline + 1;
        if (step <= last_step) rung_str_add_bytes(kept, line, (size_t)(next - line));
        line = next;
    }
    return kept->failed ? rung__out_of_memory(err, size, path) : RUNG_OK;
}

/* Rewritten whole or not at all; a log that needs no cut is not touched. */
rung_status rung_metrics_cut_back(const char *path, int64_t step, rung_error *err)
{
    char *text = NULL;
    size_t size;
    rung_str kept = {0};
    if (!rung_path_exists(path)) return RUNG_OK;
    RUNG_TRY(rung_file_read(path, &text, &size, err));
    rung_status status = keep_lines(&kept, text, size, step, path, err);
    if (status == RUNG_OK && kept.len < size) {
        status = rung_file_write(path, kept.data, kept.len, err);
    }
    rung_str_release(&kept);
    rung__free(text);
    return status;
}
