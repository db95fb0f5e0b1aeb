"""The PyTorch peer of bert-train and bert-encode: BERT's encoder with a classifier in plain PyTorch,
under the names and layouts of Hugging Face's BertForSequenceClassification.

    bert.py train  --weights F --batches F --steps N [settings]
    bert.py encode --weights F --batches F --steps N --batch B [settings]

A row of a batch holds the ids of one text, without padding, and its label. rung computes no more of the
last layer than the first row, which the classifier reads; --last-layer first does the same here."""

import sys
import time

import common
import torch
import torch.nn.functional as F
from torch import nn

LAYERS, HEADS, WIDTH, LENGTH, BATCH, VOCABULARY, LABELS, EPS = 4, 4, 256, 128, 32, 8192, 2, 1e-12


def linear(inputs, outputs):
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, std=0.02)
    nn.init.zeros_(layer.bias)
    return layer


def embedding(rows):
    table = nn.Embedding(rows, WIDTH)
    nn.init.normal_(table.weight, std=0.02)
    return table


class SelfAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value = (linear(WIDTH, WIDTH) for _ in range(3))

    def forward(self, x, first):
        q, k, v = (part.unflatten(2, (HEADS, -1)).transpose(1, 2)
                   for part in (self.query(first), self.key(x), self.value(x)))
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


class Output(nn.Module):
    """What ends a branch."""

    def __init__(self, inputs):
        super().__init__()
        self.dense = linear(inputs, WIDTH)
        self.LayerNorm = nn.LayerNorm(WIDTH, EPS)

    def forward(self, y, x):
        return self.LayerNorm(self.dense(y) + x)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.ModuleDict({"self": SelfAttention(), "output": Output(WIDTH)})
        self.intermediate = nn.ModuleDict({"dense": linear(WIDTH, 4 * WIDTH)})
        self.output = Output(4 * WIDTH)

    def forward(self, x, rows):
        first = x[:, :rows]
        first = self.attention["output"](self.attention["self"](x, first), first)
        return self.output(F.gelu(self.intermediate["dense"](first)), first)


class Bert(nn.Module):
    def __init__(self, last_rows):
        super().__init__()
        self.last_rows = last_rows
        self.bert = nn.ModuleDict({
            "embeddings": nn.ModuleDict({
                "word_embeddings": embedding(VOCABULARY),
                "position_embeddings": embedding(LENGTH),
                "token_type_embeddings": embedding(2),
                "LayerNorm": nn.LayerNorm(WIDTH, EPS)}),
            "encoder": nn.ModuleDict({"layer": nn.ModuleList(Layer() for _ in range(LAYERS))}),
            "pooler": nn.ModuleDict({"dense": linear(WIDTH, WIDTH)})})
        self.classifier = linear(WIDTH, LABELS)

    def forward(self, ids):
        part = self.bert["embeddings"]
        x = part["LayerNorm"](part["word_embeddings"](ids) + (
            part["position_embeddings"].weight + part["token_type_embeddings"].weight[0]))
        for i, layer in enumerate(self.bert["encoder"]["layer"]):
            x = layer(x, self.last_rows if i + 1 == LAYERS else LENGTH)
        return self.classifier(torch.tanh(self.bert["pooler"]["dense"](x[:, 0])))


def train(model, options):
    batches = common.load_batches(options.batches, BATCH, LENGTH + 1)

    def loss_of(ids):
        return F.cross_entropy(model(ids[:, :-1]), ids[:, -1])

    common.train(options, BATCH * LENGTH, batches, common.compiled(loss_of, options),
                 common.make_optimizer(model, options))


@torch.inference_mode()
def encode(model, options):
    batches = common.load_batches(options.batches, options.batch, LENGTH + 1)
    model = common.compiled(model.eval(), options)
    seconds = []
    for step in range(options.steps):
        ids = batches[step % len(batches), :, :-1]
        start = time.perf_counter()
        logits = model(ids)
        seconds.append(time.perf_counter() - start)
        common.emit(step=step, logits=logits.flatten().tolist(), seconds=seconds[-1])
    common.summary(options.batch * LENGTH, seconds)


def main():
    parser = common.arguments(__doc__)
    parser.add_argument("task", choices=("train", "encode"))
    parser.add_argument("--batch", type=int, default=BATCH, help="encode: texts at a time")
    parser.add_argument("--last-layer", default="all", choices=("all", "first"),
                        help="rows of the last layer that are computed")
    options = parser.parse_args()
    torch.manual_seed(1)
    model = Bert(LENGTH if options.last_layer == "all" else 1)
    if options.write_weights:
        common.save(model, options.write_weights)
        return
    common.load(model, options.weights)
    common.configure(options)
    (train if options.task == "train" else encode)(model, options)


if __name__ == "__main__":
    sys.exit(main())
