#!/usr/bin/env bash
# word2vec and glove as classifiers of labelled text: train, predict, eval, the words that
# were learned, the same bits, a run that was cut off, and the ladder.
. "$(dirname "$0")/lib.sh"
awk 'BEGIN {
    split("fine lovely great warm", good, " "); split("dull awful poor cold", bad, " ")
    for (i = 0; i < 3000; i++) {
        word = i % 2 ? good[i % 7 % 4 + 1] : bad[i % 7 % 4 + 1]
        text = "The film of day " i % 40 " was " word (i % 3 ? "," : "!")
        print text " and " (i % 5 ? "so" : word) " was its end." "\t" \
            (i % 2 ? "good" : "bad")
    }
}' >films.tsv
cut -f 1 films.tsv | head -n 50 >new

for name in word2vec glove; do
    train=(train $name --data films.tsv --dim 20 --quiet)
    for n in 1 2 3; do runs "${train[@]}" --threads $n --out $name-$n; done
    for n in 2 3; do
        is "bits of $name, $n threads" "$(sha $name-$n)" "$(sha $name-1)"
    done
    model=$name-1
    [ "$(json $model/training.json test_accuracy)" = 1.0 ] ||
        failed "test accuracy: $(json $model/training.json test_accuracy)"
    is "steps of $name" "$(json $model/training.json steps)" 0
    command=$(json $model/training.json same_again)
    eval "runs ${command#rung } --out again-$name --quiet"
    is "$command" "$(sha again-$name)" "$(sha $model)"

    runs predict $model new
    is "labels of predict" "$(cut -f 1 stdout | sort | uniq -c | xargs)" "25 bad 25 good"
    runs eval $model films.tsv
    grep -q "^$name: 100.0 % right, macro-F1 1.000" stdout || failed "eval: $(cat stdout)"
    runs inspect $model
    grep -q '^labels 2$' stdout || failed "inspect: $(cat stdout)"
    is "tensors" "$(grep -cE '^(weight|bias|centre.weight|context.weight) ' stdout)" 4
    runs nearest $model film --count 2
    is "neighbours" "$(wc -l <stdout)" 2
done

# With other vectors and weights it is another model; the vectors stay as they are.
runs train word2vec --data films.tsv --dim 20 --text-vectors centre --sif 1e-2 --quiet \
    --out centre
[ "$(sha centre)" != "$(sha word2vec-1)" ] || failed "--text-vectors does nothing"
echo film | "$rung" embed centre >a
echo film | "$rung" embed word2vec-1 >b
is "vectors" "$(cat a)" "$(cat b)"
# As raw text the file is words alone, labels among them.
runs train word2vec --data films.tsv --kind raw --dim 20 --quiet --out raw
absent raw/labels
grep -q id2label raw/config.json && failed "labels of raw text"

# Cut off while vectors are learned, and gone on with.
long=(train word2vec --data films.tsv --dim 20 --epochs 300 --save-every 1 --quiet)
runs "${long[@]}" --out whole
"$rung" "${long[@]}" --out cut >stdout 2>stderr </dev/null &
pid=$!
for ((i = 0; i < 500; i++)); do
    [ -e cut/checkpoints/latest ] && break
    sleep 0.01
done
kill -INT $pid
wait $pid
code=$?
if [ $code -ne 0 ]; then # else it was done before
    is "exit code" $code 130
    absent cut/config.json
    runs "${long[@]}" --out cut --resume
fi
is "bits after going on" "$(sha cut)" "$(sha whole)"

# The ladder has them between bow and lstm.
runs ladder films.tsv --budget 1s --out run --quiet
is "the table" "$(sed -nE 's/^[* ] ([a-z0-9]+) .*/\1/p' stdout | paste -sd' ')" \
    "rung majority logreg bow word2vec glove lstm bert"
for name in word2vec glove; do
    is "$name in results.json" "$(grep -c "\"rung\": \"$name\"" run/results.json)" 1
    grep -q ">Words by $name<" run/report.html || failed "no words of $name in the report"
done
awk 'length > 80 { exit 1 }' stdout || failed "over 80 columns: $(cat stdout)"

# Texts of one word each: no vectors, and the others go on.
awk 'BEGIN { for (i = 0; i < 60; i++) print "n" i "\t" (i % 2 ? "a" : "b") }' >names.tsv
runs ladder names.tsv --kind labelled --budget 1s --out names --quiet
is "what is left out" "$(grep -oE '^rung: left out: [^ ]+ names' stderr | paste -sd,)" \
    "rung: left out: word2vec: names,rung: left out: glove: names"
is "rungs" "$(sed -nE 's/^[* ] ([a-z0-9]+) .*/\1/p' stdout | paste -sd' ')" \
    "rung majority logreg bow lstm bert"
finish
