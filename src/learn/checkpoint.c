/* Checkpoints of a run. In c:
 *
 *     folder    <dir>/checkpoints
 *     latest    <dir>/checkpoints/latest
 *     path      <dir>/checkpoints/step-N.tmp    being written
 *     kept      <dir>/checkpoints/step-N        complete
 *     old       <dir>/checkpoints/step-N.old    being removed or replaced
 *
 * A folder cannot be renamed over another, so a step that is saved again makes room
 * first: step-N becomes step-N.old, then step-N.tmp becomes step-N. A crash between the
 * two leaves `latest` naming what is called step-N.old for the moment; `restore` puts it
 * back. */
#include "learn/checkpoint.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/str.h"

#define CONTENTS "contents" /* in each step: what belongs to it */
#define STEP_PREFIX "step-"

/* ---- Names ---- */

/* "folder/name", in the arena; NULL when out of memory. */
static const char *path_in(rung_arena *arena, const char *folder, const char *name)
{
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = rung_arena_alloc(arena, size);
    if (path) snprintf(path, size, "%s/%s", folder, name);
    return path;
}

static const char *step_path(rung_arena *arena, const char *folder, int64_t step,
                             const char *suffix)
{
    char name[64];
    snprintf(name, sizeof name, STEP_PREFIX "%lld%s", (long long)step, suffix);
    return path_in(arena, folder, name);
}

/* The paths that do not depend on the step. c needs rung_arena_release from here on. */
static rung_status set_folder(rung_checkpoint *c, const char *dir, rung_error *err)
{
    *c = (rung_checkpoint){.step = -1};
    c->folder = path_in(&c->arena, dir, "checkpoints");
    if (c->folder) c->latest = path_in(&c->arena, c->folder, "latest");
    return c->latest ? RUNG_OK
                     : rung__out_of_memory(err, strlen(dir), "a checkpoint's name");
}

static rung_status set_step(rung_checkpoint *c, int64_t step, rung_error *err)
{
    c->step = step;
    c->path = step_path(&c->arena, c->folder, step, ".tmp");
    c->kept = step_path(&c->arena, c->folder, step, "");
    c->old = step_path(&c->arena, c->folder, step, ".old");
    const bool is_set = c->path && c->kept && c->old;
    return is_set ? RUNG_OK
                  : rung__out_of_memory(err, strlen(c->folder), "a checkpoint's name");
}

/* The N of "step-N", with *rest at what follows; -1 if the name does not begin so. */
static int64_t parse_step(const char *name, const char **rest)
{
    const size_t n_prefix = strlen(STEP_PREFIX);
    if (strncmp(name, STEP_PREFIX, n_prefix) != 0) return -1;
    if (name[n_prefix] < '0' || name[n_prefix] > '9') return -1;
    char *end;
    errno = 0;
    const int64_t step = strtoll(name + n_prefix, &end, 10);
    *rest = end;
    return errno ? -1 : step;
}

/* ---- Files and folders ---- */

static rung_status fail_io(rung_error *err, const char *what, const char *path)
{
    return rung_fail(err, RUNG_IO, "cannot %s '%s': %s", what, path, strerror(errno));
}

static rung_status move(const char *from, const char *to, rung_error *err)
{
    return rename(from, to) == 0 ? RUNG_OK : fail_io(err, "rename", from);
}

/* The caller's writers may have synced the file already; then this costs nothing. */
static rung_status sync_file(const char *path, rung_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    const rung_status status = synced ? RUNG_OK : fail_io(err, "sync", path);
    if (fd >= 0) close(fd);
    return status;
}

/* ---- The list of contents: a line "SIZE NAME" a file ---- */

/* Adds one file to the list, once it is on disk. */
static rung_status list_file(rung_checkpoint *c, const char *name, rung_str *text,
                             rung_error *err)
{
    const char *path = path_in(&c->arena, c->path, name);
    if (!path) return rung__out_of_memory(err, strlen(name), "a file's name");
    const int64_t size = rung_file_size(path);
    if (size < 0) {
        return rung_fail(err, RUNG_USAGE, "'%s' in a checkpoint is not a file", path);
    }
    rung_str_addf(text, "%lld %s\n", (long long)size, name);
    return sync_file(path, err);
}

static rung_status list_files(rung_checkpoint *c, rung_str *text, rung_error *err)
{
    rung_names names;
    RUNG_TRY(rung_list_dir(c->path, &names, err));
    rung_status status = RUNG_OK;
    for (size_t i = 0; i < names.count && status == RUNG_OK; i++) {
        status = list_file(c, names.names[i], text, err);
    }
    rung_names_release(&names);
    return status;
}

/* Completes the folder that the caller has filled. Writing the list syncs the folder
 * too. */
