"""The workload `lstsq` of bench/compare: least squares of a million rows of 100 doubles from .npy,
`rung train linreg` beside scikit-learn's Ridge(solver="cholesky"), in alternating pairs.

Both sides are timed from the first byte read to the last weight, without the start of the process:
ours are the `seconds` of training.json, the peer's those of numpy.load and fit. The files were
written just before, so they are in the page cache. The weights must agree within 1e-8."""

import json
import os
import statistics
import subprocess
import sys
import tempfile

ROWS, COLUMNS, PENALTY = 10 ** 6, 100, 1
MAKE = f"""
import sys
import numpy as np
generator = np.random.default_rng(1)
x = np.lib.format.open_memmap(sys.argv[1], mode="w+", dtype="f8", shape=({ROWS}, {COLUMNS}))
y, w = np.empty({ROWS}), generator.standard_normal({COLUMNS})
for i in range(0, {ROWS}, 50000):
    part = generator.standard_normal((50000, {COLUMNS})) + generator.standard_normal((50000, 1)) / 2
    x[i:i + 50000] = part + 1
    y[i:i + 50000] = part @ w + generator.standard_normal(50000)
x.flush()
np.save(sys.argv[2], y)
"""


def ours(rung, python, x, y, threads):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "model")
        subprocess.run([rung, "train", "linreg", "--data", x, "--target", y, "--test-share", "0",
                        "--lambda", str(PENALTY), "--threads", str(threads), "--out", out,
                        "--quiet"], check=True)
        with open(os.path.join(out, "training.json"), encoding="utf-8") as file:
            seconds = json.load(file)["training"]["seconds"]
        weights = subprocess.run(
            [python, "-c", "import sys, json; from safetensors.numpy import load_file; "
             "t = load_file(sys.argv[1]); print(json.dumps([*t['weight'], *t['bias']]))",
             os.path.join(out, "model.safetensors")], check=True, stdout=subprocess.PIPE)
    return seconds, json.loads(weights.stdout)


def peer(python, script, x, y, threads):
    done = subprocess.run([python, script, x, y, str(threads), str(PENALTY)], check=True,
                          stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def run(root, build, python, pairs):
    rung = os.path.join(root, "build", "release", "rung")
    subprocess.run(["make", "-s", "-j2", "-C", root, "build/release/rung"], check=True)
    x, y = os.path.join(build, "lstsq-x.npy"), os.path.join(build, "lstsq-y.npy")
    if not os.path.exists(y):
        os.makedirs(build, exist_ok=True)
        subprocess.run([python, "-c", MAKE, x, y], check=True)
    times = {"ours": [], "one": [], "peer": []}
    for pair in range(pairs):
        times["one"].append(ours(rung, python, x, y, 1)[0])
        seconds, weights = ours(rung, python, x, y, 2)
        times["ours"].append(seconds)
        other = peer(python, os.path.join(root, "bench", "peers", "ridge.py"), x, y, 2)
        times["peer"].append(other["seconds"])
        worst = max(abs(a - b) / max(1, abs(b))
                    for a, b in zip(weights, other["weights"], strict=True))
        if worst > 1e-8:
            sys.exit(f"lstsq: weights differ by {worst:.1e}")
        print(f"pair {pair + 1}: ours {seconds:.3f} s ({times['one'][-1]:.3f} s by one thread), "
              f"peer {other['seconds']:.3f} s ({other['reading']:.3f} s of it reading)", flush=True)
    a, one, b = (statistics.median(times[k]) for k in ("ours", "one", "peer"))
    least, least_one, least_b = (min(times[k]) for k in ("ours", "one", "peer"))
    print("weights agree within 1e-8")
    print(f"lstsq threads ratio {one / a:.3f} (medians {one:.3f} s and {a:.3f} s; fastest "
          f"{least_one:.3f} s and {least:.3f} s)")
    print(f"lstsq ratio {b / a:.3f} (ours {a:.3f} s, peer {other['peer']} Ridge {b:.3f} s, "
          f"{pairs} pairs; fastest {least:.3f} s and {least_b:.3f} s)")
