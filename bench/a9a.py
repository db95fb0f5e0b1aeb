"""The workload `a9a` of bench/compare: logistic regression on 32,560 rows of 122 columns of 0 and 1, from the
text file to the model, `rung train logreg` beside Debian's `liblinear-train -s 0`, in alternating pairs.

Both find the minimum of 1/2 |w|^2 + sum of log(1 + exp(-y (w x + b))) with one thread and are timed as
whole processes. The peer penalises b as well, which moves its minimum by 0.7, and stops at the tolerance
that is its default. Before the timing ours must be within 1e-4 of the minimum, and the peer's
weights within 5e-4 of it in proportion."""

import gzip
import json
import math
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

MINIMUM = 10528.562460  # by Newton's method in double, gradient below 1e-9
RUNS = 10               # a run takes less than 0.1 s: a pair is so many, by turns


def unpack(data, build):
    path = os.path.join(build, "a9a.libsvm")
    os.makedirs(build, exist_ok=True)
    with gzip.open(os.path.join(data, "tabular", "a9a.libsvm.gz")) as packed:
        text = packed.read()
    with open(path, "wb") as file:
        file.write(text)
    return path


def read_rows(path):
    """(whether it is the second label, columns that are 1) of each row."""
    with open(path, encoding="ascii") as file:
        for line in file:
            label, *cells = line.split()
            yield label == "1", [int(cell[:-2]) - 1 for cell in cells]


def objective(rows, w, b):
    total = sum(x * x for x in w) / 2
    for is_second, columns in rows:
        z = b + sum(w[j] for j in columns if j < len(w))
        total += math.log1p(math.exp(-abs(z))) + max(-z if is_second else z, 0)
    return total


def our_weights(folder):
    with open(os.path.join(folder, "model.safetensors"), "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        head, body = json.loads(file.read(size)), file.read()

    def tensor(name):
        begin, end = head[name]["data_offsets"]
        return struct.unpack(f"<{(end - begin) // 4}f", body[begin:end])
    return tensor("weight"), tensor("bias")[0]


def peer_weights(path):
    with open(path, encoding="ascii") as file:
        head, _, body = file.read().partition("\nw\n")
    sign = -1 if "label 0 1" in head else 1  # its score is for the first label
    *w, b = [sign * float(x) for x in body.split()]
    return w, b


def timed(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def both(rung, path, folder):
    """Seconds of one run of each; their models are in the folder."""
    model = os.path.join(folder, "model")
    shutil.rmtree(model, ignore_errors=True)
    return (timed([rung, "train", "logreg", "--data", path, "--l2", "1", "--threads", "1", "--valid-share", "0",
                   "--test-share", "0", "--out", model, "--quiet"]),
            timed(["liblinear-train", "-q", "-s", "0", "-B", "1", path, os.path.join(folder, "peer")]))


def check_agreement(path, folder):
    """Exits unless both have found the minimum."""
    rows = list(read_rows(path))
    ours = objective(rows, *our_weights(os.path.join(folder, "model")))
    peer = objective(rows, *peer_weights(os.path.join(folder, "peer")))
    print(f"objective: ours {ours:.6f}, peer {peer:.6f}, minimum {MINIMUM:.6f}", flush=True)
    if abs(ours - MINIMUM) > 1e-4 or abs(peer / MINIMUM - 1) > 5e-4:
        sys.exit("a9a: no minimum was found")


def run(root, build, data, pairs):
    if not shutil.which("liblinear-train"):
        sys.exit("a9a: no liblinear-train: apt-get install liblinear-tools")
    rung = os.path.join(root, "build", "release", "rung")
    subprocess.run(["make", "-s", "-j2", "-C", root, "build/release/rung"], check=True)
    path, times = unpack(data, build), []
    with tempfile.TemporaryDirectory(dir=build) as folder:
        both(rung, path, folder)
        check_agreement(path, folder)
        for pair in range(pairs):
            runs = [both(rung, path, folder) for _ in range(RUNS)]
            times += runs
            a, b = (statistics.median(t) for t in zip(*runs))
            print(f"pair {pair + 1}: ours {a:.4f} s, peer {b:.4f} s", flush=True)
    ours, peer = zip(*times)
    a, b = statistics.median(ours), statistics.median(peer)
    print(f"a9a ratio {b / a:.3f} (ours {a:.4f} s, peer liblinear {b:.4f} s, {len(times)} runs each; fastest "
          f"{min(ours):.4f} s and {min(peer):.4f} s)")
