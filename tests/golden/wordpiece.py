"""WordPiece as Hugging Face's `tokenizers` does it: golden ids, BERT's classes of characters, and a comparison.

    wordpiece.py            writes wordpiece.json (a tokenizer) and wordpiece.safetensors (texts and their ids)
    wordpiece.py --classes  prints the rows of src/text/bert_classes.c
    wordpiece.py --check D  writes D/ids, int32: the ids of the text D/text by D/tokenizer.json; 77: no `tokenizers`
"""

import os
import sys

import numpy as np

try:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
except ImportError:
    print("no package tokenizers")
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))

# Decompositions and combining classes given by Unicode 10 to 17, which the library lacks.
YOUNG = """7FD 897-89F 8CA-8D3 9FE C3C D3B-D3C EBA 1715 1ABF-1ADD 1AE0-1AEB 1DF6-1DFA A82C 105C9 105E4 10D24-10D27
    10D69-10D6D 10EAB-10EAC 10EFA-10EFB 10EFD-10EFF 10F46-10F50 10F82-10F85 11070 1133B 11383 11385 1138E 11391 113C5
    113C7-113C8 113CE-113D0 113E1-113E2 1145E 11839-1183A 11938 1193D-1193E 11943 119E0 11A34 11A47 11A99 11D42 11D44-11D45
    11D97 11F41-11F42 1612F 16121-16128 16D68-16D6A 16FF0-16FF1 1E130-1E136 1E2AE 1E2EC-1E2EF 1E4EC-1E4EF 1E5EE-1E5EF
    1E6E3 1E6E6 1E6EE-1E6EF 1E6F5"""


def normalizer(clean=False, han=False, strip=False, lower=False):
    return normalizers.BertNormalizer(clean, han, strip, lower).normalize_str


# ---- Classes of characters ----


def classes():
    clean, han, strip = normalizer(clean=True), normalizer(han=True), normalizer(strip=True)
    words = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    of = {}
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000:
            continue
        c = chr(code)
        n_words = len(words("a" + c + "b"))
        hits = [
            letter
            for letter, is_hit in (
                ("B", clean(c) == " "),
                ("D", clean(c) == ""),
                ("P", n_words == 3),
                ("M", strip(c) == ""),
                ("H", han(c) != c),
            )
            if is_hit
        ]
        assert len(hits) <= 1, (hex(code), hits)
        of.update({code: letter for letter in hits})
    for part in YOUNG.split():
        first, last = (int(x, 16) for x in (part.split("-") * 2)[:2])
        for code in range(first, last + 1):
            # Neither decomposed nor moved before a mark of the class 240.
            assert code not in of and strip("a\U0001d16d" + chr(code)) == "a\U0001d16d" + chr(code), hex(code)
            of[code] = "W"
    return of


def print_classes():
    rows = []
    for code, letter in sorted(classes().items()):
        if rows and rows[-1][1] == code - 1 and rows[-1][2] == letter:
            rows[-1][1] = code
        else:
            rows.append([code, code, letter])
    line = "   "
    for first, last, letter in rows:
        text = f" {{0x{first:04X}, 0x{last:04X}, {letter}}},"
        if len(line + text) > 90:
            print(line)
            line = "   "
        line += text
    print(line)


# ---- Golden ids ----

