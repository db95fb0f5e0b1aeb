"""Writes ops.safetensors: every operator with inputs, outputs and gradients; README.md has the
cases. Tensors are named OP.CASE.x0 ... (inputs), .y0 ... (outputs), .dy0 ... (a random upstream
gradient for each output) and .dx0 ... (the gradient of sum_i <y_i, dy_i> for each float input)."""

import golden
import torch
import torch.nn.functional as F

generator = torch.Generator().manual_seed(20260201)
tensors = {}


def normal(*shape, scale=1.0):
    return golden.random(generator, *shape, scale=scale)


def integers(high, *shape, low=0):
    return torch.randint(low, high, shape, generator=generator)


def case(name, function, *inputs, gradient=True):
    """Runs the function on the inputs and records the case."""
    assert name + ".x0" not in tensors, name
    inputs = [x.float().double() if x.is_floating_point() else x for x in inputs]
    wanted = [x.requires_grad_() for x in inputs if gradient and x.is_floating_point()]
    outputs = function(*inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    tensors.update({f"{name}.x{i}": x for i, x in enumerate(inputs)})
    tensors.update({f"{name}.y{i}": y for i, y in enumerate(outputs)})
    if not wanted:
        return
    upstream = [normal(*y.shape) for y in outputs]
    tensors.update({f"{name}.dy{i}": dy for i, dy in enumerate(upstream)})
    torch.autograd.backward(outputs, upstream)
    tensors.update({f"{name}.dx{i}": x.grad for i, x in enumerate(inputs) if x.requires_grad})


ACTIVATIONS = {
    "relu": F.relu,
    "gelu": lambda x: F.gelu(x, approximate="tanh"),
    "gelu_erf": F.gelu,
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


def products():
    case("matmul.plain", torch.matmul, normal(5, 7), normal(7, 9))
    case("matmul.tiles", torch.matmul, normal(17, 33), normal(33, 65))
    case("matmul.row", torch.matmul, normal(1, 33), normal(33, 49))
    case("matmul.trans_a", lambda a, b: a.mT @ b, normal(7, 5), normal(7, 9))
    case("matmul.trans_b", lambda a, b: a @ b.mT, normal(5, 7), normal(9, 7))
    case("matmul.trans_ab", lambda a, b: a.mT @ b.mT, normal(7, 5), normal(9, 7))
    case("matmul.batched", torch.matmul, normal(2, 3, 4, 5), normal(2, 3, 5, 6))
    case("matmul.batched_trans_b", lambda a, b: a @ b.mT, normal(3, 4, 5), normal(3, 6, 5))
    case("matmul.shared_b", torch.matmul, normal(3, 4, 5), normal(5, 6))

    x, w, b, residual = normal(2, 5, 7), normal(7, 9), normal(9), normal(2, 5, 9)
    case("linear.bare", lambda x, w: x @ w, x, w)
    case("linear.plain", lambda x, w, b: x @ w + b, x, w, b)
    case("linear.trans_b", F.linear, x, w.mT.contiguous(), b)
    for name, function in ACTIVATIONS.items():
        case("linear." + name, lambda x, w, b: function(x) @ w + b, x, w, b)
    case("linear.residual", lambda x, w, b, r: x @ w + b + r, x, w, b, residual)
    case("linear.gelu_residual", lambda x, w, b, r: ACTIVATIONS["gelu"](x) @ w + b + r,
         x, w, b, residual)


def elements():
    x, y = normal(3, 5, 7), normal(3, 5, 7)
    case("add.same", torch.add, x, y)
    case("add.rows", torch.add, x, normal(7))
    case("add.trailing", torch.add, x, normal(5, 7))
    case("mul.same", torch.mul, x, y)
    case("mul.rows", torch.mul, x, normal(7))
    case("mul.trailing", torch.mul, x, normal(5, 7))
    case("scale.plain", lambda x: -1.25 * x, x)
    # Ordinary values and tails, where sigmoids saturate.
    wide = torch.cat([normal(41), torch.tensor([-90., -20., -6.5, -1e-3, 1e-3, 6.5, 20., 90.],
                                               dtype=torch.float32).double()])
    for name, function in ACTIVATIONS.items():
        case(name + ".plain", function, wide)


def rows():
    case("softmax.plain", lambda x: F.softmax(x, -1), normal(2, 3, 19, scale=3.0))
    case("softmax.large", lambda x: F.softmax(x, -1), normal(2, 7) + 1e4)
    case("layernorm.plain", lambda x, g, b: F.layer_norm(x, (19,), g, b, 1e-5),
         normal(2, 3, 19), normal(19), normal(19))
    case("layernorm.offset", lambda x, g, b: F.layer_norm(x, (33,), g, b, 1e-5),
         normal(4, 33, scale=0.1) + 8.0, normal(33), normal(33))
    case("embedding.plain", lambda table, ids: F.embedding(ids, table),
         normal(11, 6), integers(11, 3, 5))
    case("embedding.repeated", lambda table, ids: F.embedding(ids, table),
         normal(4, 6), torch.tensor([[2, 2, 2], [0, 2, 0]]))


def attention():
    """q [B, Tq, C], k and v [B, Tk, C]; C holds the heads side by side, as the layers keep them."""
    def attend(heads, mask=None, causal=False):
        def run(q, k, v, *lengths):
            split = [x.unflatten(2, (heads, -1)).transpose(1, 2) for x in (q, k, v)]
            allowed = mask
            if lengths:  # keys at or past the length of their sample are not seen
                allowed = (torch.arange(k.shape[1]) < lengths[0][:, None])[:, None, None, :]
                if causal:
                    allowed = allowed & torch.ones(q.shape[1], k.shape[1]).tril().bool()
            y = F.scaled_dot_product_attention(*split, attn_mask=allowed,
                                               is_causal=causal and allowed is None)
            return y.transpose(1, 2).flatten(2)
        return run

    def qkv(batch, queries, keys, width):
        return normal(batch, queries, width), normal(batch, keys, width), normal(batch, keys, width)

    case("attention.causal", attend(2, causal=True), *qkv(2, 9, 9, 8))
    case("attention.causal_long", attend(1, causal=True), *qkv(1, 70, 70, 8))
    case("attention.bidirectional", attend(2), *qkv(2, 9, 9, 8))
    case("attention.one_head", attend(1), *qkv(1, 5, 5, 6))
    case("attention.cross", attend(2), *qkv(2, 5, 11, 8))
    case("attention.padded", attend(2), *qkv(3, 7, 7, 8), torch.tensor([7, 1, 4]))
    case("attention.cross_padded", attend(2), *qkv(2, 5, 11, 8), torch.tensor([3, 11]))
    case("attention.causal_padded", attend(2, causal=True), *qkv(2, 7, 7, 8),
         torch.tensor([7, 3]))
    # A cache: 4 positions came before, query i sees keys 0 ... 4 + i; no gradient.
    past = torch.ones(3, 7).tril(diagonal=4).bool()
    case("attention.cached", attend(2, mask=past), *qkv(2, 3, 7, 8), gradient=False)


def losses():
    """Sums; cross_entropy.*.y1 is what the sum is divided by for a mean (no gradient)."""
    def entropy(name, logits, targets, weights=None, **options):
        def run(reduction):
            return lambda logits: F.cross_entropy(logits, targets, weights, reduction=reduction,
                                                  **options)

        name = "cross_entropy." + name
        case(name, run("sum"), logits)
        tensors[name + ".x1"] = targets
        if weights is not None:
            tensors[name + ".x2"] = weights
        tensors[name + ".y1"] = run("sum")(logits) / run("mean")(logits)

    logits, targets = normal(6, 13, scale=2.0), integers(13, 6)
    ignored = targets.clone()
    ignored[[1, 4]] = -1
    weights = normal(13).abs()
    entropy("plain", logits, targets)
    entropy("large", (logits * 64 + 1024).float().double(), targets)
    entropy("ignored", logits, ignored, ignore_index=-1)
    entropy("smoothed", logits, targets, label_smoothing=0.1)
    entropy("smoothed_ignored", logits, ignored, label_smoothing=0.1, ignore_index=-1)
    entropy("weighted", logits, targets, weights)
    entropy("weighted_ignored", logits, ignored, weights, ignore_index=-1)

    def loss(name, function, x, target):
        case(name, lambda x: function(x, target, reduction="sum"), x)
        tensors[name + ".x1"] = target

    x = torch.cat([normal(30), torch.tensor([-90., -20., 20., 90.],
                                            dtype=torch.float32).double()])
    soft = torch.rand(34, generator=generator).double()
    loss("bce_with_logits.hard", F.binary_cross_entropy_with_logits, x, (soft > 0.5).double())
    loss("bce_with_logits.soft", F.binary_cross_entropy_with_logits, x, soft)
    loss("mse.plain", F.mse_loss, normal(4, 9), normal(4, 9))


def shapes():
    x = normal(3, 4, 5)
    case("sum.plain", torch.sum, x)
    case("mean.plain", torch.mean, x)
    for dim in range(3):
        case(f"sum_dim.{dim}", lambda x: x.sum(dim), x)
        case(f"mean_dim.{dim}", lambda x: x.mean(dim), x)
    case("expand.0", lambda x: x[None].expand(3, 4, 5), normal(4, 5))
    case("expand.1", lambda x: x[:, None].expand(4, 3, 5), normal(4, 5))
    case("reshape.plain", lambda x: x.reshape(6, 10), x)
    case("transpose.01", lambda x: x.transpose(0, 1), x)
    case("transpose.02", lambda x: x.transpose(0, 2), x)
    case("transpose.12", lambda x: x.transpose(1, 2), x)
    case("transpose.heads", lambda x: x.transpose(1, 2), normal(2, 3, 4, 5))
    case("slice.0", lambda x: x[1:3], x)
    case("slice.1", lambda x: x[:, 0:2], x)
    case("slice.2", lambda x: x[:, :, 2:5], x)
    case("concat.0", lambda *xs: torch.cat(xs, 0), normal(2, 3), normal(1, 3), normal(4, 3))
    case("concat.1", lambda *xs: torch.cat(xs, 1), normal(3, 2), normal(3, 1), normal(3, 4))


def lstm():
    """x [B, T, I], w_ih [4H, I], w_hh [4H, H], b_ih, b_hh [4H], h0, c0 [B, H]
    -> y [B, T, H], h, c [B, H]. Gates are ordered i, f, g, o."""
    def run(x, w_ih, w_hh, b_ih, b_hh, *state):
        cell = torch.nn.LSTM(w_ih.shape[1], w_hh.shape[1], batch_first=True).double()
        names = [name for name, _ in cell.named_parameters()]
        start = tuple(s[None] for s in state) if state else None
        y, (h, c) = torch.func.functional_call(
            cell, dict(zip(names, (w_ih, w_hh, b_ih, b_hh))), (x, start))
        return y, h[0], c[0]

    def weights(inputs, width):
        return (normal(4 * width, inputs, scale=0.5), normal(4 * width, width, scale=0.5),
                normal(4 * width, scale=0.5), normal(4 * width, scale=0.5))

    case("lstm.zero", run, normal(2, 6, 5), *weights(5, 4))
    case("lstm.carried", run, normal(2, 6, 5), *weights(5, 4), normal(2, 4), normal(2, 4))
    case("lstm.one_step", run, normal(3, 1, 4), *weights(4, 5), normal(3, 5), normal(3, 5))
    case("lstm.wide", run, normal(3, 5, 9), *weights(9, 17), normal(3, 17), normal(3, 17))


def pooling():
    """x [B, T, C] -> [B, C] over the first lengths[b] rows."""
    def over(reduce):
        return lambda x, *lengths: torch.stack(
            [reduce(rows[:n]) for rows, n in zip(x, lengths[0] if lengths else [x.shape[1]] * len(x))])

    lengths = torch.tensor([7, 1, 4])
    for name, reduce in (("mean", lambda rows: rows.mean(0)), ("max", lambda rows: rows.max(0).values)):
        case("pooling." + name, over(reduce), normal(2, 19, 9))
        case(f"pooling.{name}_padded", over(reduce), normal(3, 7, 5), lengths)


if __name__ == "__main__":
    for part in (products, elements, rows, attention, losses, shapes, lstm, pooling):
        part()
    golden.write(__file__, tensors)
