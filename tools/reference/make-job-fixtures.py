#!/usr/bin/env python3
"""Writes the fixtures of embedders with modules of their own: tiny random checkpoints as sentence-transformers saves
them, and what it answers. Into Tests/TaperModelSpecTests/Fixtures.

    make-job-fixtures.py [NAME ...]

Needs torch, transformers 5.24 and sentence-transformers 6.2. Everything is seeded; running it again with the same
versions gives the same files.
"""
import importlib.util
import pathlib
import shutil
import sys
import tempfile

import torch
import transformers
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers import models as modules

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
        name, base.config_of(encoder, architectures=[type(encoder).__name__]), base.saved(encoder), VOCABULARY, BERT, {})
    word = modules.Transformer(str(directory))
    later = [base.randomise_modules(module, seed + 200 + i) for i, module in enumerate(more())]
    model = SentenceTransformer(modules=[word, modules.Pooling(18, mode), *later], device="cpu").eval()
    with tempfile.TemporaryDirectory() as saved:
        model.save(saved)
        copy_modules(pathlib.Path(saved), directory)
    write_expectations(directory, encoder, layer, seed, lambda arguments: model(dict(arguments))["sentence_embedding"][0])


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
    for name in sys.argv[1:] or EMBEDDERS:
        embedder(name)
        print(name)


main()
