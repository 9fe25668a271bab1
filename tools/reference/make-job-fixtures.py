#!/usr/bin/env python3
"""Writes the fixtures of embedders with modules of their own: tiny random checkpoints as sentence-transformers saves
them, and what it answers. Into Tests/TaperModelSpecTests/Fixtures.

    make-job-fixtures.py [NAME ...]

Needs torch, transformers 5.24 and sentence-transformers 6.2. Everything is seeded; running it again with the same
versions gives the same files.
"""
import contextlib
import importlib.util
import json
import pathlib
import shutil
import sys
import tempfile

import torch
import transformers
from safetensors.torch import save_file
from sentence_transformers import MultiVectorEncoder, SentenceTransformer, SparseEncoder
from sentence_transformers import models as modules
from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask
from sentence_transformers.sparse_encoder.modules import MLMTransformer, SpladePooling

HERE = pathlib.Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("model_fixtures", HERE / "make-model-fixtures.py")
base = importlib.util.module_from_spec(spec)
spec.loader.exec_module(base)

BERT = dict(tokenizer_class="BertTokenizer", cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]",
            pad_token="[PAD]", mask_token="[MASK]")
VOCABULARY = base.BERT_VOCABULARY


def size(**more):
    return dict(vocab_size=len(VOCABULARY), max_position_embeddings=24, hidden_size=18, num_hidden_layers=2,
                num_attention_heads=3, intermediate_size=28, attn_implementation="eager", **more)


def distilbert():
    return transformers.DistilBertModel(transformers.DistilBertConfig(
        vocab_size=len(VOCABULARY), max_position_embeddings=24, dim=18, n_layers=2, n_heads=3, hidden_dim=28,
        attn_implementation="eager"))


def bert():
    return transformers.BertModel(transformers.BertConfig(**size()))


def nomic():
    return transformers.NomicBertModel(transformers.NomicBertConfig(**size()))


def dense(inputs, outputs, activation, bias=True):
    return modules.Dense(inputs, outputs, bias=bias, activation_function=activation)


# name: seed, encoder, class of its layers, pooling, the modules after it
EMBEDDERS = {
    "tiny-pool-max": (41, distilbert, "TransformerBlock", "max", lambda: [dense(18, 10, torch.nn.Tanh())]),
    "tiny-pool-sqrt": (42, bert, "BertLayer", "mean_sqrt_len_tokens", lambda: [
        modules.LayerNorm(18), dense(18, 24, torch.nn.GELU()), modules.Normalize()]),
    "tiny-pool-weighted": (43, nomic, "NomicBertLayer", "weightedmean", lambda: [
        modules.Normalize(), dense(18, 14, torch.nn.Identity(), bias=False), modules.LayerNorm(14)]),
    "tiny-pool-last": (44, bert, "BertLayer", "lasttoken", lambda: [
        dense(18, 12, torch.nn.ReLU()), modules.Dropout(0.1), dense(12, 16, torch.nn.Sigmoid())]),
}


def bert_lm():
    return transformers.BertForMaskedLM(transformers.BertConfig(**size()))


def distilbert_lm():
    return transformers.DistilBertForMaskedLM(transformers.DistilBertConfig(
        vocab_size=len(VOCABULARY), max_position_embeddings=24, dim=18, n_layers=2, n_heads=3, hidden_dim=28,
        attn_implementation="eager"))


def electra_lm():
    return transformers.ElectraForMaskedLM(transformers.ElectraConfig(embedding_size=10, **size()))


def modernbert_lm():
    special = dict(pad_token_id=0, cls_token_id=2, bos_token_id=2, sep_token_id=3, eos_token_id=3)
    return transformers.ModernBertForMaskedLM(transformers.ModernBertConfig(
        local_attention=6, classifier_bias=True, tie_word_embeddings=False, **special, **size()))


def fill_mask(folder):
    return modules.Transformer(folder, transformer_task="fill-mask")


# name: seed, masked language model, class of its layers, first module, pooling
SPARSE = {
    "tiny-splade": (51, bert_lm, "BertLayer", fill_mask, dict(pooling_strategy="max")),
    "tiny-splade-sum": (52, distilbert_lm, "TransformerBlock", MLMTransformer, dict(pooling_strategy="sum")),
    "tiny-splade-twice": (53, electra_lm, "ElectraLayer", fill_mask, dict(
        pooling_strategy="max", activation_function="log1p_relu")),
    "tiny-splade-untied": (54, modernbert_lm, "ModernBertEncoderLayer", fill_mask, dict(pooling_strategy="max")),
}


@contextlib.contextmanager
def loadable(directory):
    """The folder with a tokenizer that transformers can load for a model of any type."""
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(directory, copy, dirs_exist_ok=True)
        bert = transformers.BertTokenizerFast(str(directory / "vocab.txt"))
        names = {k: v for k, v in BERT.items() if k.endswith("_token")}
        fast = transformers.PreTrainedTokenizerFast(tokenizer_object=bert.backend_tokenizer, **names)
        fast.save_pretrained(copy)
        yield copy


