/* Raw text: plain or packed, whole or damaged, reading ends within its limit. The first
 * byte begins the input with a codec's magic bytes, so that the codecs are reached. */
#include <string.h>

#include "rung/text.h"
#include "support.h"

#define MAX_BYTES 100000

static const struct {
    uint8_t bytes[6];
    size_t size;
} magics[] = {
    {{0}, 0},
    {{0x1F, 0x8B, 8, 0}, 4},
    {{0x28, 0xB5, 0x2F, 0xFD}, 4},
    {{0xFD, '7', 'z', 'X', 'Z', 0}, 6},
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static uint8_t file[1 << 16];
    if (size == 0 || size > sizeof file - sizeof magics[0].bytes) return 0;
    const size_t codec = bytes[0] % 4, head = magics[codec].size;
    memcpy(file, magics[codec].bytes, head);
    memcpy(file + head, bytes + 1, size - 1);
    rung_text text = {0};
    rung_error err = {0};
    const char *path = fuzz_file(file, head + size - 1);
    if (rung_text_read(&text, path, MAX_BYTES, &err) != RUNG_OK) {
        FUZZ_CHECK(!text.bytes && strstr(err.message, path));
        return 0;
    }
    FUZZ_CHECK(text.size > 0 && text.size <= MAX_BYTES && !text.bytes[text.size]);
    FUZZ_CHECK(strlen(text.sha256) == 64 && text.n_invalid <= (int64_t)text.size);
    rung_text_release(&text);
    return 0;
}
