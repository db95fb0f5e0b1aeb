"""Writes lstm.safetensors: a tiny LSTM language model (embedding 12, 2 layers of 10, vocabulary
23) in PyTorch's names and layouts, and five steps of training on consecutive batches: the state is
carried from batch to batch, and no gradient flows through it.

    embedding.*, lstm.*, decoder.*    the initial weights
    ids             [5, 3, 8] int32: inputs are [..., :-1], targets [..., 1:]; the last id of a batch
                    is the first one of the next
    logits          [3, 7, 23] of the first batch under the initial weights
    h, c            [2, 3, 10]: the state of the layers after the fifth batch
    losses, norms, grads.*, after.*    see golden.five_steps"""

import golden
import torch
import torch.nn.functional as F
from torch import nn

EMBEDDING, WIDTH, LAYERS, VOCABULARY, BATCH, LENGTH, STEPS = 12, 10, 2, 23, 3, 7, 5


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, EMBEDDING)
        self.lstm = nn.LSTM(EMBEDDING, WIDTH, LAYERS, batch_first=True)
        self.decoder = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, ids, state):
        y, state = self.lstm(self.embedding(ids), state)
        return self.decoder(y), state


def main():
    generator = torch.Generator().manual_seed(20260203)
    model = Model().double()
    for p in model.parameters():
        p.data = golden.random(generator, *p.shape, scale=1.5 if p.dim() == 2 else 0.2)
    stream = torch.randint(VOCABULARY, (BATCH, STEPS * LENGTH + 1), generator=generator)
    ids = torch.stack([stream[:, s * LENGTH:(s + 1) * LENGTH + 1] for s in range(STEPS)])
    tensors = {name: p.detach().clone() for name, p in model.named_parameters()}
    zero = torch.zeros(LAYERS, BATCH, WIDTH).double()
    state = (zero, zero)
    tensors.update(ids=ids, logits=model(ids[0, :, :-1], state)[0].detach())

    def loss_of(ids):
        nonlocal state
        logits, (h, c) = model(ids[:, :-1], state)
        state = (h.detach(), c.detach())
        return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())

    golden.five_steps(model, loss_of, ids, tensors)
    tensors.update(h=state[0], c=state[1])
    golden.write(__file__, tensors)


if __name__ == "__main__":
    main()
