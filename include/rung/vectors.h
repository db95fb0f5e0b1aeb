/* Vectors of words in use: neighbours, analogies, texts as vectors, and scores on lists
 * of analogies and of similar words. */
#ifndef RUNG_VECTORS_H
#define RUNG_VECTORS_H

#include "rung/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A word has a vector as the centre of a window and one in the context of others. */
typedef enum rung_word_vectors {
    RUNG_VECTORS_CENTRE, /* unless another is chosen */
    RUNG_VECTORS_CONTEXT,
    RUNG_VECTORS_SUM,
    RUNG_VECTORS_BOTH /* one after the other: twice as many numbers */
} rung_word_vectors;

/* Which vectors of a model that learned words are used by what follows; its folder stays
 * as it is. Not while the model is in use. RUNG_UNSUPPORTED for any other model. */
RUNG_API rung_status rung_vectors_choose(rung_model *m, rung_word_vectors which,
                                         rung_error *err);

/* How many n-grams of characters have vectors, of which those of unseen words are made; 0
 * for any other model. */
RUNG_API int64_t rung_vectors_ngrams(const rung_model *m);

/* The words of a model with their vectors at length 1. */
typedef struct rung_space rung_space;

/* Of the `most` most frequent words (0: all) of a model that learned words, which
 * outlives the space. RUNG_UNSUPPORTED for any other. Many threads may use one. */
RUNG_API rung_status rung_space_new(rung_space **out, const rung_model *m,
                                    rung_runtime *rt, int64_t most, rung_error *err);
RUNG_API void rung_space_free(rung_space *s);
RUNG_API int64_t rung_space_words(const rung_space *s);
RUNG_API int64_t rung_space_dim(const rung_space *s);

/* The id of a word as it stands, else in lower case; -1: not among these. */
RUNG_API int32_t rung_space_find(const rung_space *s, rung_span word);
/* The same, but a word that is not among these gets an id behind theirs, under which it
 * is no one's neighbour: with its own vector if the model has one, else with the mean of
 * its n-grams of characters'. RUNG_INPUT if there is none. Not while others use it. */
RUNG_API rung_status rung_space_enter(rung_space *s, rung_span word, int32_t *id,
                                      rung_error *err);
/* The name of a word that is among these, borrowed; a word's vector of length 1, [dim],
 * borrowed until another word enters. */
RUNG_API rung_span rung_space_name(const rung_space *s, int32_t id);
RUNG_API const float *rung_space_vector(const rung_space *s, int32_t id);
/* The cosine of two words' vectors; 0 where one is 0. */
RUNG_API double rung_space_similarity(const rung_space *s, int32_t a, int32_t b);

typedef struct rung_neighbour {
    int32_t id;
    float similarity; /* cosine */
} rung_neighbour;

/* How many words an analogy names, which are never its answer. */
enum { RUNG_ANALOGY_WORDS = 3 };

/* The k > 0 words nearest to each of n queries [n, dim] of any length, nearest first,
 * without the words without[n, RUNG_ANALOGY_WORDS] (-1: none): out [n, k]; id -1 where
 * there are no more. */
RUNG_API rung_status rung_space_nearest(const rung_space *s, const float *queries,
                                        const int32_t *without, size_t n, int64_t k,
                                        rung_neighbour *out, rung_error *err);
/* The query of an analogy: "a is to b as c is to ?", b - a + c of vectors of length 1. */
RUNG_API void rung_space_analogy(const rung_space *s, const int32_t abc[3], float *query);

/* ---- All words at a glance ---- */

/* Puts the words into k classes, 1 to as many as there are words (else RUNG_USAGE), by
 * k-means of their vectors at length 1: *classes [words], a new array (rung_ids_free).
 * Class 0 is that of the most frequent word, class 1 that of the next one in another
 * class, and so on. */
RUNG_API rung_status rung_space_classes(int32_t **classes, const rung_space *s, int64_t k,
                                        uint64_t seed, rung_error *err);