def sparse(name):
    seed, build, layer, first, pooling = SPARSE[name]
    model = base.randomise_modules(build(), seed)
    directory = base.write_directory(
        name, base.config_of(model, architectures=[type(model).__name__]), base.saved(model), VOCABULARY, BERT, {})
    with loadable(directory) as folder:
        encoder = SparseEncoder(modules=[first(folder), SpladePooling(**pooling)], device="cpu").eval()
    with tempfile.TemporaryDirectory() as saved:
        encoder.save(saved)
        copy_modules(pathlib.Path(saved), directory)
        shutil.copy(pathlib.Path(saved) / "sentence_bert_config.json", directory)
    write_expectations(
        directory, getattr(model, model.base_model_prefix), layer, seed,
        lambda arguments: encoder(dict(arguments))["sentence_embedding"][0])


QUERIES = [
    "model", "what is the plan?", "the of and to in a is it was for on are with they be at one have this from plan", "",
]
DOCUMENTS = ["a plan, with one token.", "they have it!", "in this model " * 8, "", "[Q] was 2 [D] in [unused0] text"]


def projection(seed):
    return base.randomise_modules(modules.Dense(
        18, 8, bias=False, activation_function=torch.nn.Identity(), module_input_name="token_embeddings"), seed)


def native(name):
    """As sentence-transformers 6 saves a MultiVectorEncoder: queries have 10 tokens or more, which all attend to."""
    encoder = base.randomise_modules(bert(), 61)
    directory = base.write_directory(
        name, base.config_of(encoder, architectures=["BertModel"]), base.saved(encoder), VOCABULARY, BERT, {})
    word = modules.Transformer(
        str(directory), document_length=24, query_length=14,
        query_expansion=dict(strategy="min", attend=True, length=10))
    mask = MultiVectorMask(skiplist_words=[".", ",", "no such token"], skiplist_tasks=["query", "document"])
    model = MultiVectorEncoder(
        modules=[word, projection(261), mask, modules.Normalize(module_input_name="token_embeddings")],
        prompts={"query": "the ", "document": "it is "}, device="cpu").eval()
    with tempfile.TemporaryDirectory() as saved:
        model.save(saved)
        copy_modules(pathlib.Path(saved), directory)
        for file in ("sentence_bert_config.json", "config_sentence_transformers.json"):
            shutil.copy(pathlib.Path(saved) / file, directory)
    return directory, encoder, "BertLayer", 61


def pylate(name):
    """As PyLate saves a ColBERT: markers are tokens, queries have 12 tokens, and the added ones are seen by none."""
    encoder = base.randomise_modules(transformers.ModernBertModel(transformers.ModernBertConfig(
        local_attention=24, pad_token_id=0, cls_token_id=2, bos_token_id=2, sep_token_id=3, eos_token_id=3,
        **{**size(), "vocab_size": len(VOCABULARY) + 2})), 62)
    directory = base.write_directory(
        name, base.config_of(encoder, architectures=["ModernBertModel"]), base.saved(encoder), VOCABULARY, BERT, {})
    with loadable(directory) as folder:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        tokenizer.add_tokens(["[Q] ", "[D] "])
        tokenizer.save_pretrained(directory)
    (directory / "vocab.txt").unlink()
    dense = projection(262)
    (directory / "1_Dense").mkdir()
    dense.save(str(directory / "1_Dense"))
    config = json.loads((directory / "1_Dense/config.json").read_text())
    kept = ("in_features", "out_features", "bias", "activation_function")
    (directory / "1_Dense/config.json").write_text(json.dumps({k: config[k] for k in kept}) + "\n")
    (directory / "modules.json").write_text(json.dumps([
        dict(idx=0, name="0", path="", type="sentence_transformers.models.Transformer"),
        dict(idx=1, name="1", path="1_Dense", type="pylate.models.Dense.Dense")], indent=1) + "\n")
    (directory / "sentence_bert_config.json").write_text('{"max_seq_length": 15, "do_lower_case": false}\n')
    (directory / "config_sentence_transformers.json").write_text(json.dumps(dict(
        model_type="ColBERT", similarity_fn_name="MaxSim", query_prefix="[Q] ", document_prefix="[D] ",
        query_length=12, document_length=16, attend_to_expansion_tokens=False,
        skiplist_words=["!", ",", ".", "?"]), indent=1) + "\n")
    return directory, encoder, "ModernBertEncoderLayer", 62


def stanford(name):
    """As Stanford's ColBERT saves: the projection among the encoder's tensors."""
    vocabulary = VOCABULARY + ["[unused0]", "[unused1]"]
    encoder = base.randomise_modules(transformers.BertModel(
        transformers.BertConfig(**{**size(), "vocab_size": len(vocabulary)})), 63)
    state = {f"bert.{k}": v for k, v in base.saved(encoder).items()}
    state["linear.weight"] = projection(263).linear.weight.data.contiguous()
    directory = base.write_directory(
        name, base.config_of(encoder, architectures=["HF_ColBERT"]), state, vocabulary, BERT, {})
    (directory / "artifact.metadata").write_text(json.dumps(dict(
        query_token_id="[unused0]", doc_token_id="[unused1]", query_maxlen=11, doc_maxlen=14, mask_punctuation=True,
        attend_to_mask_tokens=False, dim=8, similarity="cosine"), indent=1) + "\n")
    return directory, encoder, "BertLayer", 63


