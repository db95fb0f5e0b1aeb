#!/usr/bin/env python3
"""gensim's word2vec, and scores of anybody's vectors.

    gensim_words.py train CORPUS OUT [--model sg|cbow] [--negative 5] [--epochs 2] [--threads 2] ...
    gensim_words.py score WORDS LISTS VECTORS...

`train` reads CORPUS, a sentence a line, in the way that is gensim's fastest (corpus_file: threads read
it and hold no lock between sentences), writes OUT as word2vec's binary file and prints one JSON line with
the seconds of the vocabulary and of the training.

`score` answers the analogies of LISTS/questions-words.txt among the words of the file WORDS, and takes
Spearman's correlation with WS-353 and SimLex-999 over the pairs whose words are all among them.
VECTORS are files of word2vec, binary (.bin) or text."""

import argparse
import json
import os
import sys
import time

import gensim
import numpy
from gensim.models import KeyedVectors, Word2Vec
from scipy.stats import spearmanr


def train(options):
    model = Word2Vec(vector_size=options.dim, window=options.window, min_count=options.min_count,
                     sg=options.model == "sg", hs=options.negative == 0, negative=options.negative,
                     sample=options.sample, alpha=options.lr, min_alpha=1e-4 * options.lr,
                     workers=options.threads, seed=options.seed, epochs=options.epochs)
    start = time.perf_counter()
    model.build_vocab(corpus_file=options.corpus)
    middle = time.perf_counter()
    model.train(corpus_file=options.corpus, total_words=model.corpus_total_words,
                total_examples=model.corpus_count, epochs=options.epochs)
    end = time.perf_counter()
    model.wv.save_word2vec_format(options.out, binary=True)
    print(json.dumps({"peer": "gensim " + gensim.__version__, "vocabulary_seconds": middle - start,
                      "seconds": end - middle}))


def load(path, words):
    """The unit vectors of the words, in their order; of words that the file lacks, zeros."""
    file = KeyedVectors.load_word2vec_format(path, binary=path.endswith(".bin"))
    rows = numpy.zeros((len(words), file.vector_size), numpy.float32)
    for i, word in enumerate(words):
        if word in file:
            rows[i] = file[word]
    return rows / numpy.maximum(numpy.linalg.norm(rows, axis=1, keepdims=True), 1e-30)


def analogies(path, rows, index):
    """How many are covered, and the share of them that is answered, one of the three given words
    excepted."""
    with open(path, encoding="utf-8") as file:
        all_words = [line.lower().split() for line in file if not line.startswith(":")]
    asked = numpy.array([[index[w] for w in q] for q in all_words if all(w in index for w in q)])
    right = 0
    for begin in range(0, len(asked), 500):
        a, b, c, d = asked[begin:begin + 500].T
        likeness = (rows[b] - rows[a] + rows[c]) @ rows.T
        for given in (a, b, c):
            likeness[numpy.arange(len(a)), given] = -9
        right += int((likeness.argmax(1) == d).sum())
    return len(asked), right / len(asked)


def pairs(path, rows, index):
    with open(path, encoding="utf-8") as file:
        cells = [line.lower().split() for line in file]
    known = [(index[a], index[b], float(x)) for a, b, x in cells if a in index and b in index]
    a, b, given = (numpy.array(column) for column in zip(*known, strict=True))
    return len(known), float(spearmanr((rows[a] * rows[b]).sum(1), given)[0])


def score(options):
    with open(options.words, encoding="utf-8") as file:
        words = file.read().split()
    index = {word: i for i, word in enumerate(words)}
    for path in options.vectors:
        rows = load(path, words)
        n, right = analogies(os.path.join(options.lists, "questions-words.txt"), rows, index)
        result = {"vectors": path, "analogies": right, "of": n}
        for name, file in (("ws353", "EN-WS-353-ALL.txt"), ("simlex", "EN-SIMLEX-999.txt")):
            result[name + "_of"], result[name] = pairs(os.path.join(options.lists, file), rows,
                                                       index)
        print(json.dumps(result), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("train")
    one.add_argument("corpus")
    one.add_argument("out")
    one.add_argument("--model", choices=("sg", "cbow"), default="sg")
    for name, kind, default in (("dim", int, 100), ("window", int, 5), ("negative", int, 5),
                                ("min-count", int, 5), ("sample", float, 1e-3),
                                ("lr", float, 0.025), ("epochs", int, 2), ("seed", int, 1),
                                ("threads", int, 2)):
        one.add_argument("--" + name, type=kind, default=default)
    other = commands.add_parser("score")
    other.add_argument("words")
    other.add_argument("lists")
    other.add_argument("vectors", nargs="+")
    options = parser.parse_args()
    {"train": train, "score": score}[options.command](options)


if __name__ == "__main__":
    sys.exit(main())
