"""Optima of logistic regression, by scikit-learn: logistic.safetensors. For each CASE the data
(CASE.x float [N, D], CASE.labels int32 [N]) and, for each lambda, `CASE.LAMBDA.` with w double
[D, O], b double [O] (their mean 0 where O > 1) and objective double [1], as in
src/learn/logistic.h."""

import os

import numpy as np
import sklearn
from safetensors.numpy import save_file
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression


def standard(data):
    """Columns with mean 0 and deviation 1, as float holds them."""
    return ((data - data.mean(0)) / data.std(0)).astype(np.float32)


def sparse(generator, n, columns, labels):
    """Rows of length 1 with a few columns each, whose labels depend on some of them."""
    x = generator.random((n, columns)) * (generator.random((n, columns)) < 0.15)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    noisy = x[:, :labels] + 0.3 * generator.random((n, labels))
    return x.astype(np.float32), noisy.argmax(1)


def log_probabilities(x, w, b):
    z = x @ w + b
    if z.shape[1] == 1:
        z = np.hstack([np.zeros_like(z), z])
    most = z.max(1, keepdims=True)
    return z - most - np.log(np.exp(z - most).sum(1, keepdims=True))


def solve(tensors, name, x, labels, lam):
    data = x.astype(np.float64)
    model = LogisticRegression(C=1 / lam, tol=1e-13, max_iter=100000, solver="newton-cg")
    model.fit(data, labels)
    w, b = model.coef_.T.copy(), model.intercept_.copy()
    if len(b) > 1:
        b -= b.mean()
    loss = -log_probabilities(data, w, b)[np.arange(len(labels)), labels].sum()
    tensors.update({f"{name}.{lam}.w": w, f"{name}.{lam}.b": b,
                    f"{name}.{lam}.objective": np.array([loss + lam / 2 * (w * w).sum()])})


def main():
    generator = np.random.default_rng(1)
    cases = {"breast_cancer": (standard(load_breast_cancer().data), load_breast_cancer().target),
             "iris": (standard(load_iris().data), load_iris().target),
             "sparse2": sparse(generator, 200, 40, 2), "sparse5": sparse(generator, 300, 40, 5)}
    tensors = {}
    for name, (x, labels) in cases.items():
        tensors.update({f"{name}.x": x, f"{name}.labels": labels.astype(np.int32)})
        for lam in (1, 0.01):
            solve(tensors, name, x, labels, lam)
    path = os.path.splitext(os.path.abspath(__file__))[0] + ".safetensors"
    save_file(tensors, path, metadata={"sklearn": sklearn.__version__})
    print(f"{path}: {len(tensors)} tensors, {os.path.getsize(path)} bytes")


main()
