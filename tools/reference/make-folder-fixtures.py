#!/usr/bin/env python3
"""Writes what transformers makes of model folders whose tokenizer files say different things, for TaperModelSpecTests.

    make-folder-fixtures.py [OUTPUT_FILE]      needs: pip install transformers==5.24.0 tokenizers==0.23.3

Every case has the files of a folder and the ids and offsets of some texts. "tokenizer", "lines" and "pairs" name the
tokenizer of TaperTokenizationTests/Fixtures/pipelines.json that tokenizer.json, vocab.txt, or vocab.json and merges.txt
are written from.
"""
import json
import os
import sys
import tempfile

from tokenizers import normalizers
from transformers import AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(HERE, "../../Tests")
TEXTS = ["The capital of France is Paris.", "Hello <mask> world [MASK] don't", "éÉ  naïve 中文 x\u0301", "x [E1] y[E1]z e1", "",
         " leading and trailing ", "a  b\tc\n\nd ", "the the the the the the the the the the", "Playing LOWER \"quoted'' ``x''"]
PAIR = ("hello world", "lower the newest")


def pipelines():
    with open(os.path.join(TESTS, "TaperTokenizationTests/Fixtures/pipelines.json"), encoding="utf-8") as f:
        return {c["name"]: c["tokenizer"] for c in json.load(f)["configurations"]}


