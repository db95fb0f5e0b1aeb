/* An arena: chunks that double in size, newest first; objects are cut from the newest. */
#include "base/arena.h"

#include <string.h>

#include "base/alloc.h"

#define ALIGN 16
#define FIRST_CHUNK_BYTES 4096
#define LAST_CHUNK_BYTES ((size_t)1 << 20)

struct rung_arena_chunk {
    struct rung_arena_chunk *next;
    size_t size, used; /* of data */
    _Alignas(ALIGN) char data[];
};

static struct rung_arena_chunk *add_chunk(rung_arena *arena, size_t size)
{
    struct rung_arena_chunk *newest = arena->chunks;
    size_t chunk_size = newest ? newest->size * 2 : FIRST_CHUNK_BYTES;
    if (chunk_size > LAST_CHUNK_BYTES) chunk_size = LAST_CHUNK_BYTES;
    if (chunk_size < size) chunk_size = size;
    struct rung_arena_chunk *chunk = rung__alloc(sizeof *chunk + chunk_size);
    if (!chunk) return NULL;
    chunk->size = chunk_size;
    chunk->next = newest;
    arena->chunks = chunk;
    return chunk;
}

void *rung_arena_alloc(rung_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) return NULL;
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    struct rung_arena_chunk *chunk = arena->chunks;
    if (!chunk || chunk->size - chunk->used < size) chunk = add_chunk(arena, size);
    if (!chunk) return NULL;
    void *data = chunk->data + chunk->used;
    chunk->used += size;
    return data;
}

char *rung_arena_strdup(rung_arena *arena, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = rung_arena_alloc(arena, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void rung_arena_release(rung_arena *arena)
{
    while (arena->chunks) {
        struct rung_arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        rung__free(chunk);
    }
}
