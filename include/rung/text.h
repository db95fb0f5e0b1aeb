/* Text: reading it, splitting it, turning it into tokens and back.
 *
 * All of it works on bytes; nothing assumes a locale. Readers detect compression (.gz,
 * .zst, .xz) by content. Tokenizers but wordpiece and wordlevel are lossless:
 * decode(encode(text)) is the same bytes for any bytes whatever. */
#ifndef RUNG_TEXT_H
#define RUNG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rung/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Raw text ---- */

/* A text in memory with the name it came from. */
typedef struct rung_text {
    char *bytes;       /* owned; NUL-terminated beyond `size` */
    size_t size;       /* bytes */
    char *name;        /* owned: the path, "-" for standard input, "tales" */
    char sha256[65];   /* of the bytes, hexadecimal */
    int64_t n_invalid; /* bytes that are not part of valid UTF-8 */
} rung_text;

/* Reads a file, standard input ("-"), or every text file of a folder: recursively,
 * without hidden names, in bytewise order of their paths, joined by a newline where one
 * is missing. Packed files are unpacked. Reading stops after `max_bytes` of text (0: no
 * limit), at the end of a character. Refused with RUNG_INPUT and the reason: a missing or
 * empty file, a damaged packed one, a folder without text, a file that is mostly not text
 * (a NUL byte in the first MB, or more than 30 % invalid UTF-8 or control characters).
 * Release with rung_text_release. */
RUNG_API rung_status rung_text_read(rung_text *text, const char *path, size_t max_bytes,
                                    rung_error *err);
/* Takes a copy of `size` bytes. */
RUNG_API rung_status rung_text_from(rung_text *text, const char *name, const void *bytes,
                                    size_t size, rung_error *err);
RUNG_API void rung_text_release(rung_text *text);

/* The part [begin, end) of a text, borrowed. */
typedef struct rung_span {
    const char *bytes;
    size_t size;
} rung_span;

/* Splits raw text by position into train, valid and test with the given shares of valid
 * and test (0.05 each by default), cutting after a newline where one is near, else
 * between UTF-8 characters. RUNG_INPUT when a part that was asked for would be empty. */
RUNG_API rung_status rung_text_split(const rung_text *text, double valid_share,
                                     double test_share, rung_span *train,
                                     rung_span *valid, rung_span *test, rung_error *err);

/* ---- Tokenizers ---- */

/* An immutable tokenizer; any number of threads may use it. */
typedef struct rung_tokenizer rung_tokenizer;

typedef struct rung_tokenizer_config {
    int64_t vocab_size; /* char and word: most entries kept (0: all of min_count);
                           wordpiece: most tokens (0: 8,192) */
    int64_t min_count;  /* occurrences needed (0: 1 for char, 2 for word and wordpiece) */
    bool cased;         /* wordpiece: capitals are kept, not lowered */
} rung_tokenizer_config;

/* Learns a tokenizer of `kind` ("byte", "char", "word", "wordpiece", "wordlevel") from
 * text. Unknown kinds fail with the nearest known one. config may be NULL. Free with
 * rung_tokenizer_free.
 *   byte: 256 tokens, one for each byte.
 *   char: one token for each Unicode character seen; all others are spelled in bytes.
 *   word: words, marks and white space, each with the blank before it; rare ones are
 *         spelled in characters, rare characters in bytes. Text whose words are
 *         separated by blanks already, such as Penn Treebank, has one token a word.
 *   wordpiece: BERT's rules, for texts that are read and never written: blanks and
 *         controls are lost, letters lowered, words cut into the longest pieces known;
 *         others are [UNK]. [PAD], [UNK], [CLS], [SEP] and [MASK] have ids 0 to 4.
 *         Accents stay, as Russian needs them; a file may say otherwise.
 *   wordlevel: words between white space; those that the vocabulary lacks are lost.
 * In the first three, which are lossless, ids go from the most frequent entry to the
 * rarest, and the 256 byte tokens stand last in the vocabulary, used or not. */
RUNG_API rung_status rung_tokenizer_train(rung_tokenizer **out, const char *kind,
                                          const rung_tokenizer_config *config,
                                          rung_span text, rung_error *err);