PROMPTED = ["model", "what is the plan?", "in this model " * 8, ""]


def prompts(name):
    """An embedder whose pooling leaves the prompt out: what it answers with each prompt and each pooling."""
    encoder = base.randomise_modules(bert(), 71)
    directory = base.write_directory(
        name, base.config_of(encoder, architectures=["BertModel"]), base.saved(encoder), VOCABULARY, BERT, {})
    word = modules.Transformer(str(directory))
    answers = {}
    for mode in ("mean", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"):
        pooling = modules.Pooling(18, mode, include_prompt=False)
        model = SentenceTransformer(
            modules=[word, pooling], prompts={"query": "what is the ", "passage": "it is "},
            default_prompt_name="query", device="cpu").eval()
        answers[mode] = {
            prompt: [model.encode(t, prompt=text, show_progress_bar=False).tolist() for t in PROMPTED]
            for prompt, text in [("query", "what is the "), ("passage", "it is "), ("", "")]}
        if mode == "mean":
            with tempfile.TemporaryDirectory() as saved:
                model.save(saved)
                copy_modules(pathlib.Path(saved), directory)
                shutil.copy(pathlib.Path(saved) / "config_sentence_transformers.json", directory)
    (directory / "expected.json").write_text(
        json.dumps(dict(texts=PROMPTED, answers=answers), separators=(",", ":")) + "\n")


MULTI_VECTOR = {"tiny-colbert": native, "tiny-colbert-pylate": pylate, "tiny-colbert-stanford": stanford}


def multi_vector(name):
    directory, encoder, layer, seed = MULTI_VECTOR[name](name)
    model = MultiVectorEncoder(str(directory), device="cpu").eval()
    queries = [model.encode_query(text, show_progress_bar=False) for text in QUERIES]
    documents = [model.encode_document(text, show_progress_bar=False) for text in DOCUMENTS]
    (directory / "expected.json").write_text(json.dumps(dict(
        queries=[dict(text=t, vectors=v.tolist()) for t, v in zip(QUERIES, queries)],
        documents=[dict(text=t, vectors=v.tolist()) for t, v in zip(DOCUMENTS, documents)],
        scores=model.similarity(queries, documents).tolist()), separators=(",", ":")) + "\n")
    write_expectations(
        directory, encoder, layer, seed, lambda arguments: model(dict(arguments))["token_embeddings"][0].reshape(-1))


def copy_modules(saved, directory):
    """modules.json and the modules' folders; the encoder and its tokenizer are there already."""
    shutil.copy(saved / "modules.json", directory)
    for folder in saved.iterdir():
        if folder.is_dir():
            shutil.copytree(folder, directory / folder.name)


def embedder(name):
    seed, build, layer, mode, more = EMBEDDERS[name]
    encoder = base.randomise_modules(build(), seed)
    directory = base.write_directory(
        name, base.config_of(encoder, architectures=[type(encoder).__name__]), base.saved(encoder), VOCABULARY, BERT,
        {})
    word = modules.Transformer(str(directory))
    later = [base.randomise_modules(module, seed + 200 + i) for i, module in enumerate(more())]
    model = SentenceTransformer(modules=[word, modules.Pooling(18, mode), *later], device="cpu").eval()
    with tempfile.TemporaryDirectory() as saved:
        model.save(saved)
        copy_modules(pathlib.Path(saved), directory)
    write_expectations(
        directory, encoder, layer, seed, lambda arguments: model(dict(arguments))["sentence_embedding"][0])


def write_expectations(directory, encoder, layer, seed, answer):
    types = getattr(encoder.config, "type_vocab_size", 0)
    out = {}
    for k, (ids, type_ids) in enumerate(base.inputs(len(VOCABULARY), types > 1, seed + 100)):
        arguments = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if types > 1:
            arguments["token_type_ids"] = type_ids
        hidden, _ = base.layer_states(encoder, layer, arguments)
        with torch.no_grad():
            logits = answer(arguments)
        out.update({f"{k}.ids": ids[0].float(), f"{k}.types": type_ids[0].float(), f"{k}.hidden": hidden,
                    f"{k}.logits": logits.float().contiguous()})
    save_file(out, directory / "expected.safetensors")


def main():
    torch.set_num_threads(1)
    for name in sys.argv[1:] or [*EMBEDDERS, *SPARSE, *MULTI_VECTOR, "tiny-prompts"]:
        kinds = [(EMBEDDERS, embedder), (SPARSE, sparse), (MULTI_VECTOR, multi_vector)]
        next((make for names, make in kinds if name in names), prompts)(name)
        print(name)


main()