static rung_status seal(rung_checkpoint *c, rung_error *err)
{
    rung_str text = {0};
    rung_status status = list_files(c, &text, err);
    const char *path = path_in(&c->arena, c->path, CONTENTS);
    if (status == RUNG_OK && (text.failed || !path)) {
        status = rung__out_of_memory(err, text.len, "a checkpoint's list of contents");
    }
    if (status == RUNG_OK) status = rung_file_write(path, text.data, text.len, err);
    rung_str_release(&text);
    return status;
}

static rung_status check_file(const char *folder, const char *name, int64_t size,
                              rung_error *err)
{
    char *path = rung_path_join(folder, name);
    if (!path) return rung__out_of_memory(err, strlen(folder), "a file's name");
    const int64_t found = rung_file_size(path);
    rung__free(path);
    if (found == size) return RUNG_OK;
    if (found < 0) return rung_fail(err, RUNG_INPUT, "%s is not there", name);
    return rung_fail(err, RUNG_INPUT, "%s has %lld bytes, not the %lld that were saved",
                     name, (long long)found, (long long)size);
}

static rung_status check_files(const char *folder, char *list, rung_error *err)
{
    for (char *line = list, *end; *line; line = end + 1) {
        char *name = line;
        const int64_t size = strtoll(line, &name, 10);
        end = strchr(line, '\n');
        if (name == line || *name != ' ' || !end) {
            return rung_fail(err, RUNG_INPUT, "its file '" CONTENTS "' is damaged");
        }
        *end = '\0';
        RUNG_TRY(check_file(folder, name + 1, size, err));
    }
    return RUNG_OK;
}

/* Whether the step is as it was saved, by the sizes of its files: a copy that was cut
 * short or a file that went missing shows. What is inside the files is checked by those
 * who read them. */
static rung_status check_contents(const rung_checkpoint *c, rung_error *err)
{
    char *list = NULL;
    size_t size;
    char *path = rung_path_join(c->kept, CONTENTS);
    if (!path) return rung__out_of_memory(err, strlen(c->kept), "a file's name");
    rung_status status = rung_file_read(path, &list, &size, err);
    if (status == RUNG_OK) status = check_files(c->kept, list, err);
    rung__free(list);
    rung__free(path);
    return status;
}

/* ---- The file `latest` ---- */

/* -1 when there is none. */
static rung_status read_latest(const rung_checkpoint *c, int64_t *step, rung_error *err)
{
    char *text;
    size_t size;
    const char *rest = "";
    *step = -1;
    if (!rung_path_exists(c->latest)) return RUNG_OK;
    RUNG_TRY(rung_file_read(c->latest, &text, &size, err));
    *step = parse_step(text, &rest);
    const bool is_good = *step >= 0 && strcmp(rest, "\n") == 0;
    rung__free(text);
    if (is_good) return RUNG_OK;
    return rung_fail(
        err, RUNG_INPUT,
        "%s does not name a checkpoint: write step-N of a folder beside it into "
        "it, or remove it to begin anew",
        c->latest);
}

/* The moment in which the new step counts: one rename. */
static rung_status write_latest(const rung_checkpoint *c, rung_error *err)
{
    char line[64];
    const int n = snprintf(line, sizeof line, STEP_PREFIX "%lld\n", (long long)c->step);
    return rung_file_write(c->latest, line, (size_t)n, err);
}

/* Puts back a step that a crash left half replaced (see the head of the file). */
static rung_status restore(const rung_checkpoint *c, rung_error *err)
{
    if (rung_path_exists(c->kept) || !rung_path_exists(c->old)) return RUNG_OK;
    return move(c->old, c->kept, err);
}

/* ---- Removing ---- */

/* Removes what was being written or removed when a process died. */
static rung_status remove_leftovers(rung_checkpoint *c, rung_error *err)
{
    rung_names names;
    rung_status status = rung_list_dir(c->folder, &names, err);
    if (status != RUNG_OK) return status;
    for (size_t i = 0; i < names.count && status == RUNG_OK; i++) {
        const char *rest = "";
        if (parse_step(names.names[i], &rest) < 0) continue;
        if (strcmp(rest, ".tmp") != 0 && strcmp(rest, ".old") != 0) continue;
        const char *path = path_in(&c->arena, c->folder, names.names[i]);
        status = path
                     ? rung_remove_tree(path, err)
                     : rung__out_of_memory(err, strlen(c->folder), "a checkpoint's name");
    }
    rung_names_release(&names);
    return status;
}

/* Gives the folder another name first: a finished name never stands on half a folder. */
static rung_status remove_step(rung_checkpoint *c, int64_t step, rung_error *err)
{
    const char *kept = step_path(&c->arena, c->folder, step, "");
    const char *old = step_path(&c->arena, c->folder, step, ".old");
    if (!kept || !old) {
        return rung__out_of_memory(err, strlen(c->folder), "a checkpoint's name");
    }
    RUNG_TRY(move(kept, old, err));
    return rung_remove_tree(old, err);
}

