#!/usr/bin/env python3
"""Compares taper with sentence-transformers and transformers on whole folders of every model family.

For each family this makes small random models with a tokenizer of the family's own kind, saved as the libraries save
them, and puts the same texts to both: an embedder (mean pooling, normalised), a sequence classifier and a token
classifier. Writes the table in docs/compatibility.md.

    check-families.sh [FAMILY ...]

Needs torch, transformers, tokenizers and sentence-transformers; TAPER names the program.
"""
import argparse
import inspect
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import warnings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
warnings.filterwarnings("ignore")

import numpy
import torch
import transformers

transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()
from sentence_transformers import MultiVectorEncoder, SentenceTransformer, SparseEncoder
from sentence_transformers import models as modules
from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask
from sentence_transformers.sparse_encoder.modules import SpladePooling
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors, trainers
from tokenizers import models as tokenizer_models
from transformers import AutoModel, AutoModelForMaskedLM
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEVICE = ROOT / "specs/devices/reference.json"
TAPER = os.environ.get("TAPER", "taper")
CORPUS = [p.read_text() for p in sorted((ROOT / "docs").glob("*.md"))[:12]]
TEXTS = [
    "The quick brown fox jumps over the lazy dog.", "", "a", "Zürich, naïve café: 3.5 % of £1,000!", "你好，世界 こんにちは",
    "emoji 😀👩‍👩‍👧 and e\u0301 combining", "  spaces\tand\nlines  ", "don't we'll I've 12345 foo_bar",
    "ПРИВЕТ мир. Γειά σου Κόσμε", "long " * 80, "[CLS] <s> </s> <mask> special words in the text",
]
PAIRS = [("what is it", "it is a test"), ("a", ""), ("long " * 40, "other " * 40)]


