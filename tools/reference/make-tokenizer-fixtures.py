#!/usr/bin/env python3
"""Writes the fixtures of TaperTokenizationTests with the reference tokenizer.

    make-tokenizer-fixtures.py VOCABULARY [OUTPUT_DIR]      VOCABULARY: the vocab.txt of a BERT model

- vocabulary.txt: a small vocabulary cut from the model's: every single character and piece of one character, and the
  first words and pieces. Its ids are its line numbers, after a configuration's own special tokens.
- configurations.json: per configuration a tokenizer.json without vocabulary, the special tokens before and after
  the vocabulary, and texts with the reference's encodings.
- scalars-NAME.bin: per block of scalars the CRC-32 (little-endian) over each "a" + scalar + "b": ids, types and
  offsets, then the normalised text in UTF-8.
"""
import json
import os
import struct
import sys
import zlib

from tokenizers import Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import tokenizer_texts

BERT_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS, PIECES, TEXTS = 700, 350, 45


def small_vocabulary(path):
    with open(path, encoding="utf-8", newline="\n") as f:
        tokens = [line.rstrip("\r\n") for line in f]
    tokens = [t for t in tokens if t and t[0] not in "[<"]
    bare = [t[2:] if t.startswith("##") and len(t) > 2 else t for t in tokens]
    kept, words, pieces = [], 0, 0
    for token, text in zip(tokens, bare):
        if len(text) == 1:
            kept.append(token)
        elif token is text and words < WORDS:
            words += 1
            kept.append(token)
        elif token is not text and pieces < PIECES:
            pieces += 1
            kept.append(token)
    # Words of the test texts, which need more than single characters.
    return kept + ["Ġthe", "theĠ", "##Ġ", "Ġ", "The", "É", "NA", "##Ï", "İ", "##İ"]


def added(content, id, special=True, **flags):
    token = {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": not special, "special": special}
    token.update(flags)
    return token


def template(cls, sep):
    def special(name, kind):
        return {"SpecialToken": {"id": name, "type_id": kind}}
    single = [special("[CLS]", 0), {"Sequence": {"id": "A", "type_id": 0}}, special("[SEP]", 0)]
    return {"type": "TemplateProcessing", "single": single,
            "pair": single + [{"Sequence": {"id": "B", "type_id": 1}}, special("[SEP]", 1)],
            "special_tokens": {n: {"id": n, "ids": [i], "tokens": [n]} for n, i in [("[CLS]", cls), ("[SEP]", sep)]}}


def configuration(name, before, after, tokens, processor, lower=True, strip=None, unk="[UNK]", refuse=False, **extra):
    normalizer = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": strip,
                  "lowercase": lower}
    normalizer.update(extra)
    return {"name": name, "before": before, "after": after, "refusesSpecialTokens": refuse, "tokenizer": {
        "version": "1.0", "truncation": {"max_length": 128, "strategy": "LongestFirst", "stride": 0},
        "padding": None, "added_tokens": tokens, "normalizer": normalizer,
        "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": processor, "decoder": None,
        "model": {"type": "WordPiece", "unk_token": unk, "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100}}}


def configurations(count):
    bert = [added(t, i) for i, t in enumerate(BERT_SPECIALS)]
    mpnet_before = ["<s>", "<pad>", "</s>", "<unk>", "[UNK]"]
    mask = len(mpnet_before) + count
    mpnet = [added("<s>", 0), added("<pad>", 1), added("</s>", 2), added("<unk>", 3, normalized=True),
             added("[UNK]", 4), added("<mask>", mask, lstrip=True)]
    roberta = {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True,
               "add_prefix_space": False}
    end = len(BERT_SPECIALS) + count
    odd = bert + [added("@x@", end, special=False, rstrip=True), added("@x@@", end + 1, special=False, lstrip=True),
                  added("Café@", end + 2, special=False, lstrip=True, rstrip=True),
                  added("New York", end + 3, special=False, normalized=True),
                  added("the", 5 + 0, special=False, normalized=False)]
    return [
        configuration("minilm", BERT_SPECIALS, [], bert, template(2, 3)),
        configuration("mpnet", mpnet_before, ["<mask>"], mpnet, roberta),
        configuration("tinybert", BERT_SPECIALS, [], bert, template(2, 3), refuse=True),
        configuration("cased", BERT_SPECIALS, [], bert,
                      {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}, lower=False),
        configuration("lower", BERT_SPECIALS, [], bert, template(2, 3), strip=False),
        configuration("odd", BERT_SPECIALS, [], odd,
                      dict(roberta, sep=["[SEP]", 3], cls=["[CLS]", 2], add_prefix_space=True), clean_text=False,
                      handle_chinese_chars=False),
    ]


def full(config, vocabulary):
    """The whole tokenizer.json; the added token "the" takes its id from the vocabulary."""
    tokenizer = json.loads(json.dumps(config["tokenizer"]))
    tokens = config["before"] + vocabulary + config["after"]
    ids = {t: i for i, t in enumerate(tokens)}
    assert len(ids) == len(tokens)
    tokenizer["model"]["vocab"] = ids
    for source, token in zip(config["tokenizer"]["added_tokens"], tokenizer["added_tokens"]):
        token["id"] = source["id"] = ids.get(token["content"], token["id"])
    return tokenizer


def main():
    output = sys.argv[2] if len(sys.argv) > 2 else os.path.join(HERE, "../../Tests/TaperTokenizationTests/Fixtures")
    vocabulary = small_vocabulary(sys.argv[1])
    with open(os.path.join(output, "vocabulary.txt"), "w", encoding="utf-8", newline="\n") as f:
        f.writelines(t + "\n" for t in vocabulary)
    result = []
    for index, config in enumerate(configurations(len(vocabulary))):
        reference = Tokenizer.from_str(json.dumps(full(config, vocabulary)))
        reference.no_padding()
        reference.no_truncation()
        reference.encode_special_tokens = config["refusesSpecialTokens"]
        if config["name"] in ("minilm", "cased", "lower"):
            block = 256 if config["name"] == "minilm" else 4096
            digests = b""
            for start in range(0, 0x110000, block):
                crc = 0
                for c in range(start, start + block):
                    if not 0xD800 <= c < 0xE000:
                        text = "a" + chr(c) + "b"
                        crc = zlib.crc32(tokenizer_texts.packed(reference.encode(text)), crc)
                        crc = zlib.crc32(reference.normalizer.normalize_str(text).encode(), crc)
                digests += struct.pack("<I", crc)
            with open(os.path.join(output, "scalars-%s.bin" % config["name"]), "wb") as f:
                f.write(digests)
        rng = tokenizer_texts.seeded(100 + index)
        config["texts"] = []
        for number in range(TEXTS):
            text = tokenizer_texts.text(rng) if number else ""
            pair = tokenizer_texts.text(rng) if number % 3 == 2 else None
            maximum = 100000 if number % 2 else rng.randint(5, 24)
            reference.enable_truncation(maximum, strategy="longest_first")
            encoding = reference.encode(text, pair)
            config["texts"].append({
                "text": text, "pair": pair, "maximum": maximum, "ids": encoding.ids, "type_ids": encoding.type_ids,
                "offsets": [x for o in encoding.offsets for x in o], "truncated": bool(encoding.overflowing)})
        result.append(config)
    with open(os.path.join(output, "configurations.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in result) + "\n]\n")
    print("%d tokens, %d configurations -> %s" % (len(vocabulary), len(result), os.path.relpath(output)))


main()
