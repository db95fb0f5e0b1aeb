"""What the golden scripts share. All arithmetic is done in double on inputs that float holds
exactly, and rounded to float once at the end: the references are sharper than any float run."""

import os

import torch
from safetensors.torch import save_file

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def random(generator, *shape, scale=1.0):
    """Normal numbers that float holds exactly, as double."""
    return (torch.randn(shape, generator=generator) * scale).double()


def write(script, tensors):
    """Writes SCRIPT.safetensors beside SCRIPT.py: doubles as float, integers as int32."""
    path = os.path.splitext(os.path.abspath(script))[0] + ".safetensors"
    narrow = {torch.float64: torch.float32, torch.int64: torch.int32}
    save_file({name: tensor.detach().to(narrow[tensor.dtype]).clone().contiguous()
               for name, tensor in tensors.items()}, path,
              metadata={"format": "pt", "torch": torch.__version__})
    print(f"{path}: {len(tensors)} tensors, {os.path.getsize(path)} bytes")


def adamw(model):
    """AdamW; decay on matrices only."""
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    return torch.optim.AdamW([{"params": matrices, "weight_decay": 0.1},
                              {"params": vectors, "weight_decay": 0.0}],
                             lr=1e-2, betas=(0.9, 0.95), eps=1e-8)


def five_steps(model, loss_of, batches, tensors):
    """Five AdamW steps with clipping at 1, and what they leave, added to `tensors`:
    losses [5], norms [5] (before clipping), grads.NAME of step 0 (before clipping), after.NAME."""
    optimizer, losses, norms = adamw(model), [], []
    for step, ids in enumerate(batches):
        optimizer.zero_grad()
        loss = loss_of(ids)
        loss.backward()
        losses.append(loss.detach())
        if step == 0:
            tensors.update({"grads." + name: p.grad.clone()
                            for name, p in model.named_parameters()})
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0))
        optimizer.step()
    tensors["losses"], tensors["norms"] = torch.stack(losses), torch.stack(norms)
    tensors.update({"after." + name: p for name, p in model.named_parameters()})
