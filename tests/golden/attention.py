"""What the models of gpt2.safetensors and bert.safetensors attend to, by Hugging Face's
transformers: attention.safetensors. For `gpt2` and `bert` the ids of one text, int32 [T], and the
weights [layers, heads, T, T]."""

import os

import golden
import torch
import transformers
from safetensors.torch import load_file

FOLDER = os.path.dirname(os.path.abspath(__file__))


def initial(name, prefixes):
    tensors = load_file(os.path.join(FOLDER, name + ".safetensors"))
    return tensors, {key: value.double() for key, value in tensors.items()
                     if key.startswith(prefixes)}


def attention(model, weights, ids):
    model.load_state_dict(weights, strict=False)
    with torch.no_grad():
        out = model.double().eval()(ids[None].long(), output_attentions=True)
    return torch.stack([layer[0] for layer in out.attentions])


def main():
    same = {"attn_implementation": "eager"}
    tensors, weights = initial("gpt2", "transformer.")
    gpt = transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=23, n_positions=12, n_embd=16, n_layer=2, n_head=2, resid_pdrop=0, embd_pdrop=0,
        attn_pdrop=0, **same))
    out = {"gpt2.ids": tensors["ids"][0, 0, :-1].long()}
    out["gpt2.weights"] = attention(gpt, weights, out["gpt2.ids"])
    tensors, weights = initial("bert", ("bert.", "classifier."))
    bert = transformers.BertForSequenceClassification(transformers.BertConfig(
        vocab_size=23, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=12, num_labels=3, pad_token_id=None, **same))
    out["bert.ids"] = tensors["ids"][0, 0].long()
    out["bert.weights"] = attention(bert, weights, out["bert.ids"])
    golden.write(__file__, out)


main()
