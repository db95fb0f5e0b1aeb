/* An arena: many small objects with one lifetime, freed together. */
#ifndef RUNG_BASE_ARENA_H
#define RUNG_BASE_ARENA_H

#include <stddef.h>

typedef struct rung_arena {
    struct rung_arena_chunk *chunks; /* newest first; {NULL} is a valid empty arena */
} rung_arena;

/* `size` zeroed bytes, aligned to 16, until the arena is released; NULL when out of
 * memory. */
void *rung_arena_alloc(rung_arena *arena, size_t size);
char *rung_arena_strdup(rung_arena *arena, const char *text);
void rung_arena_release(rung_arena *arena);

#endif