def word_piece():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    t = Tokenizer(tokenizer_models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(
        CORPUS, trainers.WordPieceTrainer(vocab_size=600, special_tokens=special, show_progress=False))
    t.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", t.token_to_id("[CLS]")), ("[SEP]", t.token_to_id("[SEP]"))])
    return t, dict(pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")


def mpnet_word_piece():
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    t = Tokenizer(tokenizer_models.WordPiece(unk_token="<unk>"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(
        CORPUS, trainers.WordPieceTrainer(vocab_size=600, special_tokens=special, show_progress=False))
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    return t, dict(bos_token="<s>", cls_token="<s>", pad_token="<pad>", eos_token="</s>", sep_token="</s>",
                   unk_token="<unk>", mask_token="<mask>")


def byte_level():
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    t = Tokenizer(tokenizer_models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=700, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False))
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    return t, dict(bos_token="<s>", cls_token="<s>", pad_token="<pad>", eos_token="</s>", sep_token="</s>",
                   unk_token="<unk>", mask_token="<mask>")


def unigram():
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    t = Tokenizer(tokenizer_models.Unigram())
    t.normalizer = normalizers.NFKC()
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.train_from_iterator(CORPUS, trainers.UnigramTrainer(
        vocab_size=600, special_tokens=special, unk_token="<unk>", show_progress=False))
    t.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return t, dict(bos_token="<s>", cls_token="<s>", pad_token="<pad>", eos_token="</s>", sep_token="</s>",
                   unk_token="<unk>", mask_token="<mask>")


HEADER = """# Compatibility

Whole folders of every family, as sentence-transformers 6.2 and transformers 5.24 save them, with a tokenizer of the
family's own kind (WordPiece, byte-level BPE, Unigram), small and with random weights:
`tools/reference/check-families.sh` makes them, puts eleven texts of many scripts (and three pairs) to both, and
writes this page. How models are read: [models.md](models.md).

- *f32*: largest difference of an L2-normalised mean-pooled vector from sentence-transformers'. *bf16*, *int8*, *acc
  1.3x* (tokens dropped for 1.3 times less work): least cosine with it. Random weights make tokens equally important, so
  the last says that it works, not how well.
- *classifier*, *token classifier*: largest difference of a probability from transformers'.

"""

JOBS_HEADER = """
## Jobs

Poolings, modules, sparse encoders and token vectors, on models of the same sizes. *f32*: largest difference of a number
of the answer from sentence-transformers 6.2's. *bf16*, *int8*: least cosine with its answer. *scores*: largest
difference of a MaxSim score.

"""

SIZES = dict(hidden_size=48, num_hidden_layers=3, num_attention_heads=3, intermediate_size=72)
# family: tokenizer, configuration class, its arguments beside the sizes
FAMILIES = {
    "bert": (word_piece, "BertConfig", dict(SIZES, max_position_embeddings=64)),
    "distilbert": (word_piece, "DistilBertConfig", dict(
        dim=48, n_layers=3, n_heads=3, hidden_dim=72, max_position_embeddings=64)),
    "roberta": (byte_level, "RobertaConfig", dict(SIZES, max_position_embeddings=66, type_vocab_size=1)),
    "camembert": (unigram, "CamembertConfig", dict(SIZES, max_position_embeddings=66, type_vocab_size=1)),
    "xlm-roberta": (unigram, "XLMRobertaConfig", dict(SIZES, max_position_embeddings=66, type_vocab_size=1)),
    "electra": (word_piece, "ElectraConfig", dict(SIZES, embedding_size=24, max_position_embeddings=64)),
    "albert": (unigram, "AlbertConfig", dict(SIZES, embedding_size=24, max_position_embeddings=64)),
    "mpnet": (mpnet_word_piece, "MPNetConfig", dict(SIZES, max_position_embeddings=66)),
    "modernbert": (byte_level, "ModernBertConfig", dict(
        SIZES, max_position_embeddings=64, global_attn_every_n_layers=3, local_attention=16)),
    "deberta-v2": (unigram, "DebertaV2Config", dict(
        SIZES, max_position_embeddings=64, relative_attention=True, position_buckets=16, norm_rel_ebd="layer_norm",
        share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False, type_vocab_size=0)),
    "nomic_bert": (word_piece, "NomicBertConfig", dict(SIZES, max_position_embeddings=64)),
}


def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name.lower() and name.endswith("weight"):
            parameter.data = 1 + 0.1 * noise
        elif "embedding" in name:
            parameter.data = 0.5 * noise
        elif name.endswith("bias"):
            parameter.data = 0.1 * noise
        else:
            parameter.data = 1.2 * noise / parameter.shape[-1] ** 0.5
    return model.eval()


def configuration(family, tokenizer, names, **more):
    _, kind, arguments = FAMILIES[family]
    ids = {key.replace("_token", "_token_id"): tokenizer.token_to_id(token) for key, token in names.items()}
    return getattr(transformers, kind)(
        vocab_size=tokenizer.get_vocab_size(), **arguments, **{k: v for k, v in ids.items() if k != "unk_token_id"}, **more)


def save(folder, family, build, **more):
    tokenizer, names = FAMILIES[family][0]()
    config = configuration(family, tokenizer, names, **more)
    model = randomise(build(config), seed=sum(map(ord, family)))
    folder.mkdir(parents=True)
    model.save_pretrained(folder)
    inputs = ["input_ids", "attention_mask"] + (["token_type_ids"] if getattr(config, "type_vocab_size", 0) > 1 else [])
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=64, model_input_names=inputs, **names)
    fast.save_pretrained(folder)
    return model, fast


def taper(*words, text=None):
    run = subprocess.run([TAPER, *map(str, words)], input=text, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr.strip().splitlines()[-1] if run.stderr.strip() else f"exit {run.returncode}")
    return run.stdout


def answers(folder, work, lines, *options):
    plan = work / "a.plan"
    taper("plan", folder, "--device", DEVICE, "--threads", 1, "-o", plan, *options)
    return [json.loads(line) for line in taper("run", plan, text="\n".join(map(json.dumps, lines)) + "\n").splitlines()]


def embedder(family, work, folder):
    save(work / "encoder", family, AutoModel.from_config)
    word = modules.Transformer(str(work / "encoder"))
    model = SentenceTransformer(modules=[word, modules.Pooling(48, "mean"), modules.Normalize()], device="cpu")
    model.save(str(folder))
    return numpy.stack([model.encode(text, show_progress_bar=False) for text in TEXTS])


def classifier(family, work, folder):
    model, fast = save(folder, family, AutoModelForSequenceClassification.from_config, num_labels=3)
    rows = []
    for text in [*TEXTS, *PAIRS]:
        words = (text,) if isinstance(text, str) else text
        encoded = fast(*([word] for word in words), truncation=True, return_tensors="pt")
        encoded = {k: v for k, v in encoded.items() if k in inspect.signature(model.forward).parameters}
        with torch.no_grad():
            rows.append(model(**encoded).logits.softmax(-1)[0].numpy())
    return numpy.stack(rows)


def tokens(family, work, folder):
    model, fast = save(folder, family, AutoModelForTokenClassification.from_config, num_labels=4)
    found = []
    for text in TEXTS:
        encoded = fast(text, truncation=True, return_tensors="pt")
        encoded = {k: v for k, v in encoded.items() if k in inspect.signature(model.forward).parameters}
        with torch.no_grad():
            best = model(**encoded).logits.softmax(-1)[0].max(-1)
        found.append((best.indices.numpy(), best.values.numpy()))
    return found


def check(family, work):
    """One row of the table: a text a column."""
    row = {}
    folder = work / "embedder"
    expected = embedder(family, work, folder)
    row["inspect"] = "yes" if "family" in taper("inspect", folder) else "no"
    for name, options in [("f32", ()), ("bf16", ("--precision", "bf16")), ("int8", ("--precision", "int8"))]:
        try:
            found = numpy.array([a["embedding"] for a in answers(folder, work, TEXTS, "--dense", *options)])
            row[name] = f"{numpy.abs(found - expected).max():.1e}" if name == "f32" else f"{(found * expected).sum(-1).min():.4f}"
        except RuntimeError as error:
            row[name] = f"refused: {error}"
    try:
        data = work / "texts.jsonl"
        data.write_text("".join(json.dumps({"text": text}) + "\n" for text in [t for t in TEXTS if t] * 3))
        taper("calibrate", folder, "--data", data, "--threads", 1, "-o", work / "calibration")
        found = answers(folder, work, TEXTS, "--calibration", work / "calibration", "--flops-speedup", "1.3x")
        row["acc 1.3x"] = f"{min((numpy.array(a['embedding']) * e).sum() for a, e in zip(found, expected)):.3f}"
    except RuntimeError as error:
        row["acc 1.3x"] = f"refused: {error}"
    try:
        folder = work / "classifier"
        expected = classifier(family, work, folder)
        lines = [*TEXTS, *({"text": a, "text_pair": b} for a, b in PAIRS)]
        found = numpy.array([list(a["scores"].values()) for a in answers(folder, work, lines, "--dense")])
        row["classifier"] = f"{numpy.abs(found - expected).max():.1e}"
        if os.environ.get("DETAILS"):
            print(family, [(i, f"{d:.1e}") for i, d in enumerate(numpy.abs(found - expected).max(1)) if d > 1e-4])
    except RuntimeError as error:
        row["classifier"] = f"refused: {error}"
    try:
        folder = work / "tokens"
        expected = tokens(family, work, folder)
        worst = 0.0
        for answer, (labels, scores) in zip(answers(folder, work, TEXTS, "--dense"), expected):
            for token in answer["token_labels"]:
                worst = max(worst, abs(token["score"] - scores[token["token"]]))
        row["token classifier"] = f"{worst:.1e}"
    except RuntimeError as error:
        row["token classifier"] = f"refused: {error}"
    return row


def jobs_table(jobs):
    columns = ["f32", "bf16", "int8", "scores, f32"]
    lines = ["| job | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    return "\n".join(lines + [
        f"| {name} | " + " | ".join(row.get(c, "–") for c in columns) + " |" for name, row in jobs.items()])


def vectors(answers, key="embedding"):
    return [numpy.array(a[key]) for a in answers]


def largest(found, expected):
    return f"{max(numpy.abs(a - b).max() for a, b in zip(found, expected)):.1e}"


def cosine(found, expected):
    return f"{min((a * b).sum() / numpy.linalg.norm(a) / numpy.linalg.norm(b) for a, b in zip(found, expected)):.4f}"


def pooled(work, name, mode, later):
    """An embedder with this pooling and these modules after it."""
    save(work / "encoder", "bert", AutoModel.from_config)
    torch.manual_seed(sum(map(ord, name)))
    model = SentenceTransformer(
        modules=[modules.Transformer(str(work / "encoder")), modules.Pooling(48, mode), *later()], device="cpu")
    model.save(str(work / "model"))
    return work / "model", [model.encode(t, show_progress_bar=False) for t in TEXTS], "--dense"


def sparse(work, family, pooling):
    save(work / "encoder", family, AutoModelForMaskedLM.from_config)
    word = modules.Transformer(str(work / "encoder"), transformer_task="fill-mask")
    model = SparseEncoder(modules=[word, SpladePooling(**pooling)], device="cpu")
    model.save(str(work / "model"))
    words = model.tokenizer.convert_ids_to_tokens(range(model.tokenizer.vocab_size))
    return work / "model", [model.encode(t, convert_to_sparse_tensor=False).numpy() for t in TEXTS], words


def late(work, expansion):
    save(work / "encoder", "bert", AutoModel.from_config)
    torch.manual_seed(7)
    word = modules.Transformer(str(work / "encoder"), document_length=48, query_expansion=expansion)
    dense = modules.Dense(
        48, 16, bias=False, activation_function=torch.nn.Identity(), module_input_name="token_embeddings")
    model = MultiVectorEncoder(
        modules=[word, dense, MultiVectorMask(skiplist_words=[",", "."]),
                 modules.Normalize(module_input_name="token_embeddings")],
        prompts={"query": "query: ", "document": "passage: "}, device="cpu")
    model.save(str(work / "model"))
    queries = [model.encode_query(t, show_progress_bar=False) for t in TEXTS]
    documents = [model.encode_document(t, show_progress_bar=False) for t in TEXTS]
    scores = model.similarity(queries, documents).numpy()
    queries, documents = ([numpy.asarray(v) for v in each] for each in (queries, documents))
    return work / "model", queries + documents, scores


def job(name, work):
    """One row of the table of jobs: a column a precision."""
    row, kind = {}, JOBS[name]
    folder, expected, more = kind[0](work, *kind[1:]) if kind[0] is not pooled else pooled(work, name, *kind[1:])
    for column, options in [("f32", ()), ("bf16", ("--precision", "bf16")), ("int8", ("--precision", "int8"))]:
        try:
            if kind[0] is pooled:
                found = vectors(answers(folder, work, TEXTS, "--dense", *options))
            elif kind[0] is sparse:
                found = [numpy.array([a["sparse_embedding"].get(w, 0) for w in more])
                         for a in answers(folder, work, TEXTS, "--dense", *options)]
            else:
                lines = [{"query": t} for t in TEXTS] + [{"text": t} for t in TEXTS]
                lines += [{"query": t, "documents": TEXTS} for t in TEXTS]
                all_answers = answers(folder, work, lines, "--dense", *options)
                found = [numpy.array([t["vector"] for t in a["token_embeddings"]]) for a in all_answers[:len(expected)]]
                scores = numpy.zeros(more.shape)
                for place, answer in enumerate(all_answers[len(expected):]):
                    for entry in answer["ranking"]:
                        scores[place, entry["document"]] = entry["score"]
                if column == "f32":
                    row["scores, f32"] = largest([scores], [more])
                found, expected_now = [f.reshape(-1) for f in found], [e.reshape(-1) for e in expected]
            reference = expected_now if kind[0] is late else expected
            row[column] = largest(found, reference) if column == "f32" else cosine(found, reference)
        except RuntimeError as error:
            row[column] = f"refused: {error}"
    return row


def dense(inputs, outputs, activation, **more):
    return modules.Dense(inputs, outputs, activation_function=activation, **more)


JOBS = {
    **{f"pooling {mode}": (pooled, mode, lambda: [modules.Normalize()])
       for mode in ("max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")},
    "Dense (tanh), Normalize": (pooled, "mean", lambda: [dense(48, 32, torch.nn.Tanh()), modules.Normalize()]),
    "LayerNorm, Dense (GELU), Dense without bias": (pooled, "cls", lambda: [
        modules.LayerNorm(48), dense(48, 64, torch.nn.GELU()), dense(64, 24, torch.nn.Identity(), bias=False)]),
    "SPLADE, BERT, max": (sparse, "bert", dict(pooling_strategy="max")),
    "SPLADE, DistilBERT, sum": (sparse, "distilbert", dict(pooling_strategy="sum")),
    "SPLADE, XLM-RoBERTa, log1p_relu": (sparse, "xlm-roberta", dict(activation_function="log1p_relu")),
    **{f"SPLADE, {family}": (sparse, family, dict(pooling_strategy="max"))
       for family in ("roberta", "camembert", "electra", "albert", "mpnet", "modernbert", "deberta-v2")},
    "ColBERT, 32 tokens, seen by none": (late, dict(strategy="fixed", attend=False, length=32)),
    "ColBERT, 12 tokens or more, attended": (late, dict(strategy="min", attend=True, length=12)),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("families", nargs="*", default=list(FAMILIES))
    parser.add_argument("--document", type=pathlib.Path)
    parser.add_argument("--jobs", action="store_true", help="only the table of jobs")
    options = parser.parse_args()
    torch.set_num_threads(2)
    jobs = {}
    for name in JOBS:
        with tempfile.TemporaryDirectory() as work:
            jobs[name] = job(name, pathlib.Path(work))
        print(name, jobs[name], flush=True)
    if options.jobs:
        return
    rows = {}
    for family in options.families:
        with tempfile.TemporaryDirectory() as work:
            try:
                rows[family] = check(family, pathlib.Path(work))
            except Exception as error:  # the reference itself has no such class, or taper fails where it must not
                rows[family] = {"inspect": f"failed: {type(error).__name__}: {str(error)[:300]}"}
        print(family, rows[family], flush=True)
    if options.document:
        columns = ["inspect", "f32", "bf16", "int8", "acc 1.3x", "classifier", "token classifier"]
        lines = ["| family | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
        lines += [f"| {family} | " + " | ".join(row.get(c, "–") for c in columns) + " |" for family, row in rows.items()]
        options.document.write_text(HEADER + "\n".join(lines) + "\n" + JOBS_HEADER + jobs_table(jobs) + "\n")


main()
