"""The workloads `word2vec-sg`, `-cbow`, `-ngrams` and `glove` of bench/compare: vectors of the words of
100 English novels (emb/100_english_novels.tar.xz; letters and digits, lower case), 14.35 million words.

Both sides of a pair read one file, have the same dimension (100), window (5), words of noise (5),
sampling (1e-3), least count (5), epochs and number of threads, and make their vectors one after
the other. Speed is counted alike: words of the file, rare ones too, times epochs, divided by the seconds
from the first step to the last; reading the file and counting its words is told apart. All vectors are
then scored alike, by bench/peers/gensim_words.py: analogies among the 30,000 most frequent words
(of equal ones, those that come first), WS-353 and SimLex-999.

`word2vec-ngrams` is skip-gram with n-grams of 3 to 6 characters in two million buckets, beside fastText.

GloVe's own program is no package of Debian: `glove` puts ours, whole processes by one and two threads,
beside what that program once took (GLOVE)."""

import collections
import concurrent.futures
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

WORKLOADS = ("word2vec-sg", "word2vec-cbow", "word2vec-ngrams", "glove")
RATES = {"sg": 0.025, "cbow": 0.05, "ngrams": 0.025}  # the peers'; ours has its own
MODELS = {"sg": "sg", "cbow": "cbow", "ngrams": "sg"}
CHARS = {"ngrams": ("3", "6")}  # lengths of n-grams
MOST_WORDS = 30000
WORSE = 0.01  # analogies: so much less than the peer is no equal quality
# Seconds of GloVe's program (-O3 -march=native) by two threads of two cores of a Zen 4: words, pairs, shuffling,
# 15 epochs; and the scores of its vectors.
GLOVE = (1.3, 10.2, 7.7, 386.0)
GLOVE_SCORES = "23.3 % 0.289 0.149"


# Bytes: letters become small, all but letters, digits and line ends a space.
LOWER = bytes(c if c in b"\nabcdefghijklmnopqrstuvwxyz0123456789" else 32
              for c in bytes(range(256)).lower())


# ---- The text ----

def write_novels(data, path):
    """As `tr A-Z a-z | tr -cs 'a-z0-9\\n' ' '` does it, the novels in the order of their names."""
    with tarfile.open(os.path.join(data, "emb", "100_english_novels.tar.xz")) as archive, \
            open(path, "wb") as file:
        for name in sorted(n for n in archive.getnames() if n.endswith(".txt")):
            text = archive.extractfile(name).read().translate(LOWER)
            file.write(re.sub(b"  +", b" ", text))


def prepare(data, build, most):
    """The paths of the novels, or of their first `most` words to the end of a line, and of a list of
    the most frequent words; and the number of words."""
    os.makedirs(build, exist_ok=True)
    novels, listed = os.path.join(build, "novels.txt"), os.path.join(build, "novels-words.txt")
    if not os.path.exists(novels):
        write_novels(data, novels + ".part")
        os.rename(novels + ".part", novels)
    path = os.path.join(build, f"novels-{most}.txt") if most else novels
    n_words, counts = 0, collections.Counter()
    with open(novels, "rb") as file, open(path if most else os.devnull, "wb") as part:
        for line in file:
            words = line.split()
            counts.update(words)
            n_words += len(words)
            part.write(line)
            if most and n_words >= most:
                break
    with open(listed, "wb") as file:
        file.write(b"\n".join(word for word, _ in counts.most_common(MOST_WORDS)))
    return path, listed, n_words


# ---- A run of one side ----

class Run:
    """vectors: the file; seconds: of the steps; vocabulary: of reading and counting; megabytes: most
    of the process's memory that was resident; text: what it wrote; at: the seconds after which a mark
    of `timed` stood in it."""

    def __init__(self, command, vectors, timed=None):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
        self.vectors, self.text, self.at = vectors, b"", {}
        while block := process.stdout.read1():
            self.text += block
            for mark in timed or ():
                if mark not in self.at and mark in self.text:
                    self.at[mark] = time.perf_counter() - start
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(command)}: exit status {process.returncode}\n"
                     f"{self.text[-2000:].decode(errors='replace')}")
        self.wall, self.megabytes = time.perf_counter() - start, usage.ru_maxrss / 1000


def ours(o, kind, seed, folder):
    model, vectors = os.path.join(folder, "model"), os.path.join(folder, f"ours{seed}.bin")
    shutil.rmtree(model, ignore_errors=True)
    words = [] if kind == "glove" else ["--model", MODELS[kind]]
    words += ["--chars", "-".join(CHARS[kind])] if kind in CHARS else []
    name = "glove" if kind == "glove" else "word2vec"
    run = Run([o.rung, "train", name, "--data", o.text, "--out", model, "--epochs",
               str(o.epochs), "--threads", str(o.threads), "--seed", str(seed), "--quiet", *words],
              vectors)
    with open(os.path.join(model, "training.json"), encoding="utf-8") as file:
        run.seconds = json.load(file)["training"]["seconds"]
    run.vocabulary = run.wall - run.seconds
    Run([o.rung, "export", model, vectors, "--to", "word2vec-binary",
         *(["--vectors", "sum"] if kind == "glove" else [])], vectors)
    return run


