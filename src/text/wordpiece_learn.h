/* Learns the pieces of words that a WordPiece vocabulary holds. */
#ifndef RUNG_TEXT_WORDPIECE_LEARN_H
#define RUNG_TEXT_WORDPIECE_LEARN_H

#include "rung/status.h"
#include "text/vocab.h"

/* What a piece begins with that continues a word. */
#define RUNG__WORDPIECE_PREFIX "##"
#define RUNG__WORDPIECE_PREFIX_SIZE 2

/* Adds to `entries`, until it holds `most`, first the characters of `words`, in order of
 * their code points, those that begin a word before those that continue one; then pieces
 * in the order in which they were joined, each of parts that stood side by side
 * `min_count` times or more. */
rung_status rung__wordpiece_learn(const rung_vocab *words, size_t most, int64_t min_count,
                                  rung_vocab *entries, rung_error *err);

#endif
