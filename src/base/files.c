/* Files and folders over POSIX calls. Messages name the path and the system's reason. */
#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"

static rung_status fail_errno(rung_error *err, rung_status code, const char *what,
                              const char *path, int error)
{
    char buffer[128];
    return rung_fail(err, code, "cannot %s '%s': %s", what, path,
                     strerror_r(error, buffer, sizeof buffer));
}

/* The caller named a file that is not there or not readable: his input. A disk that fails
 * is not. */
static rung_status fail_read(rung_error *err, const char *path, int error)
{
    return fail_errno(err, error == EIO ? RUNG_IO : RUNG_INPUT, "read", path, error);
}

char *rung_path_join(const char *dir, const char *name)
{
    const size_t length = strlen(dir);
    const char *slash = length > 0 && dir[length - 1] != '/' ? "/" : "";
    rung_str path = {0};
    rung_str_addf(&path, "%s%s%s", dir, slash, name);
    if (path.failed) rung_str_release(&path);
    return path.data;
}

bool rung_path_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool rung_path_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int64_t rung_file_size(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size : -1;
}

/* Reads to the end into a growing block. The size that the system tells is a first guess
 * only: pipes have none, and a file may grow. */
static rung_status read_all(int fd, size_t guess, const char *path, char **data,
                            size_t *size, rung_error *err)
{
    size_t cap = guess + 1, used = 0; // one more byte: finds the end, then holds the NUL
    char *bytes = rung__alloc(cap);
    if (!bytes) return rung__out_of_memory(err, cap, path);
    for (;;) {
        if (used == cap) {
            char *more = rung__realloc(bytes, cap * 2);
            if (!more) {
                rung__free(bytes);
                return rung__out_of_memory(err, cap * 2, path);
            }
            bytes = more;
            cap *= 2;
        }
        const ssize_t n = read(fd, bytes + used, cap - used);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            const int error = errno;
            rung__free(bytes);
            return fail_read(err, path, error);
        }
        if (n == 0) break;
        used += (size_t)n;
    }
    bytes[used] = '\0';
    *data = bytes;
    *size = used;
    return RUNG_OK;
}

rung_status rung_file_read(const char *path, char **data, size_t *size, rung_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail_read(err, path, errno);
    struct stat st;
    const bool has_size = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    const rung_status status =
        read_all(fd, has_size ? (size_t)st.st_size : 65536, path, data, size, err);
    close(fd);
    return status;
}

rung_status rung_writer_open(rung_writer *w, const char *path, rung_error *err)
{
    *w = (rung_writer){0};
    rung_str temp = {0};
    rung_str_addf(&temp, "%s.tmp", path);
    w->temp = temp.data;
    w->path = rung__strdup(path);
    if (temp.failed || !w->path) {
        rung_writer_abandon(w);
        return rung__out_of_memory(err, strlen(path), "a file's name");
    }
    // Always the same name: what a killed process left is overwritten by the next one.
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
    const int fd = open(w->temp, flags, 0666);
    w->file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!w->file) {
        const int error = errno;
        if (fd >= 0) close(fd);
        rung__free(w->temp);
        w->temp = NULL;
        rung_writer_abandon(w);
        return fail_errno(err, RUNG_IO, "write", path, error);
    }
    return RUNG_OK;
}

static void keep_first_error(rung_writer *w, bool succeeded)
{
    if (succeeded || w->status != RUNG_OK) return;
    w->status = RUNG_IO;
    w->saved_errno = errno;
}

void rung_writer_write(rung_writer *w, const void *bytes, size_t n)
{
    if (w->status == RUNG_OK && n > 0) {
        keep_first_error(w, fwrite(bytes, 1, n, w->file) == n);
    }
}

/* "a/b" -> "a", "b" -> "."; cuts `path` in place. */
static const char *folder_of(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash) return ".";
    if (slash == path) return "/";
    *slash = '\0';
    return path;
}