/* Writes a page with a map of the words: their vectors at length 1 along the two
 * directions in which they vary most (principal components), with k classes, as above, as
 * colours. Meant for some hundreds of words. */
RUNG_API rung_status rung_space_map(const rung_space *s, int64_t k, uint64_t seed,
                                    const char *title, const char *path, rung_error *err);

/* ---- Texts ---- */

/* The mean vector of each text's words, a new array [n, *dim] (rung_embedding_free); 0
 * where it has none that is known. A word that the vocabulary lacks has the mean of its
 * n-grams' vectors, where the model has these. With sif > 0 words of share p weigh
 * sif / (sif + p), and what all n texts have most in common is taken away (Arora, Liang,
 * Ma 2017, algorithm 1); RUNG_UNSUPPORTED where words have no counts: imported ones. */
RUNG_API rung_status rung_embed_texts(float **out, int64_t *dim, const rung_model *m,
                                      const rung_span *texts, size_t n, double sif,
                                      rung_error *err);
RUNG_API void rung_embedding_free(float *vectors);

/* ---- Other programs ---- */

/* Writes the words and their vectors, those that were chosen, as a file that the programs
 * of word2vec, GloVe and fastText, and what reads theirs, take: "word2vec-text",
 * "word2vec-binary", "glove-text", "fasttext-vec". Numbers keep every bit; a word has one
 * vector there, and no count. */
RUNG_API rung_status rung_export_words(const rung_model *m, const char *format,
                                       const char *path, rung_error *err);

typedef struct rung_import_config {
    const char *format; /* NULL: told by the content */
    int64_t most;       /* only so many words, the first ones; 0: all */
    bool lower;         /* texts are made lower case before their words are looked up */
} rung_import_config;

typedef struct rung_import_report {
    const char *format; /* what the file was read as; static */
    int64_t n_words;    /* that have a vector */
    int64_t n_again;    /* left out: stand in the file before */
    int64_t n_unfit;    /* left out: no text has them, as they are empty, have white space
                           within, or more than RUNG_WORD_BYTES once they are UTF-8 */
    int64_t n_invalid;  /* that have U+FFFD now for bytes that are not UTF-8 */
} rung_import_report;

/* Reads such a file, packed or not, as a new model (rung_model_free) of kind RUNG_WORDS
 * in the order of the file; its words have no vectors of the context and no counts.
 * RUNG_INPUT with file and line where the file is damaged, truncated or another;
 * RUNG_USAGE for an unknown format. The numbers must be finite. */
RUNG_API rung_status rung_import_words(rung_model **out, const char *path,
                                       const rung_import_config *config,
                                       rung_import_report *report, rung_error *err);
/* Whether a model came from there: it has one vector a word, and learns nothing. */
RUNG_API bool rung_is_imported(const rung_model *m);

/* ---- Scores ---- */

typedef struct rung_section {
    char name[80];
    int64_t n, known, right; /* questions; of words that are all known; answered */
} rung_section;

enum { RUNG_MOST_SECTIONS = 64 };

typedef struct rung_word_score {
    bool is_analogies;
    rung_section sections[RUNG_MOST_SECTIONS]; /* of analogies */
    int64_t n_sections;
    rung_section total; /* questions, or pairs: n, known */
    double spearman;    /* of pairs that are known; NaN: fewer than two */
} rung_word_score;

/* Scores a file: ": section" and four words a line, as questions-words.txt; or two words
 * and a number, between tabs, commas or blanks, with or without a header. An answer is
 * right if it is the nearest word besides the three (Mikolov et al. 2013a, section 4.1);
 * all four must be among the space's words, those of pairs may enter it. RUNG_INPUT with
 * file and line where it is neither. */
RUNG_API rung_status rung_word_evaluate(rung_space *s, const char *path,
                                        rung_word_score *score, rung_error *err);

#ifdef __cplusplus
}
#endif
#endif