def gensim(o, kind, seed, folder):
    vectors = os.path.join(folder, f"peer{seed}.bin")
    run = Run([o.python, o.script, "train", o.text, vectors, "--model", kind, "--lr",
               str(RATES[kind]), "--epochs", str(o.epochs), "--threads", str(o.threads), "--seed",
               str(seed)], vectors)
    told = json.loads(run.text)
    run.name, run.seconds, run.vocabulary = (told[k] for k in ("peer", "seconds",
                                                                "vocabulary_seconds"))
    return run


def fasttext(o, kind, seed, folder):
    if not shutil.which("fasttext"):
        sys.exit("word2vec: no fasttext: apt-get install fasttext")
    vectors = os.path.join(folder, f"peer{seed}")
    begin, end = b"Number of labels", b"Progress: 100.0%"
    least, most = CHARS.get(kind, ("0", "0"))
    run = Run(["fasttext", {"sg": "skipgram", "cbow": "cbow"}[MODELS[kind]], "-input", o.text,
               "-output", vectors, "-dim", "100", "-ws", "5", "-neg", "5", "-t", "1e-3", "-minCount",
               "5", "-minn", least, "-maxn", most, "-lr", str(RATES[kind]), "-epoch", str(o.epochs),
               "-thread", str(o.threads), "-seed", str(seed)], vectors + ".vec", (begin, end))
    run.name, run.vocabulary = "fastText", run.at[begin]
    run.seconds = run.at[end] - run.at[begin]
    os.remove(vectors + ".bin")
    return run


PEERS = {"gensim": gensim, "fasttext": fasttext}


# ---- Commands ----

def scores(o, runs):
    """The median scores, first of all the analogies', and a text of them."""
    done = Run([o.python, o.script, "score", o.listed, o.lists,
                *(run.vectors for run in runs)], None)
    lines = [json.loads(line) for line in done.text.splitlines()]
    of = {key: statistics.median(line[key] for line in lines) for key in lines[0] if key != "vectors"}
    return of["analogies"], (
        f"{100 * of['analogies']:.1f} % of {of['of']} analogies, WS-353 {of['ws353']:.3f} "
        f"({of['ws353_of']} pairs), SimLex-999 {of['simlex']:.3f} ({of['simlex_of']} pairs)")


def told(run, words):
    return (f"{words / run.seconds:,.0f} words/s, vocabulary {run.vocabulary:.1f} s, "
            f"{run.megabytes:.0f} MB")


def compare(o, name, peer, pairs):
    kind = name.removeprefix("word2vec-")
    words, sides = o.n_words * o.epochs, ([], [])
    with tempfile.TemporaryDirectory(dir=o.build) as folder:
        for pair in range(1, pairs + 1):
            for side, make in zip(sides, (ours, PEERS[peer]), strict=True):
                side.append(make(o, kind, pair, folder))
            print(f"pair {pair}: ours {told(sides[0][-1], words)}; "
                  f"peer {told(sides[1][-1], words)}", flush=True)
        (a, ours_are), (b, peers_are) = (scores(o, side) for side in sides)
    print(f"ours: {ours_are}\npeer: {peers_are}")
    if a < b - WORSE:
        sys.exit(f"{name}: the peer's vectors are better")
    x, y = (words / statistics.median(run.seconds for run in side) for side in sides)
    print(f"{name} ratio {x / y:.3f} (ours {x:.0f} words/s, peer {sides[1][0].name} {y:.0f} words/s, "
          f"{pairs} pairs; {o.threads} threads, {o.epochs} epochs of {o.n_words} words)")


def glove(o, runs):
    walls = {1: [], 2: []}
    made = []
    with tempfile.TemporaryDirectory(dir=o.build) as folder:
        for run in range(1, runs + 1):
            for o.threads in walls:
                made.append(ours(o, "glove", run, folder))
                walls[o.threads].append(made[-1])
                print(f"run {run}, {o.threads} threads: {made[-1].vocabulary:.2f} s to read, count and "
                      f"write, {made[-1].seconds:.2f} s to learn, {made[-1].megabytes:.0f} MB",
                      flush=True)
        print(f"ours: {scores(o, made[1::2])[1]}\npeer, once: {GLOVE_SCORES}")
    one, two = (statistics.median(run.wall for run in walls[t]) for t in walls)
    print(f"glove threads ratio {one / two:.3f} ({one:.2f} s and {two:.2f} s)")
    if o.words or o.epochs != 15:
        return  # GLOVE is of all words, 15 epochs
    print(f"glove ratio {sum(GLOVE) / two:.3f} (ours {two:.2f} s, peer GloVe {sum(GLOVE):.1f} s once, "
          f"{runs} runs)")


def run(o):
    """o: what bench/compare was asked, and its root, build, data and python."""
    subprocess.run(["make", "-s", "-j2", "-C", o.root, "build/release/rung"], check=True)
    o.rung = os.path.join(o.root, "build", "release", "rung")
    o.script = os.path.join(o.root, "bench", "peers", "gensim_words.py")
    # In a process of its own: a later one's peak of memory begins with that of this one.
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        o.text, o.listed, o.n_words = pool.submit(prepare, o.data, o.build, o.words).result()
    o.lists = os.path.join(o.data, "emb", "eval")
    o.epochs = o.epochs or (15 if o.workload == "glove" else 2)
    peers = ["fasttext"] if o.workload == "word2vec-ngrams" else list(PEERS)
    peer = o.peer or peers[0]
    if o.workload == "glove":
        glove(o, o.pairs)
    elif peer not in peers:
        sys.exit(f"{o.workload}: no peer '{peer}'; there are: {', '.join(peers)}")
    else:
        compare(o, o.workload, peer, o.pairs)
