#!/usr/bin/env bash
# What is done with one model: train, --config, an interrupt, eval, generate, inspect,
# plan.
. "$(dirname "$0")/lib.sh"
make_text 6000 >text
gpt="train gpt --layers 1 --heads 2 --width 32 --context 16 --dropout 0.1 --batch 2"
runs $gpt --data text --steps 60 --lr 0.02 --out gpt
is "first line of train" "$(sed -E 's/ in .*//; 1q' stdout)" \
    "gpt: 22,080 parameters, 60 steps"
is "last line of train" "$(tail -n 1 stdout)" "in gpt"
runs train lstm --layers 1 --width 32 --context 16 --batch 2 --data text --steps 60 \
    --out lstm --json
cmp -s stdout lstm/training.json || failed "train --json differs from training.json"
runs train bigram --data text --out bigram --quiet
is "train --quiet" "$(cat stdout stderr)" ""

# ---- Configuration and the command that does the same again ----

options="--layers 2 --heads 1 --width 16 --context 8 --dropout 0.2 --valid-share 0.1
    --vocab-size 270 --optimizer adagrad --schedule linear --lr 0.01 --seed 7 --eps 1e-6
    --accumulate 2 --patience 9 --tokenizer word --steps 7"
cp text 'a "text" of '\''mine'\'
runs train gpt --data 'a "text" of '\''mine'\' $options --dump-config
cp stdout config.json
runs train gpt --data 'a "text" of '\''mine'\' $options --out one --quiet
runs train gpt --config config.json --out two --quiet
is "trained from --dump-config" "$(sha two)" "$(sha one)"
command=$(sed -nE 's/^  "same_again": "(.*)",$/\1/p' one/training.json |
    sed 's/\\\(.\)/\1/g')
eval "runs ${command#rung } --out three --quiet"
is "$command" "$(sha three)" "$(sha one)"
runs train gpt --config config.json --seed 8 --out four --quiet
[ "$(sha four)" != "$(sha one)" ] || failed "--seed does not go before --config"
runs train gpt --config config.json --dump-config
cmp -s stdout config.json || failed "--dump-config of --config differs"

# ---- Interrupted ----

long="$gpt --data text --steps 400 --save-every 10"
runs $long --out whole --quiet
"$rung" $long --out broken >stdout 2>stderr </dev/null &
pid=$!
for ((i = 0; i < 500; i++)); do
    [ -e broken/checkpoints/latest ] && break
    sleep 0.01
done
kill -TERM $pid
wait $pid
code=$?
if [ $code -ne 0 ]; then # else it was done before
    is "exit code of an interrupted training" $code 130
    is "its last words" "$(tail -n 1 stderr | sed 's/step [0-9]*/step N/')" \
        "rung: interrupted at step N and saved; go on with: rung $long --out broken \
--resume"
    runs eval broken text
    runs $long --out broken --resume
fi
is "the training that went on" "$(sha broken)" "$(sha whole)"

# ---- eval ----

for name in gpt lstm bigram; do
    runs eval $name text --json
    grep -qE "^\{\"rung\": \"$name\", \"bits_per_byte\": [0-9.]+, \"nats_per_token\": \
[0-9.]+, \"bytes\": 6150, \"tokens\": 6150, \"seconds\": [0-9.]+\}$" stdout ||
        failed "eval $name: $(cat stdout)"
done
bits=$(sed -E 's/.*"bits_per_byte": ([0-9]+\.[0-9]{2}).*/\1/' stdout)
runs eval bigram text
grep -qE "^bigram: $bits[0-9]* bits a byte, .* nats a token; 6.0 KB in " stdout ||
    failed "eval bigram: $(cat stdout), must begin with $bits"

# ---- generate ----

says_of() { # MODEL ARGUMENTS...
    runs generate "$@"
    cat stdout
}
for name in gpt lstm bigram; do
    words="$(says_of $name 'deba ' --tokens 40 --seed 3)"
    is "$name, the same seed" "$(says_of $name 'deba ' --tokens 40 --seed 3)" "$words"
    [ "$(says_of $name 'deba ' --tokens 40 --seed 4)" != "$words" ] ||
        failed "$name: --seed changes nothing"
    [ "${words:0:5}" = 'deba ' ] || failed "$name: does not begin with the prompt: $words"
    best="$(says_of $name 'deba ' --tokens 40 --temperature 0)"
    is "$name, greedy with another seed" \
        "$(says_of $name 'deba ' --tokens 40 --temperature 0 --seed 9)" "$best"
    is "$name, --top-k 1" "$(says_of $name 'deba ' --tokens 40 --top-k 1)" "$best"
    is "$name, --top-p 0" "$(says_of $name 'deba ' --tokens 40 --top-p 0)" "$best"
    runs generate $name "$(head -c 300 text)" --tokens 3 # longer than the context
    is "$name, a long prompt" "$(head -c 300 stdout)" "$(head -c 300 text)"
    runs generate $name 'Привет, ☃' --tokens 3 # nothing of it was in the training text
    grep -aq '^Привет, ☃' stdout || failed "$name: $(cat stdout)"
    runs generate $name --tokens 5
done
stopped="$(says_of bigram deba --tokens 400 --stop '.')"
[[ $stopped != *.* && ${#stopped} -lt 400 ]] || failed "--stop '.': $stopped"
is "--stop with what never comes" "$(says_of bigram deba --tokens 40 --stop '#-#')" \
    "$(says_of bigram deba --tokens 40)"
runs train unigram --data text --tokenizer byte --out bytes --quiet
runs generate bytes de --tokens 17
is "bytes of 17 tokens" "$(wc -c <stdout)" 20

# ---- inspect and plan ----

runs inspect bigram
is "inspect of a folder" "$(sed -n 2p stdout)" "tokenizer char, 275 tokens"
runs inspect gpt
is "its parameters" "$(sed -n 3p stdout)" "parameters 22,080"
grep -q '^  "n_layer": 1,$' stdout || failed "inspect gpt shows no options"
runs inspect gpt/model.safetensors
is "inspect of a file, first" "$(head -n 1 stdout)" "metadata format = pt"
is "and last" "$(tail -n 1 stdout)" "16 tensors, 86.2 KB"
grep -qE '^transformer.wte.weight +F32 +\[275,32\] +34.4 KB$' stdout ||
    failed "inspect: $(cat stdout)"
runs plan gpt --data text --steps 100 --context 16 --layers 1
is "parts of a plan" "$(sed -E 's/  .*//' stdout | paste -sd,)" "parameters,gradients,\
moments,activations,data,evaluation,peak resident,a step,training"
runs plan gpt --data text --steps 100 --context 16 --layers 1 --json
grep -qE '^\{"peak_bytes": [1-9][0-9]*, .*"steps": 100, "seconds": [0-9.]+\}$' stdout ||
    failed "plan --json: $(cat stdout)"
absent rung-run
finish
