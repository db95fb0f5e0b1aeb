# The rules of scripts/lint on the text of C files. Code is looked at without its comments
# and strings, so that prose may speak of malloc.

BEGIN {
    # The floors, from the ground up: a file includes from its own folder and from lower
    # floors. Folders on one floor are neighbours, and do not include each other.
    floors = "base|text formats report parallel kernels|graph|ops|nn|learn|models|" \
             "transfer|ladder|cli"
    for (i = split(floors, floor, "|"); i > 0; i--)
        for (j = split(floor[i], folder, " "); j > 0; j--) height[folder[j]] = i

    # Public headers that are not named after their floor.
    others = "status=base options=base runtime=base units=base progress=base act=base " \
             "rows=base labelled=text words=text table=text tales=text model=models " \
             "vectors=models language=models classify=models weights=models tabular=models " \
             "sight=ladder select=ladder"
    for (i = split(others, other, " "); i > 0; i--) {
        split(other[i], pair, "=")
        floor_of_header[pair[1]] = pair[2]
    }

    HEAP = "malloc|calloc|realloc|free|strdup|strndup|asprintf|vasprintf|getline|getdelim"
    PRINT = "printf|vprintf|puts|putchar|perror|exit|_exit|abort"
    HOST = "__(x86_64|i386|amd64|AVX|SSE|FMA|aarch64|arm|ARM|linux|unix|APPLE|FreeBSD)" \
           "|_WIN32|_WIN64|_OPENMP|BLAS|CUDA|MPI([^A-Za-z]|$)"
}

function fault(what) { print FILENAME ":" FNR ": " what }

# `line` without comments, its strings empty; `inside` remembers an open comment.
function code_of(line,    out, token) {
    out = ""
    while (line != "") {
        if (inside) {
            if (!match(line, /\*\//)) return out
            line = substr(line, RSTART + 2)
            inside = 0
        }
        if (!match(line, /\/\*|\/\/|"([^"\\]|\\.)*"|'([^'\\]|\\.)*'/)) return out line
        token = substr(line, RSTART, RLENGTH)
        out = out substr(line, 1, RSTART - 1)
        line = substr(line, RSTART + RLENGTH)
        if (token == "//") return out
        if (token == "/*") inside = 1
        else out = out "\"\""
    }
    return out
}

# Which of `names`, an alternation, the code calls; "" if none. x->free(y) calls no free.
function call_of(code, names,    name) {
    if (!match(code, "(^|[^A-Za-z0-9_.>])(" names ")[ \t]*\\(")) return ""
    name = substr(code, RSTART, RLENGTH)
    gsub(/[^A-Za-z0-9_]/, "", name)
    return name
}

function uses(code, names) {
    return match(code, "(^|[^A-Za-z0-9_])(" names ")([^A-Za-z0-9_]|$)")
}

# The folder of src that a file, or an included path, belongs to; "" for a bare name.
function floor_of(path,    parts, n) {
    sub(/^(src|include)\//, "", path)
    n = split(path, parts, "/")
    if (n == 1) return ""
    if (parts[1] != "rung") return parts[1]
    sub(/\.h$/, "", parts[2])
    return parts[2] in floor_of_header ? floor_of_header[parts[2]] : parts[2]
}

function check_include(path,    target) {
    target = floor_of(path)
    if (free_to_include || target == "" || target == own) return
    if (outsider) {
        if (path !~ /^rung\//) fault("includes \"" path "\": only public headers here")
    } else if (!(target in height))
        fault("includes \"" path "\": on no floor that scripts/lint.awk knows")
    else if (height[target] == height[own])
        fault("includes \"" path "\": " target " is a neighbour of " own)
    else if (height[target] > height[own])
        fault("includes \"" path "\": " target " lies above " own)
}

function guard_of(path) {
    sub(/^(include|src)\//, "", path)
    gsub(/[^A-Za-z0-9]/, "_", path)
    return path ~ /^rung_/ ? toupper(path) : toupper("rung_" path)
}

# A header whose end was reached without a guard.
function check_guarded() {
    if (last ~ /\.h$/ && guard == "") print last ":1: no guard: name it " guard_of(last)
}

END { check_guarded() }

FNR == 1 {
    check_guarded()
    last = FILENAME
    inside = documented = 0
    guard = ""
    top = FILENAME
    sub(/\/.*/, "", top)
    umbrella = FILENAME == "include/rung/rung.h" # includes all the others
    ours = top == "src" || top == "include"
    own = ours ? floor_of(FILENAME) : top
    outsider = own == "cli" || top == "examples" || top == "bench"
    library = ours && own != "cli"
    free_to_include = top == "tests" || top == "fuzz" || umbrella ||
                      FILENAME == "bench/gemm.c" # measures kernels
    hosts = own == "base" || own == "kernels" || own == "parallel"
    if (ours && !umbrella && !(own in height))
        fault("on no floor that scripts/lint.awk knows")
}

{ code = code_of($0) }

/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, quoted, "\"")
    check_include(quoted[2])
}

ours && FILENAME != "src/base/alloc.c" && (name = call_of(code, HEAP)) {
    fault(name ": only src/base/alloc.c calls the heap")
}

library && (name = call_of(code, PRINT)) {
    fault(name ": the library does not print or exit")
}

library && uses(code, "stdout|stderr") {
    fault("stdout or stderr: the library does not print")
}

(library || top == "bench") && uses(code, "rung_runtime_default") &&
FILENAME !~ /runtime\.[ch]$/ {
    fault("rung_runtime_default: only the command and examples call it")
}

uses(code, "alloca") { fault("alloca: use an arena or scratch memory") }

library && !hosts && code ~ /^[ \t]*#[ \t]*(el)?if/ && code ~ HOST {
    fault("asks for a CPU, a system or a device outside base, kernels, parallel")
}

# The guard of a header is its first #ifndef.
FILENAME ~ /\.h$/ && guard == "" && code ~ /^#ifndef/ {
    guard = $2
    if (guard != guard_of(FILENAME)) fault("guard " guard ": name it " guard_of(FILENAME))
}

# A public function has a comment beside it or above it; one comment may head a group of
# lines without a blank one between them.
top == "include" {
    if (/\*\/|\/\//) documented = 1
    if (/^[ \t]*$/) documented = 0
    if (code ~ /^RUNG_API/ && !documented) {
        name = code
        sub(/\(.*/, "", name)
        sub(/.*[ *]/, "", name)
        fault(name ": no comment above this public function")
    }
}
