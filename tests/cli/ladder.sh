#!/usr/bin/env bash
# rung ladder: the table, the run folder, --json, --resume, an interrupt, and the commands
# that do the same again.
. "$(dirname "$0")/lib.sh"
make_text 6000 >text
ladder="ladder text --context 16 --budget 1s --quiet"

member() { # FILE PATTERN: how many lines have it
    grep -c -- "$2" "$1"
}

# ---- A run, and its JSON ----

runs $ladder --rungs unigram,gpt --out run --json
cmp -s stdout run/results.json || failed "--json differs from results.json"
for pair in "version 1" "rung_version $(cat "$root/VERSION")" "name text" \
    "sha256 $(sha256sum <text | cut -d' ' -f1)" "train_bytes 5535" "tokenizer char" \
    "context 16" "seed 1" "budget_seconds 1.0" \
    "command rung $ladder --rungs unigram,gpt --out run --json"; do
    is "${pair%% *} of results.json" "$(json run/results.json "${pair%% *}")" "${pair#* }"
done
for key in rung folder parameters file_bytes steps training_seconds tokens_per_second \
    converged stopped_by valid test gap_bits_per_byte gap_standard_error; do
    is "rows with $key" "$(member run/results.json "^      \"$key\": ")" 2
done
is "bits a byte in results.json" "$(member run/results.json '"bits_per_byte": ')" 4
best=$(json run/results.json recommended)
grep -q "\"advice\": \"Take $best: " run/results.json || failed "no advice to take $best"
steps=$(sed -nE 's/^      "steps": ([1-9].*),/\1/p' run/results.json)
is "lines of metrics.jsonl" "$(wc -l <run/metrics.jsonl)" $((steps + 1))
is "lines of gpt in metrics.jsonl" "$(member run/metrics.jsonl '^{"rung": "gpt", ')" \
    $((steps + 1))
for name in unigram gpt; do
    for file in config.json model.safetensors tokenizer.json training.json; do
        [ -s run/$name/$file ] || failed "no $name/$file"
    done
done

# What was stopped by a clock is done again by a number of steps, to the same bits.
for name in unigram gpt; do
    command=$(json run/$name/training.json same_again)
    eval "runs ${command#rung } --out again-$name --quiet"
    is "$command" "$(sha again-$name)" "$(sha run/$name)"
done

# ---- Rungs are added, those that are there are kept ----

kept=$(stat -c %i,%y run/gpt/* run/unigram/*)
runs $ladder --rungs unigram,bigram,gpt --out run --resume
is "what was done before" "$(stat -c %i,%y run/gpt/* run/unigram/*)" "$kept"
is "rows" "$(member run/results.json '^      "rung": ')" 3
is "the table" "$(sed -nE 's/^[* ] ([a-z]+) .*/\1/p' stdout | paste -sd' ')" \
    "rung unigram bigram gpt"
is "recommended rungs in the table" "$(member stdout '^\* ')" 1
is "summary" "$(sed -n 2p stdout)" \
    "train 5.4 KB, valid 287 B, test 328 B; 275 tokens in the vocabulary"
grep -q '^Take ' stdout || failed "no recommendation: $(cat stdout)"
awk 'length > 80 { exit 1 }' stdout || failed "over 80 columns: $(cat stdout)"

# Colour is for terminals alone, and not for those who do not want it.
escape=$(printf '\033')
again="$rung ladder text --context 16 --budget 1s --rungs unigram,bigram,gpt --out run"
colours() { # how many lines have one, printed to a terminal with these VARIABLES
    env TERM=xterm "$@" script -qec "$again --resume --quiet" /dev/null </dev/null |
        grep -c "$escape\[1;32m"
}
if script -qec true /dev/null </dev/null >/dev/null 2>&1; then # there are terminals
    is "coloured lines" "$(colours NO_COLOR=)" 1
    is "coloured lines with NO_COLOR" "$(colours NO_COLOR=1)" 0
    is "coloured lines on a dumb terminal" "$(colours TERM=dumb)" 0
fi
grep -q "$escape" stdout && failed "a file is coloured: $(cat stdout)"

# ---- Interrupted ----

long="ladder text --rungs bigram,gpt --context 16 --budget 3s --out broken"
"$rung" $long >stdout 2>stderr </dev/null &
pid=$!
for ((i = 0; i < 500; i++)); do
    [ -e broken/gpt/checkpoints/latest ] && break
    sleep 0.01
done
kill -INT $pid
wait $pid
code=$?
if [ $code -ne 0 ]; then # else it was done before
    is "exit code of an interrupted ladder" $code 130
    is "its last words" "$(tail -n 1 stderr)" \
        "rung: interrupted; go on with: rung $long --resume"
    absent broken/results.json
    runs $long --resume
fi
is "rows after going on" "$(member broken/results.json '^      "rung": ')" 2
finish
