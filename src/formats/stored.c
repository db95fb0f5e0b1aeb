/* Stored elements: their names and sizes, and what each of them is as a float.
 *
 * A float of E exponent and M mantissa bits, with sign s, exponent e and mantissa m, is
 * worth
 *
 *     e > 0:  (-1)^s (1 + m / 2^M) 2^(e - bias)        bias = 2^(E-1) - 1
 *     e = 0:  (-1)^s (m / 2^M) 2^(1 - bias)            (subnormal)
 *
 * and the largest e means infinity (m = 0) or NaN. E4M3 differs (Micikevicius et al.
 * 2022, "FP8 formats for deep learning"): it has no infinity, and only s.1111.111 is
 * NaN. All of them fit into a float32 without loss. */
#include "formats/stored.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

/* Indexed by rung_stored_type, from the public list. */
static const struct {
    const char *name;
    size_t bytes;
} types[RUNG_STORED_COUNT] = {
#define X(id, text, size) [RUNG_STORED_##id] = {text, size},
    RUNG_STORED_LIST(X)
#undef X
};

/* The enum comes from callers, so it may be any number. */
static bool is_type(rung_stored_type type)
{
    return (unsigned)type < RUNG_STORED_COUNT;
}

const char *rung_stored_type_name(rung_stored_type type)
{
    return is_type(type) ? types[type].name : "unknown";
}

size_t rung_stored_type_bytes(rung_stored_type type)
{
    return is_type(type) ? types[type].bytes : 0;
}

rung_stored_type rung__stored_type_find(const char *name)
{
    int type = 0;
    while (type < RUNG_STORED_COUNT && strcmp(types[type].name, name) != 0) type++;
    return (rung_stored_type)type;
}

bool rung__stored_size(rung_stored_type type, int rank, const int64_t *shape,
                       size_t *bytes)
{
    size_t size = rung_stored_type_bytes(type);
    for (int i = 0; i < rank; i++) {
        if (shape[i] < 0 || !rung_mul_size(size, (size_t)shape[i], &size)) return false;
    }
    *bytes = size;
    return true;
}

rung_status rung__stored_check(const rung_stored *t, rung_error *err)
{
    if (!t->name) return rung_fail(err, RUNG_USAGE, "a tensor to write has no name");
    if (!is_type(t->type)) {
        return rung_fail(err, RUNG_USAGE, "tensor '%s': %d is not a stored type", t->name,
                         (int)t->type);
    }
    if (t->rank < 0 || t->rank > RUNG_STORED_MAX_RANK) {
        return rung_fail(err, RUNG_SHAPE, "tensor '%s': rank %d is not in 0 ... %d",
                         t->name, t->rank, RUNG_STORED_MAX_RANK);
    }
    char shape[RUNG_SHAPE_TEXT_BYTES];
    rung__shape_text(shape, t->rank, t->shape);
    size_t bytes;
    if (!rung__stored_size(t->type, t->rank, t->shape, &bytes)) {
        return rung_fail(err, RUNG_SHAPE,
                         "tensor '%s': shape %s is negative or too large", t->name,
                         shape);
    }
    if (bytes != t->bytes) {
        return rung_fail(err, RUNG_SHAPE,
                         "tensor '%s': %s of shape %s is %zu bytes, not %zu", t->name,
                         types[t->type].name, shape, bytes, t->bytes);
    }
    if (bytes && !t->data) {
        return rung_fail(err, RUNG_USAGE, "tensor '%s' has no data", t->name);
    }
    return RUNG_OK;
}

/* ---- Conversion to float32 ---- */

static inline float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t bits_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The element `bits` of E exponent and M mantissa bits (see the head of the file). */
static inline float small_float(uint32_t bits, int E, int M, bool has_infinity)
{
    const uint32_t e_max = (1u << E) - 1, m_max = (1u << M) - 1;
    const uint32_t sign = bits >> (E + M), e = bits >> M & e_max, m = bits & m_max;
    const int bias = (1 << (E - 1)) - 1;
    uint32_t wide;
    if (e == 0) { // m 2^(1 - bias - M): exact, since m has at most 10 bits
        wide = bits_of_float((float)m / (float)(1u << (bias - 1 + M)));
    } else {
        const bool is_special = e == e_max && (has_infinity || m == m_max);
        const uint32_t e32 = is_special ? 255 : e + 127 - (uint32_t)bias;
        wide = e32 << 23 | m << (23 - M);
    }
    return float_of_bits(sign << 31 | wide);
}

/* One loop a type. Elements are loaded by memcpy: a file may place them at odd
 * addresses. */
#define CONVERT(name, element, expression)                                               \
    static void name(const unsigned char *in, float *out, size_t n)                      \
    {                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                 \
            element x;                                                                   \
            memcpy(&x, in + i * sizeof x, sizeof x);                                     \
            out[i] = (float)(expression);                                                \
        }                                                                                \
    }

CONVERT(convert_BOOL, uint8_t, x != 0)
CONVERT(convert_U8, uint8_t, x)
CONVERT(convert_I8, int8_t, x)
CONVERT(convert_F8_E4M3, uint8_t, small_float(x, 4, 3, false))
CONVERT(convert_F8_E5M2, uint8_t, small_float(x, 5, 2, true))
CONVERT(convert_U16, uint16_t, x)
CONVERT(convert_I16, int16_t, x)
CONVERT(convert_F16, uint16_t, small_float(x, 5, 10, true))
CONVERT(convert_BF16, uint16_t, float_of_bits((uint32_t)x << 16))
CONVERT(convert_U32, uint32_t, x)
CONVERT(convert_I32, int32_t, x)
CONVERT(convert_U64, uint64_t, x)
CONVERT(convert_I64, int64_t, x)
CONVERT(convert_F64, double, x)

/* The common case is a plain copy, at the speed of memory. */
static void convert_F32(const unsigned char *in, float *out, size_t n)
{
    memcpy(out, in, n * sizeof *out);
}

typedef void (*convert_fn)(const unsigned char *in, float *out, size_t n);

static const convert_fn converters[RUNG_STORED_COUNT] = {
#define X(id, text, size) [RUNG_STORED_##id] = convert_##id,
    RUNG_STORED_LIST(X)
#undef X
};

rung_status rung_stored_to_f32(const rung_stored *t, float *out, size_t n,
                               rung_error *err)
{
    RUNG_TRY(rung__stored_check(t, err));
    const size_t have = t->bytes / types[t->type].bytes;
    if (have != n) {
        char shape[RUNG_SHAPE_TEXT_BYTES];
        return rung_fail(err, RUNG_SHAPE,
                         "tensor '%s' of shape %s has %zu elements, not %zu", t->name,
                         rung__shape_text(shape, t->rank, t->shape), have, n);
    }
    if (n) converters[t->type](t->data, out, n);
    return RUNG_OK;
}
