"""The PyTorch peer of gpt-train and gpt-generate: GPT-2 in plain PyTorch.

Names and layouts are those of the Hugging Face checkpoint (Conv1D weights are [in, out], the
output layer is the token embedding), so one safetensors file starts both sides.

    gpt.py train    --weights F --batches F --steps N [settings]
    gpt.py generate --weights F --batches F --steps N [settings]   N tokens, greedy, one stream
"""

import sys
import time

import common
import torch
import torch.nn.functional as F
from torch import nn

LAYERS, HEADS, WIDTH, CONTEXT, BATCH, VOCABULARY = 6, 6, 384, 256, 12, 65


class Conv1D(nn.Module):
    """y = x w + b with w [in, out], as GPT-2 stores it."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs) * 0.02)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return F.linear(x, self.weight.t(), self.bias)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_attn = Conv1D(WIDTH, 3 * WIDTH)
        self.c_proj = Conv1D(WIDTH, WIDTH)

    def forward(self, x, cache=None, position=None, mask=None):
        batch, length, _ = x.shape
        q, k, v = (part.view(batch, length, HEADS, WIDTH // HEADS).transpose(1, 2)
                   for part in self.c_attn(x).split(WIDTH, dim=2))
        if cache is None:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            keys, values = cache
            keys.index_copy_(2, position, k)
            values.index_copy_(2, position, v)
            if mask is None:  # eager: attend to a view of the positions filled so far
                end = int(position) + 1
                y = F.scaled_dot_product_attention(q, keys[:, :, :end], values[:, :, :end])
            else:
                y = F.scaled_dot_product_attention(q, keys, values, attn_mask=mask)
        return self.c_proj(y.transpose(1, 2).reshape(batch, length, WIDTH))


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_fc = Conv1D(WIDTH, 4 * WIDTH)
        self.c_proj = Conv1D(4 * WIDTH, WIDTH)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH)
        self.attn = Attention()
        self.ln_2 = nn.LayerNorm(WIDTH)
        self.mlp = MLP()

    def forward(self, x, *rest):
        x = x + self.attn(self.ln_1(x), *rest)
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(VOCABULARY, WIDTH),
            "wpe": nn.Embedding(CONTEXT, WIDTH),
            "h": nn.ModuleList(Block() for _ in range(LAYERS)),
            "ln_f": nn.LayerNorm(WIDTH)})
        for table in (self.transformer.wte, self.transformer.wpe):
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, ids, positions, caches=None, position=None, mask=None):
        part = self.transformer
        x = part.wte(ids) + part.wpe(positions)
        for i, block in enumerate(part.h):
            x = block(x, None if caches is None else caches[i], position, mask)
        return F.linear(part.ln_f(x), part.wte.weight)


def train(model, options):
    batches = common.load_batches(options.batches, BATCH, CONTEXT + 1)
    positions = torch.arange(CONTEXT)

    def loss_of(ids):
        logits = model(ids[:, :-1], positions)
        return F.cross_entropy(logits.view(-1, VOCABULARY), ids[:, 1:].reshape(-1))

    common.train(options, BATCH * CONTEXT, batches, common.compiled(loss_of, options),
                 common.make_optimizer(model, options))


@torch.inference_mode()
def generate(model, options):
    """Greedy decoding with a static key/value cache; the prompt is the first id of the batches.
    The clock starts after the first token, which carries the set-up."""
    prompt = common.load_batches(options.batches, BATCH, CONTEXT + 1)[0, 0, :1]
    shape = (1, HEADS, CONTEXT, WIDTH // HEADS)
    caches = [(torch.zeros(shape), torch.zeros(shape)) for _ in range(LAYERS)]
    columns = torch.arange(CONTEXT)
    masked = options.compile != "off"

    def advance(token, position):
        mask = (columns <= position).view(1, 1, 1, CONTEXT) if masked else None
        logits = model(token.view(1, 1), position, caches, position, mask).view(-1)
        return logits.argmax(), logits.max()

    advance = common.compiled(advance, options)
    positions = list(torch.arange(CONTEXT).view(-1, 1))
    runs = []
    for run in range(options.runs):
        token, logit = advance(prompt, positions[0])
        int(token)
        start = begin = time.perf_counter()
        for step in range(options.steps):
            if step > 0:
                token, logit = advance(token, positions[step])
            value = int(token)
            end = time.perf_counter()
            if run == 0:
                common.emit(step=step, token=value, logit=float(logit), seconds=end - begin)
            begin = end
        runs.append(end - start)
    common.summary(options.steps - 1, runs)


def main():
    parser = common.arguments(__doc__)
    parser.add_argument("task", choices=("train", "generate"))
    parser.add_argument("--runs", type=int, default=5, help="generate: repeats; the first ones warm up")
    options = parser.parse_args()
    torch.manual_seed(1)
    model = GPT()
    if options.write_weights:
        common.save(model, options.write_weights)
        return
    common.load(model, options.weights)
    common.configure(options)
    (train if options.task == "train" else generate)(model, options)


if __name__ == "__main__":
    sys.exit(main())
