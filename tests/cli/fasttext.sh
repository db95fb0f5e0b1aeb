#!/usr/bin/env bash
# fastText loads the .vec that rung exports, with the same vectors, and rung the .vec that
# fastText writes, with the same vectors and neighbours. Skipped without fastText.
. "$(dirname "$0")/lib.sh"
command -v fasttext >/dev/null || { echo "no fasttext"; exit 77; }
make_text 20000 >text

runs train word2vec --data text --dim 8 --quiet --out model
runs export model ours.vec --to fasttext-vec
sed 's/^/__label__one /' text >labelled
fasttext supervised -input labelled -output loaded -pretrainedVectors ours.vec -dim 8 \
    -lr 0 -epoch 1 -thread 1 >/dev/null 2>&1 || failed "fastText does not load ours.vec"
tail -n +2 ours.vec | cut -d ' ' -f 1 | fasttext print-word-vectors loaded.bin >theirs
is "words" "$(wc -l <theirs)" "$(json model/config.json vocab_size)"
# It prints five digits.
tail -n +2 ours.vec | paste -d ' ' - theirs | awk '{
    for (i = 2; i <= 9; i++) if ($i - $(i + 9) > 1e-4 || $(i + 9) - $i > 1e-4) bad++
    if ($1 != $10) bad++
} END { exit bad > 0 }' || failed "other vectors in fastText"

fasttext skipgram -input text -output theirs -dim 8 -minCount 2 -maxn 0 -epoch 2 \
    -thread 1 >/dev/null 2>&1 || failed "fastText does not train"
runs import theirs.vec back
is "words of fastText" "$(json back/config.json vocab_size)" \
    "$(head -n 1 theirs.vec | cut -d ' ' -f 1)"
for word in $(sed -n '2,6p' theirs.vec | cut -d ' ' -f 1); do
    runs nearest back "$word" --count 5
    echo "$word" | fasttext nn theirs.bin 5 2>/dev/null | sed 's/Query word? //' |
        awk 'NF == 2 { print $1 }' >neighbours
    is "neighbours of $word" "$(cut -f 1 stdout)" "$(cat neighbours)"
done
finish
