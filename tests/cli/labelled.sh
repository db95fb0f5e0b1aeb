#!/usr/bin/env bash
# Labelled text through the command: train, eval, predict and the ladder; and what can be
# wrong with it.
. "$(dirname "$0")/lib.sh"
awk 'BEGIN {
    for (i = 0; i < 500; i++)
        printf "the film of day %d was %s\t%s\n", i % 17, i % 2 ? "fine" : "dull",
               i % 2 ? "good" : "bad"
}' >films.tsv
cut -f 1 films.tsv | head -n 50 >new

runs train lstm --data films.tsv --steps 250 --width 32 --out model --quiet
[ "$(json model/training.json test_accuracy)" = 1.0 ] ||
    failed "test accuracy: $(json model/training.json test_accuracy)"
is "labels" "$(grep -c '"good": 1' model/config.json)" 1

runs predict model new
is "lines of predict" "$(wc -l <stdout)" 50
is "labels of predict" "$(cut -f 1 stdout | sort | uniq -c | tr -s ' ' | paste -sd,)" \
    " 25 bad, 25 good"
"$rung" predict model <new >from_stdin || failed "predict from standard input"
cmp -s stdout from_stdin || failed "predict: a file and standard input differ"
runs predict model films.tsv --text-column 1
is "lines of predict by column" "$(wc -l <stdout)" 500
runs predict model new --json
grep -q '^{"label": "bad", "probabilities": {"bad": 0.9[0-9]*, "good": 0.0' stdout ||
    failed "predict --json: $(head -n 1 stdout)"
runs eval model films.tsv
grep -q '^lstm: 100.0 % right, macro-F1 1.000' stdout || failed "eval: $(cat stdout)"
measures=(precision recall f1 micro_f1 macro_f1 recall_at roc_auc average_precision
    log_loss brier calibration_error calibration labels)
has_measures() { # KEY...: in what eval --json printed
    local key
    for key in "${measures[@]}" "$@"; do
        grep -q "\"$key\": [^n]" stdout || failed "eval --json: no $key"
    done
}
runs eval model films.tsv --json
has_measures confusion

# The same bits at any number of threads, ranks and micro-batches, with texts of unequal
# length; and a run that was cut off.
awk '{ for (i = 0; i < NR % 9; i++) printf "and then " } 1' films.tsv >uneven.tsv
train=(train lstm --data uneven.tsv --width 32 --steps 12 --quiet)
for n in 1 2 3; do runs "${train[@]}" --batch 8 --threads $n --out t$n; done
is "bits at 2 threads" "$(sha t2)" "$(sha t1)"
is "bits at 3 threads" "$(sha t3)" "$(sha t1)"
runs "${train[@]}" --batch 8 --accumulate 4 --out a4
runs "${train[@]}" --batch 8 --accumulate 2 --ranks 2 --out r2
is "bits of two ranks" "$(sha r2)" "$(sha a4)"

# The ladder, and one more rung later.
runs ladder films.tsv --rungs lstm --budget 2s --out run --quiet
grep -q '^\* lstm  *[0-9.]* ' stdout || failed "no row of lstm: $(cat stdout)"
awk 'length > 80 { exit 1 }' stdout ||
    failed "the table is wider than 80 columns: $(cat stdout)"
is "kind" "$(grep -c '"accuracy_interval"' run/results.json)" 2

# Repeated trainings: other seeds on the same cut, each done again to the same bits.
runs ladder films.tsv --rungs majority,lstm --budget 1s --repeats 2 --seed 3 --quiet \
    --out twice
first=$(sed -nE 's/^[* ] +([a-z+-]+) .*/\1/p' stdout | head -n 4 | paste -sd' ')
is "the table" "$first" "rung majority lstm +-"
awk 'length > 80 { exit 1 }' stdout ||
    failed "the table is wider than 80 columns: $(cat stdout)"
