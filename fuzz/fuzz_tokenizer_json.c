/* tokenizer.json: what is refused has a message, what is accepted is a whole tokenizer.
 *
 * Random bytes seldom are JSON. So an input is a list of changes to a file that is right:
 * each takes four bytes, two for the place, one for how many bytes are cut out there (0
 * to 7), and one that is put in instead (0: none). An input that begins with '{' stands
 * for itself. */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "rung/text.h"
#include "support.h"

#define N_KINDS 4
#define ROOM 4096 /* for what is put in */

static char *right[N_KINDS], *changed; /* the files of each kind; one that was changed */
static size_t right_size[N_KINDS];

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    static const char *const kinds[N_KINDS] = {"byte", "char", "word", "wordpiece"};
    static const char text[] = "one \"two\"\tthree, one, ёж ёж.\n one two.\n";
    char dir[] = "/tmp/rung-fuzz-XXXXXX";
    FUZZ_CHECK(mkdtemp(dir));
    char *path = rung_path_join(dir, "tokenizer.json");
    size_t total = ROOM;
    for (int k = 0; k < N_KINDS; k++) {
        rung_tokenizer *tok;
        const rung_span all = {text, sizeof text - 1};
        FUZZ_CHECK(rung_tokenizer_train(&tok, kinds[k], NULL, all, NULL) == RUNG_OK);
        FUZZ_CHECK(rung_tokenizer_save(tok, path, NULL) == RUNG_OK);
        FUZZ_CHECK(rung_file_read(path, &right[k], &right_size[k], NULL) == RUNG_OK);
        rung_tokenizer_free(tok);
        total += right_size[k];
    }
    FUZZ_CHECK(rung_remove_tree(dir, NULL) == RUNG_OK);
    rung__free(path);
    changed = rung__alloc(total);
    FUZZ_CHECK(changed);
    return 0;
}

/* Applies the changes; returns the size of the file. */
static size_t change(const uint8_t *bytes, size_t size)
{
    const size_t kind = bytes[0] % N_KINDS;
    size_t n = right_size[kind];
    memcpy(changed, right[kind], n);
    for (size_t i = 1; i + 4 <= size && i < ROOM; i += 4) {
        const size_t at = ((size_t)bytes[i] << 8 | bytes[i + 1]) % (n + 1);
        const size_t out = bytes[i + 2] % 8 < n - at ? bytes[i + 2] % 8 : n - at;
        const size_t in = bytes[i + 3] != 0;
        memmove(changed + at + in, changed + at + out, n - at - out);
        if (in) changed[at] = (char)bytes[i + 3];
        n += in - out;
    }
    return n;
}

/* Ids are in range; in a lossless kind each has bytes, and text comes back from them. */
static void check_whole(const rung_tokenizer *tok)
{
    static const char text[] = "one two ёж \xFF\xC3 zwei";
    int32_t *ids;
    size_t n, at = 0;
    const rung_span all = {text, sizeof text};
    FUZZ_CHECK(rung_tokenizer_encode(tok, all, &ids, &n, NULL) == RUNG_OK);
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK(ids[i] >= 0 && ids[i] < rung_tokenizer_size(tok));
        if (!rung_tokenizer_is_lossless(tok)) continue;
        const rung_span token = rung_tokenizer_bytes(tok, ids[i]);
        FUZZ_CHECK(token.size > 0 && token.size <= sizeof text - at);
        FUZZ_CHECK(memcmp(token.bytes, text + at, token.size) == 0);
        at += token.size;
    }
    rung_ids_free(ids);
    if (!rung_tokenizer_is_lossless(tok)) return;
    FUZZ_CHECK(at == sizeof text);
    for (int32_t id = 0; id < rung_tokenizer_size(tok); id++)
        FUZZ_CHECK(rung_tokenizer_bytes(tok, id).size > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0) return 0;
    const char *path = bytes[0] == '{'
                           ? fuzz_file(bytes, size)
                           : fuzz_file((const uint8_t *)changed, change(bytes, size));
    rung_tokenizer *tok = NULL;
    rung_error err = {0};
    if (rung_tokenizer_load(&tok, path, &err) != RUNG_OK) {
        FUZZ_CHECK(!tok && strncmp(err.message, path, strlen(path)) == 0);
        return 0;
    }
    check_whole(tok);
    rung_tokenizer_free(tok);
    return 0;
}
