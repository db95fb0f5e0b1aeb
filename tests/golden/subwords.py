#!/usr/bin/env python3
"""Which buckets fastText hashes the n-grams of words into, in its order: subwords.tsv, a line each with word,
n-gram and bucket.

The program does not say them. But `fasttext print-ngrams` prints each n-gram's vector, and before any
training each row of the table is another vector: where it stands in the file is the bucket."""

import struct
import subprocess
import tempfile
from pathlib import Path

WORDS = ["a", "of", "cats", "naïve", "ёж", "йод", "подъезд", "日本語", "don't", "x😀y"]
BUCKETS, FROM, TO, DIM = 2000000, 1, 6, 6


def rows_of(path):
    """The rows of the input matrix behind the words', by what print-ngrams prints of them."""
    data = path.read_bytes()
    at = 8 + 12 * 4 + 8  # magic and version, whole numbers, one real
    size, n_words = struct.unpack_from("<2i", data, at)
    at += 4 + 4 + 4 + 8 + 8  # size, words, labels, tokens, pruned
    for _ in range(size):
        at = data.index(b"\0", at) + 1 + 8 + 1
    at += 1  # not quantised
    rows, dim = struct.unpack_from("<2q", data, at)
    assert (rows, dim) == (n_words + BUCKETS, DIM)
    numbers = struct.iter_unpack(f"<{DIM}f", data[at + 16 + n_words * DIM * 4:][:BUCKETS * DIM * 4])
    rows = {" ".join(f"{x:.5g}" for x in row): bucket for bucket, row in enumerate(numbers)}
    assert len(rows) == BUCKETS  # with -seed 0 a tenth is drawn twice
    return rows


def main():
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        text, model = Path(folder, "text"), Path(folder, "model")
        text.write_text(" ".join(WORDS) + "\n")
        subprocess.run(["fasttext", "skipgram", "-input", text, "-output", model, "-minCount", "1",
                        "-minn", str(FROM), "-maxn", str(TO), "-bucket", str(BUCKETS), "-dim", str(DIM),
                        "-epoch", "0", "-thread", "10", "-seed", "5", "-verbose", "0"], check=True, stderr=subprocess.DEVNULL)
        rows = rows_of(Path(folder, "model.bin"))
        with open(here / "subwords.tsv", "w", encoding="utf-8") as out:
            for word in WORDS:
                lines = subprocess.run(["fasttext", "print-ngrams", f"{model}.bin", word], check=True,
                                       capture_output=True, text=True).stdout.splitlines()
                for line in lines[1:]:  # the first is the word itself
                    ngram, vector = line.strip().split(" ", 1)
                    print(word, ngram, rows[vector], sep="\t", file=out)


if __name__ == "__main__":
    main()
