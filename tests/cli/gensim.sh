#!/usr/bin/env bash
# gensim loads every file that rung exports, with the same words, vectors and neighbours,
# and rung those that gensim writes, with the same bits. Skipped without gensim;
# RUNG_PEER_PYTHON names another Python.
set -eu
build=$(cd "$1" && pwd)
python=${RUNG_PEER_PYTHON:-python3}
"$python" -c 'import gensim' 2>/dev/null || { echo "no gensim for $python"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
awk 'BEGIN {
    state = 12345
    for (i = 0; i < 40000; i++) {
        state = (state * 1103515 + 12345) % 2147483648
        n = int(sqrt(int(state / 65536) % 40000))
        printf "слово%d%c", n, i % 9 ? " " : "\n"
    }
}' >text
for name in word2vec glove; do
    "$build/rung" train $name --data text --dim 20 --epochs 1 --quiet --out $name
done

RUNG="$build/rung" "$python" - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import os
import subprocess
import gensim
import numpy
from gensim.models import KeyedVectors

FORMATS = {"word2vec-text": {}, "word2vec-binary": {"binary": True},
           "glove-text": {"no_header": True}, "fasttext-vec": {}}
n_files = 0


def rung(*arguments):
    return subprocess.run([os.environ["RUNG"], *arguments], check=True,
                          capture_output=True, text=True).stdout


def load(name, format, vectors):
    global n_files
    n_files += 1
    rung("export", name, "file", "--to", format, "--vectors", vectors)
    return KeyedVectors.load_word2vec_format("file", **FORMATS[format])


def check_vectors(name, keyed, vectors):
    embedded = subprocess.run(
        [os.environ["RUNG"], "embed", name, "--vectors", vectors], check=True,
        input="\n".join(keyed.index_to_key), capture_output=True, text=True).stdout
    ours = numpy.array([line.split() for line in embedded.splitlines()], "f4")
    assert len(ours) > 100 and numpy.array_equal(ours, keyed.vectors)


def check_neighbours(name, keyed, vectors):
    for word in keyed.index_to_key[:5]:
        lines = rung("nearest", name, word, "--count", "9", "--vectors", vectors)
        ours = [line.split("\t") for line in lines.splitlines()]
        theirs = keyed.most_similar(word, topn=9)
        assert [w for w, _ in ours] == [w for w, _ in theirs], (ours, theirs)
        for (_, a), (_, b) in zip(ours, theirs):
            assert abs(float(a) - b) < 1e-4


for name in "word2vec", "glove":
    for vectors in "centre", "sum", "both":
        for format in FORMATS:
            keyed = load(name, format, vectors)
            check_vectors(name, keyed, vectors)
            check_neighbours(name, keyed, vectors)
    for how in {}, {"binary": True}, {"write_header": False}:
        keyed = load(name, "word2vec-text", "centre")
        keyed.save_word2vec_format("theirs", **how)
        rung("import", "theirs", f"back-{n_files}")
        check_vectors(f"back-{n_files}", keyed, "centre")
        check_neighbours(f"back-{n_files}", keyed, "centre")
print(f"gensim {gensim.__version__}: {n_files} files, the same vectors and neighbours")
PYTHON