/* The step that a name stands for if it is a finished one, else -1. */
static int64_t finished_step(const char *name)
{
    const char *rest = "";
    const int64_t step = parse_step(name, &rest);
    return *rest ? -1 : step;
}

/* Whether `step` is one of the `keep` newest up to `newest`. */
static bool is_kept(const rung_names *names, int64_t step, int64_t newest, int64_t keep)
{
    int64_t n_newer = 0;
    for (size_t i = 0; i < names->count; i++) {
        const int64_t other = finished_step(names->names[i]);
        n_newer += other > step && other <= newest;
    }
    return step <= newest && n_newer < keep;
}

/* Only after `latest` names the new step: until then the older ones may still be needed.
 */
static rung_status prune(rung_checkpoint *c, int64_t keep, rung_error *err)
{
    rung_names names;
    RUNG_TRY(rung_remove_tree(c->old, err));
    rung_status status = rung_list_dir(c->folder, &names, err);
    if (status != RUNG_OK) return status;
    for (size_t i = 0; i < names.count && status == RUNG_OK; i++) {
        const int64_t step = finished_step(names.names[i]);
        if (step >= 0 && !is_kept(&names, step, c->step, keep))
            status = remove_step(c, step, err);
    }
    rung_names_release(&names);
    return status;
}

/* ---- Saving ---- */

/* Whatever the last process left is put in order before a new step takes its place. */
static rung_status prepare(rung_checkpoint *c, const char *dir, int64_t step,
                           rung_error *err)
{
    int64_t latest;
    RUNG_TRY(set_folder(c, dir, err));
    RUNG_TRY(rung_make_dirs(c->folder, err));
    RUNG_TRY(rung_sync_dir(dir, err));
    RUNG_TRY(read_latest(c, &latest, err));
    if (latest >= 0) {
        RUNG_TRY(set_step(c, latest, err));
        RUNG_TRY(restore(c, err));
    }
    RUNG_TRY(remove_leftovers(c, err));
    RUNG_TRY(set_step(c, step, err));
    return rung_make_dirs(c->path, err);
}

rung_status rung_checkpoint_begin(rung_checkpoint *c, const char *dir, int64_t step,
                                  rung_error *err)
{
    assert(step >= 0);
    const rung_status status = prepare(c, dir, step, err);
    if (status != RUNG_OK) rung_arena_release(&c->arena);
    return status;
}

/* step-N.tmp becomes step-N. */
static rung_status put_in_place(const rung_checkpoint *c, rung_error *err)
{
    if (rung_path_exists(c->kept)) {
        RUNG_TRY(move(c->kept, c->old, err));
        RUNG_TRY(rung_sync_dir(c->folder, err));
    }
    RUNG_TRY(move(c->path, c->kept, err));
    return rung_sync_dir(c->folder, err);
}

rung_status rung_checkpoint_commit(rung_checkpoint *c, int64_t keep, rung_error *err)
{
    assert(keep >= 1);
    rung_status status = seal(c, err);
    if (status == RUNG_OK) status = put_in_place(c, err);
    if (status == RUNG_OK) status = write_latest(c, err);
    if (status == RUNG_OK) status = prune(c, keep, err);
    rung_checkpoint_abandon(c);
    return status;
}

void rung_checkpoint_abandon(rung_checkpoint *c)
{
    if (c->path) rung_remove_tree(c->path, NULL);
    rung_arena_release(&c->arena);
    *c = (rung_checkpoint){0};
}

/* ---- Going on ---- */

/* Says what is wrong with the step that `latest` names, and what to do. */
static rung_status check_step(const rung_checkpoint *c, rung_error *err)
{
    const rung_status status = rung_path_is_dir(c->kept)
                                   ? check_contents(c, err)
                                   : rung_fail(err, RUNG_INPUT, "it is not there");
    if (status == RUNG_INPUT) {
        rung_fail_within(
            err,
            "%s names step-%lld, which is damaged (name another step in it, or "
            "remove it to begin anew)",
            c->latest, (long long)c->step);
    }
    return status;
}

static rung_status find_latest(rung_checkpoint *c, const char *dir, rung_error *err)
{
    int64_t step;
    RUNG_TRY(set_folder(c, dir, err));
    RUNG_TRY(read_latest(c, &step, err));
    if (step < 0) return RUNG_OK;
    RUNG_TRY(set_step(c, step, err));
    RUNG_TRY(restore(c, err));
    return check_step(c, err);
}

rung_status rung_checkpoint_latest(const char *dir, int64_t *step, char **path,
                                   rung_error *err)
{
    rung_checkpoint c;
    *step = -1;
    *path = NULL;
    rung_status status = find_latest(&c, dir, err);
    if (status == RUNG_OK && c.step >= 0) {
        *path = rung__strdup(c.kept);
        if (!*path)
            status = rung__out_of_memory(err, strlen(c.kept), "a checkpoint's name");
        if (*path) *step = c.step;
    }
    rung_arena_release(&c.arena);
    return status;
}
