"""Writes gpt2.safetensors: a tiny GPT-2 (2 layers, 2 heads, width 16, context 12, vocabulary 23)
under the names and layouts of Hugging Face's GPT2LMHeadModel, and five steps of training.

    transformer.*   the initial weights (Conv1D weights are [in, out]; lm_head is wte, not stored)
    ids             [5, 3, 13] int32: inputs are [..., :-1], targets [..., 1:]
    logits          [3, 12, 23] of the first batch under the initial weights
    losses, norms, grads.*, after.*    see golden.five_steps

`gpt2.py --check` compares logits and gradients with the transformers package, where installed."""

import sys

import golden
import torch
import torch.nn.functional as F
from torch import nn

LAYERS, HEADS, WIDTH, CONTEXT, VOCABULARY, BATCH, STEPS = 2, 2, 16, 12, 23, 3, 5


class Conv1D(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, x):
        return x @ self.weight + self.bias


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_attn = Conv1D(WIDTH, 3 * WIDTH)
        self.c_proj = Conv1D(WIDTH, WIDTH)

    def forward(self, x):
        q, k, v = (part.unflatten(2, (HEADS, -1)).transpose(1, 2)
                   for part in self.c_attn(x).split(WIDTH, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).flatten(2))


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_fc = Conv1D(WIDTH, 4 * WIDTH)
        self.c_proj = Conv1D(4 * WIDTH, WIDTH)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))  # "gelu_new"


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attn, self.mlp = Attention(), MLP()

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT2(nn.Module):
    def __init__(self):
        super().__init__()
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(VOCABULARY, WIDTH),
            "wpe": nn.Embedding(CONTEXT, WIDTH),
            "h": nn.ModuleList(Block() for _ in range(LAYERS)),
            "ln_f": nn.LayerNorm(WIDTH)})

    def forward(self, ids):
        part = self.transformer
        x = part.wte(ids) + part.wpe(torch.arange(ids.shape[1]))
        for block in part.h:
            x = block(x)
        return part.ln_f(x) @ part.wte.weight.T


def initialise(model, generator):
    """Every parameter takes part, and the gradient's norm passes 1 so that clipping works:
    matrices have deviation 0.2, biases 0.1, gains lie around 1."""
    for name, p in model.named_parameters():
        gain = ".ln_" in name and name.endswith("weight")
        noise = golden.random(generator, *p.shape, scale=0.2 if p.dim() == 2 else 0.1)
        p.data = (noise + 1 if gain else noise).float().double()


def check(initial, ids, logits, grads):
    import transformers
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS,
        activation_function="gelu_new", resid_pdrop=0, embd_pdrop=0, attn_pdrop=0)
    theirs = transformers.GPT2LMHeadModel(config).double()
    missing, unexpected = theirs.load_state_dict(initial, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    theirs.tie_weights()
    out = theirs(ids[:, :-1])
    F.cross_entropy(out.logits.flatten(0, 1), ids[:, 1:].flatten()).backward()
    worst = (out.logits - logits).abs().max().item()
    for name, p in theirs.named_parameters():
        worst = max(worst, (p.grad - grads["grads." + name]).abs().max().item())
    print(f"transformers {transformers.__version__}: largest difference {worst:.2g}")
    assert worst < 1e-12


def main():
    generator = torch.Generator().manual_seed(20260202)
    model = GPT2().double()
    initialise(model, generator)
    ids = torch.randint(VOCABULARY, (STEPS, BATCH, CONTEXT + 1), generator=generator)
    initial = {name: p.detach().clone() for name, p in model.named_parameters()}
    tensors = {**initial, "ids": ids, "logits": model(ids[0, :, :-1]).detach()}

    def loss_of(ids):
        return F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())

    golden.five_steps(model, loss_of, ids, tensors)
    if "--check" in sys.argv:
        check(initial, ids[0], tensors["logits"], tensors)
    golden.write(__file__, tensors)


if __name__ == "__main__":
    main()
