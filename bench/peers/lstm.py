"""The PyTorch peer of lstm-train: a word language model of two LSTM layers, on nn.LSTM.

The state is carried from batch to batch and detached, so gradients stay within a batch.

    lstm.py --weights F --batches F --steps N [settings]
"""

import sys

import common
import torch
import torch.nn.functional as F
from torch import nn

VOCABULARY, WIDTH, LAYERS, BATCH, LENGTH = 10000, 256, 2, 32, 64


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.lstm = nn.LSTM(WIDTH, WIDTH, LAYERS, batch_first=True)
        self.decoder = nn.Linear(WIDTH, VOCABULARY)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        nn.init.uniform_(self.decoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)


def cells(model, x, h, c):
    """The recurrence from small operators: the input product of all steps at once, then step by
    step. For torch.compile, which does not look into nn.LSTM."""
    hs, cs = [], []
    for layer in range(LAYERS):
        w_ih, w_hh, b_ih, b_hh = model.lstm.all_weights[layer]
        gates = F.linear(x, w_ih, b_ih + b_hh).transpose(0, 1)
        h_t, c_t, ys = h[layer], c[layer], []
        for step in range(LENGTH):
            i, f, g, o = (gates[step] + h_t @ w_hh.t()).chunk(4, 1)
            c_t = torch.sigmoid(f) * c_t + torch.sigmoid(i) * torch.tanh(g)
            h_t = torch.sigmoid(o) * torch.tanh(c_t)
            ys.append(h_t)
        x = torch.stack(ys, 1)
        hs.append(h_t)
        cs.append(c_t)
    return x, torch.stack(hs), torch.stack(cs)


def main():
    parser = common.arguments(__doc__)
    parser.add_argument("--recurrence", default="lstm", choices=("lstm", "lstm-time-first", "cells"),
                        help="nn.LSTM on [B, T, C] or [T, B, C], or small operators")
    options = parser.parse_args()
    torch.manual_seed(1)
    model = Model()
    if options.write_weights:
        common.save(model, options.write_weights)
        return
    common.load(model, options.weights)
    common.configure(options)
    model.lstm.batch_first = options.recurrence != "lstm-time-first"
    batches = common.load_batches(options.batches, BATCH, LENGTH + 1)
    state = (torch.zeros(LAYERS, BATCH, WIDTH), torch.zeros(LAYERS, BATCH, WIDTH))

    def head(y, targets):
        return F.cross_entropy(model.decoder(y).view(-1, VOCABULARY), targets.reshape(-1))

    def run(ids, h, c):
        inputs, targets = ids[:, :-1], ids[:, 1:]
        if options.recurrence == "lstm-time-first":
            inputs, targets = inputs.t(), targets.t()
        x = model.embedding(inputs)
        if options.recurrence == "cells":
            y, h, c = cells(model, x, h, c)
        else:
            y, (h, c) = model.lstm(x, (h, c))
        return head(y, targets), h.detach(), c.detach()

    # nn.LSTM calls oneDNN, and torch.compile only slows it: the output layer alone is compiled.
    if options.recurrence == "cells":
        run = common.compiled(run, options)
    else:
        head = common.compiled(head, options)

    def loss_of(ids):
        nonlocal state
        loss, *state = run(ids, *state)
        return loss

    common.train(options, BATCH * LENGTH, batches, loss_of, common.make_optimizer(model, options))


if __name__ == "__main__":
    sys.exit(main())
