#!/usr/bin/env python3
"""Write the tokenizer tests' fixtures from the reference ("tokenizers", pinned): vocabularies, texts, expected encodings.

    python3 tools/reference/make-tokenizer-fixtures.py MINILM_DIRECTORY [OUTPUT]      needs: pip install tokenizers==0.23.3

The vocabulary is the small part of MiniLM's that holds every single character and 1,500 common words; ids are renumbered.
"""
import json
import os
import random
import sys

from tokenizers import Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULT = os.path.join(HERE, "../../Tests/TaperTokenizationTests/Fixtures")
BLOCK = 4096
SEED = 20261121


def small_vocabulary(full, specials):
    ordered = sorted(full, key=full.get)
    words = [t for t in ordered[1996:] if t not in specials]
    singles = [t for t in ordered if len(t.removeprefix("##")) == 1]
    return {t: i for i, t in enumerate(dict.fromkeys(specials + singles + words[:1500]))}


def configurations(full):
    bert = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    mpnet = ["<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>"]

    def description(specials, lowercase, processor):
        vocabulary = small_vocabulary(full, specials)
        added = [{"id": vocabulary[t], "content": t, "single_word": False, "lstrip": t == "<mask>", "rstrip": False,
                  "normalized": t == "<unk>", "special": True} for t in specials]
        return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
                "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                               "strip_accents": None, "lowercase": lowercase},
                "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": processor(vocabulary), "decoder": None,
                "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                          "max_input_chars_per_word": 100, "vocab": vocabulary}}

    def template(vocabulary):
        a = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
             {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
        b = [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]
        ids = {t: {"id": t, "ids": [vocabulary[t]], "tokens": [t]} for t in ("[CLS]", "[SEP]")}
        return {"type": "TemplateProcessing", "single": a, "pair": a + b, "special_tokens": ids}

    def roberta(vocabulary):
        return {"type": "RobertaProcessing", "sep": ["</s>", vocabulary["</s>"]], "cls": ["<s>", vocabulary["<s>"]],
                "trim_offsets": True, "add_prefix_space": False}

    return {"bert": description(bert, True, template), "bert-cased": description(bert, False, template),
            "mpnet": description(mpnet, True, roberta)}


def mixed_texts(generator, specials):
    pools = [
        "the of and to in oil price market company shares profit year new york u.s. don't 3.5% $100,000 e-mail".split(),
        list("àéîõüçñÅØßİıſǅﬁĲΣσςΩЖяёйЀ한글각힣ᄀ가ก้ำ日本語漢字々カナがぱ中文𠀀🎉👩‍👩‍👧"),
        [chr(c) for c in (0, 9, 10, 13, 0x85, 0xA0, 0xAD, 0x200B, 0x200D, 0x2028, 0x202F, 0x3000, 0xFEFF, 0xFFFD, 0x1680)],
        list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~–—‘’“”…§¶·¿¡、。「」"),
        ["́", "̈", "̧̣", "é", "ốn", "x" * 101, "a" * 100, "naïve", "Ünïcödé", "STRAẞE"],
        specials + [s.lower() for s in specials] + ["  " + specials[-1] + " "],
    ]
    texts = ["", " ", "a", specials[0] + specials[1]]
    for _ in range(220):
        words = []
        for _ in range(generator.randint(1, 24)):
            pool = pools[0] if generator.random() < 0.55 else generator.choice(pools)
            words.append(generator.choice(pool))
        texts.append(generator.choice([" ", "", " ", " "]).join(words))
    for _ in range(60):
        texts.append("".join(chr(generator.choice([generator.randrange(0x20, 0x3000), generator.randrange(0x10000, 0x1F000)]))
                             for _ in range(generator.randint(1, 12))))
    return texts


def encode(tokenizer, text, pair, limit):
    tokenizer.no_truncation()
    if limit:
        tokenizer.enable_truncation(limit)
    e = tokenizer.encode(text, pair)
    return {"ids": e.ids, "type_ids": e.type_ids, "offsets": [list(o) for o in e.offsets]}


def digest(tokenizer, start):
    """FNV-1a over ids and offsets of "a" + scalar + "b" for every scalar of a block."""
    h = 0xCBF29CE484222325
    scalars = [c for c in range(start, start + BLOCK) if not 0xD800 <= c < 0xE000]
    for e in tokenizer.encode_batch(["a" + chr(c) + "b" for c in scalars]):
        for value in [len(e.ids)] + e.ids + [x for o in e.offsets for x in o]:
            h = ((h ^ value) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return "%016x" % h


def main():
    source = sys.argv[1]
    output = sys.argv[2] if len(sys.argv) > 2 else DEFAULT
    os.makedirs(output, exist_ok=True)
    full = json.load(open(os.path.join(source, "tokenizer.json")))["model"]["vocab"]
    for name, description in configurations(full).items():
        text = json.dumps(description, ensure_ascii=False, separators=(",", ":"))
        open(os.path.join(output, name + ".tokenizer.json"), "w").write(text)
        tokenizer = Tokenizer.from_str(text)
        generator = random.Random(SEED)
        specials = [t["content"] for t in description["added_tokens"]]
        texts = mixed_texts(generator, specials)
        cases = []
        for text in texts:
            pair = generator.choice(texts) if generator.random() < 0.3 else None
            limit = generator.choice([None, None, 5, 8, 9, 16, 17]) if pair is None else generator.choice([None, 6, 8, 11, 16, 17])
            cases.append({"text": text, "pair": pair, "limit": limit, **encode(tokenizer, text, pair, limit)})
        blocks = [digest(tokenizer, start) for start in range(0, 0x110000, BLOCK)]
        fixture = {"reference": "tokenizers 0.23.3", "block": BLOCK, "scalars": blocks, "cases": cases}
        with open(os.path.join(output, name + ".expected.json"), "w") as f:
            json.dump(fixture, f, ensure_ascii=True, separators=(",", ":"))
        print(name, len(cases), "texts,", len(blocks), "blocks")


main()