TEXTS = [
    "",
    " ",
    "\t\n \r\u3000\u2028",
    "Once there was a king. The king had a son; the son had a horse!",
    "unbelievably unaffable UNBELIEVABLE unknowable",
    "don't can't o'clock rock'n'roll (e.g. this) -- and/or $5.00 50% #tag a_b <br /><br />",
    "Жил-был ёж, и у ежа был сын: «мой чай!» ЁЖ Йод йод е\u0308ж и\u0306од",
    "café naïve Ångström Zoë Straße İstanbul ÀÉÎÕÜ àéîõü ﬁn Ｆｕｌｌ",
    "ΑΒΓ Σίσυφος Ϊ ΐ ᾳ ώ ΟΔΟΣ",
    "漢字かな交じり文 한국어 텍스트 中a文 豈 㐀 𠀀 \U0002b820 \U0002b920",
    "emoji 😀😀 👩\u200d👩\u200d👧 ♥\ufe0f 🇷🇺 1\ufe0f\u20e3",
    "control\x00s a\x01b\x7fc\x0bd\x85e f\x0cg \u200bzero\u200bwidth \ufeffbom \u00adsoft\u00ad \ufffd x\ufffdy",
    "line\r\nline\u2028line\u00a0line\u3000line\u1680line",
    "the [MASK] king [SEP] son[CLS]s [sep] [UNK] [[PAD]] [MASK [SEP]] [SEP",
    "a" * 100 + " " + "a" * 101 + " " + "ё" * 100 + " " + "ё" * 101 + " " + "e\u0301" * 100 + " " + "e\u0301" * 101,
    "\u037e \u0387 ≠ a≠b ; · ` ´ ¨ ΅ ~ ^ < > = + | $ ¢ £ ¿ ¡ § ¶ – — … “ ” „ ‘ ’ ‹ ›",
    "हिन्दी ภาษาไทย עִבְרִית العَرَبِيَّة தமிழ் မြန်မာ",
    "a\u302e\U0001d165\U0001d16d\u0323\u0301b \U0001d16d\U0001d165 \u0301 a\u0301\u302e\u0941\U0001d165",
    "\u07fd\u302e \u302e\u07fd a\u07fd\u1b44 a\u302e\u1b44 a\u302e\u034f\u1b44 a\u302f\u302e \U00011938 \u1734x \u166d \U000111c9 \u061d \u2e52",
    "Ꭰ ꭰ Ა ა Ɀ ⱥ Ⱥ ẞ ß ǅ Ω K Å \u1c89 \ua7dc \U00010d50 \U00016ea0 \U00010400",
    "word\ue000word \U000f0000 \U000e0041 \u0600\u06dd \u180e \u2066 \U0001d173",
]

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]]", "[SEP]", "[MASK]"]
RULES = {  # name: clean_text, handle_chinese_chars, strip_accents, lowercase
    "uncased": (True, True, None, True),
    "cased": (True, True, None, False),
    "accents": (True, True, False, True),
    "stripped": (True, True, True, False),
    "raw": (False, False, False, False),
    "raw_uncased": (False, False, None, True),
}


def vocabulary():
    """Characters of the texts under every rule but a few, and pieces of their words."""
    words = set()
    for rules in RULES.values():
        normal = normalizers.BertNormalizer(*rules).normalize_str
        for text in TEXTS:
            words.update(w for w, _ in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(normal(text)) if len(w) < 30)
    pieces = {c for w in words for c in w} | {"##" + c for w in words for c in w[1:]}
    pieces |= {w[:4] for w in words} | {"##" + w[-3:] for w in words if len(w) > 6}
    pieces |= {w for w in words if len(w) < 6} - {"king", "был"}
    pieces -= {"##q", "##v", "ф", "文", "x"}
    return SPECIALS + sorted(p for p in pieces if "\0" not in p)  # rung refuses NUL


def tokenizer(vocab):
    tok = Tokenizer(models.WordPiece({v: i for i, v in enumerate(vocab)}, unk_token="[UNK]"))
    tok.add_special_tokens(SPECIALS)
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(t, vocab.index(t)) for t in ("[CLS]", "[SEP]")]
    tok.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    return tok


def make():
    from safetensors.numpy import save_file

    tok = tokenizer(vocabulary())
    encoded = [t.encode() for t in TEXTS]
    tensors = {
        "texts": np.frombuffer(b"".join(encoded), np.uint8).astype(np.int32),
        "sizes": np.array([len(t) for t in encoded], np.int32),
    }
    for name, rules in RULES.items():
        tok.normalizer = normalizers.BertNormalizer(*rules)
        ids = [tok.encode(t, add_special_tokens=False).ids for t in TEXTS]
        tensors["ids." + name] = np.array(sum(ids, []), np.int32)
        tensors["counts." + name] = np.array([len(x) for x in ids], np.int32)
    tok.normalizer = normalizers.BertNormalizer(*RULES["uncased"])
    tok.save(os.path.join(HERE, "wordpiece.json"))
    save_file(tensors, os.path.join(HERE, "wordpiece.safetensors"))


# ---- Comparison ----


def check(folder):
    tok = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    with open(os.path.join(folder, "text"), "rb") as file:
        text = file.read().decode(errors="replace")
    ids = tok.encode(text, add_special_tokens=False).ids
    cls, sep = tok.token_to_id("[CLS]"), tok.token_to_id("[SEP]")
    pair = tok.encode("a king", "a son")
    n = pair.ids.index(sep) + 1
    assert pair.ids[0] == cls and pair.ids[-1] == sep and pair.type_ids == [0] * n + [1] * (len(pair.ids) - n)
    assert tok.encode(text[:999]).ids == [cls] + tok.encode(text[:999], add_special_tokens=False).ids + [sep]
    np.array(ids, np.int32).tofile(os.path.join(folder, "ids"))


if __name__ == "__main__":
    if sys.argv[1:] == ["--classes"]:
        print_classes()
    elif sys.argv[1:2] == ["--check"]:
        check(sys.argv[2])
    else:
        make()
