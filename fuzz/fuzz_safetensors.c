/* safetensors: what is accepted can be read to the last byte, found by name and
 * converted. */
#include <string.h>

#include "rung/formats.h"
#include "support.h"

static float values[1 << 16];

static void check_tensor(const rung_safetensors *file, const rung_stored *t)
{
    rung_error err;
    const size_t n = t->bytes / rung_stored_type_bytes(t->type);
    FUZZ_CHECK(rung_safetensors_find(file, t->name) == t);
    if (n > sizeof values / sizeof values[0]) return;
    FUZZ_CHECK(rung_stored_to_f32(t, values, n, &err) == RUNG_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    rung_safetensors *file;
    rung_error err = {0};
    if (rung_safetensors_open(&file, fuzz_file(bytes, size), &err) != RUNG_OK) {
        FUZZ_CHECK(err.message[0] && file == NULL);
        return 0;
    }
    size_t n_data = 0;
    for (size_t i = 0; i < rung_safetensors_count(file); i++) {
        const rung_stored *t = rung_safetensors_at(file, i);
        check_tensor(file, t);
        n_data += t->bytes;
    }
    FUZZ_CHECK(n_data < size); // every byte behind the header belongs to one tensor
    for (size_t i = 0; i < rung_safetensors_metadata_count(file); i++) {
        const char *key, *value;
        rung_safetensors_metadata_at(file, i, &key, &value);
        FUZZ_CHECK(strcmp(rung_safetensors_metadata(file, key), value) == 0);
    }
    rung_safetensors_close(file);
    return 0;
}
