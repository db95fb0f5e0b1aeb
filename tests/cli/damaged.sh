#!/usr/bin/env bash
# Model folders that are damaged or lie: a message with the file, the place and the
# reason, exit code 2, never a crash.
. "$(dirname "$0")/lib.sh"
make_text 3000 >text
runs train gpt --data text --layers 1 --heads 2 --width 16 --context 16 --batch 2 \
    --steps 1 --out good --quiet

# Puts a fresh copy of the model to bad/, for the caller to damage.
fresh() {
    rm -rf bad
    mkdir bad
    cp good/*.* bad
}

# ---- Folders ----

says 2 "rung: missing: no such folder" eval missing text
says 2 "rung: not a model folder; as a file of word vectors: text:1: a word and its \
numbers expected: '$(head -n 1 text | cut -c 1-60)'" eval text text
says 2 "rung: text: not a model folder" generate text
says 2 "rung: missing: cannot open: No such file or directory" inspect missing
for name in config.json model.safetensors tokenizer.json; do
    fresh
    rm bad/$name
    case $name in
    config*) message="bad: not a model folder: there is no config.json" ;;
    model*) message="bad/$name: cannot open: No such file or directory" ;;
    *) message="cannot read 'bad/$name': No such file or directory" ;;
    esac
    says 2 "rung: $message" eval bad text
    says 2 "rung: $message" inspect bad
done

# ---- config.json ----

config() { # MESSAGE SED-EXPRESSION
    fresh
    sed -i "$2" bad/config.json
    cmp -s bad/config.json good/config.json && failed "config.json is not changed: $2"
    says 2 "rung: bad/$1" eval bad text
}
config "config.json:2: string or '}' expected near end of file" '2,$d'
config "config.json:1: '[' or '{' expected near 'model'" '1s/.*/model/'
config "config.json: not an object" '1s/.*/[]/; 2,$d'
config "config.json: model_type is missing" '/model_type/d'
config "config.json: model_type is an integer: must be a text" 's/"gpt2"/3/'
config "config.json: unknown rung 'zebra': \`rung models\` lists them" \
    's/"gpt2"/"zebra"/'
config "config.json: n_layer is 0: must be a whole number, 1 to 256" \
    's/"n_layer": 1/"n_layer": 0/'
config "config.json: n_layer is a text: must be a whole number, 1 to 256" \
    's/"n_layer": 1/"n_layer": "one"/'
config "config.json: width 16 is not a multiple of 3 heads" \
    's/"n_head": 2/"n_head": 3/'
config "config.json: activation_function is \"relu\", but rung's gpt has \"gelu_new\"" \
    's/"gelu_new"/"relu"/'
config "config.json: vocab_size is 7, but tokenizer.json has $(json good/config.json \
    vocab_size)" 's/"vocab_size": .*,/"vocab_size": 7,/'
config "model.safetensors: tensor 'transformer.h.1.ln_1.weight' is missing" \
    's/"n_layer": 1/"n_layer": 2/'
config "config.json: n_ctx is 16, but rung's gpt has 32" \
    's/"n_positions": 16/"n_positions": 32/'
config "model.safetensors: tensor 'transformer.wpe.weight' is [16,16], but config.json \
asks for [32,16]" '/n_ctx/d; s/"n_positions": 16/"n_positions": 32/'

# ---- tokenizer.json ----

tokenizer() { # MESSAGE
    says 2 "rung: bad/tokenizer.json$1" eval bad text
}
fresh
echo '{}' >bad/tokenizer.json
tokenizer ": model is missing"
head -n 20 good/tokenizer.json >bad/tokenizer.json
"$rung" eval bad text 2>stderr
is "exit code of half a tokenizer" $? 2
grep -q '^rung: bad/tokenizer.json:2[01]: ' stderr || failed "half: $(cat stderr)"

# ---- model.safetensors ----

header=$(od -An -t u8 -N 8 good/model.safetensors | tr -d ' ')
size=$(wc -c <good/model.safetensors)
fresh
for ((n = 0; n <= 200; n++)); do
    head -c $n good/model.safetensors >bad/model.safetensors
    if [ $n -lt 8 ]; then
        message="$n bytes are too few for a safetensors file (truncated?)"
    else
        message="byte 8: a header of $header bytes does not fit into the file's $n \
(truncated?)"
    fi
    says 2 "rung: bad/model.safetensors: $message" inspect bad/model.safetensors
    [ $((n % 20)) -ne 0 ] || says 2 "rung: bad/model.safetensors: $message" eval bad text
done

# Header lengths that lie, in eight bytes from the lowest.
length() { # BYTES MESSAGE
    { printf '%b' "$1"; tail -c +9 good/model.safetensors; } >bad/model.safetensors
    says 2 "rung: bad/model.safetensors: $2" inspect bad/model.safetensors
    says 2 "rung: bad/model.safetensors: $2" eval bad text
}
length '\xff\xff\xff\xff\xff\xff\xff\xff' \
    "byte 0: a header of 18446744073709551615 bytes is over the limit of 100000000 (not \
a safetensors file?)"
length '\xff\xff\0\0\0\0\0\0' \
    "byte 8: a header of 65535 bytes does not fit into the file's $size (truncated?)"
length '\0\0\0\0\0\0\0\0' "byte 8: the header does not begin with '{'"
length '\x02\0\0\0\0\0\0\0' \
    "byte 10: the header is not valid JSON: premature end of input near '\"'"
head -c $((size - 1)) good/model.safetensors >bad/model.safetensors
data=$((size - 8 - header))
says 2 "rung: bad/model.safetensors: tensor 'transformer.wte.weight': range [$((data -
    17600)),$data) does not lie in the $((data - 1)) bytes of data (truncated?)" \
    eval bad text
rm bad/model.safetensors
mkdir bad/model.safetensors
says 2 "rung: bad/model.safetensors: is a folder, not a file" eval bad text
finish
