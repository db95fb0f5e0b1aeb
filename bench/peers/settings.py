"""The workloads of bench/compare, and the settings of PyTorch that were tried for each.

A setting is (name, libraries to preload, environment, options of the peer). The first one of each
list is the fastest that was found, and the one that bench/compare runs against; `bench/compare
WORKLOAD --settings` measures all of them. Figures: bench/README.md."""

HUGE = {"THP_MEM_ALLOC_ENABLE": "1"}
SPIN = {"KMP_BLOCKTIME": "200"}
EAGER = []
COMPILED = ["--compile", "default"]
FROZEN = ["--compile", "max-autotune-no-cudagraphs", "--freezing", "--cpp-wrapper",
          "--inductor", "max_autotune_gemm_backends='CPP'"]

TRAIN = [
    ("AVX-512 MKL, tcmalloc, huge pages", ["mkl", "tcmalloc"], HUGE, EAGER),
    ("AVX-512 MKL, tcmalloc", ["mkl", "tcmalloc"], {}, EAGER),
    ("AVX-512 MKL, jemalloc, huge pages", ["mkl", "jemalloc"], HUGE, EAGER),
    ("AVX-512 MKL", ["mkl"], {}, EAGER),
    ("AVX-512 MKL, tcmalloc, huge pages, Intel's OpenMP", ["mkl", "tcmalloc", "iomp"],
     {**HUGE, **SPIN}, EAGER),
    ("AVX-512 MKL, tcmalloc, huge pages, LLVM's OpenMP", ["mkl", "tcmalloc", "omp"],
     {**HUGE, **SPIN}, EAGER),
    ("AVX-512 MKL, tcmalloc, huge pages, bound threads", ["mkl", "tcmalloc"],
     {**HUGE, "OMP_PROC_BIND": "true"}, EAGER),
    ("AVX-512 MKL, tcmalloc, huge pages, denormals flushed", ["mkl", "tcmalloc"], HUGE,
     ["--flush-denormal"]),
    ("AVX-512 MKL, tcmalloc, huge pages, AdamW foreach", ["mkl", "tcmalloc"], HUGE,
     ["--optimizer", "foreach"]),
    ("AVX-512 MKL, tcmalloc, huge pages, compiled", ["mkl", "tcmalloc"], HUGE, COMPILED),
    ("AVX-512 MKL, tcmalloc, huge pages, compiled with its optimizer", ["mkl", "tcmalloc"], HUGE,
     COMPILED + ["--compile-optimizer"]),
    ("as installed", [], {}, EAGER),
    ("as installed, compiled", [], {}, COMPILED),
    ("tcmalloc", ["tcmalloc"], {}, EAGER),
    ("tcmalloc, huge pages", ["tcmalloc"], HUGE, EAGER),
    ("tcmalloc, huge pages, compiled", ["tcmalloc"], HUGE, COMPILED),
]

FIRST = [
    (name + ", first row", preload, extra, options + ["--last-layer", "first"])
    for name, preload, extra, options in TRAIN
    if name in ("AVX-512 MKL, tcmalloc, huge pages", "AVX-512 MKL, tcmalloc, huge pages, compiled")
]

CELLS = [
    ("AVX-512 MKL, tcmalloc, huge pages, compiled cells", ["mkl", "tcmalloc"], HUGE,
     COMPILED + ["--recurrence", "cells"]),
    ("AVX-512 MKL, tcmalloc, huge pages, time first", ["mkl", "tcmalloc"], HUGE,
     ["--recurrence", "lstm-time-first"]),
]

GENERATE = [
    ("compiled, frozen, tcmalloc, huge pages, Intel's OpenMP", ["tcmalloc", "iomp"],
     {**HUGE, **SPIN}, FROZEN),
    ("compiled, frozen, tcmalloc, huge pages, LLVM's OpenMP", ["tcmalloc", "omp"],
     {**HUGE, **SPIN}, FROZEN),
    ("compiled, frozen, tcmalloc, huge pages", ["tcmalloc"], HUGE, FROZEN),
    ("compiled, frozen, AVX-512 MKL, tcmalloc, huge pages", ["mkl", "tcmalloc"], HUGE, FROZEN),
    ("compiled, frozen", [], {}, FROZEN),
    ("compiled, frozen, one thread", ["tcmalloc"], HUGE, FROZEN + ["--threads", "1"]),
    ("AVX-512 MKL, compiled", ["mkl"], {}, COMPILED + ["--cpp-wrapper"]),
    ("AVX-512 MKL, eager", ["mkl"], {}, EAGER),
    ("AVX-512 MKL, eager, tcmalloc, Intel's OpenMP", ["mkl", "tcmalloc", "iomp"], SPIN, EAGER),
    ("as installed, compiled", [], {}, COMPILED),
    ("as installed, eager", [], {}, EAGER),
]

ENCODE = [
    ("compiled, frozen, tcmalloc, huge pages, Intel's OpenMP", ["tcmalloc", "iomp"],
     {**HUGE, **SPIN}, FROZEN),
    ("compiled, frozen, AVX-512 MKL, tcmalloc, huge pages", ["mkl", "tcmalloc"], HUGE,
     ["--compile", "default", "--freezing", "--cpp-wrapper"]),
    ("AVX-512 MKL, tcmalloc, huge pages, compiled", ["mkl", "tcmalloc"], HUGE, COMPILED),
    ("AVX-512 MKL, tcmalloc, huge pages", ["mkl", "tcmalloc"], HUGE, EAGER),
    ("AVX-512 MKL, tcmalloc, huge pages, Intel's OpenMP", ["mkl", "tcmalloc", "iomp"],
     {**HUGE, **SPIN}, EAGER),
    ("as installed", [], {}, EAGER),
    ("as installed, compiled", [], {}, COMPILED),
]

# name: (our command, the peer's, the data, batch, length, steps of a run, settings, the setting
# that needs least memory)
WORKLOADS = {
    "gpt-train": dict(ours=["gpt"], peer=["gpt.py", "train"], weights="gpt", data="characters",
                      batch=12, length=256, steps=25, settings=TRAIN, lean="tcmalloc"),
    "lstm-train": dict(ours=["lstm"], peer=["lstm.py"], weights="lstm", data="words",
                       batch=32, length=64, steps=60, settings=TRAIN + CELLS,
                       lean="AVX-512 MKL, tcmalloc, huge pages, compiled"),
    "gpt-generate": dict(ours=["gpt-generate", "--runs", "10"],
                         peer=["gpt.py", "generate", "--runs", "10"], weights="gpt",
                         data="characters", batch=12, length=256, steps=250, settings=GENERATE,
                         lean="AVX-512 MKL, eager"),
    "bert-train": dict(ours=["bert"], peer=["bert.py", "train"], weights="bert", data="reviews",
                       batch=32, length=128, steps=40, settings=TRAIN + FIRST,
                       lean="tcmalloc"),
    "bert-encode": dict(ours=["bert-encode"], peer=["bert.py", "encode"], weights="bert",
                        data="reviews", batch=32, length=128, steps=60, settings=ENCODE,
                        lean="AVX-512 MKL, tcmalloc, huge pages", agree=1e-4),
    "bert-encode-1": dict(ours=["bert-encode-1"], peer=["bert.py", "encode", "--batch", "1"],
                          weights="bert", data="reviews", batch=1, length=128, steps=400,
                          settings=ENCODE, lean="AVX-512 MKL, tcmalloc, huge pages", agree=1e-4),
}
