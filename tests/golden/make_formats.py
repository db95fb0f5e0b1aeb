#!/usr/bin/env python3
"""Makes tests/golden/formats/: small files as the Python packages write them.

Needs torch, numpy and safetensors; building and testing rung do not. Prints the hashes that
tests/formats/test_stored.c compares with.
"""
import hashlib
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).parent / "formats"
OUT.mkdir(exist_ok=True)

# Element i of every tensor is i - 2, as far as its type can say it.
TYPES = {
    "bool": torch.bool, "u8": torch.uint8, "i8": torch.int8, "i16": torch.int16,
    "i32": torch.int32, "i64": torch.int64, "u16": torch.uint16, "u32": torch.uint32,
    "u64": torch.uint64, "f8_e4m3": torch.float8_e4m3fn, "f8_e5m2": torch.float8_e5m2,
    "f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32, "f64": torch.float64,
}


def ramp(dtype, *shape):
    start = 0 if str(dtype).startswith(("torch.uint", "torch.bool")) else -2
    count = int(np.prod(shape))
    return (torch.arange(count, dtype=torch.int64) + start).to(dtype).reshape(shape)


mixed = {name: ramp(dtype, 2, 3) for name, dtype in TYPES.items()}
mixed["scalar"] = torch.tensor(7.5)
mixed["empty"] = torch.zeros(0, 4)
mixed["слово"] = ramp(torch.float32, 3)
save_file(mixed, OUT / "mixed.safetensors", metadata={"format": "pt"})

save_file({"b.weight": ramp(torch.float32, 2, 3), "a": ramp(torch.float32, 5),
           "b.bias": ramp(torch.float32, 3)}, OUT / "f32.safetensors")
save_file({}, OUT / "none.safetensors")


def npy(name, array, version=None):
    with open(OUT / f"{name}.npy", "wb") as file:
        np.lib.format.write_array(file, array, version=version)


rows = np.arange(6).reshape(2, 3) - 2
for name in ["b1", "u1", "i1", "u2", "i2", "f2", "u4", "i4", "f4", "u8", "i8", "f8"]:
    npy(name, (np.arange(6).reshape(2, 3) if name[0] in "bu" else rows).astype(name))
npy("fortran", np.asfortranarray(rows.astype("f4")))
npy("fortran3", np.asfortranarray(np.zeros((2, 3, 4), "f4")))
npy("version2", rows.astype("f4"), (2, 0))
npy("version3", rows.astype("f4"), (3, 0))
npy("scalar", np.float64(7.5))
npy("vector", np.arange(5, dtype="f4"))
npy("empty", np.zeros((0, 4), "f4"))
npy("rank8", np.arange(2, dtype="i4").reshape(1, 1, 1, 2, 1, 1, 1, 1))
npy("big_endian", rows.astype(">f4"))
npy("complex", rows.astype("c8"))
npy("structured", np.zeros(2, [("a", "f4"), ("b", "i4")]))
with open(OUT / "object.npy", "wb") as file:
    np.save(file, np.array([None]), allow_pickle=True)


def show(name, values):
    """SHA-256 over the float32 of every bit pattern that is a number."""
    values = values.to(torch.float32)
    print(name, hashlib.sha256(values[~values.isnan()].numpy().tobytes()).hexdigest())


show("F16", torch.arange(65536, dtype=torch.int32).to(torch.uint16).view(torch.float16))
show("BF16", torch.arange(65536, dtype=torch.int32).to(torch.uint16).view(torch.bfloat16))
show("F8_E4M3", torch.arange(256, dtype=torch.int32).to(torch.uint8).view(torch.float8_e4m3fn))
show("F8_E5M2", torch.arange(256, dtype=torch.int32).to(torch.uint8).view(torch.float8_e5m2))
