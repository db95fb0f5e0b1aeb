#include "support.h"

#include "base/hash.h"

static const char *sha256(const char *text, size_t n, char out[65])
{
    rung_sha256 h;
    rung_sha256_init(&h);
    rung_sha256_add(&h, text, n);
    rung_sha256_hex(&h, out);
    return out;
}

/* FIPS 180-4's examples, one and two blocks, the empty message, and a million letters. */
static void it_gives_the_published_values(void **state)
{
    (void)state;
    char out[65];
    assert_string_equal(
        sha256("", 0, out),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_string_equal(
        sha256("abc", 3, out),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    assert_string_equal(
        sha256(two_blocks, 56, out),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    char *million = rung__alloc(1000000);
    memset(million, 'a', 1000000);
    assert_string_equal(
        sha256(million, 1000000, out),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    rung__free(million);
}

static void pieces_give_what_the_whole_gives(void **state)
{
    (void)state;
    char text[300], whole[65], pieces[65];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)(i * 7);
    for (size_t n = 0; n <= sizeof text; n += 3) {
        sha256(text, n, whole);
        for (size_t piece = 1; piece < 140; piece += 23) {
            rung_sha256 h;
            rung_sha256_init(&h);
            for (size_t at = 0; at < n; at += piece) {
                rung_sha256_add(&h, text + at, n - at < piece ? n - at : piece);
            }
            rung_sha256_hex(&h, pieces);
            assert_string_equal(pieces, whole);
        }
    }
}

/* This processor's way gives what plain C gives, for one block and for many, from
 * addresses that nothing aligns. */
static void all_ways_give_the_same(void **state)
{
    (void)state;
    unsigned char bytes[64 * 9 + 3];
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        x = x * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(x >> 24);
    }
    const rung__sha256_fn best = rung__sha256_best();
    for (size_t n = 0; n <= 9; n++) {
        uint32_t plain[8], quick[8];
        for (uint32_t i = 0; i < 8; i++) plain[i] = quick[i] = 0x9E3779B9u * (i + 1);
        rung__sha256_portable(plain, bytes + n % 4, n);
        best(quick, bytes + n % 4, n);
        assert_memory_equal(quick, plain, sizeof plain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_gives_the_published_values),
        cmocka_unit_test(pieces_give_what_the_whole_gives),
        cmocka_unit_test(all_ways_give_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