rung_status rung_writer_commit(rung_writer *w, rung_error *err)
{
    rung_status status = RUNG_OK;
    keep_first_error(w, fflush(w->file) == 0);
    keep_first_error(w, fsync(fileno(w->file)) == 0);
    keep_first_error(w, fclose(w->file) == 0);
    w->file = NULL;
    if (w->status == RUNG_OK) keep_first_error(w, rename(w->temp, w->path) == 0);
    if (w->status != RUNG_OK) {
        status = fail_errno(err, w->status, "write", w->path, w->saved_errno);
    } else {
        rung__free(w->temp);
        w->temp = NULL;
        status = rung_sync_dir(folder_of(w->path), err);
    }
    rung_writer_abandon(w);
    return status;
}

void rung_writer_abandon(rung_writer *w)
{
    if (w->file) fclose(w->file);
    if (w->temp) unlink(w->temp);
    rung__free(w->temp);
    rung__free(w->path);
    *w = (rung_writer){0};
}

rung_status rung_file_write(const char *path, const void *data, size_t size,
                            rung_error *err)
{
    rung_writer w;
    RUNG_TRY(rung_writer_open(&w, path, err));
    rung_writer_write(&w, data, size);
    return rung_writer_commit(&w, err);
}

rung_status rung_make_dirs(const char *path, rung_error *err)
{
    char *part = rung__strdup(path);
    if (!part) return rung__out_of_memory(err, strlen(path) + 1, "a folder's name");
    rung_status status = RUNG_OK;
    for (char *end = part; *end && status == RUNG_OK;) {
        while (*end == '/') end++;
        while (*end && *end != '/') end++;
        const char kept = *end;
        *end = '\0';
        if (mkdir(part, 0777) != 0) {
            const int error = errno == EEXIST ? ENOTDIR : errno;
            if (!rung_path_is_dir(part)) {
                status = fail_errno(err, RUNG_IO, "make folder", part, error);
            }
        }
        *end = kept;
    }
    rung__free(part);
    return status;
}

rung_status rung_sync_dir(const char *path, rung_error *err)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail_errno(err, RUNG_IO, "open folder", path, errno);
    // Some file systems cannot sync a folder and say EINVAL; nothing more can be done.
    const int error = fsync(fd) == 0 || errno == EINVAL ? 0 : errno;
    close(fd);
    return error ? fail_errno(err, RUNG_IO, "sync folder", path, error) : RUNG_OK;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

rung_status rung_remove_tree(const char *path, rung_error *err)
{
    const int n_open =
        16; // folders held open while walking; more depth is slower, not wrong
    if (nftw(path, remove_entry, n_open, FTW_DEPTH | FTW_PHYS) == 0) return RUNG_OK;
    if (errno == ENOENT) return RUNG_OK;
    return fail_errno(err, RUNG_IO, "remove", path, errno);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static rung_status add_name(rung_names *names, size_t *cap, const char *name)
{
    if (names->count == *cap) {
        const size_t more = *cap ? *cap * 2 : 16;
        char **grown = rung__realloc(names->names, more * sizeof *grown);
        if (!grown) return RUNG_MEMORY;
        names->names = grown;
        *cap = more;
    }
    names->names[names->count] = rung__strdup(name);
    if (!names->names[names->count]) return RUNG_MEMORY;
    names->count++;
    return RUNG_OK;
}

rung_status rung_list_dir(const char *path, rung_names *out, rung_error *err)
{
    DIR *dir = opendir(path);
    if (!dir) return fail_read(err, path, errno);
    rung_names names = {0};
    size_t cap = 0;
    rung_status status = RUNG_OK;
    const struct dirent *entry;
    while (status == RUNG_OK && (errno = 0, entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        status = add_name(&names, &cap, entry->d_name);
    }
    const int error = errno;
    closedir(dir);
    if (status == RUNG_OK && error)
        status = fail_read(err, path, error);
    else if (status != RUNG_OK)
        rung__out_of_memory(err, cap, "the names in a folder");
    if (status != RUNG_OK) {
        rung_names_release(&names);
        return status;
    }
    if (names.count > 1) qsort(names.names, names.count, sizeof(char *), compare_names);
    *out = names;
    return RUNG_OK;
}

void rung_names_release(rung_names *names)
{
    for (size_t i = 0; i < names->count; i++) rung__free(names->names[i]);
    rung__free(names->names);
    *names = (rung_names){0};
}
