"""Writes bert.safetensors: a tiny BERT classifier (2 layers, 2 heads, width 16, context 12,
vocabulary 23, 3 labels) under the names and layouts of Hugging Face's
BertForSequenceClassification, and five steps of training on texts of unequal lengths.

    bert.*, classifier.*   the initial weights
    ids, lengths, labels   [5, 4, 9], [5, 4], [5, 4] int32; ids at or beyond a length are padding
    embedded, hidden       [4, 9, 16]: input and output of the layers for the first batch
    logits                 [4, 3] of the first batch under the initial weights
    losses, norms, grads.*, after.*    see golden.five_steps

`bert.py --check` compares logits and gradients with the transformers package, where installed."""

import sys

import golden
import torch
import torch.nn.functional as F
from torch import nn

LAYERS, HEADS, WIDTH, CONTEXT, VOCABULARY, LABELS = 2, 2, 16, 12, 23, 3
BATCH, LENGTH, STEPS, EPS = 4, 9, 5, 1e-12


class Output(nn.Module):
    """What ends a branch."""

    def __init__(self, inputs):
        super().__init__()
        self.dense = nn.Linear(inputs, WIDTH)
        self.LayerNorm = nn.LayerNorm(WIDTH, EPS)

    def forward(self, y, x):
        return self.LayerNorm(self.dense(y) + x)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        names = ("query", "key", "value")
        self.attention = nn.ModuleDict({
            "self": nn.ModuleDict({name: nn.Linear(WIDTH, WIDTH) for name in names}),
            "output": Output(WIDTH)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(WIDTH, 4 * WIDTH)})
        self.output = Output(4 * WIDTH)

    def forward(self, x, seen):
        q, k, v = (linear(x).unflatten(2, (HEADS, -1)).transpose(1, 2)
                   for linear in self.attention["self"].values())
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        x = self.attention["output"](y.transpose(1, 2).flatten(2), x)
        return self.output(F.gelu(self.intermediate["dense"](x)), x)


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.bert = nn.ModuleDict({
            "embeddings": nn.ModuleDict({
                "word_embeddings": nn.Embedding(VOCABULARY, WIDTH),
                "position_embeddings": nn.Embedding(CONTEXT, WIDTH),
                "token_type_embeddings": nn.Embedding(2, WIDTH),
                "LayerNorm": nn.LayerNorm(WIDTH, EPS)}),
            "encoder": nn.ModuleDict({"layer": nn.ModuleList(Layer() for _ in range(LAYERS))}),
            "pooler": nn.ModuleDict({"dense": nn.Linear(WIDTH, WIDTH)})})
        self.classifier = nn.Linear(WIDTH, LABELS)

    def embedded(self, ids):
        part = self.bert["embeddings"]
        return part["LayerNorm"](part["word_embeddings"](ids)
                                 + part["position_embeddings"](torch.arange(ids.shape[1]))
                                 + part["token_type_embeddings"](torch.zeros_like(ids)))

    def hidden(self, ids, lengths):
        x = self.embedded(ids)
        seen = (torch.arange(ids.shape[1]) < lengths[:, None])[:, None, None, :]
        for layer in self.bert["encoder"]["layer"]:
            x = layer(x, seen)
        return x

    def forward(self, ids, lengths):
        return self.classifier(torch.tanh(self.bert["pooler"]["dense"](
            self.hidden(ids, lengths)[:, 0])))


def initialise(model, generator):
    """Every parameter takes part, and the gradient's norm passes 1 so that clipping works:
    matrices have deviation 0.3, biases 0.1, gains lie around 1."""
    for name, p in model.named_parameters():
        gain = name.endswith("LayerNorm.weight")
        noise = golden.random(generator, *p.shape, scale=0.3 if p.dim() == 2 else 0.1)
        p.data = (noise + 1 if gain else noise).float().double()


def check(initial, ids, lengths, labels, logits, grads):
    import transformers
    config = transformers.BertConfig(
        vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, intermediate_size=4 * WIDTH, max_position_embeddings=CONTEXT,
        hidden_dropout_prob=0, attention_probs_dropout_prob=0, num_labels=LABELS,
        pad_token_id=None)  # given, its row of the table would have no gradient
    theirs = transformers.BertForSequenceClassification(config).double()
    theirs.load_state_dict(initial)
    mask = (torch.arange(LENGTH) < lengths[:, None]).long()
    out = theirs(ids, attention_mask=mask)
    F.cross_entropy(out.logits, labels).backward()
    worst = (out.logits - logits).abs().max().item()
    for name, p in theirs.named_parameters():
        worst = max(worst, (p.grad - grads["grads." + name]).abs().max().item())
    print(f"transformers {transformers.__version__}: largest difference {worst:.2g}")
    assert worst < 1e-12


def main():
    generator = torch.Generator().manual_seed(20260203)
    model = Bert().double()
    initialise(model, generator)
    ids = torch.randint(VOCABULARY, (STEPS, BATCH, LENGTH), generator=generator)
    lengths = torch.randint(2, LENGTH + 1, (STEPS, BATCH), generator=generator)
    lengths[:, 0] = LENGTH
    labels = torch.randint(LABELS, (STEPS, BATCH), generator=generator)
    initial = {name: p.detach().clone() for name, p in model.named_parameters()}
    tensors = {**initial, "ids": ids, "lengths": lengths, "labels": labels,
               "embedded": model.embedded(ids[0]).detach(),
               "hidden": model.hidden(ids[0], lengths[0]).detach(),
               "logits": model(ids[0], lengths[0]).detach()}

    def loss_of(batch):
        ids, lengths, labels = batch
        return F.cross_entropy(model(ids, lengths), labels)

    golden.five_steps(model, loss_of, list(zip(ids, lengths, labels)), tensors)
    if "--check" in sys.argv:
        check(initial, ids[0], lengths[0], labels[0], tensors["logits"], tensors)
    golden.write(__file__, tensors)


if __name__ == "__main__":
    main()
