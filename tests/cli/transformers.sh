#!/usr/bin/env bash
# A bert folder written by rung is one of Hugging Face's: transformers opens it as
# BertForSequenceClassification, and tokenizer, model and padding there give the logits of
# `rung predict` within 1e-4 (less their mean, which no probability shows). Skipped
# without torch and transformers; RUNG_PEER_PYTHON names another Python.
set -eu
build=$(cd "$1" && pwd)
python=${RUNG_PEER_PYTHON:-python3}
"$python" -c 'import torch, transformers' 2>/dev/null || exit 77
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$build/rung" tales --task word --examples 600 --out texts.tsv
"$build/rung" train bert --data texts.tsv --layers 3 --heads 2 --width 32 --context 24 \
    --lr 3e-3 --steps 60 --quiet --out model

# Long and short, accents, other scripts, unknown characters, nothing at all.
{
    cut -f 2 texts.tsv | sed -n 2,40p
    printf '%s\n' 'a' 'Über ΣΊΣΥΦΟΣ naïve' 'Привет, мир! 你好' '😀 100% (sic)' '   ' \
        'one two three four five six seven eight nine ten eleven twelve thirteen fourteen'
} >texts.txt
"$build/rung" predict model texts.txt --format lines --json --quiet >ours.jsonl

HF_HUB_OFFLINE=1 "$python" - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import json
import torch
import transformers

model, loading = transformers.BertForSequenceClassification.from_pretrained(
    "model", output_loading_info=True)
assert not any(loading.values()), loading
tokenizer = transformers.PreTrainedTokenizerFast(
    tokenizer_file="model/tokenizer.json", pad_token="[PAD]")
with open("texts.txt", encoding="utf-8") as file:
    texts = file.read().splitlines()
with open("ours.jsonl", encoding="utf-8") as file:
    ours = [json.loads(line)["probabilities"] for line in file]
assert len(ours) == len(texts)
names = [name for _, name in sorted(model.config.id2label.items())]
ours = torch.tensor([[p[name] for name in names] for p in ours]).log()
inputs = tokenizer(texts, truncation=True, padding=True, return_tensors="pt",
                   max_length=model.config.max_position_embeddings)
assert inputs["attention_mask"].min() == 0 and inputs["input_ids"].shape[1] == 24
with torch.no_grad():
    theirs = model.eval()(**inputs).logits
spread = theirs.std(0).max()
worst = (ours - ours.mean(1, True) - theirs + theirs.mean(1, True)).abs().max()
print(f"transformers {transformers.__version__}: {len(texts)} texts, logits spread "
      f"{spread:.2f}, apart by {worst:.1e} at most")
assert spread > 0.1 and worst < 1e-4
PYTHON
