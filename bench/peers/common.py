"""What the PyTorch peers share: reading the inputs, measuring memory, printing JSON lines.

Import this module before anything else: it takes the resident size right after `import torch`,
which is the baseline that peak memory is reported above.
"""

import argparse
import json
import os
import time

import torch


def proc_status(field):
    """A memory field of /proc/self/status (VmRSS, VmHWM), in bytes."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise KeyError(field)


BASELINE_RSS = proc_status("VmRSS")

# Variables that change speed; printed so that a figure can be repeated.
ENVIRONMENT = ("LD_PRELOAD", "OMP_", "KMP_", "GOMP_", "MKL_", "DNNL_", "ONEDNN_", "MALLOC_",
               "THP_MEM_ALLOC_ENABLE", "TORCHINDUCTOR_")


def arguments(description):
    """The options that every peer takes; the peer adds its own and calls parse_args()."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--weights", help="safetensors file to start from")
    parser.add_argument("--write-weights", metavar="FILE",
                        help="write freshly initialised weights to FILE and stop")
    parser.add_argument("--batches", help="file of little-endian int32 token ids")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", default="off",
                        help="off, or a mode of torch.compile: default, max-autotune, "
                             "max-autotune-no-cudagraphs, reduce-overhead")
    parser.add_argument("--optimizer", default="fused", choices=("fused", "foreach", "for-loop"))
    parser.add_argument("--compile-optimizer", action="store_true")
    parser.add_argument("--flush-denormal", action="store_true")
    parser.add_argument("--cpp-wrapper", action="store_true", help="inductor's C++ wrapper")
    parser.add_argument("--freezing", action="store_true",
                        help="inductor's freezing: constant weights, packed for oneDNN")
    parser.add_argument("--inductor", action="append", default=[], metavar="NAME=VALUE",
                        help="set torch._inductor.config.NAME (a Python literal)")
    return parser


def configure(options):
    """Applies threads, denormals and inductor settings, and prints what runs."""
    import ast
    torch.set_num_threads(options.threads)
    if options.flush_denormal:
        torch.set_flush_denormal(True)
    if options.compile != "off":
        from torch._inductor import config as inductor
        inductor.cpp_wrapper = options.cpp_wrapper
        inductor.freezing = options.freezing
        for setting in options.inductor:
            name, value = setting.split("=", 1)
            target = inductor
            *path, last = name.split(".")
            for part in path:
                target = getattr(target, part)
            setattr(target, last, ast.literal_eval(value))
    emit(peer="PyTorch " + torch.__version__, threads=torch.get_num_threads(),
         cpu=torch.backends.cpu.get_cpu_capability(),
         settings={k: v for k, v in vars(options).items()
                   if k not in ("weights", "write_weights", "batches")},
         environment={k: v for k, v in sorted(os.environ.items())
                      if k.startswith(ENVIRONMENT)})


def emit(**fields):
    print(json.dumps(fields), flush=True)


def compiled(function, options, **more):
    """`function`, or its compiled form where the options ask for one."""
    if options.compile == "off":
        return function
    mode = None if options.compile == "default" else options.compile
    return torch.compile(function, mode=mode, dynamic=False, **more)


def load_batches(path, batch, length):
    """The ids as [steps, batch, length]."""
    ids = torch.from_file(path, size=os.path.getsize(path) // 4, dtype=torch.int32)
    return ids.view(-1, batch, length).long()


def save(model, path):
    from safetensors.torch import save_file
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, path)


def load(model, path):
    from safetensors.torch import load_file
    model.load_state_dict(load_file(path))


def make_optimizer(model, options):
    """AdamW; weight decay on matrices only. Returns the step function: clip, update, zero."""
    decay = [p for p in model.parameters() if p.dim() >= 2]
    plain = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": decay, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99),
                                  fused=options.optimizer == "fused",
                                  foreach=options.optimizer == "foreach")
    parameters = list(model.parameters())

    def update():
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    if options.compile_optimizer:
        update = torch.compile(update)

    def step():
        update()
        optimizer.zero_grad(set_to_none=True)

    return step


def train(options, tokens, batches, loss_of, update):
    """Runs the steps, one JSON line each, and the summary. loss_of(ids) is the loss tensor."""
    seconds = []
    for step in range(options.steps):
        ids = batches[step % len(batches)]
        start = time.perf_counter()
        loss = loss_of(ids)
        loss.backward()
        update()
        value = loss.item()
        seconds.append(time.perf_counter() - start)
        emit(step=step, loss=value, seconds=seconds[-1])
    summary(tokens, seconds)


def summary(tokens, seconds):
    """Speed from the median time of the steps after the first fifth, which warm up."""
    settled = sorted(seconds[len(seconds) // 5:])
    emit(tokens_per_second=tokens / settled[len(settled) // 2],
         best_tokens_per_second=tokens / settled[0],
         peak_rss_bytes=proc_status("VmHWM"), baseline_rss_bytes=BASELINE_RSS)
