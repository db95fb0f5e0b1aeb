/* Checkpoints: what is saved is found, and at no moment does a crash leave less than
 * before. */
#include "support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "learn/checkpoint.h"

static rung_error err;

/* ---- Helpers ---- */

static rung_status write_in(const char *folder, const char *name, const char *text,
                            rung_error *error)
{
    return rung_file_write(path_in(folder, name), text, strlen(text), error);
}

/* Saves a step of two files that both say `text`. */
static rung_status save(const char *dir, int64_t step, const char *text, int64_t keep,
                        rung_error *error)
{
    rung_checkpoint c;
    RUNG_TRY(rung_checkpoint_begin(&c, dir, step, error));
    rung_status status = write_in(c.path, "weights", text, error);
    if (status == RUNG_OK) status = write_in(c.path, "state", text, error);
    if (status == RUNG_OK) return rung_checkpoint_commit(&c, keep, error);
    rung_checkpoint_abandon(&c);
    return status;
}

static void assert_says(const char *path, const char *text)
{
    char *data;
    size_t size;
    assert_ok(rung_file_read(path, &data, &size, &err));
    assert_string_equal(data, text);
    rung__free(data);
}

/* The latest checkpoint is that of `step`, and both of its files say `text`. */
static void assert_latest(const char *dir, int64_t wanted, const char *text)
{
    int64_t step;
    char *path;
    assert_ok(rung_checkpoint_latest(dir, &step, &path, &err));
    assert_int_equal(step, wanted);
    assert_says(path_in(path, "weights"), text);
    assert_says(path_in(path, "state"), text);
    rung__free(path);
}

static void assert_none(const char *dir)
{
    int64_t step = 7;
    char *path = (char *)&step;
    assert_ok(rung_checkpoint_latest(dir, &step, &path, &err));
    assert_int_equal(step, -1);
    assert_null(path);
}

static void assert_damaged(const char *dir, const char *reason)
{
    int64_t step;
    char *path;
    assert_fails_saying(rung_checkpoint_latest(dir, &step, &path, &err), RUNG_INPUT,
                        reason);
    assert_contains(err.message, path_in(dir, "checkpoints/latest"));
    assert_int_equal(step, -1);
    assert_null(path);
}

/* The names in checkpoints/ are these, in bytewise order, joined by spaces. */
static void assert_names(const char *dir, const char *wanted)
{
    rung_names names;
    char text[256] = "";
    assert_ok(rung_list_dir(path_in(dir, "checkpoints"), &names, &err));
    for (size_t i = 0; i < names.count; i++) {
        if (i) strcat(text, " ");
        strcat(text, names.names[i]);
    }
    assert_string_equal(text, wanted);
    rung_names_release(&names);
}

static void rename_in(const char *dir, const char *from, const char *to)
{
    assert_int_equal(rename(path_in(dir, from), path_in(dir, to)), 0);
}

/* ---- Saving and finding ---- */

static void a_run_without_checkpoints_begins_anew(void **state)
{
    assert_none(*state);
    assert_none("/nowhere");
}

static void the_last_saved_step_is_found(void **state)
{
    assert_ok(save(*state, 0, "zero", 2, &err));
    assert_latest(*state, 0, "zero");
    assert_ok(save(*state, 100, "a hundred", 2, &err));
    assert_latest(*state, 100, "a hundred");
    assert_says(path_in(*state, "checkpoints/latest"), "step-100\n");
}

static void the_newest_steps_are_kept(void **state)
{
    for (int step = 8; step <= 12; step++) assert_ok(save(*state, step, "x", 3, &err));
    assert_names(*state, "latest step-10 step-11 step-12");
    assert_ok(save(*state, 13, "x", 1, &err));
    assert_names(*state, "latest step-13");
}

/* After going back to an earlier step the abandoned future must not count as newest. */
static void steps_of_an_abandoned_future_go(void **state)
{
    for (int step = 1; step <= 3; step++) assert_ok(save(*state, step, "old", 3, &err));
    assert_ok(save(*state, 2, "new", 3, &err));
    assert_latest(*state, 2, "new");
    assert_names(*state, "latest step-1 step-2");
}

static void an_abandoned_step_leaves_nothing(void **state)
{
    rung_checkpoint c;
    assert_ok(save(*state, 1, "one", 2, &err));
    assert_ok(rung_checkpoint_begin(&c, *state, 2, &err));
    assert_ok(write_in(c.path, "weights", "two", &err));
    rung_checkpoint_abandon(&c);
    assert_names(*state, "latest step-1");
    assert_latest(*state, 1, "one");
}

/* ---- What crashes leave ---- */

