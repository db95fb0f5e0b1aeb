/* Words at a glance: classes of them, and a map. */
#include "models/word_map.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/runtime.h"
#include "learn/kmeans.h"
#include "learn/principal.h"
#include "models/vectors.h"

rung_status rung_space_classes(int32_t **classes, const rung_space *s, int64_t k,
                               uint64_t seed, rung_error *err)
{
    const int64_t n = rung_space_words(s);
    rung_runtime *rt = rung__space_runtime(s);
    if (k < 1 || k > n)
        return rung_fail(err, RUNG_USAGE,
                         "%lld classes of %lld words: must be 1 to as many as the words",
                         (long long)k, (long long)n);
    int32_t *of_words = rung__alloc_array((size_t)n, sizeof *of_words);
    if (!of_words) return rung__out_of_memory(err, (size_t)n * 4, "classes");
    const rung_status status =
        rung__kmeans(of_words, NULL, rung_space_vector(s, 0), n, rung_space_dim(s), k,
                     seed, rung_kernels_get(rt->isa), rt->pool, err);
    if (status == RUNG_OK)
        *classes = of_words;
    else
        rung__free(of_words);
    return status;
}

/* ---- Points ---- */

static rung_status copy_names(rung__word_map *map, const rung_space *s, rung_error *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < map->n; i++) bytes += rung_space_name(s, (int32_t)i).size + 1;
    char *p = map->names = rung__alloc(bytes);
    if (!p) return rung__out_of_memory(err, bytes, "names of words");
    for (size_t i = 0; i < map->n; i++) {
        const rung_span name = rung_space_name(s, (int32_t)i);
        map->points[i].label = p;
        memcpy(p, name.bytes, name.size);
        p += name.size + 1;
    }
    return RUNG_OK;
}

static rung_status place(rung__word_map *map, double *places, const rung_space *s,
                         uint64_t seed, rung_error *err)
{
    int32_t *classes;
    RUNG_TRY(rung__principal(places, map->shares, rung_space_vector(s, 0),
                             (int64_t)map->n, rung_space_dim(s), 2, err));
    RUNG_TRY(rung_space_classes(&classes, s, map->classes, seed, err));
    for (size_t i = 0; i < map->n; i++) {
        rung_point *p = &map->points[i];
        p->x = places[2 * i], p->y = places[2 * i + 1], p->color = classes[i];
    }
    rung_ids_free(classes);
    return copy_names(map, s, err);
}

static rung_status fill(rung__word_map *map, const rung_space *s, uint64_t seed,
                        rung_error *err)
{
    double *places = rung__alloc_array(2 * map->n, sizeof *places);
    map->points = rung__alloc_array(map->n, sizeof *map->points);
    const rung_status status = places && map->points
                                   ? place(map, places, s, seed, err)
                                   : rung__out_of_memory(err, map->n * 60, "a map");
    rung__free(places);
    return status;
}

rung_status rung__word_map_of(rung__word_map **out, const rung_space *s, int64_t k,
                              uint64_t seed, rung_error *err)
{
    rung__word_map *map = rung__alloc(sizeof *map);
    if (!map) return rung__out_of_memory(err, sizeof *map, "a map");
    map->n = (size_t)rung_space_words(s);
    map->classes = k;
    const rung_status status = fill(map, s, seed, err);
    if (status == RUNG_OK)
        *out = map;
    else
        rung__word_map_free(map);
    return status;
}

void rung__word_map_free(rung__word_map *map)
{
    if (!map) return;
    rung__free(map->points), rung__free(map->names);
    rung__free(map);
}

/* ---- Pages ---- */

void rung__word_map_add(const rung__word_map *map, rung_page *page, const char *title)
{
    char caption[300], labels[2][60];
    for (int k = 0; k < 2; k++)
        snprintf(labels[k], sizeof labels[k], "direction %d (%.1f %%)", k + 1,
                 100 * map->shares[k]);
    snprintf(caption, sizeof caption,
             "The %zu most frequent words, their vectors at length 1 along the two "
             "directions in which they vary most: these have %.1f and %.1f %% of all "
             "variance. Colours and shapes are %lld classes in all dimensions (k-means).",
             map->n, 100 * map->shares[0], 100 * map->shares[1], (long long)map->classes);
    rung_page_scatter(page, &(rung_scatter){.title = title,
                                            .caption = caption,
                                            .x = {.label = labels[0]},
                                            .y = {.label = labels[1]},
                                            .points = map->points,
                                            .n_points = map->n,
                                            .is_map = true});
}

rung_status rung_space_map(const rung_space *s, int64_t k, uint64_t seed,
                           const char *title, const char *path, rung_error *err)
{
    rung__word_map *map;
    rung_page *page;
    RUNG_TRY(rung__word_map_of(&map, s, k, seed, err));
    rung_status status = rung_page_new(&page, title, "en", err);
    if (status == RUNG_OK) {
        rung__word_map_add(map, page, "Words by their vectors");
        status = rung_page_write(page, path, err);
        rung_page_free(page);
    }
    rung__word_map_free(map);
    return status;
}
