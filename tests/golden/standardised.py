"""Logistic regression by scikit-learn on texts with two columns of numbers beside them: TfidfVectorizer and
StandardScaler side by side, LogisticRegression at its optimum: standardised.safetensors. Texts are made here and in
tests/models/test_logreg_numbers.c by one rule."""

import numpy as np
import scipy.sparse as sp
from safetensors.numpy import save_file
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

N, N_TRAIN, L2 = 120, 90, 0.5
rng = np.random.default_rng(11)
texts = [f"a{i * 7 % 13} b{i * i % 11}" + " x" * (i % 3) for i in range(N)]
numbers = np.stack([1000 + 250 * rng.standard_normal(N).round(3), rng.integers(1, 6, N)], 1)
score = (numbers[:, 0] - 1000) / 250 - 0.7 * (numbers[:, 1] - 3) + np.array(["b4" in t for t in texts])
noisy = score + rng.logistic(size=N)
labels = {"two": (noisy > 0).astype(np.int32), "three": np.digitize(noisy, [-1, 1]).astype(np.int32)}

words = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\w+").fit(texts[:N_TRAIN])
scaler = StandardScaler().fit(numbers[:N_TRAIN])
x = sp.hstack([words.transform(texts), scaler.transform(numbers)]).toarray()
tensors = {"numbers": numbers, "scales": np.stack([scaler.mean_, scaler.scale_], 1)}
for name, y in labels.items():
    fit = LogisticRegression(C=1 / L2, solver="newton-cg", tol=1e-12, max_iter=10000).fit(x[:N_TRAIN], y[:N_TRAIN])
    tensors[name + ".labels"] = y
    tensors[name + ".w"] = fit.coef_.T.copy()
    tensors[name + ".b"] = fit.intercept_ - (fit.intercept_.mean() if name == "three" else 0)
    p = fit.predict_proba(x[:N_TRAIN])[np.arange(N_TRAIN), y[:N_TRAIN]]
    tensors[name + ".objective"] = np.array([-np.log(p).sum() + L2 / 2 * (fit.coef_ ** 2).sum()])
    tensors[name + ".p"] = fit.predict_proba(x[N_TRAIN:])
save_file(tensors, "tests/golden/standardised.safetensors")
