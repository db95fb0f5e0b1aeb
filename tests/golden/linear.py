"""Least squares by LAPACK, refined in long double: linear.safetensors, all in double.

CASE.x [N, D], CASE.y [N] (and CASE.weights [N]); CASE.w [D + 1], the bias last, and, without a
penalty, CASE.errors [D + 1]; `housing` has w and errors only: its rows are those of
california_housing.csv.gz, the missing cells means, a column of words one column for each of its
words but the first. `powers` is ill-conditioned: solved in 60 digits."""

import csv
import gzip
import os
import sys

import mpmath
import numpy as np
from safetensors.numpy import save_file

DATA = os.environ.get("RUNG_DATA", os.path.join(os.path.dirname(__file__), "..", "..", "..",
                                                "shared", "data"))


def solve(x, y, weights=None, penalty=None):
    """w of least sum weights (y - x w - b)^2 + sum penalty w^2, the bias last; standard errors."""
    n, d = x.shape
    roots = np.ones(n) if weights is None else np.sqrt(weights)
    a = np.hstack([x, np.ones((n, 1))]) * roots[:, None]
    c = y * roots
    if penalty is not None:
        a = np.vstack([a, np.hstack([np.diag(np.sqrt(penalty)), np.zeros((d, 1))])])
        c = np.concatenate([c, np.zeros(d)])
    scale = np.linalg.norm(a, axis=0)
    a = a / scale
    w = np.zeros(d + 1, dtype=np.longdouble)
    for _ in range(4):
        rest = c.astype(np.longdouble) - a.astype(np.longdouble) @ w
        w += np.linalg.lstsq(a, rest.astype(np.float64), rcond=None)[0]
    rest = (c.astype(np.longdouble) - a.astype(np.longdouble) @ w)[:n].astype(np.float64)
    variance = (rest @ rest) / (n - d - 1)
    r = np.linalg.qr(a, mode="r")
    inverse = np.linalg.inv(r)
    errors = np.sqrt(variance * (inverse ** 2).sum(1)) / scale
    return (w / scale).astype(np.float64), errors


def exact(x, y):
    """The same in 60 digits, without errors."""
    mpmath.mp.dps = 60
    a = mpmath.matrix(np.hstack([x, np.ones((len(x), 1))]).tolist())
    w = mpmath.lu_solve(a.T * a, a.T * mpmath.matrix(y.tolist()))
    return np.array([float(v) for v in w])


def housing():
    with gzip.open(os.path.join(DATA, "tabular", "california_housing.csv.gz"), "rt") as file:
        rows = list(csv.DictReader(file))
    names = [k for k in rows[0] if k not in ("median_house_value", "ocean_proximity")]
    x = np.array([[float(row[k]) if row[k] else np.nan for k in names] for row in rows])
    x = np.where(np.isnan(x), np.nanmean(x, axis=0), x)
    words = sorted({row["ocean_proximity"] for row in rows})[1:]
    kinds = np.array([[float(row["ocean_proximity"] == k) for k in words] for row in rows])
    return np.hstack([x, kinds]), np.array([float(row["median_house_value"]) for row in rows])


def main():
    generator = np.random.default_rng(4)
    tensors = {}
    x = generator.standard_normal((400, 6)) * [1, 10, 0.1, 1, 1, 1000] + [0, 5, 100, 0, 1, 1e4]
    x[:, 3] += 0.9 * x[:, 0]
    y = x @ [1, -0.2, 3, 0.5, 0, 0.01] + 7 + generator.standard_normal(400)
    weights = generator.integers(0, 4, 400).astype(np.float64)
    variance = x.var(axis=0)
    plain, errors = solve(x, y)
    tensors.update({"plain.x": x, "plain.y": y, "plain.w": plain, "plain.errors": errors,
                    "ridge.w": solve(x, y, penalty=np.full(6, 3.5))[0],
                    "scaled.w": solve(x, y, penalty=3.5 * variance)[0],
                    "weighted.weights": weights, "weighted.w": solve(x, y, weights)[0]})
    t = np.linspace(0, 1, 40)
    powers = np.stack([t ** k for k in range(1, 8)], axis=1)
    tensors.update({"powers.x": powers, "powers.y": np.exp(t),
                    "powers.w": exact(powers, np.exp(t))})
    tensors["housing.w"], tensors["housing.errors"] = solve(*housing())
    path = os.path.splitext(os.path.abspath(__file__))[0] + ".safetensors"
    save_file(tensors, path, metadata={"numpy": np.__version__})
    print(f"{path}: {len(tensors)} tensors, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    sys.exit(main())
