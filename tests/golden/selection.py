"""Scores of features by scikit-learn and SciPy, and the log-odds of Monroe, Colaresi and Quinn
straight from their equations: selection.safetensors. rows int32 [N, D] is whether a row has a column,
labels int32 [N]; df, chi2, mutual and log_odds double [D]."""

import numpy as np
from safetensors.numpy import save_file
from scipy.stats import chi2_contingency
from sklearn.feature_selection import chi2, mutual_info_classif

N, D, K, PRIOR = 300, 24, 3, 500
rng = np.random.default_rng(7)
labels = rng.integers(0, K, N).astype(np.int32)
share = rng.uniform(0.02, 0.9, (D, K))
share[0] = 1  # every row has it
share[1] = 0.5
share[2] = (0.9, 0, 0)
rows = (rng.uniform(size=(N, D)) < share[:, labels].T).astype(np.int32)
df = rows.sum(0).astype(float)

statistic = np.zeros(D)
for j in range(1, D):
    table = [[((rows[:, j] == x) & (labels == k)).sum() for k in range(K)] for x in (0, 1)]
    statistic[j] = chi2_contingency(table, correction=False)[0]
# scikit-learn's chi2 leaves out the rows that lack the column.
np.testing.assert_allclose(chi2(rows, labels)[0][1:], (statistic * (N - df) / N)[1:])

prior = PRIOR * df / df.sum()
log_odds = np.zeros(D)
for k in range(K):
    y, rest = rows[labels == k].sum(0), rows[labels != k].sum(0)
    a, b = y + prior, rest + prior
    delta = np.log(a / (y.sum() + PRIOR - a)) - np.log(b / (rest.sum() + PRIOR - b))
    log_odds = np.maximum(log_odds, np.abs(delta) / np.sqrt(1 / a + 1 / b))

save_file({"rows": rows, "labels": labels, "df": df, "chi2": statistic, "log_odds": log_odds,
           "mutual": mutual_info_classif(rows, labels, discrete_features=True)},
          "tests/golden/selection.safetensors")
