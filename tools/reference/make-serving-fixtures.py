#!/usr/bin/env python3
"""Writes what the reference makes of long texts and of labelled tokens, for three small tokenizers.

    make-serving-fixtures.py

- Tests/TaperTokenizationTests/Fixtures/chunks.json: tokenizers' overflowing encodings of texts and pairs, by longest
  length and stride.
- Tests/TaperServingTests/Fixtures/entities.json: what transformers' token classification pipeline makes of random
  scores, by aggregation strategy.

Needs `pip install transformers tokenizers torch`. Scores are seeded; the vocabularies that trainers learn
differ a little from run to run.
"""
import json
import pathlib
import types
import warnings

import numpy
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast
from transformers.pipelines.token_classification import AggregationStrategy, TokenClassificationPipeline

TESTS = pathlib.Path(__file__).resolve().parents[2] / "Tests"
LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "MISC", "S-ORG"]
TEXTS = [
    "Ada Lovelace lived in London, and Charles Babbage too.",
    "Müller-Lüdenscheidt fährt nach Köln; Ａda kommt mit.",
    "  spaces   before,\tand after  ",
    "emoji 👩‍🚀 and accents: cafe\u0301, naïve, Ὀδυσσεύς!",
    "東京は日本の首都です。",
    "x",
    "unbelievably long words: antidisestablishmentarianism internationalisation",
    "Don't stop—e.g. U.S.A., 3.14 and #hash",
    "",
]
SPECIAL = ["<s>", "</s>", "<unk>", "<pad>"]


def tokenizers_by_name():
    corpus = TEXTS * 4

    wordpiece = Tokenizer(models.WordPiece(unk_token="<unk>"))
    wordpiece.normalizer = normalizers.BertNormalizer()
    wordpiece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    wordpiece.decoder = decoders.WordPiece()
    wordpiece.train_from_iterator(
        corpus[:3] + corpus[6:8],
        trainers.WordPieceTrainer(vocab_size=110, special_tokens=SPECIAL, show_progress=False))
    yield "WordPiece", wordpiece

    bytes_ = Tokenizer(models.BPE())
    bytes_.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_.decoder = decoders.ByteLevel()
    bytes_.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=320, special_tokens=SPECIAL, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    yield "ByteLevel", bytes_

    unigram = Tokenizer(models.Unigram())
    unigram.normalizer = normalizers.NFKC()
    unigram.pre_tokenizer = pre_tokenizers.Metaspace()
    unigram.decoder = decoders.Metaspace()
    unigram.train_from_iterator(corpus[:4], trainers.UnigramTrainer(
        vocab_size=90, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False))
    yield "Unigram", unigram


def framed(name, tokenizer):
    start, end = tokenizer.token_to_id("<s>"), tokenizer.token_to_id("</s>")
    if name == "ByteLevel":
        tokenizer.post_processor = processors.RobertaProcessing(
            ("</s>", end), ("<s>", start), trim_offsets=True, add_prefix_space=False)
    else:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", pair="<s> $A </s> $B:1 </s>:1", special_tokens=[("<s>", start), ("</s>", end)])
    return tokenizer


def encoding_json(encoding):
    return {"ids": encoding.ids, "type_ids": encoding.type_ids,
            "offsets": [place for offset in encoding.offsets for place in offset],
            "special": [i for i, special in enumerate(encoding.special_tokens_mask) if special]}


def chunk_cases(tokenizer):
    for text, pair in [(text, None) for text in TEXTS] + list(zip([TEXTS[5], TEXTS[2]], [TEXTS[3], TEXTS[0]])):
        tokenizer.no_truncation()
        special = tokenizer.num_special_tokens_to_add(pair is not None)
        first = len(tokenizer.encode(text, add_special_tokens=False)) if pair is not None else 0
        for room, stride in [(2, 1), (5, 2), (8, 4), (9, 0)][pair is not None:]:
            # The reference refuses a stride that no chunk has room for.
            longest = special + first + room
            tokenizer.enable_truncation(
                longest, stride=stride, strategy="only_second" if pair is not None else "longest_first")
            encoding = tokenizer.encode(text) if pair is None else tokenizer.encode(text, pair)
            yield {"text": text, "pair": pair, "maximum": longest, "overlap": stride,
                   "chunks": [encoding_json(e) for e in [encoding] + encoding.overflowing]}
    tokenizer.no_truncation()


def entity_cases(tokenizer, generator):
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>")
    pipeline = TokenClassificationPipeline.__new__(TokenClassificationPipeline)
    pipeline.tokenizer = fast
    pipeline.model = types.SimpleNamespace(config=types.SimpleNamespace(id2label=dict(enumerate(LABELS))))
    for text in TEXTS:
        encoding = tokenizer.encode(text)
        # Scores in steps of 1/64 whose means are exact, now and then equal.
        scores = generator.integers(0, 65, (len(encoding.ids), len(LABELS))).astype(numpy.float32) / 64
        strategies = {}
        for strategy in list(AggregationStrategy)[1:]:
            found = pipeline.gather_pre_entities(
                text, numpy.array(encoding.ids), scores, numpy.array(encoding.offsets),
                numpy.array(encoding.special_tokens_mask), strategy)
            entities = [e for e in pipeline.aggregate(found, strategy) if e["entity_group"] != "O"]
            strategies[strategy.value] = [
                {"entity": e["entity_group"], "score": float(e["score"]),
                 "begin": int(e["start"]), "end": int(e["end"])}
                for e in entities]
        yield {"text": text, "scores": [round(float(s) * 64) for s in scores.flatten()], "entities": strategies}


def write(path, cases):
    path.parent.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(case, ensure_ascii=True, sort_keys=True) for case in cases)
    path.write_text("[\n" + lines + "\n]\n")


def main():
    warnings.simplefilter("ignore")
    generator = numpy.random.default_rng(17)
    chunks, entities = [], []
    for name, tokenizer in tokenizers_by_name():
        framed(name, tokenizer)
        document = json.loads(tokenizer.to_str())
        chunks.append({"name": name, "tokenizer": document, "cases": list(chunk_cases(tokenizer))})
        entities.append({"name": name, "tokenizer": document, "labels": LABELS,
                         "cases": list(entity_cases(tokenizer, generator))})
    write(TESTS / "TaperTokenizationTests/Fixtures/chunks.json", chunks)
    write(TESTS / "TaperServingTests/Fixtures/entities.json", entities)


if __name__ == "__main__":
    main()