static void leftovers_are_removed_by_the_next_save(void **state)
{
    assert_ok(save(*state, 3, "three", 2, &err));
    assert_ok(rung_make_dirs(path_in(*state, "checkpoints/step-4.tmp"), &err));
    assert_ok(rung_make_dirs(path_in(*state, "checkpoints/step-9.tmp"), &err));
    assert_ok(rung_make_dirs(path_in(*state, "checkpoints/step-2.old"), &err));
    write_text(path_in(*state, "checkpoints/step-4.tmp/stale"), "half a file");
    assert_latest(*state, 3, "three");
    assert_ok(save(*state, 4, "four", 2, &err));
    assert_names(*state, "latest step-3 step-4");
    assert_latest(*state, 4, "four");
    assert_false(rung_path_exists(path_in(*state, "checkpoints/step-4/stale")));
}

static void files_of_others_are_left_alone(void **state)
{
    assert_ok(save(*state, 3, "three", 1, &err));
    write_text(path_in(*state, "checkpoints/step-x"), "mine");
    write_text(path_in(*state, "checkpoints/notes.tmp"), "mine");
    assert_ok(save(*state, 4, "four", 1, &err));
    assert_names(*state, "latest notes.tmp step-4 step-x");
}

/* Killed after the rename, before `latest` was written. */
static void a_finished_step_that_latest_does_not_name_is_replaced(void **state)
{
    assert_ok(save(*state, 1, "one", 2, &err));
    assert_ok(save(*state, 2, "lost", 2, &err));
    write_text(path_in(*state, "checkpoints/latest"), "step-1\n");
    assert_latest(*state, 1, "one");
    assert_ok(save(*state, 2, "two", 2, &err));
    assert_latest(*state, 2, "two");
    assert_names(*state, "latest step-1 step-2");
}

/* Killed between the two renames that replace a step. */
static void a_half_replaced_step_is_put_back(void **state)
{
    assert_ok(save(*state, 5, "first", 2, &err));
    rename_in(*state, "checkpoints/step-5", "checkpoints/step-5.old");
    assert_latest(*state, 5, "first");
    rename_in(*state, "checkpoints/step-5", "checkpoints/step-5.old");
    rung_checkpoint c; // a save that begins right away keeps it too
    assert_ok(rung_checkpoint_begin(&c, *state, 6, &err));
    rung_checkpoint_abandon(&c);
    assert_latest(*state, 5, "first");
}

/* ---- Damage ---- */

static void a_latest_that_names_nothing_is_reported(void **state)
{
    static const char *const lines[] = {"",           "step-\n",
                                        "step--1\n",  "7\n",
                                        "step-7",     "step-7 \n",
                                        "step-7\n\n", "step-7.tmp\n",
                                        "step-x\n",   "step-99999999999999999999\n"};
    const char *latest = path_in(*state, "checkpoints/latest");
    assert_ok(save(*state, 7, "seven", 2, &err));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        write_bytes(latest, lines[i], strlen(lines[i]));
        assert_damaged(*state, "does not name a checkpoint: write step-N");
    }
    write_text(latest, "step-8\n");
    assert_damaged(
        *state, "names step-8, which is damaged (name another step in it, or remove it "
                "to begin anew): it is not there");
    write_text(latest, "step-7\n");
    assert_latest(*state, 7, "seven");
}

static void a_damaged_folder_is_reported(void **state)
{
    assert_ok(save(*state, 7, "seven", 2, &err));
    write_text(path_in(*state, "checkpoints/step-7/weights"), "sev");
    assert_damaged(*state, "weights has 3 bytes, not the 5 that were saved");
    assert_int_equal(unlink(path_in(*state, "checkpoints/step-7/weights")), 0);
    assert_damaged(*state, "weights is not there");
    write_text(path_in(*state, "checkpoints/step-7/weights"), "seven");
    assert_latest(*state, 7, "seven");
    static const char *const lists[] = {"5", "5 state", "state\n", " state\n",
                                        "5state\n"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        write_text(path_in(*state, "checkpoints/step-7/contents"), lists[i]);
        assert_damaged(*state, "its file 'contents' is damaged");
    }
    assert_int_equal(unlink(path_in(*state, "checkpoints/step-7/contents")), 0);
    assert_damaged(*state, "cannot read");
}

static void a_failed_save_leaves_the_former_one(void **state)
{
    assert_ok(save(*state, 1, "one", 2, &err));
    struct rlimit old_limit, limit;
    getrlimit(RLIMIT_FSIZE, &old_limit);
    limit = old_limit;
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t bytes = 0; bytes < 24; bytes += 4) { // fails at files, contents
        limit.rlim_cur = bytes;
        setrlimit(RLIMIT_FSIZE, &limit);
        const rung_status status = save(*state, 2, "a longer text than one", 2, &err);
        setrlimit(RLIMIT_FSIZE, &old_limit);
        assert_int_equal(status, RUNG_IO);
        assert_names(*state, "latest step-1");
        assert_latest(*state, 1, "one");
    }
    signal(SIGXFSZ, SIG_DFL);
    rung_checkpoint c;
    assert_ok(rung_checkpoint_begin(&c, *state, 2, &err));
    assert_ok(rung_make_dirs(path_in(c.path, "folder"), &err));
    assert_fails_saying(rung_checkpoint_commit(&c, 2, &err), RUNG_USAGE, "is not a file");
    assert_latest(*state, 1, "one");
}

