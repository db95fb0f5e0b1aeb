"""Optima of logistic regression, by scikit-learn and (in cases *.liblinear_*) liblinear:
logistic.safetensors, in which no data set stands. For each problem PROBLEM of each case CASE,
`CASE.PROBLEM.` with w double [some columns, O], b double [O] (their mean 0 for softmax; none
without bias) and objective double [1], as in src/learn/logistic.h; every STEP-th column of w, the
first included. CASE.x float [N, D] and CASE.labels int32 [N] for the random cases only; the others
are made in tests/learn/test_logistic_data.c from files in RUNG_DATA (default ../shared/data), as
here."""

import csv
import gzip
import os

import numpy as np
import sklearn
from safetensors.numpy import save_file
from scipy import sparse
from sklearn.linear_model import LogisticRegression

DATA = os.environ.get("RUNG_DATA", "../shared/data")
STEP = {"r8": 25}
SAGA_TOLERANCE = {"a9a": 1e-9, "r8": 1e-8}  # it takes minutes


def table(name):
    """A CSV file of scikit-learn: columns with mean 0 and deviation 1, as float holds them."""
    with open(f"{DATA}/tabular/{name}.csv", encoding="utf-8") as file:
        cells = np.array([[float(c) for c in row] for row in list(csv.reader(file))[1:]])
    x = cells[:, :-1]
    return ((x - x.mean(0)) / x.std(0)).astype(np.float32), cells[:, -1].astype(np.int32)


def a9a():
    with gzip.open(f"{DATA}/tabular/a9a.libsvm.gz", "rt") as file:
        rows = [line.split() for line in file]
    x = np.zeros((len(rows), 123), np.float32)
    for i, row in enumerate(rows):
        x[i, [int(cell.split(":")[0]) - 1 for cell in row[1:]]] = 1
    return x, np.array([int(row[0]) > 0 for row in rows], np.int32)


def r8():
    """Training texts of Reuters R8: counts of the words that ten of them have, words and labels in
    the order of their bytes, rows of length 1."""
    with gzip.open(f"{DATA}/textcls/R8.clean.txt.gz", "rt", encoding="utf-8") as file:
        texts = [line.split() for line in file]
    with open(f"{DATA}/textcls/R8.index.txt", encoding="utf-8") as file:
        index = [line.split() for line in file]
    texts = [t for t, entry in zip(texts, index) if entry[1] == "train"]
    labels = [entry[2] for entry in index if entry[1] == "train"]
    counts = {}
    for text in texts:
        for word in set(text):
            counts[word] = counts.get(word, 0) + 1
    place = {w: j for j, w in enumerate(sorted(w for w in counts if counts[w] >= 10))}
    x = np.zeros((len(texts), len(place)))
    for i, text in enumerate(texts):
        for word in text:
            if word in place:
                x[i, place[word]] += 1
    x /= np.maximum(np.sqrt((x * x).sum(1, keepdims=True)), 1e-300)
    names = sorted(set(labels))
    return x.astype(np.float32), np.array([names.index(y) for y in labels], np.int32)


def random_sparse(generator, n, columns, labels):
    """Rows of length 1 with a few columns each, whose labels depend on some of them."""
    x = generator.random((n, columns)) * (generator.random((n, columns)) < 0.15)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    noisy = x[:, :labels] + 0.3 * generator.random((n, labels))
    return x.astype(np.float32), noisy.argmax(1).astype(np.int32)


def losses(x, labels, w, b, is_softmax):
    z = x @ w + b
    y = labels[:, None] == np.arange(z.shape[1]) if z.shape[1] > 1 else labels[:, None] == 1
    if is_softmax:
        most = z.max(1)
        return most + np.log(np.exp(z - most[:, None]).sum(1)) - z[y]
    return np.logaddexp(0, np.where(y, -z, z)).sum(1)


def fit(x, labels, l1, l2, bias, weights, solver, tolerance):
    """w [D, O], b [O]."""
    total = l1 + l2
    model = LogisticRegression(C=1 / total, l1_ratio=l1 / total, fit_intercept=bias,
                               tol=tolerance, max_iter=200000, solver=solver, random_state=0)
    model.fit(x, labels, sample_weight=weights)
    return model.coef_.T.copy(), np.atleast_1d(model.intercept_).copy()


def solve(tensors, case, problem, x, labels, l1=0.0, l2=0.0, ovr=False, bias=True, weighted=False,
          solver=None):
    k = labels.max() + 1
    solver = solver or ("saga" if l1 else "newton-cg")
    tolerance = SAGA_TOLERANCE.get(case, 1e-12) if solver == "saga" else 1e-12
    weights = np.ones(len(labels))
    if weighted:  # those of balanced classes, times 1, 2, 3, 1, 2, 3, ...
        weights = len(labels) / (k * np.bincount(labels))[labels] * (1 + np.arange(len(labels)) % 3)
    data = sparse.csr_matrix(x.astype(np.float64))
    if ovr:
        pairs = [fit(data, (labels == o).astype(int), l1, l2, bias, weights, solver, tolerance)
                 for o in range(k)]
        w, b = np.hstack([p[0] for p in pairs]), np.hstack([p[1] for p in pairs])
    else:
        w, b = fit(data, labels, l1, l2, bias, weights, solver, tolerance)
        if k > 2:
            b -= b.mean()
    loss = weights @ losses(data, labels, w, b, k > 2 and not ovr)
    objective = loss + l1 * np.abs(w).sum() + l2 / 2 * (w * w).sum()
    name = f"{case}.{problem}"
    tensors[f"{name}.w"] = w[::STEP.get(case, 1)].copy()
    tensors[f"{name}.objective"] = np.array([objective])
    if bias:
        tensors[f"{name}.b"] = b
    print(name, x.shape, objective, flush=True)


def main():
    generator = np.random.default_rng(1)
    random = {"sparse2": random_sparse(generator, 200, 40, 2),
              "sparse5": random_sparse(generator, 300, 40, 5)}
    cases = {**random, "breast_cancer": table("breast_cancer"), "iris": table("iris"),
             "a9a": a9a(), "r8": r8()}
    tensors = {}
    for case, (x, labels) in random.items():
        tensors.update({f"{case}.x": x, f"{case}.labels": labels})
    for case, (x, labels) in cases.items():
        solve(tensors, case, "strong", x, labels, l2=1)
        solve(tensors, case, "weak", x, labels, l2=0.01 if len(x) < 1000 else 0.1)
        solve(tensors, case, "l1", x, labels, l1=1)
        solve(tensors, case, "net", x, labels, l1=0.5, l2=0.5)
        solve(tensors, case, "weighted", x, labels, l2=1, weighted=True)
        if labels.max() > 1:
            solve(tensors, case, "ovr", x, labels, l2=1, ovr=True)
        else:
            solve(tensors, case, "liblinear_l1", x, labels, l1=1, bias=False, solver="liblinear")
            solve(tensors, case, "liblinear_l2", x, labels, l2=1, bias=False, solver="liblinear")
    path = os.path.splitext(os.path.abspath(__file__))[0] + ".safetensors"
    save_file(tensors, path, metadata={"sklearn": sklearn.__version__})
    print(f"{path}: {len(tensors)} tensors, {os.path.getsize(path)} bytes")


main()
