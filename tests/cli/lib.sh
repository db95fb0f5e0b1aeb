# What the scripts of this folder share. Each sources it first, from anywhere:
#     . "$(dirname "$0")/lib.sh"
# It sets $rung (the command under test, absolute), enters an empty folder that is removed
# at the end, and counts failures; the script ends with `finish`.
set -u
export LC_ALL=C
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(cd "$root" && cd "${1:-build/release}" && pwd) || exit 1
rung=$build/rung
[ -x "$rung" ] || { echo "no command $rung: run make first"; exit 1; }
expected=$root/tests/cli/expected
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

failed() {
    printf '%s\n' "$*"
    failures=$((failures + 1))
}

finish() {
    [ "$failures" -eq 0 ] || echo "$failures failed"
    exit $((failures > 0))
}

is() { # WHAT IS MUST
    [ "$2" = "$3" ] || failed "$1: is '$2', must be '$3'"
}

# The command must end with CODE and print to stderr exactly MESSAGE.
says() { # CODE MESSAGE ARGUMENTS...
    local code=$1 message=$2 is_code
    shift 2
    "$rung" "$@" >stdout 2>stderr </dev/null
    is_code=$?
    is "exit code of rung $*" "$is_code" "$code"
    is "message of rung $*" "$(cat stderr)" "$message"
}

# The command must succeed; its output is in the files stdout and stderr.
runs() { # ARGUMENTS...
    "$rung" "$@" >stdout 2>stderr </dev/null ||
        failed "rung $*: exit code $?: $(cat stderr)"
}

absent() { # PATH...
    local path
    for path; do [ ! -e "$path" ] || failed "$path is there: $(ls -A "$path")"; done
}

sha() { # MODEL: of its tensors
    sha256sum <"$1/model.safetensors" | cut -d' ' -f1
}

# A text of about so many bytes, always the same: sentences of made-up words, of which
# some are frequent.
make_text() { # BYTES
    awk -v bytes="$1" 'BEGIN {
        split("ba de ki lo mu na pe ri so tu va", part, " ")
        state = 12345
        for (n = 0; n < bytes; n += length(line) + 1) {
            line = ""
            for (w = 0; w < 8; w++) {
                state = (state * 1103515 + 12345) % 2147483648
                a = int(state / 65536) % 11
                b = int(state / 1024) % (a + 1)
                line = line (w ? " " : "") part[a + 1] part[b + 1]
            }
            print line "."
        }
    }'
}

# Starts the command and kills it SECONDS after it saved a step in FOLDER (a second after
# its start if it saves none); the exit code is the command's: 137 if it was killed.
killed_after() { # SECONDS FOLDER ARGUMENTS...
    local seconds=$1 latest=$2/checkpoints/latest before pid i
    shift 2
    before=$(cat "$latest" 2>/dev/null)
    "$rung" "$@" >stdout 2>stderr </dev/null &
    pid=$!
    for ((i = 0; i < 100; i++)); do
        [ "$(cat "$latest" 2>/dev/null)" = "$before" ] || break
        sleep 0.01
    done
    sleep "$seconds"
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
}

# The value of a member of a JSON file that is written with one member a line.
json() { # FILE KEY
    sed -nE "s/^ *\"$2\": \"?([^\"]*[^\",])\"?,?\$/\1/p" "$1" | head -n 1
}