command=$(json twice/lstm-2/training.json same_again)
case $command in
*" --split-seed 3 "*) ;;
*) failed "no seed of the split: $command" ;;
esac
eval "runs ${command#rung } --out again --quiet"
is "$command" "$(sha again)" "$(sha twice/lstm-2)"
[ "$(sha twice/lstm)" != "$(sha again)" ] || failed "both seeds gave the same model"

able=$("$rung" models | awk '/^[a-z]/ { name = $1 }
    /labelled text/ { printf "%s%s", sep, name; sep = ", " }')
says 2 "rung: unigram does not learn from labelled text: $able do" \
    ladder films.tsv --rungs unigram --out other

# Several labels a text: three formats, one model; what is printed of it.
awk 'BEGIN {
    for (i = 0; i < 600; i++) {
        text = "story " i % 23 (i % 2 ? " of the sea" : "") (i % 3 ? " of a war" : "")
        labels = (i % 2 ? "sea" : "") (i % 2 && i % 3 ? "," : "") (i % 3 ? "war" : "")
        if (labels == "") labels = "none"
        print text "\t" labels >"several.tsv"
        gsub(",", " __label__", labels); print "__label__" labels " " text >"several.txt"
        gsub(" __label__", "\", \"", labels)
        print "{\"text\": \"" text "\", \"labels\": [\"" labels "\"]}" >"several.jsonl"
    }
}'
columns=(--text-column 1 --label-column 2 --label-separator ,)
runs train bow --data several.txt --epochs 20 --quiet --out fasttext
runs train bow --data several.jsonl --epochs 20 --quiet --out jsonl
runs train bow --data several.tsv --epochs 20 --quiet --out tsv "${columns[@]}"
is "a model of JSON Lines" "$(sha jsonl)" "$(sha fasttext)"
is "a model of TSV" "$(sha tsv)" "$(sha fasttext)"
grep -q -- '--label-separator ,' tsv/training.json || failed "no separator in same_again"
runs eval fasttext several.txt
grep -q '^bow: first label 100.0 % right, micro-F1 1.000' stdout ||
    failed "eval: $(cat stdout)"
printf 'a war at sea\nthe sea\n' >two
runs predict fasttext two
is "fields of predict" "$(awk -F '\t' '{ print NF }' stdout | paste -sd,)" 4,2
runs predict fasttext two --top 3
is "fields of --top 3" "$(awk -F '\t' '{ print NF }' stdout | paste -sd,)" 6,6
runs predict fasttext two --json
grep -q '^{"labels": \["sea"\], "probabilities": {"none": ' stdout ||
    failed "predict --json: $(cat stdout)"
runs eval fasttext several.txt --json
has_measures precision_at
runs ladder several.txt --out several --quiet
is "rungs that take several labels" \
    "$(sed -nE 's/^[ *] ([a-z0-9]+) +[0-9].*/\1/p' stdout | paste -sd' ')" \
    "majority logreg bow word2vec glove"
! grep -q 'stopped by the budget' stdout ||
    failed "a mark is explained that no row bears: $(cat stdout)"
says 2 "rung: lstm gives a text one label, but the data have several" \
    train lstm --data several.txt --steps 1 --out none
says 2 "rung: the data have several labels a text, but this lstm gives one" \
    eval model several.txt

# What can be wrong.
sed 's/good$/bad/' films.tsv >one.tsv
"$rung" train lstm --data one.tsv --kind labelled --steps 2 --out none 2>stderr
is "exit code of one label" $? 2
grep -q "every example has the label 'bad', so there is nothing to learn" stderr ||
    failed "one label: $(cat stderr)"
says 2 "rung: this lstm is a classifier: it writes no text" generate model x
printf 'a dull film\tugly\nfine\tgood\n' >unseen.tsv
runs eval model unseen.tsv --text-column 1 --label-column 2 --format tsv
grep -q '1 with a label unseen in training' stdout || failed "unseen: $(cat stdout)"
absent none other
finish
