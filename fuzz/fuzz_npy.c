/* .npy: what is accepted has as many bytes as its shape says, all of them readable. */
#include <string.h>

#include "rung/formats.h"
#include "support.h"

static float values[1 << 16];

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    rung_npy npy;
    rung_error err = {0};
    if (rung_npy_read(&npy, fuzz_file(bytes, size), &err) != RUNG_OK) {
        FUZZ_CHECK(err.message[0] && npy.data == NULL);
        return 0;
    }
    rung_stored t = {.name = "array",
                     .type = npy.type,
                     .rank = npy.rank,
                     .data = npy.data,
                     .bytes = npy.bytes};
    memcpy(t.shape, npy.shape, sizeof t.shape);
    const size_t n = npy.bytes / rung_stored_type_bytes(npy.type);
    FUZZ_CHECK(npy.bytes < size);
    if (n <= sizeof values / sizeof values[0]) {
        FUZZ_CHECK(rung_stored_to_f32(&t, values, n, &err) == RUNG_OK);
    }
    rung_npy_release(&npy);
    return 0;
}
