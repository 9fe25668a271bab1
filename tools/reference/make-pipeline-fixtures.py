#!/usr/bin/env python3
"""Writes the fixtures of tokenizers other than BERT's for TaperTokenizationTests with the reference tokenizer.

    make-pipeline-fixtures.py [OUTPUT_DIR]      needs: pip install tokenizers==0.23.3

- pipelines.json: texts, and for each of the small tokenizers trained here its tokenizer.json and the CRC-32 of the
  reference's encoding of each text (ids, types, offsets) followed by its normal form.
- scalars-pipelines.json: for some of them, per block of 4,096 scalars, the CRC-32 over texts with
  every scalar.
"""
import json
import os
import sys
import zlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import charsmap
import tokenizer_texts

TEXTS, BLOCK = 90, 4096
SCALARS = ["llama3", "xlmr", "albert", "gemma", "resaved", "nfkc", "words", "digits"]
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")
CORPUS_SEED = 11


def corpus():
    rng = tokenizer_texts.seeded(CORPUS_SEED)
    return [tokenizer_texts.mixed(rng) + " " + tokenizer_texts.text(rng) for _ in range(400)] + [
        " ".join(tokenizer_texts.PLAIN[:18])] * 20 + [" ".join(tokenizer_texts.SCRIPTS)] * 4


def plain_corpus():
    """With few characters, since a Unigram vocabulary has all of them."""
    rng = tokenizer_texts.seeded(CORPUS_SEED)
    words = tokenizer_texts.PLAIN + tokenizer_texts.NUMBERS + tokenizer_texts.SCRIPTS[:8]
    return [" ".join(rng.choice(words) for _ in range(12)) for _ in range(400)]


def small_charsmap():
    """What SentencePiece's nmt_nfkc does, for a few characters: spaces, controls, compatibility characters."""
    import unicodedata
    rules = {chr(c): " " for c in [9, 10, 13, 0xA0, 0x2003, 0x3000, 0x200B, 0x2028, 0xFEFF]}
    rules.update({chr(c): "" for c in [1, 7, 0x7F]})
    for c in "ﬁﬃ①½ⅷⅫｆｕｌＡﷺ㎏㌔ÅÅ…²٣ﬆ\u0958\u0e33\u1fef𝓐𝟘é":
        rules[c] = unicodedata.normalize("NFKC", c)
    rules.update({"e\u0301": "é", "\u1112\u1161": "하", "a": "a", "क\u094d": "क्", "\u00a9": "(c)", "\u0964": "|"})
    return rules


def special(content, **flags):
    return AddedToken(content, special=True, normalized=flags.pop("normalized", False), **flags)


def finish(tokenizer, tokens=(), more=()):
    tokenizer.add_special_tokens(list(tokens))
    tokenizer.add_tokens(list(more))
    return tokenizer


def trained(model, trainer, normalizer=None, pre=None, texts=None):
    tokenizer = Tokenizer(model)
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    if pre is not None:
        tokenizer.pre_tokenizer = pre
    tokenizer.train_from_iterator(texts or corpus(), trainer)
    return tokenizer


def template(cls, sep, ids, pair=None):
    return processors.TemplateProcessing(single=f"{cls} $A {sep}", pair=pair or f"{cls} $A {sep} {sep} $B {sep}",
                                         special_tokens=[(cls, ids[0]), (sep, ids[1])])


def byte_level(normalizer, pre, size=700, **options):
    return trained(models.BPE(**options), trainers.BpeTrainer(
        vocab_size=size, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"]), normalizer, pre)


def unigram(normalizer, pre, size=500, byte_fallback=False):
    tokenizer = trained(models.Unigram(), trainers.UnigramTrainer(
        vocab_size=size, show_progress=False, unk_token="<unk>", special_tokens=["<s>", "<pad>", "</s>", "<unk>"]),
        normalizer, pre, plain_corpus())
    if byte_fallback:
        data = json.loads(tokenizer.to_str())
        data["model"]["byte_fallback"] = True
        data["model"]["vocab"] += [["<0x%02X>" % b, 0.0] for b in range(256)]
        tokenizer = Tokenizer.from_str(json.dumps(data))
    return tokenizer


def spm_bpe(normalizer, pre, **options):
    tokenizer = trained(models.BPE(unk_token="<unk>", fuse_unk=True), trainers.BpeTrainer(
        vocab_size=420, show_progress=False, limit_alphabet=60, special_tokens=["<s>", "<pad>", "</s>", "<unk>"]),
        normalizer, pre)
    data = json.loads(tokenizer.to_str())
    if options.pop("bytes", True):
        data["model"]["byte_fallback"] = True
        for b in range(256):
            data["model"]["vocab"]["<0x%02X>" % b] = len(data["model"]["vocab"])
    data["model"].update(options)
    return Tokenizer.from_str(json.dumps(data))


def pieces(normalizer=None, pre=None):
    """A tokenizer with one unknown token: its offsets show the pieces."""
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "the": 1}, "<unk>"))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    if pre is not None:
        tokenizer.pre_tokenizer = pre
    return tokenizer


