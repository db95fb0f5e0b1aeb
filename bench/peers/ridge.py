"""scikit-learn's Ridge(solver="cholesky") on rows from .npy: one JSON line with the seconds of
reading and fitting, the weights, and the peak of memory.

    ridge.py x.npy y.npy THREADS LAMBDA
"""

import json
import os
import resource
import sys
import time

path, targets, threads, penalty = sys.argv[1:]
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = threads

import numpy as np  # noqa: E402
import sklearn  # noqa: E402
from sklearn.linear_model import Ridge  # noqa: E402

start = time.perf_counter()
x, y = np.load(path), np.load(targets)
read = time.perf_counter()
model = Ridge(alpha=float(penalty), solver="cholesky", copy_X=False).fit(x, y)
end = time.perf_counter()
print(json.dumps({"peer": "scikit-learn " + sklearn.__version__, "seconds": end - start,
                  "reading": read - start, "weights": [*model.coef_, model.intercept_],
                  "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