static rung_status save_and_find(void *dir, rung_error *error)
{
    int64_t step;
    char *path = NULL;
    RUNG_TRY(save(dir, 2, "two", 2, error));
    const rung_status status = rung_checkpoint_latest(dir, &step, &path, error);
    rung__free(path);
    return status;
}

static void failed_allocations_are_survived(void **state)
{
    assert_ok(save(*state, 1, "one", 2, &err));
    assert_true(assert_survives_failed_allocations(save_and_find, *state) > 20);
    assert_latest(*state, 2, "two");
}

/* ---- Killed at any moment ---- */

static void report(int to, int64_t step)
{
    if (write(to, &step, sizeof step) != sizeof step) _exit(1);
}

/* Saves steps from `step` on, each twice, until it is killed; reports that it begins,
 * and each finished one. Both files of a save say the same number, another one each
 * time. */
static void save_until_killed(const char *dir, int64_t step, int to)
{
    report(to, step);
    for (int n = 0;; n++) {
        char text[32];
        snprintf(text, sizeof text, "%d of %d", n, (int)getpid());
        if (save(dir, step + n / 2, text, 2, NULL) != RUNG_OK) _exit(1);
        report(to, step + n / 2);
    }
}

/* The checkpoint that was left is whole, and no finished save was lost. */
static int64_t check_after_kill(const char *dir, int64_t last_reported)
{
    int64_t step;
    char *path, *weights, *states;
    size_t size;
    assert_ok(rung_checkpoint_latest(dir, &step, &path, &err));
    assert_in_range(step, last_reported, last_reported + 1);
    assert_ok(rung_file_read(path_in(path, "weights"), &weights, &size, &err));
    assert_ok(rung_file_read(path_in(path, "state"), &states, &size, &err));
    assert_string_equal(weights, states);
    rung__free(states);
    rung__free(weights);
    rung__free(path);
    return step;
}

static bool has_leftovers(const char *dir)
{
    rung_names names;
    bool found = false;
    assert_ok(rung_list_dir(path_in(dir, "checkpoints"), &names, &err));
    for (size_t i = 0; i < names.count; i++) {
        found |= strstr(names.names[i], ".tmp") || strstr(names.names[i], ".old");
    }
    rung_names_release(&names);
    return found;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Lets a process save for `seconds` and kills it. Returns the last step that it
 * reported. */
static int64_t run_and_kill(const char *dir, int64_t step, double seconds)
{
    int pipes[2], status;
    int64_t last = -1, next;
    assert_int_equal(pipe(pipes), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) save_until_killed(dir, step, pipes[1]);
    close(pipes[1]);
    assert_int_equal(read(pipes[0], &last, sizeof last), sizeof last); // it begins
    usleep((useconds_t)(seconds * 1e6));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    while (read(pipes[0], &next, sizeof next) == sizeof next) last = next;
    close(pipes[0]);
    return last;
}

static void a_run_killed_fifty_times_never_loses_a_finished_save(void **state)
{
    const int n_kills = 50; // more, until one came in a save and one behind it
    int n_leftovers = 0;
    int64_t step = 0;
    assert_ok(save(*state, 0, "begin", 2, &err));
    const double begin = now(); // kills come anywhere within the time of three saves
    assert_ok(save(*state, 0, "begin", 2, &err));
    const double three_saves = fmax(3 * (now() - begin), 2e-3);
    for (int i = 0; i < n_kills || (i < 500 && (n_leftovers == 0 || step == 0)); i++) {
        const double share = (double)(i * 17 % n_kills) / n_kills;
        const int64_t last_reported = run_and_kill(*state, step, share * three_saves);
        n_leftovers += has_leftovers(*state);
        step = check_after_kill(*state, last_reported);
    }
    assert_true(n_leftovers > 0); // some were killed in the middle
    assert_true(step > 0);        // some finished
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(a_run_without_checkpoints_begins_anew),
        test_in_folder(the_last_saved_step_is_found),
        test_in_folder(the_newest_steps_are_kept),
        test_in_folder(steps_of_an_abandoned_future_go),
        test_in_folder(an_abandoned_step_leaves_nothing),
        test_in_folder(leftovers_are_removed_by_the_next_save),
        test_in_folder(files_of_others_are_left_alone),
        test_in_folder(a_finished_step_that_latest_does_not_name_is_replaced),
        test_in_folder(a_half_replaced_step_is_put_back),
        test_in_folder(a_latest_that_names_nothing_is_reported),
        test_in_folder(a_damaged_folder_is_reported),
        test_in_folder(a_failed_save_leaves_the_former_one),
        test_in_folder(failed_allocations_are_survived),
        test_in_folder(a_run_killed_fifty_times_never_loses_a_finished_save),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
