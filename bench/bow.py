"""The workload `bow-imdb` of bench/compare: fastText's classifier on 25,000 film reviews, from the text
file to the model, `rung train bow` beside Debian's `fasttext supervised`, in alternating pairs.

Both read the same file of fastText's lines (lower case, words alone, shuffled), use two threads and are
timed as whole processes; then both are scored on the other 25,000 reviews, which is not timed. Ours has
its defaults; the peer's settings are the fastest of those tried that reach 0.897."""

import json
import lzma
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PEER = ["-wordNgrams", "2", "-dim", "10", "-lr", "1.0", "-epoch", "5", "-thread", "2", "-verbose", "0"]


def write_lines(data, part, path):
    """The reviews of a part as lines `__label__1 word word ...`."""
    if os.path.exists(path):
        return
    with lzma.open(os.path.join(data, "textcls", f"imdb.{part}.tsv.xz"), "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    random.Random(1).shuffle(rows)
    with open(path + ".part", "w", encoding="utf-8") as file:
        for label, _, text in rows:
            print(f"__label__{label}", *re.findall(r"\w+", text.lower()), file=file)
    os.rename(path + ".part", path)


def timed(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def output_of(command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def ours(rung, train, test, folder):
    model = os.path.join(folder, "model")
    seconds = timed([rung, "train", "bow", "--data", train, "--valid-share", "0", "--test-share", "0",
                     "--threads", "2", "--out", model])
    return seconds, json.loads(output_of([rung, "eval", model, test, "--json"]))["accuracy"]


def peer(train, test, folder):
    model = os.path.join(folder, "peer")
    seconds = timed(["fasttext", "supervised", "-input", train, "-output", model, *PEER])
    figures = dict(line.split("\t") for line in
                   output_of(["fasttext", "test", model + ".bin", test]).splitlines())
    return seconds, float(figures["P@1"])


def run(root, build, data, pairs):
    if not shutil.which("fasttext"):
        sys.exit("bow-imdb: no fasttext: apt-get install fasttext")
    subprocess.run(["make", "-s", "-j2", "-C", root, "build/release/rung"], check=True)
    os.makedirs(build, exist_ok=True)
    train, test = (os.path.join(build, f"imdb-{part}.txt") for part in ("train", "test"))
    write_lines(data, "train", train)
    write_lines(data, "test", test)
    times, right = ([], []), ([], [])
    for pair in range(pairs):
        with tempfile.TemporaryDirectory(dir=build) as folder:
            runs = (ours(os.path.join(root, "build", "release", "rung"), train, test, folder),
                    peer(train, test, folder))
        for k, (seconds, accuracy) in enumerate(runs):
            times[k].append(seconds)
            right[k].append(accuracy)
        print(f"pair {pair + 1}: ours {runs[0][0]:.3f} s, {runs[0][1]:.4f} right; "
              f"peer {runs[1][0]:.3f} s, {runs[1][1]:.4f} right", flush=True)
    if min(right[0]) < max(right[1]) - 0.002:
        sys.exit("bow-imdb: the peer is right more often")
    a, b = (statistics.median(t) for t in times)
    print(f"bow-imdb ratio {b / a:.3f} (ours {a:.3f} s, {min(right[0]):.4f} right; peer fastText {b:.3f} s, "
          f"{min(right[1]):.4f} to {max(right[1]):.4f}; {pairs} pairs; fastest {min(times[0]):.3f} s and "
          f"{min(times[1]):.3f} s)")
