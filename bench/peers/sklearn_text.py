#!/usr/bin/env python3
"""scikit-learn on labelled text: words and their pairs, a linear classifier, predictions.

    sklearn_text.py --train FILE --test FILE [--vectorizer ...] [--solver ...] [--processes 2]

FILE is TSV: the label in the first column, the text in the last. Prints JSON lines: what ran, then
accuracy and the seconds from opening the files to having predictions. Importing scikit-learn and
starting the processes do not count."""

import argparse
import concurrent.futures
import json
import time

import numpy
import scipy.sparse
import sklearn
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.svm import LinearSVC

SOLVERS = {
    "sgd": lambda o: SGDClassifier(loss="log_loss", alpha=o.alpha, max_iter=o.epochs, tol=None,
                                   random_state=0),
    "sgd-average": lambda o: SGDClassifier(loss="log_loss", alpha=o.alpha, max_iter=o.epochs,
                                           tol=None, average=True, random_state=0),
    "sgd-hinge": lambda o: SGDClassifier(loss="hinge", alpha=o.alpha, max_iter=o.epochs, tol=None,
                                         random_state=0),
    "saga": lambda o: LogisticRegression(solver="saga", C=o.C, tol=o.tol, max_iter=o.epochs,
                                         random_state=0),
    "lbfgs": lambda o: LogisticRegression(solver="lbfgs", C=o.C, tol=o.tol, max_iter=500),
    "liblinear": lambda o: LogisticRegression(solver="liblinear", C=o.C, tol=o.tol, dual=True,
                                              max_iter=o.epochs),
    "svc": lambda o: LinearSVC(C=o.C, tol=o.tol, max_iter=o.epochs, random_state=0),
}


def read(path):
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file]
    return [line[-1] for line in lines], numpy.array([line[0] for line in lines])


def hashing(options):
    return HashingVectorizer(ngram_range=(1, 2), n_features=2 ** options.bits, norm=None,
                             alternate_sign=False, dtype=numpy.float32)


def hash_part(job):
    options, texts = job
    return hashing(options).transform(texts)


def hash_texts(options, texts, pool):
    """The counts of all texts; each process takes every second piece of them."""
    size = -(-len(texts) // (8 * options.processes))
    parts = [texts[i:i + size] for i in range(0, len(texts), size)]
    rows = map(hash_part, [(options, part) for part in parts]) if pool is None else pool.map(
        hash_part, [(options, part) for part in parts])
    return scipy.sparse.vstack(list(rows), format="csr")


def features(options, train, test, pool):
    if options.vectorizer == "tfidf":
        v = TfidfVectorizer(ngram_range=(1, 2), min_df=options.min_df, sublinear_tf=True,
                            dtype=numpy.float32)
        return v.fit_transform(train), v.transform(test)
    x, y = hash_texts(options, train, pool), hash_texts(options, test, pool)
    weigh = TfidfTransformer(sublinear_tf=True).fit(x)
    return weigh.transform(x, copy=False), weigh.transform(y, copy=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--vectorizer", default="hashing", choices=("hashing", "tfidf"))
    parser.add_argument("--solver", default="sgd", choices=sorted(SOLVERS))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--bits", type=int, default=20)
    parser.add_argument("--min-df", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--alpha", type=float, default=1e-6)
    parser.add_argument("--C", type=float, default=30)
    parser.add_argument("--tol", type=float, default=1e-2)
    options = parser.parse_args()
    print(json.dumps({"peer": "scikit-learn " + sklearn.__version__,
                      "settings": {k: v for k, v in vars(options).items()
                                   if k not in ("train", "test")}}), flush=True)
    many = options.processes > 1 and options.vectorizer == "hashing"
    pool = concurrent.futures.ProcessPoolExecutor(options.processes) if many else None
    if pool:
        list(pool.map(abs, range(options.processes)))  # they start now
    marks = [time.perf_counter()]
    train, train_labels = read(options.train)
    test, test_labels = read(options.test)
    marks.append(time.perf_counter())
    x, y = features(options, train, test, pool)
    marks.append(time.perf_counter())
    model = SOLVERS[options.solver](options).fit(x, train_labels)
    marks.append(time.perf_counter())
    accuracy = float((model.predict(y) == test_labels).mean())
    marks.append(time.perf_counter())
    if pool:
        pool.shutdown()
    print(json.dumps({"accuracy": accuracy, "seconds": marks[-1] - marks[0],
                      "parts": [round(b - a, 3) for a, b in zip(marks, marks[1:])]}), flush=True)


if __name__ == "__main__":
    main()