/* Frees it when its last owner does. NULL is fine. */
RUNG_API void rung_tokenizer_free(rung_tokenizer *tok);
/* The same tokenizer with one more owner, who frees it too. */
RUNG_API rung_tokenizer *rung_tokenizer_share(rung_tokenizer *tok);

/* "byte", "char", "word", "wordpiece", "wordlevel". */
RUNG_API const char *rung_tokenizer_kind(const rung_tokenizer *tok);
RUNG_API int64_t rung_tokenizer_size(const rung_tokenizer *tok); /* vocabulary */
/* The id of a special token, such as "[CLS]"; -1 when there is none. */
RUNG_API int32_t rung_tokenizer_special(const rung_tokenizer *tok, const char *name);

/* Whether the tokens of any bytes give these bytes back, as language models need it. */
RUNG_API bool rung_tokenizer_is_lossless(const rung_tokenizer *tok);

/* Token ids of `text`, without special ones around it: *ids is a new array
 * (rung_ids_free) of *n numbers. */
RUNG_API rung_status rung_tokenizer_encode(const rung_tokenizer *tok, rung_span text,
                                           int32_t **ids, size_t *n, rung_error *err);
RUNG_API void rung_ids_free(int32_t *ids);

/* The bytes of one token, borrowed from the tokenizer. Ids out of range give an empty
 * span. In lossless kinds decoding is joining these. */
RUNG_API rung_span rung_tokenizer_bytes(const rung_tokenizer *tok, int32_t id);

/* tokenizer.json: save, load. Hugging Face's `tokenizers` reads it too, and gives the
 * same ids for any valid UTF-8. Loading takes what rung wrote, and BERT's WordPiece files
 * from anywhere; it checks everything and names the file and the place. */
RUNG_API rung_status rung_tokenizer_save(const rung_tokenizer *tok, const char *path,
                                         rung_error *err);
RUNG_API rung_status rung_tokenizer_load(rung_tokenizer **out, const char *path,
                                         rung_error *err);

/* BERT's vocab.txt, a token a line, as a wordpiece tokenizer; `lower` also drops accents,
 * as BERT's uncased models do. */
RUNG_API rung_status rung_tokenizer_load_vocab(rung_tokenizer **out, const char *path,
                                               bool lower, rung_error *err);

/* ---- tales: the built-in corpus ---- */

typedef struct rung_tales_config {
    uint64_t seed;
    size_t bytes; /* at least so many bytes of text, ending with a whole story */
} rung_tales_config;

#define RUNG_TALES_CONFIG_DEFAULT                                                        \
    {                                                                                    \
        20260101, 1 << 20                                                                \
    }

/* Writes small stories with known structure: a name given early is needed late at
 * controlled distances, word families, homonyms decided by context. Same config, same
 * bytes everywhere. */
RUNG_API rung_status rung_tales_make(rung_text *text, const rung_tales_config *config,
                                     rung_error *err);

/* Labelled texts in the manner of tales. Each task has one thing that decides the label,
 * X(NAME, name):
 *   word:  where it happens (river, town, forest, hill); many single words tell it.
 *   order: something is lost and found or found and lost (kept, gone); both classes have
 *          the same counts of words, and of up to eight neighbours at a time.
 *   far:   what is told early and what is told late, 37 to 99 tokens apart, decide
 *          together, neither alone (open, shut).
 *   sense: which sense a homonym has (first, second): told by where the tale happens, for
 *          each homonym in another way. */
#define RUNG_TALES_TASK_LIST(X)                                                          \
    X(WORD, "word")                                                                      \
    X(ORDER, "order")                                                                    \
    X(FAR, "far")                                                                        \
    X(SENSE, "sense")

typedef enum rung_tales_task {
#define X(name, text) RUNG_TALES_##name,
    RUNG_TALES_TASK_LIST(X)
#undef X
        RUNG_TALES_TASKS
} rung_tales_task;

typedef struct rung_tales_examples_config {
    rung_tales_task task;
    uint64_t seed;
    size_t examples;
} rung_tales_examples_config;

/* Writes examples as tab-separated text: a first line "text<TAB>label", then one a line.
 * All labels are equally frequent in each multiple of their number. More examples begin
 * with fewer. Same config, same bytes everywhere. */
RUNG_API rung_status rung_tales_examples(rung_text *text,
                                         const rung_tales_examples_config *config,
                                         rung_error *err);

#ifdef __cplusplus
}
#endif
#endif
