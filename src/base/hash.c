/* SHA-256 (FIPS 180-4, sections 4.1.2, 5 and 6.2), with the standard's letters. */
#include "base/hash.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
    0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
    0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
    0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2};

static uint32_t rotr(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static uint32_t load_big_endian(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void compress(uint32_t H[8], const unsigned char block[64])
{
    uint32_t W[64];
    for (int t = 0; t < 16; t++) W[t] = load_big_endian(block + 4 * t);
    for (int t = 16; t < 64; t++) {
        const uint32_t x = W[t - 15], y = W[t - 2];
        const uint32_t sigma0 = rotr(x, 7) ^ rotr(x, 18) ^ x >> 3;
        const uint32_t sigma1 = rotr(y, 17) ^ rotr(y, 19) ^ y >> 10;
        W[t] = sigma1 + W[t - 7] + sigma0 + W[t - 16];
    }
    uint32_t a = H[0], b = H[1], c = H[2], d = H[3], e = H[4], f = H[5], g = H[6],
             h = H[7];
    for (int t = 0; t < 64; t++) {
        const uint32_t Sigma1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
        const uint32_t Sigma0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
        const uint32_t T1 = h + Sigma1 + ((e & f) ^ (~e & g)) + K[t] + W[t];
        const uint32_t T2 = Sigma0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + T1;
        d = c, c = b, b = a, a = T1 + T2;
    }
    H[0] += a, H[1] += b, H[2] += c, H[3] += d;
    H[4] += e, H[5] += f, H[6] += g, H[7] += h;
}

void rung__sha256_portable(uint32_t H[8], const unsigned char *blocks, size_t n)
{
    for (size_t i = 0; i < n; i++) compress(H, blocks + 64 * i);
}

/* ---- The processor's own instructions ---- */

#if defined(__x86_64__)
#define TARGET __attribute__((target("sha,sse4.1,ssse3")))

/* W[t ... t + 3] from the sixteen words before: m0 the first four, m3 the last. */
TARGET static inline __m128i schedule(__m128i m0, __m128i m1, __m128i m2, __m128i m3)
{
    const __m128i sum =
        _mm_add_epi32(_mm_sha256msg1_epu32(m0, m1), _mm_alignr_epi8(m3, m2, 4));
    return _mm_sha256msg2_epu32(sum, m3);
}

/* The instructions keep the state as words (f, e, b, a) and (h, g, d, c), and do two
 * rounds each. */
TARGET static void compress_x86(uint32_t H[8], const unsigned char *blocks, size_t n)
{
    const __m128i big_endian =
        _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203); // bytes of a word
    const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)H), 0xB1);
    const __m128i hgfe =
        _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(H + 4)), 0x1B);
    __m128i feba = _mm_alignr_epi8(badc, hgfe, 8);
    __m128i hgdc = _mm_blend_epi16(hgfe, badc, 0xF0);
    for (const unsigned char *end = blocks + 64 * n; blocks < end; blocks += 64) {
        const __m128i feba_before = feba, hgdc_before = hgdc;
        __m128i m[4];
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            if (i < 4)
                m[i] = _mm_shuffle_epi8(
                    _mm_loadu_si128((const __m128i *)(blocks + 16 * i)), big_endian);
            else
                m[i & 3] =
                    schedule(m[i & 3], m[(i + 1) & 3], m[(i + 2) & 3], m[(i + 3) & 3]);
            const __m128i sums =
                _mm_add_epi32(m[i & 3], _mm_loadu_si128((const __m128i *)(K + 4 * i)));
            hgdc = _mm_sha256rnds2_epu32(hgdc, feba, sums);
            feba = _mm_sha256rnds2_epu32(feba, hgdc, _mm_shuffle_epi32(sums, 0x0E));
        }
        feba = _mm_add_epi32(feba, feba_before);
        hgdc = _mm_add_epi32(hgdc, hgdc_before);
    }
    const __m128i abef = _mm_shuffle_epi32(feba, 0x1B);
    const __m128i ghcd = _mm_shuffle_epi32(hgdc, 0xB1);
    _mm_storeu_si128((__m128i *)H, _mm_blend_epi16(abef, ghcd, 0xF0));
    _mm_storeu_si128((__m128i *)(H + 4), _mm_alignr_epi8(ghcd, abef, 8));
}

/* Leaf 7 tells of SHA, leaf 1 of SSSE3 and SSE4.1, which came long before. */
static bool has_instructions(void)
{
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return false;
    if (!(ecx & bit_SSSE3) || !(ecx & bit_SSE4_1)) return false;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_SHA);
}
#endif

rung__sha256_fn rung__sha256_best(void)
{
#if defined(__x86_64__)
    if (has_instructions()) return compress_x86;
#endif
    return rung__sha256_portable;
}

/* ---- Messages of any length ---- */

void rung_sha256_init(rung_sha256 *h)
{
    *h = (rung_sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19},
                       .compress = rung__sha256_best()};
}

void rung_sha256_add(rung_sha256 *h, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    size_t filled = h->n_bytes % 64;
    h->n_bytes += n;
    while (n > 0) {
        if (filled == 0 && n >= 64) { // whole blocks, from where they lie
            h->compress(h->state, p, n / 64);
            p += n / 64 * 64, n %= 64;
            continue;
        }
        const size_t part = n < 64 - filled ? n : 64 - filled;
        memcpy(h->block + filled, p, part);
        filled = (filled + part) % 64;
        if (filled == 0) h->compress(h->state, h->block, 1);
        p += part, n -= part;
    }
}

void rung_sha256_hex(rung_sha256 *h, char out[65])
{
    // One bit 1, zeros up to 8 bytes before a block's end, the length in bits.
    const uint64_t n_bits = h->n_bytes * 8;
    rung_sha256_add(h, "\x80", 1);
    while (h->n_bytes % 64 != 56) rung_sha256_add(h, "", 1);
    unsigned char length[8];
    for (int i = 0; i < 8; i++) length[i] = (unsigned char)(n_bits >> (56 - 8 * i));
    rung_sha256_add(h, length, 8);
    for (int i = 0; i < 8; i++) snprintf(out + 8 * i, 9, "%08x", (unsigned)h->state[i]);
}
