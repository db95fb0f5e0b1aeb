/* Conversions to float32, compared with PyTorch's over every bit pattern. */
#include "support.h"

#include <math.h>

#include "base/hash.h"
#include "formats/stored.h"

static float converted[65536];

/* Every pattern of `bytes` bytes, as a vector of `type`, converted. */
static size_t convert_all(rung_stored_type type, size_t bytes)
{
    static uint16_t wide[65536];
    static uint8_t narrow[256];
    const size_t n = bytes == 1 ? 256 : 65536;
    for (size_t i = 0; i < n; i++) wide[i] = (uint16_t)i;
    for (size_t i = 0; i < 256; i++) narrow[i] = (uint8_t)i;
    const rung_stored t = {.name = "all",
                           .type = type,
                           .rank = 1,
                           .shape = {(int64_t)n},
                           .data = bytes == 1 ? (void *)narrow : wide,
                           .bytes = n * bytes};
    rung_error err;
    assert_ok(rung_stored_to_f32(&t, converted, n, &err));
    return n;
}

/* The hashes are printed by tests/golden/make_formats.py; NaN has many forms and is left
 * out. */
static void assert_hash(rung_stored_type type, size_t n_nan, const char *expected)
{
    const size_t n = convert_all(type, rung_stored_type_bytes(type));
    rung_sha256 hash;
    char hex[65];
    size_t found = 0;
    rung_sha256_init(&hash);
    for (size_t i = 0; i < n; i++) {
        if (isnan(converted[i])) {
            found++;
        } else {
            rung_sha256_add(&hash, &converted[i], sizeof converted[i]);
        }
    }
    rung_sha256_hex(&hash, hex);
    assert_string_equal(hex, expected);
    assert_int_equal(found, n_nan);
}

static void small_floats_convert_as_in_pytorch(void **state)
{
    (void)state;
    assert_hash(RUNG_STORED_F16, 2 * 1023,
                "680bbc22915f61aa1bbfc7265bc3882a6aa42d299bfd2c571807196e5544de2e");
    assert_hash(RUNG_STORED_BF16, 2 * 127,
                "ba630f4dd7aba313174b044090cfc5353bc4f587c4f6c2848056051239b777b0");
    assert_hash(RUNG_STORED_F8_E4M3, 2,
                "f275e267d1b70f2c583fa6b5c47be61348a1aa22f7aa676cc5a0fb66798646a5");
    assert_hash(RUNG_STORED_F8_E5M2, 2 * 3,
                "57efec4fe37066568dbeebe9133167e7145d3444b34fdc0064fc4da33f4f1b2b");
}

/* One element of `type`, stored at an odd address as a file may have it. */
static float convert_one(rung_stored_type type, const void *element)
{
    unsigned char place[16];
    memcpy(place + 1, element, rung_stored_type_bytes(type));
    const rung_stored t = {.name = "one",
                           .type = type,
                           .data = place + 1,
                           .bytes = rung_stored_type_bytes(type)};
    rung_error err;
    float value = -99.0f;
    assert_ok(rung_stored_to_f32(&t, &value, 1, &err));
    return value;
}

#define ONE(type, element, value) convert_one(RUNG_STORED_##type, &(element){value})

static void integers_and_wide_floats_convert_by_value(void **state)
{
    (void)state;
    assert_true(ONE(BOOL, uint8_t, 1) == 1.0f);
    assert_true(ONE(BOOL, uint8_t, 2) == 1.0f);
    assert_true(ONE(U8, uint8_t, 255) == 255.0f);
    assert_true(ONE(I8, int8_t, -128) == -128.0f);
    assert_true(ONE(U16, uint16_t, 65535) == 65535.0f);
    assert_true(ONE(I16, int16_t, -32768) == -32768.0f);
    assert_true(ONE(U32, uint32_t, UINT32_MAX) == 4294967296.0f);
    assert_true(ONE(I32, int32_t, -16777216) == -16777216.0f);
    assert_true(ONE(I32, int32_t, 16777217) ==
                16777216.0f); // rounds to nearest, ties to even
    assert_true(ONE(U64, uint64_t, UINT64_MAX) == 18446744073709551616.0f);
    assert_true(ONE(I64, int64_t, INT64_MIN) == -9223372036854775808.0f);
    assert_true(ONE(F32, float, -0.1f) == -0.1f);
    assert_true(ONE(F64, double, 0.1) == 0.1f);
    assert_true(isinf(ONE(F64, double, 1e300)));
}

static void every_type_has_name_size_and_conversion(void **state)
{
    (void)state;
    const unsigned char zero[8] = {0};
    for (int i = 0; i < RUNG_STORED_COUNT; i++) {
        const rung_stored_type type = (rung_stored_type)i;
        assert_int_equal(rung__stored_type_find(rung_stored_type_name(type)), type);
        assert_in_range(rung_stored_type_bytes(type), 1, 8);
        assert_true(convert_one(type, zero) == 0.0f);
    }
    assert_int_equal(rung__stored_type_find("F4"), RUNG_STORED_COUNT);
    assert_string_equal(rung_stored_type_name(RUNG_STORED_COUNT), "unknown");
    assert_int_equal(rung_stored_type_bytes((rung_stored_type)-1), 0);
}

static void impossible_tensors_are_refused(void **state)
{
    (void)state;
    const float data[6] = {0};
    const rung_stored good = {.name = "w",
                              .type = RUNG_STORED_F32,
                              .rank = 2,
                              .shape = {2, 3},
                              .data = data,
                              .bytes = 24};
    float out[6];
    rung_error err;
    assert_ok(rung_stored_to_f32(&good, out, 6, &err));
    assert_fails_saying(rung_stored_to_f32(&good, out, 5, &err), RUNG_SHAPE,
                        "tensor 'w' of shape [2,3] has 6 elements, not 5");
    rung_stored bad = good;
    bad.bytes = 20;
    assert_fails_saying(rung__stored_check(&bad, &err), RUNG_SHAPE,
                        "F32 of shape [2,3] is 24 bytes, not 20");
    bad = good, bad.shape[1] = -3;
    assert_fails_saying(rung__stored_check(&bad, &err), RUNG_SHAPE, "[2,-3]");
    bad = good, bad.shape[0] = INT64_MAX;
    assert_fails_saying(rung__stored_check(&bad, &err), RUNG_SHAPE, "too large");
    bad = good, bad.rank = 9;
    assert_fails_saying(rung__stored_check(&bad, &err), RUNG_SHAPE,
                        "rank 9 is not in 0 ... 8");
    bad = good, bad.type = RUNG_STORED_COUNT;
    assert_fails_saying(rung__stored_check(&bad, &err), RUNG_USAGE, "not a stored type");
    bad = good, bad.name = NULL;
    assert_fails_saying(rung__stored_check(&bad, &err), RUNG_USAGE, "no name");
    bad = good, bad.data = NULL;
    assert_fails_saying(rung__stored_check(&bad, &err), RUNG_USAGE, "no data");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_floats_convert_as_in_pytorch),
        cmocka_unit_test(integers_and_wide_floats_convert_by_value),
        cmocka_unit_test(every_type_has_name_size_and_conversion),
        cmocka_unit_test(impossible_tensors_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
