/* GloVe's step on the records of a block. Rows are asked for some records before they are
 * needed; the step then reads the parameters twice, the second time from the first-level
 * cache. */
#include "kernels/isa/vector.h"

#define AHEAD 4 /* records */

typedef struct step {
    int64_t width;
    vec lr, least, most;
} step;

/* <a, b>, in two partial sums. */
INLINE real product(int64_t width, const real *a, const real *b)
{
    vec even = {0}, odd = {0};
    int64_t i = 0;
    for (; i + 2 * W <= width; i += 2 * W) {
        even += vload(a + i) * vload(b + i);
        odd += vload(a + i + W) * vload(b + i + W);
    }
    if (i < width) even += vload(a + i) * vload(b + i);
    return vsum(even + odd);
}

INLINE void update(const step *s, real slope, real *a, real *b)
{
    const vec f = vsplat(slope);
    for (int64_t i = 0; i < s->width; i += W) {
        real *Ga = a + s->width + i, *Gb = b + s->width + i;
        const vec ai = vload(a + i), bi = vload(b + i), ga = vload(Ga), gb = vload(Gb);
        const vec da = s->lr * vmin(vmax(f * bi, s->least), s->most);
        const vec db = s->lr * vmin(vmax(f * ai, s->least), s->most);
        vstore(a + i, ai - da / vsqrt(ga));
        vstore(b + i, bi - db / vsqrt(gb));
        vstore(Ga, ga + da * da);
        vstore(Gb, gb + db * db);
    }
}

/* Asks for the rows of a record that comes soon: those that no record of the block has
 * had yet lie in memory. */
INLINE void prefetch(const rung_glove_block *t, const real *row, const real *column)
{
    const char *a = (const char *)row, *b = (const char *)column;
    for (int64_t i = 0; i < 2 * t->width * (int64_t)sizeof(real); i += 64) {
        __builtin_prefetch(a + i, 1);
        __builtin_prefetch(b + i, 1);
    }
}

double KERNEL(glove)(const rung_glove_block *t)
{
    const step s = {t->width, vsplat((real)t->lr), vsplat((real)-t->clip),
                    vsplat((real)t->clip)};
    real *row_side = t->is_swapped ? t->columns : t->rows;
    real *column_side = t->is_swapped ? t->rows : t->columns;
    double loss = 0;
    for (int64_t i = 0; i < t->n; i++) {
        const rung_glove_record r = t->records[i];
        if (i + AHEAD < t->n) {
            const rung_glove_record next = t->records[i + AHEAD];
            prefetch(t, row_side + next.row * 2 * t->width,
                     column_side + next.column * 2 * t->width);
        }
        if (t->skips_diagonal && r.row == r.column) continue;
        real *a = row_side + r.row * 2 * t->width,
             *b = column_side + r.column * 2 * t->width;
        const real diff = product(t->width, a, b) - (real)r.log_x;
        const real slope = (real)r.weight * diff;
        loss += 0.5 * (double)slope * (double)diff;
        update(&s, slope, a, b);
    }
    return loss;
}
