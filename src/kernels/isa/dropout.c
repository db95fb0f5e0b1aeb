/* Dropout (Srivastava et al. 2014) without a mask: element i asks word first + i of a
 * stream. */
#include <string.h>

#include "kernels/isa/philox.h"

enum { STEP = 4 * DW, CHUNK = 8 * STEP }; /* words of one vector call, of one buffer */

/* Words 0 ... STEP - 1 of the blocks from `block` on, in the order of the stream. */
INLINE void stream_words(uint64_t key, uint64_t lane, uint64_t block, uint32_t *words)
{
    const wvec low_half = (wvec){0} + 0xffffffffu;
    wvec counter, w[4];
    for (int l = 0; l < DW; l++) counter[l] = (uint64_t)l;
    philox_blocks(key, lane, counter + block, w);
    const wvec w01 = (w[0] & low_half) | w[1] << 32, w23 = (w[2] & low_half) | w[3] << 32;
    const wvec first = winterleave_low(w01, w23), second = winterleave_high(w01, w23);
    memcpy(words, &first, sizeof first);
    memcpy(words + 2 * DW, &second, sizeof second);
}

void KERNEL(dropout)(int64_t n, double p, uint64_t key, uint64_t lane, uint64_t first,
                     const void *x_, void *y_)
{
    const real *x = x_;
    real *y = y_;
    const uint64_t cut = drop_cut(p);
    const vec scale = vsplat((real)(1 / (1 - p)));
    if (cut > UINT32_MAX) {
        memset(y, 0, (size_t)n * sizeof *y);
        return;
    }
    uint32_t words[CHUNK + W]; /* the last vector may read past the last word */
    for (int64_t i = 0, m; i < n; i += m) {
        const uint64_t word = first + (uint64_t)i;
        const int64_t skip = (int64_t)(word % 4); /* not 0 at the very start only */
        m = n - i < CHUNK - skip ? n - i : CHUNK - skip;
        for (int64_t k = 0; k < skip + m; k += STEP)
            stream_words(key, lane, word / 4 + (uint64_t)k / 4, words + k);
        for (int64_t k = 0; k < m; k += W) {
            const ivec kept = words_kept(words + skip + k, (uint32_t)cut);
            const vec v = scale * vload_n(x + i + k, m - k);
            vstore_n(y + i + k, m - k, vselect(kept, v, vsplat(0)));
        }
    }
}