def configurations():
    N, P = normalizers, pre_tokenizers
    precompiled = N.Precompiled(charsmap.build(small_charsmap()))
    mask = special("<mask>", lstrip=True)
    words = [AddedToken("wholeword", single_word=True), AddedToken("Ａdded", normalized=True)]
    result = {}

    for name, prefix in (("roberta", False), ("roberta-prefix", True)):
        t = byte_level(None, P.ByteLevel(add_prefix_space=prefix))
        finish(t, [special(x) for x in ("<s>", "<pad>", "</s>", "<unk>")] + [mask], words[:1])
        t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), True, prefix)
        result[name] = t
    t = byte_level(N.NFC(), P.ByteLevel(add_prefix_space=False))
    finish(t, [special("[CLS]"), special("[SEP]"), special("[MASK]", lstrip=True)],
           [AddedToken(" " * n, normalized=False) for n in (4, 3, 2)] + words)
    t.post_processor = template("[CLS]", "[SEP]", [t.token_to_id("[CLS]"), t.token_to_id("[SEP]")],
                                "[CLS] $A [SEP] $B:1 [SEP]:1")
    result["modernbert"] = t
    for name, pattern in (("llama3", LLAMA3), ("qwen2", QWEN2)):
        t = byte_level(None, P.Sequence([P.Split(Regex(pattern), "isolated"), P.ByteLevel(False, True, False)]),
                       ignore_merges=name == "llama3")
        finish(t, [special("<s>"), special("</s>")])
        t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=name == "llama3"),
                                                template("<s>", "</s>", [0, 2])])
        result[name] = t
    t = byte_level(N.Sequence([N.NFC(), N.Lowercase()]), P.ByteLevel(add_prefix_space=True, trim_offsets=True))
    t.post_processor = processors.ByteLevel(trim_offsets=True)
    result["byte-level"] = t

    t = unigram(N.Sequence([precompiled, N.Replace(Regex(" {2,}"), " ")]),
                P.Sequence([P.WhitespaceSplit(), P.Metaspace()]))
    finish(t, [special(x) for x in ("<s>", "<pad>", "</s>", "<unk>")] + [mask])
    t.post_processor = template("<s>", "</s>", [0, 2])
    result["xlmr"] = t
    t = unigram(N.Sequence([N.Replace("``", '"'), N.Replace("''", '"'), N.NFKD(), N.StripAccents(), N.Lowercase(),
                            precompiled]), P.Metaspace())
    finish(t, [special("[CLS]"), special("[SEP]")] + [mask])
    t.post_processor = template("[CLS]", "[SEP]", [t.token_to_id("[CLS]"), t.token_to_id("[SEP]")],
                                "[CLS] $A [SEP] $B:1 [SEP]:1")
    result["albert"] = t
    t = unigram(N.Sequence([N.Strip(), precompiled, N.Replace(Regex(" {2,}"), "▁")]), P.Sequence([P.Metaspace()]),
                byte_fallback=True)
    finish(t, [special("[CLS]"), special("[SEP]")] + [mask])
    t.post_processor = processors.Sequence([template("[CLS]", "[SEP]", [t.token_to_id("[CLS]"), t.token_to_id("[SEP]")]),
                                            processors.ByteLevel(trim_offsets=True)])
    result["debertav2"] = t
    t = unigram(precompiled, P.Metaspace(prepend_scheme="first", split=False))
    finish(t, [special("</s>", normalized=True), special("<mask>", rstrip=True)], words)
    result["whole"] = t

    t = spm_bpe(N.Replace(" ", "▁"), P.Split(" ", "merged_with_previous"))
    finish(t, [special("<s>"), special("</s>")], [AddedToken("\n\n", normalized=False)])
    t.post_processor = template("<s>", "</s>", [0, 2])
    result["gemma"] = t
    t = spm_bpe(N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")]), None)
    finish(t, [special("<s>"), special("</s>", normalized=True)])
    result["llama"] = t
    result["unfused"] = spm_bpe(None, P.Metaspace(prepend_scheme="never"), bytes=False, fuse_unk=False)
    result["dropping"] = spm_bpe(None, P.WhitespaceSplit(), bytes=False, unk_token=None)
    t = trained(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"), trainers.BpeTrainer(
        vocab_size=400, show_progress=False, limit_alphabet=50, end_of_word_suffix="</w>", special_tokens=["<unk>"]),
        N.Sequence([N.NFC(), N.Replace(Regex(r"\s+"), " "), N.Lowercase()]),
        P.Sequence([P.WhitespaceSplit(), P.Punctuation("isolated")]))
    result["suffix"] = t
    t = trained(models.BPE(unk_token="<unk>", continuing_subword_prefix="##"), trainers.BpeTrainer(
        vocab_size=400, show_progress=False, limit_alphabet=50, continuing_subword_prefix="##",
        special_tokens=["<unk>"]), N.Lowercase(), P.BertPreTokenizer())
    result["prefix"] = t

    t = trained(models.WordPiece(unk_token="[UNK]"), trainers.WordPieceTrainer(
        vocab_size=500, show_progress=False, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]),
        N.Sequence([N.Lowercase(), N.BertNormalizer(lowercase=True)]), P.BertPreTokenizer())
    finish(t, [special(x) for x in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")], words)
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    result["resaved"] = t

    result["nfc"] = pieces(N.NFC(), P.WhitespaceSplit())
    result["nfd"] = pieces(N.NFD(), P.WhitespaceSplit())
    result["nfkc"] = pieces(N.NFKC(), P.WhitespaceSplit())
    result["nfkd"] = pieces(N.NFKD(), P.WhitespaceSplit())
    result["stripped"] = pieces(N.Sequence([N.Nmt(), N.NFKD(), N.StripAccents(), N.Strip(left=True, right=False)]), P.Whitespace())
    result["cleaned"] = pieces(N.Sequence([N.BertNormalizer(lowercase=False, strip_accents=True), N.NFC()]), P.BertPreTokenizer())
    result["bytes"] = pieces(N.Sequence([N.Lowercase(), N.ByteLevel()]), P.Split("Ġ", "merged_with_next"))
    result["words"] = pieces(None, P.Whitespace())
    result["digits"] = pieces(None, P.Sequence([P.WhitespaceSplit(), P.Digits(individual_digits=True)]))
    result["numbers"] = pieces(None, P.Sequence([P.Digits(individual_digits=False), P.CharDelimiterSplit("e")]))
    result["no-regex"] = pieces(None, P.ByteLevel(add_prefix_space=True, use_regex=False))
    for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"):
        result["punctuation-" + behavior] = pieces(None, P.Punctuation(behavior))
        result["split-" + behavior] = pieces(None, P.Split(Regex(r"[\s.!']"), behavior))
        result["inverted-" + behavior] = pieces(None, P.Split(Regex(r"[a-z]+"), behavior, invert=True))
    return result


def digest(tokenizer, encoding, *texts):
    crc = zlib.crc32(tokenizer_texts.packed(encoding))
    for text in texts:
        if text is not None:
            normal = tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text
            crc = zlib.crc32(normal.encode(), crc)
    return crc


def main():
    output = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "../../Tests/TaperTokenizationTests/Fixtures")
    rng = tokenizer_texts.seeded(5)
    texts = []
    for number in range(TEXTS):
        text = tokenizer_texts.mixed(rng, long=number % 15 == 7) if number else ""
        pair = tokenizer_texts.mixed(rng) if number % 5 == 3 else None
        texts.append({"text": text, "pair": pair, "maximum": 100000 if number % 3 else rng.randint(5, 24),
                      "side": "left" if number % 6 == 0 else "right"})
    configurations_, scalars = [], {}
    for name, tokenizer in configurations().items():
        tokenizer.no_padding()
        tokenizer.no_truncation()
        source = json.loads(tokenizer.to_str())
        digests = []
        for item in texts:
            if item["maximum"] < 100000:
                tokenizer.enable_truncation(item["maximum"], strategy="longest_first", direction=item["side"])
            else:
                tokenizer.no_truncation()
            digests.append(digest(tokenizer, tokenizer.encode(item["text"], item["pair"]), item["text"], item["pair"]))
        tokenizer.no_truncation()
        if name in SCALARS:
            scalars[name] = []
            for start in range(0, 0x110000, BLOCK):
                crc = 0
                for first in range(start, start + BLOCK, 16):
                    run = [chr(c) for c in range(first, first + 16) if not 0xD800 <= c < 0xE000]
                    text = "".join("a%sb %s\u0301\u200d%s" % (c, c, c) for c in run)
                    crc = zlib.crc32(b"%08x" % digest(tokenizer, tokenizer.encode(text), text), crc)
                scalars[name].append(crc)
        configurations_.append({"name": name, "tokenizer": source, "digests": digests})
        print(name, tokenizer.get_vocab_size())
    compact = dict(separators=(",", ":"), ensure_ascii=False)
    with open(os.path.join(output, "pipelines.json"), "w", encoding="utf-8") as f:
        f.write('{"texts":[\n' + ",\n".join(json.dumps(t, separators=(",", ":")) for t in texts) + '\n],"configurations":[\n')
        f.write(",\n".join(json.dumps(c, **compact) for c in configurations_) + "\n]}\n")
    with open(os.path.join(output, "scalars-pipelines.json"), "w") as f:
        json.dump(scalars, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