def cases(base):
    def folder(name, model_type, tokenizer=None, config=None, sentence=None, edit=None, **files):
        result = {"name": name, "files": {"config.json": {"model_type": model_type}}}
        if tokenizer:
            result["tokenizer"], result["edit"] = tokenizer, edit or {}
        if config is not None:
            result["files"]["tokenizer_config.json"] = config
        if sentence is not None:
            result["files"]["sentence_bert_config.json"] = sentence
        for key in ("lines", "pairs"):
            if key in files:
                result[key] = files.pop(key)
        result["files"].update({k.replace("__", "."): v for k, v in files.items()})
        return result
    wordpiece = [t for t, _ in sorted(base["resaved"]["model"]["vocab"].items(), key=lambda x: x[1])]
    pairs = {"pairs": "roberta"}
    cased = {"normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                            "strip_accents": None, "lowercase": False}}
    extra = {"content": "[E1]", "lstrip": False, "rstrip": False, "normalized": False, "single_word": False, "special": False}
    free = len(wordpiece)
    bert = lambda **x: dict(tokenizer_class="BertTokenizer", **x)
    fast = lambda **x: dict(tokenizer_class="PreTrainedTokenizerFast", **x)
    top = len(base["resaved"]["model"]["vocab"]) + len([t for t in base["resaved"]["added_tokens"] if t["id"] >= free])
    return [
        folder("do_lower_case false over tokenizer.json", "bert", "resaved", bert(do_lower_case=False)),
        folder("no tokenizer_config.json", "bert", "resaved", edit=cased),
        folder("cased class", "bert", "resaved", bert(do_lower_case=False), edit=cased),
        folder("strip_accents and Chinese", "bert", "resaved", bert(strip_accents=False, tokenize_chinese_chars=False)),
        folder("class that takes the file", "bert", "resaved", fast(do_lower_case=False)),
        folder("normalizer sequence", "bert", "resaved", fast()),
        folder("sentence lower case", "bert", "resaved", bert(do_lower_case=False), {"do_lower_case": True}, edit=cased),
        folder("sentence lower case twice", "bert", "resaved", bert(), {"do_lower_case": True}),
        folder("truncation side", "bert", "resaved", bert(truncation_side="left")),
        folder("further token", "bert", "resaved", fast(additional_special_tokens=["[E1]"])),
        folder("listed token", "bert", "resaved", bert(added_tokens_decoder=dict(
            [(str(t["id"]), {k: v for k, v in t.items() if k != "id"}) for t in base["resaved"]["added_tokens"]]
            + [(str(top), extra)]))),
        folder("listed token with other flags", "bert", "resaved", fast(added_tokens_decoder={
            "4": dict(extra, content="[MASK]", lstrip=True, rstrip=True, special=True)})),
        folder("MPNet class", "mpnet", "resaved", dict(tokenizer_class="MPNetTokenizer", cls_token="[CLS]", sep_token="[SEP]",
                                                        bos_token="[CLS]", eos_token="[SEP]", pad_token="[PAD]", mask_token="[MASK]")),
        folder("vocab.txt with added_tokens.json", "bert", None, bert(), lines="resaved", added_tokens__json={"[E1]": free}),
        folder("vocab.txt with listed token", "bert", None, bert(added_tokens_decoder={str(free): extra}), lines="resaved"),
        folder("vocab.txt cased", "bert", None, bert(do_lower_case=False), lines="resaved"),
        folder("pairs", "roberta", None, {"tokenizer_class": "RobertaTokenizer"}, **pairs),
        folder("pairs with settings", "roberta", None,
               {"add_prefix_space": True, "trim_offsets": False},
               special_tokens_map__json={"mask_token": {"content": "<mask>", "lstrip": True, "rstrip": False,
                                                        "normalized": False, "single_word": False}}, **pairs),
        folder("add_prefix_space over tokenizer.json", "roberta", "roberta",
               {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": True}),
        folder("RoBERTa file", "roberta", "roberta", fast(add_prefix_space=True)),
        folder("XLM-R class", "xlm-roberta", "xlmr", {"tokenizer_class": "XLMRobertaTokenizer"}),
        folder("XLM-R file", "xlm-roberta", "xlmr", fast()),
        folder("XLM-R class over another pipeline", "xlm-roberta", "whole",
               {"tokenizer_class": "XLMRobertaTokenizerFast", "mask_token": "the"}),
        folder("CamemBERT class", "camembert", "xlmr", {"additional_special_tokens": ["<s>"]}),
        folder("ALBERT class", "albert", "xlmr", {"tokenizer_class": "AlbertTokenizer", "cls_token": "<s>", "sep_token": "</s>",
                                                  "bos_token": "<s>", "eos_token": "</s>", "mask_token": "<mask>",
                                                  "do_lower_case": False}),
        folder("DeBERTa class", "deberta-v2", "debertav2", {"tokenizer_class": "DebertaV2Tokenizer", "unk_token": "<unk>",
                                                            "pad_token": "<pad>", "mask_token": "<mask>"}),
        folder("DeBERTa class with settings", "deberta-v2", "debertav2",
               {"do_lower_case": True, "split_by_punct": True, "add_prefix_space": False, "unk_token": "<unk>",
                "pad_token": "<pad>", "mask_token": "<mask>"}),
        folder("ModernBERT", "modernbert", "modernbert", {"tokenizer_class": "PreTrainedTokenizerFast"}),
    ]


def has_lowercase(normalizer):
    return "Lowercase" in repr(normalizer) or "lowercase=True" in repr(normalizer)


def main():
    output = sys.argv[1] if len(sys.argv) > 1 else os.path.join(TESTS, "TaperModelSpecTests/Fixtures/tokenizer-folders.json")
    base = pipelines()
    result = []
    for case in cases(base):
        with tempfile.TemporaryDirectory() as folder:
            files = dict(case["files"])
            if "tokenizer" in case:
                files["tokenizer.json"] = dict(base[case["tokenizer"]], **case["edit"])
            if "lines" in case:
                vocab = base[case["lines"]]["model"]["vocab"]
                files["vocab.txt"] = "".join(t + "\n" for t, _ in sorted(vocab.items(), key=lambda x: x[1]))
            if "pairs" in case:
                model = base[case["pairs"]]["model"]
                files["vocab.json"] = model["vocab"]
                files["merges.txt"] = "#version: 0.2\n" + "".join(" ".join(m) + "\n" for m in model["merges"])
            for name, content in files.items():
                with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                    f.write(content if isinstance(content, str) else json.dumps(content))
            tokenizer = AutoTokenizer.from_pretrained(folder)
            if files.get("sentence_bert_config.json", {}).get("do_lower_case"):
                backend = tokenizer.backend_tokenizer
                if not has_lowercase(backend.normalizer):
                    backend.normalizer = normalizers.Sequence([normalizers.Lowercase(), backend.normalizer])
            case["results"] = []
            for number, text in enumerate(TEXTS + [PAIR]):
                maximum = 6 if number in (0, 7) else 512
                texts = text if isinstance(text, tuple) else (text,)
                encoding = tokenizer(*texts, truncation="longest_first", max_length=maximum, return_offsets_mapping=True)
                case["results"].append({"texts": list(texts), "maximum": maximum, "ids": encoding["input_ids"],
                                        "offsets": [x for o in encoding["offset_mapping"] for x in o]})
            print("%-45s %-24s %s" % (case["name"], type(tokenizer).__name__, case["results"][0]["ids"]))
        result.append(case)
    with open(output, "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in result) + "\n]\n")


if __name__ == "__main__":
    main()
