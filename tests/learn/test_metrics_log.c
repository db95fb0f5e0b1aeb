/* metrics.jsonl: appended line by line, cut back to a checkpoint. */
#include "support.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "learn/metrics_log.h"

static rung_error err;

static void assert_says(const char *path, const char *text)
{
    char *data;
    size_t size;
    assert_ok(rung_file_read(path, &data, &size, &err));
    assert_string_equal(data, text);
    rung__free(data);
}

static rung_status add(rung_metrics_log *log, int step, double loss, rung_error *error)
{
    rung__json_use_alloc();
    json_t *object = json_pack("{s:i,s:f}", "step", step, "loss", loss);
    if (!object) return rung__out_of_memory(error, 0, "a test");
    const rung_status status = rung_metrics_add(log, object, error);
    json_decref(object);
    return status;
}

static void lines_are_appended_and_stand_at_once(void **state)
{
    const char *path = path_in(*state, "metrics.jsonl");
    rung_metrics_log log;
    assert_ok(rung_metrics_open(&log, path, &err));
    assert_ok(add(&log, 1, 0.5, &err));
    assert_says(path, "{\"step\": 1, \"loss\": 0.5}\n"); // before it is closed
    rung_metrics_close(&log);
    assert_ok(rung_metrics_open(&log, path, &err));
    assert_ok(add(&log, 2, 0.25, &err));
    rung_metrics_close(&log);
    assert_says(path, "{\"step\": 1, \"loss\": 0.5}\n{\"step\": 2, \"loss\": 0.25}\n");
    assert_fails_saying(rung_metrics_open(&log, "/nowhere/m", &err), RUNG_IO,
                        "/nowhere/m");
}

static void later_steps_and_a_torn_line_are_cut(void **state)
{
    const char *path = path_in(*state, "metrics.jsonl");
    write_text(path,
               "{\"run\":\"a\"}\n{\"step\":1}\n{\"step\":3}\n{\"step\":2,\"valid\":1}\n"
               "{\"step\":4}\n{\"step\":2,\"late\":true}\n{\"step\":1,\"to");
    assert_ok(rung_metrics_cut_back(path, 2, &err));
    const char *wanted = "{\"run\":\"a\"}\n{\"step\":1}\n{\"step\":2,\"valid\":1}\n"
                         "{\"step\":2,\"late\":true}\n";
    assert_says(path, wanted);
    assert_ok(rung_metrics_cut_back(path, 2, &err)); // nothing more to cut
    assert_says(path, wanted);
    assert_ok(rung_metrics_cut_back(path, -1, &err));
    assert_says(path, "{\"run\":\"a\"}\n");
    write_text(path, "{\"st");
    assert_ok(rung_metrics_cut_back(path, 9, &err));
    assert_says(path, "");
    assert_ok(rung_metrics_cut_back(path_in(*state, "absent"), 9, &err));
    assert_false(rung_path_exists(path_in(*state, "absent")));
}

/* Whatever place the last line is torn at, the others stay. */
static void a_line_torn_anywhere_is_cut(void **state)
{
    const char *path = path_in(*state, "metrics.jsonl");
    const char *text = "{\"step\":1}\n{\"step\":2,\"loss\":0.25}\n";
    for (size_t n = strlen("{\"step\":1}\n"); n < strlen(text); n++) {
        write_bytes(path, text, n);
        assert_ok(rung_metrics_cut_back(path, 9, &err));
        assert_says(path, "{\"step\":1}\n");
    }
}

static void a_damaged_line_is_reported_with_its_number(void **state)
{
    static const char *const lines[] = {"", "{\"step\":", "[1]", "{\"step\":1.5}",
                                        "{\"step\":\"1\"}"};
    const char *path = path_in(*state, "metrics.jsonl");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "{\"step\":1}\n%s\n{\"step\":2}\n", lines[i]);
        write_text(path, text);
        assert_fails_saying(rung_metrics_cut_back(path, 1, &err), RUNG_INPUT,
                            "metrics.jsonl:2: not a JSON object");
        assert_says(path, text); // as it was
    }
}

static void a_full_disk_leaves_whole_lines(void **state)
{
    const char *path = path_in(*state, "metrics.jsonl");
    rung_metrics_log log;
    assert_ok(rung_metrics_open(&log, path, &err));
    assert_ok(add(&log, 1, 0.5, &err));
    struct rlimit old_limit, limit;
    getrlimit(RLIMIT_FSIZE, &old_limit);
    limit = old_limit;
    limit.rlim_cur = 30; // room for a part of the second line
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    const rung_status status = add(&log, 2, 0.25, &err);
    setrlimit(RLIMIT_FSIZE, &old_limit);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, RUNG_IO);
    assert_contains(err.message, path);
    assert_says(path, "{\"step\": 1, \"loss\": 0.5}\n");
    assert_ok(add(&log, 2, 0.25, &err));
    assert_says(path, "{\"step\": 1, \"loss\": 0.5}\n{\"step\": 2, \"loss\": 0.25}\n");
    rung_metrics_close(&log);
}

static rung_status log_and_cut(void *path, rung_error *error)
{
    rung_metrics_log log;
    unlink(path); // else it grows, and with it the allocations that can fail
    RUNG_TRY(rung_metrics_open(&log, path, error));
    rung_status status = add(&log, 1, 0.5, error);
    if (status == RUNG_OK) status = add(&log, 2, 0.5, error);
    rung_metrics_close(&log);
    return status == RUNG_OK ? rung_metrics_cut_back(path, 1, error) : status;
}

static void failed_allocations_are_survived(void **state)
{
    char path[512];
    strcpy(path, path_in(*state, "metrics.jsonl"));
    assert_true(assert_survives_failed_allocations(log_and_cut, path) > 5);
}

/* Killed while it writes: lines from 1 on without a gap, then nothing or a torn one. */
static void a_killed_run_leaves_every_finished_line(void **state)
{
    const char *path = path_in(*state, "metrics.jsonl");
    for (unsigned round = 0; round < 20; round++) {
        unlink(path);
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            rung_metrics_log log;
            if (rung_metrics_open(&log, path, NULL) != RUNG_OK) _exit(1);
            for (int step = 1;; step++) add(&log, step, 0.5, NULL);
        }
        usleep(round * 7919 % 3001);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        char *text;
        size_t size;
        assert_ok(rung_metrics_cut_back(path, INT64_MAX, &err));
        if (!rung_path_exists(path)) continue;
        assert_ok(rung_file_read(path, &text, &size, &err));
        int wanted = 1, step, length;
        for (char *line = text; *line; line += length) {
            assert_int_equal(
                sscanf(line, "{\"step\": %d, \"loss\": 0.5}%n", &step, &length), 1);
            assert_int_equal(line[length++], '\n');
            assert_int_equal(step, wanted++);
        }
        rung__free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(lines_are_appended_and_stand_at_once),
        test_in_folder(later_steps_and_a_torn_line_are_cut),
        test_in_folder(a_line_torn_anywhere_is_cut),
        test_in_folder(a_damaged_line_is_reported_with_its_number),
        test_in_folder(a_full_disk_leaves_whole_lines),
        test_in_folder(failed_allocations_are_survived),
        test_in_folder(a_killed_run_leaves_every_finished_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
