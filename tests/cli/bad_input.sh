#!/usr/bin/env bash
# What a person can get wrong on the command line or in a text: one clear line, exit code
# 2, and nothing written.
. "$(dirname "$0")/lib.sh"
make_text 4000 >text
length="--steps 2 --out out"

# ---- Texts ----

: >nothing
mkdir empty binaries
printf 'ELF\0\1\2\3 and so on, bytes that nobody reads' >binary
cp binary binaries
echo short >short
head -c 1000 text >small
gzip -c text | head -c 500 >cut.gz

says 2 "rung: cannot read 'missing': No such file or directory" \
    train gpt --data missing $length
says 2 "rung: 'nothing' is empty" train gpt --data nothing $length
says 2 "rung: folder 'empty' has no text among its 0 files" \
    train gpt --data empty $length
says 2 "rung: folder 'binaries' has no text among its 1 files: 'binaries/binary' is not \
text: byte 3 is NUL" train gpt --data binaries $length
says 2 "rung: 'binary' is not text: byte 3 is NUL" train gpt --data binary $length
says 2 "rung: 'cut.gz' ends too early: its gzip data is cut off after 500 bytes" \
    train gpt --data cut.gz $length
says 2 "rung: 'short' has 6 bytes: too few for a valid part of 0.05 of it" \
    train gpt --data short $length
says 2 "rung: the training text has 902 tokens, but 1025 are needed for a context of \
1024: take more text, or a smaller --context" \
    train gpt --data small --context 1024 $length
says 2 "rung: the training text has 902 tokens, but 1040 are needed for a context of 64 \
in every lane of the batch: take more text, or a smaller --context or --batch" \
    train lstm --data small $length
says 2 "rung: cannot read 'missing': No such file or directory" \
    train gpt --data text --valid missing $length
says 2 "rung: cannot read 'missing': No such file or directory" \
    ladder missing --out out
says 2 "rung: lstm: the training text has 902 tokens, but 2064 are needed for a context \
of 128 in every lane of the batch: take more text, or a smaller --context or --batch" \
    ladder small --rungs lstm --out out2 --quiet
absent out out2/lstm out2/results.json

# ---- Names ----

says 2 "rung: unknown rung 'gtp': did you mean 'gpt'?" train gtp $length
says 2 "rung: unknown rung 'zebra': \`rung models\` lists them" train zebra $length
says 2 "rung: unknown rung 'gtp': did you mean 'gpt'?" help train gtp
says 2 "rung: unknown rung 'ltsm': did you mean 'lstm'?" ladder text --rungs gpt,ltsm
says 2 "rung: rung 'gpt' is named twice" ladder text --rungs gpt,gpt
says 2 "rung: --rungs 'gpt,,lstm': a name is empty" ladder text --rungs gpt,,lstm
says 2 "rung: --rungs names no rung" ladder text --rungs ''
says 2 "rung: unknown command 'lader': did you mean 'ladder'?" lader
says 2 "rung: unknown command 'xyz': \`rung help\` lists them" xyz
says 2 "rung: unknown command 'evla': did you mean 'eval'?" help evla
says 2 "rung: unknown option '--stpes': did you mean '--steps'?" train gpt --stpes 3
says 2 "rung: unknown option '--zzzzzz'" train gpt --zzzzzz 3
says 2 "rung: unknown option '-x'" eval -x

# ---- Words and values ----

says 2 "rung: the first word must be a rung: \`rung models\` lists them" train
says 2 "rung: the first word must be a rung: \`rung models\` lists them" plan --steps 3
says 2 "rung: unexpected word 'more'" train gpt more $length
says 2 "rung: unexpected word 'more' behind DATA" ladder text more
says 2 "rung: MODEL DATA expected, but 1 word is given" eval model
says 2 "rung: MODEL [PROMPT] expected, but 0 words are given" generate
says 2 "rung: unexpected word 'c' behind MODEL [PROMPT]" generate a b c
says 2 "rung: PATH expected, but 0 words are given" inspect
says 2 "rung: unexpected word 'x'" models x
says 2 "rung: unexpected word 'x'" version x
says 2 "rung: the prompt is empty: leave it out to begin anew" generate model ''
says 2 "rung: --width is 0: must be a whole number, 1 to 65536" \
    train gpt --width 0 $length
says 2 "rung: --width is 'wide': must be a whole number, 1 to 65536" \
    train gpt --width wide $length
says 2 "rung: --width is '1.5': must be a whole number, 1 to 65536" \
    train gpt --width=1.5 $length
says 2 "rung: --lr is 'fast': must be a number, at least 0" train gpt --lr fast $length
says 2 "rung: --budget is 'soon': must be a time such as 90s, 10m or 1h30m, at \
least 0 seconds" train gpt --budget soon
says 2 "rung: --budget is 0.1: must be a time such as 90s, 10m or 1h30m, 1 to 10000000 \
seconds" ladder text --budget 0.1
says 2 "rung: --tokenizer is 'bpe': must be one of byte|char|word" \
    train gpt --tokenizer bpe $length
says 2 "rung: --resume is 'maybe': must be true or false" \
    train gpt --resume=maybe $length
says 2 "rung: --steps needs a value: a whole number, at least 0" \
    train gpt --steps
says 2 "rung: width 33 is not a multiple of 4 heads" \
    train gpt --data text --width 33 --context 16 $length
says 2 "rung: how long? give --steps, --epochs or --budget" train gpt --out out
says 2 "rung: give one of --steps, --epochs and --budget" \
    train gpt --budget 1m $length
says 2 "rung: where to? give --out DIR" train gpt --steps 3
says 2 "rung: the ladder needs a valid and a test part" \
    ladder text --test-share 0 --out out
says 2 "rung: unigram takes no steps that could be planned" plan unigram
absent out rung-run

# ---- Configuration files ----

echo '{"steps": 2, "n_lyaer": 8}' >config
says 2 "rung: config: unknown key 'n_lyaer': did you mean 'n_layer'?" \
    train gpt --config config --out out
echo '{"steps": "two"}' >config
says 2 "rung: config: steps is a text: must be a whole number, at least 0" \
    train gpt --config config --out out
echo '{"steps": 2,' >config
says 2 "rung: config:2: string or '}' expected near end of file" \
    train gpt --config config --out out
says 2 "rung: cannot read 'missing': No such file or directory" \
    train gpt --config missing --out out
absent out

# ---- A folder that holds something ----

runs train unigram --data text --out model --quiet
before=$(cat model/* | sha256sum)
says 2 "rung: 'model' holds a model: take another --out, or --resume to go on with its \
training" train bigram --data text --out model
says 2 "rung: model/training.json: made with another rung: resume with what it was begun \
with, or take another --out" train bigram --data text --out model --resume
says 2 "rung: model/training.json: made with another data: resume with what it was begun \
with, or take another --out" train unigram --data small --out model --resume
is "the model after three mistakes" "$(cat model/* | sha256sum)" "$before"
mkdir run
echo '{}' >run/results.json
says 2 "rung: run holds a finished run: take another --out, or --resume to add to it" \
    ladder text --out run
says 1 "rung: cannot make folder 'text': Not a directory" \
    train unigram --data text --out text/model
finish
