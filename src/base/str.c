/* A growing string, and the nearest of some names. */
#include "base/str.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

/* Makes room for n more bytes and the NUL. */
static bool reserve(rung_str *s, size_t n)
{
    if (s->failed) return false;
    if (n < s->cap - s->len) return true;
    size_t cap = s->cap ? s->cap : 64;
    while (cap - s->len <= n && cap < SIZE_MAX / 4) cap *= 2;
    char *data = cap - s->len > n ? rung__realloc(s->data, cap) : NULL;
    if (!data) {
        s->failed = true;
        return false;
    }
    s->data = data;
    s->cap = cap;
    return true;
}

void rung_str_add_bytes(rung_str *s, const void *bytes, size_t n)
{
    if (!reserve(s, n)) return;
    if (n) memcpy(s->data + s->len, bytes, n);
    s->len += n;
    s->data[s->len] = '\0';
}

void rung_str_add(rung_str *s, const char *text)
{
    rung_str_add_bytes(s, text, strlen(text));
}

void rung_str_addf(rung_str *s, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int n = vsnprintf(NULL, 0, format, args);
    if (n >= 0 && reserve(s, (size_t)n)) {
        vsnprintf(s->data + s->len, (size_t)n + 1, format, again);
        s->len += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

void rung_str_release(rung_str *s)
{
    rung__free(s->data);
    *s = (rung_str){0};
}

#define LONGEST_NAME 63

static int min(int a, int b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that make b of a: the
 * optimal string alignment distance (Damerau 1964), row by row; three rows are enough. */
static int edit_distance(const char *a, const char *b)
{
    const int n = (int)strlen(a), m = (int)strlen(b);
    if (n > LONGEST_NAME || m > LONGEST_NAME) return LONGEST_NAME;
    int rows[3][LONGEST_NAME + 1];
    for (int j = 0; j <= m; j++) rows[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            const int replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = min(replaced, min(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = min(row[j], above2[j - 2] + 1);
            }
        }
    }
    return rows[n % 3][m];
}

int rung__name_distance(const char *word, const char *name)
{
    const size_t n = strlen(word), m = strlen(name);
    const int distance = edit_distance(word, name);
    return distance <= (int)((n > m ? n : m) / 3) ? distance : INT_MAX;
}

const char *rung_nearest_name(const char *word, const char *const *names, size_t n)
{
    const char *nearest = NULL;
    int nearest_distance = INT_MAX;
    for (size_t i = 0; i < n; i++) {
        const int distance = rung__name_distance(word, names[i]);
        if (distance < nearest_distance) {
            nearest = names[i];
            nearest_distance = distance;
        }
    }
    return nearest;
}

char *rung__shape_text(char *out, int rank, const int64_t *shape)
{
    int n = sprintf(out, "[");
    for (int i = 0; i < rank; i++) {
        n += sprintf(out + n, "%s%lld", i ? "," : "", (long long)shape[i]);
    }
    sprintf(out + n, "]");
    return out;
}
