/* Measuring takes seconds a rung; going on with a run, or adding a rung to it, must not
 * take them again. */
#include "ladder/sight_file.h"

#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "ladder/sight_json.h"

/* What a measurement depends on: how the model came to be, the text, the context. */
static rung_status identify(char sha256[65], const char *dir, const rung_corpus *corpus,
                            int64_t context, rung_error *err)
{
    char *record, *path = rung_path_join(dir, "training.json");
    size_t size;
    rung_sha256 hash;
    if (!path) return rung__out_of_memory(err, strlen(dir), "a path");
    const rung_status status = rung_file_read(path, &record, &size, err);
    rung__free(path);
    RUNG_TRY(status);
    rung_sha256_init(&hash);
    rung_sha256_add(&hash, record, size);
    rung_sha256_add(&hash, corpus->parts[RUNG_TEST].bytes, corpus->parts[RUNG_TEST].size);
    rung_sha256_add(&hash, &context, sizeof context);
    rung_sha256_hex(&hash, sha256);
    rung__free(record);
    return RUNG_OK;
}

/* A file that is damaged is as none. */
static bool recall_sight(rung_sight *sight, const char *path, const char *sha256)
{
    rung_error err;
    json_t *o = NULL;
    const char *of = "";
    if (!rung_path_exists(path) || rung_json_read(&o, path, &err) != RUNG_OK)
        return false;
    const bool is_this = rung_json_get_text(o, "of", &of, path, &err) == RUNG_OK &&
                         strcmp(of, sha256) == 0 &&
                         rung__sight_from_json(sight, json_object_get(o, "sight"));
    json_decref(o);
    return is_this;
}

static rung_status keep_sight(const rung_sight *sight, const char *path,
                              const char *sha256, rung_error *err)
{
    json_t *o = json_pack("{s:s, s:o}", "of", sha256, "sight", rung__sight_json(sight));
    const rung_status status = o ? rung_json_write(o, path, err)
                                 : rung__out_of_memory(err, sizeof *sight, "sight.json");
    json_decref(o);
    return status;
}

static rung_status measure(rung_sight *sight, const rung_model *m, rung_runtime *rt,
                           const rung_corpus *corpus, int64_t context, rung_error *err)
{
    *sight = (rung_sight){0};
    RUNG_TRY(rung_sight_contexts(sight, m, rt, &corpus->tokens[RUNG_TEST], context, err));
    if (corpus->config.data) return RUNG_OK;
    return rung_sight_tales(sight, m, rt, context, err);
}

rung_status rung__sight_of(rung_sight *sight, const rung_model *m, rung_runtime *rt,
                           const rung_corpus *corpus, int64_t context, const char *dir,
                           rung_error *err)
{
    char sha256[65];
    RUNG_TRY(identify(sha256, dir, corpus, context, err));
    char *path = rung_path_join(dir, "sight.json");
    if (!path) return rung__out_of_memory(err, strlen(dir), "a path");
    rung_status status = RUNG_OK;
    if (!recall_sight(sight, path, sha256)) {
        status = measure(sight, m, rt, corpus, context, err);
        if (status == RUNG_OK) status = keep_sight(sight, path, sha256, err);
    }
    rung__free(path);
    return status;
}
