#!/usr/bin/env python3
"""Writes the model fixtures: tiny random checkpoints, and the outputs of transformers for them and for real models.

    make-model-fixtures.py                         the tiny models, into Tests/TaperModelSpecTests/Fixtures
    make-model-fixtures.py --families              of these only the families other than BERT and MPNet
    make-model-fixtures.py --full NAME=DIR ...     expectations of real models, into Tests/EndToEndTests/Fixtures

Needs torch, transformers, tokenizers and safetensors in an environment of their own:
    python3 -m venv /tmp/oracle && /tmp/oracle/bin/pip install torch transformers tokenizers safetensors
Everything is seeded; running it again with the same versions gives the same files.
"""
import argparse
import json
import pathlib
import shutil
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer, BertConfig, BertForSequenceClassification
from transformers import BertForTokenClassification, BertModel
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position
from transformers import MPNetConfig, MPNetForSequenceClassification, MPNetForTokenClassification, MPNetModel

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ROOT / "Tests/TaperModelSpecTests/Fixtures"
FULL = ROOT / "Tests/EndToEndTests/Fixtures"

WORDS = "the of and to in a is it was for on are with they be at one have this from plan token model".split()
BERT_VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list("abcdefghijklmnopqrstuvwxyz0123456789.,!?")
BERT_VOCABULARY += ["##" + c for c in "abcdefghijklmnopqrstuvwxyz"] + WORDS[1:]
BERT_VOCABULARY = list(dict.fromkeys(BERT_VOCABULARY))
MPNET_VOCABULARY = ["<s>", "<pad>", "</s>", "<mask>", "[UNK]"] + BERT_VOCABULARY[5:]
LENGTHS = (1, 2, 7, 20)


def randomise(model, seed, dtype=torch.float32):
    """Weights large enough that attention is far from uniform and every term matters, representable in `dtype`."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "LayerNorm.weight" in name:
            parameter.data = 1 + 0.1 * noise
        elif "embeddings" in name or "relative_attention_bias" in name:
            parameter.data = 0.5 * noise
        elif name.endswith("bias"):
            parameter.data = 0.1 * noise
        else:
            parameter.data = 1.5 * noise / parameter.shape[-1] ** 0.5
        parameter.data = parameter.data.to(dtype).float()
    return model.eval()


def tensors(model, rename=lambda name: name, dtype=torch.float32):
    state = model.state_dict().items()
    return {rename(k): v.to(dtype).contiguous() for k, v in state if not k.endswith("position_ids")}


def write_directory(name, config, state, vocabulary, special, extra):
    directory = TINY / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    (directory / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    (directory / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    special = {"do_lower_case": True, **special}
    (directory / "tokenizer_config.json").write_text(json.dumps(special, indent=1) + "\n")
    save_file(state, directory / "model.safetensors", metadata={"format": "pt"})
    for path, value in extra.items():
        (directory / path).parent.mkdir(exist_ok=True)
        (directory / path).write_text(json.dumps(value, indent=1) + "\n")
    return directory


def inputs(vocabulary, with_types, seed):
    generator = torch.Generator().manual_seed(seed)
    for length in LENGTHS:
        ids = torch.randint(5, vocabulary, (1, length), generator=generator)
        types = torch.zeros_like(ids)
        if with_types:
            types[0, length // 2:] = 1
        yield ids, types


def expectations(directory, encoder, with_types, vocabulary, seed, answer):
    """For input k: ids, types, hidden [layers + 1, n, d] and what `answer` returns."""
    out = {}
    for k, (ids, types) in enumerate(inputs(vocabulary, with_types, seed)):
        arguments = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if with_types:
            arguments["token_type_ids"] = types
        with torch.no_grad():
            states = encoder(**arguments, output_hidden_states=True).hidden_states
            out[f"{k}.ids"] = ids[0].float()
            out[f"{k}.types"] = types[0].float()
            out[f"{k}.hidden"] = torch.stack([s[0] for s in states]).contiguous()
            for key, value in answer(arguments, states[-1][0]).items():
                out[f"{k}.{key}"] = value.contiguous()
    save_file(out, directory / "expected.safetensors")


def config_of(model, **extra):
    config = model.config.to_diff_dict()
    for key in ("transformers_version", "dtype", "torch_dtype"):
        config.pop(key, None)
    return {**config, "model_type": model.config.model_type, **extra}


def tiny():
    def size(vocabulary, positions, hidden, heads):
        return dict(vocab_size=len(vocabulary), max_position_embeddings=positions, hidden_size=hidden,
                    num_hidden_layers=2, num_attention_heads=heads, intermediate_size=40,
                    attn_implementation="eager")

    bert_special = dict(tokenizer_class="BertTokenizer", cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]",
                        pad_token="[PAD]", mask_token="[MASK]")
    mpnet_special = dict(tokenizer_class="MPNetTokenizer", cls_token="<s>", sep_token="</s>", unk_token="[UNK]",
                         pad_token="<pad>", mask_token="<mask>")

    # BERT with `bert.` prefix, pooler and classifier: three named classes.
    labels = {"id2label": {"0": "entailment", "1": "neutral", "2": "contradiction"},
              "label2id": {"entailment": 0, "neutral": 1, "contradiction": 2}}
    model = randomise(BertForSequenceClassification(BertConfig(num_labels=3, **size(BERT_VOCABULARY, 24, 24, 3))), 1)
    directory = write_directory(
        "tiny-bert-classifier", config_of(model, architectures=["BertForSequenceClassification"], **labels),
        tensors(model), BERT_VOCABULARY, bert_special, {})
    expectations(directory, model.bert, True, len(BERT_VOCABULARY), 11,
                 lambda arguments, last: {"logits": model(**arguments).logits[0]})

    # A classifier of tokens: five labels of entities, no pooler. Logits are those of every token, one after the other.
    tags = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    model = randomise(BertForTokenClassification(BertConfig(num_labels=5, **size(BERT_VOCABULARY, 24, 24, 3))), 5)
    directory = write_directory(
        "tiny-bert-tokens", config_of(model, architectures=["BertForTokenClassification"],
                                      id2label={str(i): tag for i, tag in enumerate(tags)},
                                      label2id={tag: i for i, tag in enumerate(tags)}),
        tensors(model), BERT_VOCABULARY, bert_special, {})
    expectations(directory, model.bert, True, len(BERT_VOCABULARY), 15,
                 lambda arguments, last: {"logits": model(**arguments).logits[0].reshape(-1)})

    # Old names, no prefix, ReLU, an unused pooler, F16; sentence-transformers' files: CLS pooling and L2 norm.
    old = randomise(BertModel(BertConfig(hidden_act="relu", **size(BERT_VOCABULARY, 32, 24, 3))), 2, torch.float16)
    rename = lambda n: n.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
    chain = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    modules = [{"idx": i, "name": str(i), "path": p, "type": f"sentence_transformers.models.{t}"}
               for i, (p, t) in enumerate(chain)]
    pooling = {"word_embedding_dimension": 24, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False,
               "pooling_mode_max_tokens": False}
    directory = write_directory(
        "tiny-bert-old-names", config_of(old, architectures=["BertModel"]), tensors(old, rename, torch.float16),
        BERT_VOCABULARY, bert_special,
        {"modules.json": modules, "1_Pooling/config.json": pooling,
         "sentence_bert_config.json": {"max_seq_length": 24, "do_lower_case": False}})
    expectations(directory, old, True, len(BERT_VOCABULARY), 12,
                 lambda arguments, last: {"logits": torch.nn.functional.normalize(last[0], dim=0)})

    # MPNet: relative bias, no token types, positions from 2; mean pooling, no norm, BF16.
    mpnet = MPNetModel(MPNetConfig(layer_norm_eps=1e-5, **size(MPNET_VOCABULARY, 26, 32, 4)))
    randomise(mpnet, 3, torch.bfloat16)
    directory = write_directory(
        "tiny-mpnet", config_of(mpnet, architectures=["MPNetModel"]), tensors(mpnet, dtype=torch.bfloat16),
        MPNET_VOCABULARY, mpnet_special, {})
    expectations(directory, mpnet, False, len(MPNET_VOCABULARY), 13,
                 lambda arguments, last: {"logits": last.mean(dim=0)})

    # MPNet's classification head (dense, tanh, out_proj), one output: a regression; tanh GELU.
    config = MPNetConfig(num_labels=1, hidden_act="gelu_new", **size(MPNET_VOCABULARY, 26, 16, 2))
    model = randomise(MPNetForSequenceClassification(config), 4)
    directory = write_directory(
        "tiny-mpnet-regression", config_of(model, architectures=["MPNetForSequenceClassification"],
                                           problem_type="regression", id2label={"0": "LABEL_0"}),
        tensors(model), MPNET_VOCABULARY, mpnet_special, {})
    expectations(directory, model.mpnet, False, len(MPNET_VOCABULARY), 14,
                 lambda arguments, last: {"logits": model(**arguments).logits[0]})

    # MPNet's classifier of tokens.
    config = MPNetConfig(num_labels=5, layer_norm_eps=1e-5, **size(MPNET_VOCABULARY, 26, 16, 2))
    model = randomise(MPNetForTokenClassification(config), 6)
    directory = write_directory(
        "tiny-mpnet-tokens", config_of(model, architectures=["MPNetForTokenClassification"],
                                       id2label={str(i): tag for i, tag in enumerate(tags)},
                                       label2id={tag: i for i, tag in enumerate(tags)}),
        tensors(model), MPNET_VOCABULARY, mpnet_special, {})
    expectations(directory, model.mpnet, False, len(MPNET_VOCABULARY), 16,
                 lambda arguments, last: {"logits": model(**arguments).logits[0].reshape(-1)})

    # The buckets of MPNet's relative positions over the whole range, from the reference code.
    distances = torch.arange(-600, 601)
    buckets = type(mpnet.encoder).relative_position_bucket(distances, num_buckets=32, max_distance=128)
    (TINY / "relative-buckets.json").write_text(
        json.dumps({"first": -600, "buckets": buckets.tolist()}, separators=(",", ":")) + "\n")


def randomise_modules(model, seed):
    """As `randomise`, by the kind of module instead of the parameter's name."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, torch.nn.LayerNorm):
            scale, shift = (1, 0.1), 0.1
        elif isinstance(module, torch.nn.Embedding):
            scale, shift = (0, 0.5), 0
        elif isinstance(module, torch.nn.Linear):
            scale, shift = (0, 1.5 / module.weight.shape[-1] ** 0.5), 0.1
        else:
            continue
        module.weight.data = scale[0] + scale[1] * torch.randn(module.weight.shape, generator=generator)
        if getattr(module, "bias", None) is not None:
            module.bias.data = shift * torch.randn(module.bias.shape, generator=generator)
    return model.eval()


def saved(model):
    """The tensors as save_pretrained names them."""
    with tempfile.TemporaryDirectory() as directory:
        model.save_pretrained(directory)
        return load_file(pathlib.Path(directory) / "model.safetensors")


def layer_states(encoder, layer_class, arguments):
    """What enters the first layer and what leaves each, in the order of the calls, and the encoder's last states."""
    states = []

    def before(module, positional, named):
        if not states:
            states.append(positional[0] if positional else named["hidden_states"])

    def after(module, positional, result):
        states.append(result[0] if isinstance(result, tuple) else result)

    hooks = []
    for module in encoder.modules():
        if type(module).__name__ == layer_class:
            hooks += [module.register_forward_pre_hook(before, with_kwargs=True), module.register_forward_hook(after)]
    with torch.no_grad():
        last = encoder(**arguments).last_hidden_state
    for hook in hooks:
        hook.remove()
    return torch.stack([s[0] for s in states]).contiguous(), last[0]


def family(name, model, layer_class, seed, vocabulary, special, types=0, **config):
    """A fixture of a model with random weights. Answers are logits, of every token one after the other, or the mean of
    the last states."""
    randomise_modules(model, seed)
    architecture = type(model).__name__
    directory = write_directory(name, config_of(model, architectures=[architecture], **config), saved(model),
                                vocabulary, special, {})
    encoder = model if architecture.endswith("Model") else getattr(model, model.base_model_prefix)
    out = {}
    for k, (ids, type_ids) in enumerate(inputs(len(vocabulary), types > 1, seed + 100)):
        arguments = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if types > 1:
            arguments["token_type_ids"] = type_ids
        hidden, last = layer_states(encoder, layer_class, arguments)
        with torch.no_grad():
            logits = last.mean(dim=0) if model is encoder else model(**arguments).logits[0].reshape(-1)
        out.update({f"{k}.ids": ids[0].float(), f"{k}.types": type_ids[0].float(), f"{k}.hidden": hidden,
                    f"{k}.logits": logits.contiguous()})
    save_file(out, directory / "expected.safetensors")


def families():
    bert = dict(tokenizer_class="BertTokenizer", cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]",
                pad_token="[PAD]", mask_token="[MASK]")
    mpnet = dict(tokenizer_class="MPNetTokenizer", cls_token="<s>", sep_token="</s>", unk_token="[UNK]",
                 pad_token="<pad>", mask_token="<mask>")
    three = {"id2label": {"0": "entailment", "1": "neutral", "2": "contradiction"},
             "label2id": {"entailment": 0, "neutral": 1, "contradiction": 2}}
    tags = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    five = {"id2label": {str(i): tag for i, tag in enumerate(tags)},
            "label2id": {tag: i for i, tag in enumerate(tags)}}
    t = transformers

    def size(vocabulary, positions, layers=2):
        return dict(vocab_size=len(vocabulary), max_position_embeddings=positions, hidden_size=18,
                    num_hidden_layers=layers, num_attention_heads=3, intermediate_size=28,
                    attn_implementation="eager")

    B, M = BERT_VOCABULARY, MPNET_VOCABULARY
    family("tiny-distilbert", t.DistilBertForSequenceClassification(t.DistilBertConfig(
        vocab_size=len(B), max_position_embeddings=24, dim=18, n_layers=2, n_heads=3, hidden_dim=28, num_labels=3,
        sinusoidal_pos_embds=True, attn_implementation="eager")), "TransformerBlock", 21, B, bert, **three)
    # RoBERTa and its kin: positions from 2, a type table of one row that is added.
    family("tiny-roberta", t.RobertaForSequenceClassification(t.RobertaConfig(
        num_labels=3, type_vocab_size=1, layer_norm_eps=1e-5, **size(M, 26))), "RobertaLayer", 22, M, mpnet, **three)
    family("tiny-xlm-roberta", t.XLMRobertaModel(t.XLMRobertaConfig(
        type_vocab_size=1, layer_norm_eps=1e-5, **size(M, 26))), "XLMRobertaLayer", 23, M, mpnet)
    family("tiny-camembert-tokens", t.CamembertForTokenClassification(t.CamembertConfig(
        num_labels=5, type_vocab_size=1, layer_norm_eps=1e-5, **size(M, 26))), "CamembertLayer", 24, M, mpnet, **five)
    # ELECTRA: embeddings narrower than the hidden size, and as wide.
    family("tiny-electra", t.ElectraForSequenceClassification(t.ElectraConfig(
        num_labels=3, embedding_size=10, **size(B, 24))), "ElectraLayer", 25, B, bert, types=2, **three)
    family("tiny-electra-tokens", t.ElectraForTokenClassification(t.ElectraConfig(
        num_labels=5, embedding_size=18, **size(B, 24))), "ElectraLayer", 26, B, bert, types=2, **five)
    # ALBERT: one set of weights for all layers; two groups of two inner layers each, over three rounds.
    family("tiny-albert", t.AlbertForSequenceClassification(t.AlbertConfig(
        num_labels=3, embedding_size=10, **size(B, 24))), "AlbertLayer", 27, B, bert, types=2, **three)
    family("tiny-albert-groups", t.AlbertModel(t.AlbertConfig(
        embedding_size=18, num_hidden_groups=2, inner_group_num=2, **size(B, 24, layers=3))),
        "AlbertLayer", 28, B, bert, types=2)
    # ModernBERT: global and local layers with angles of their own; without biases, and with all that there can be.
    special = dict(pad_token_id=0, cls_token_id=2, bos_token_id=2, sep_token_id=3, eos_token_id=3)
    family("tiny-modernbert", t.ModernBertForSequenceClassification(t.ModernBertConfig(
        num_labels=3, local_attention=6, classifier_pooling="mean", **special, **size(B, 24))),
        "ModernBertEncoderLayer", 29, B, bert, **three)
    family("tiny-modernbert-tokens", t.ModernBertForTokenClassification(t.ModernBertConfig(
        num_labels=5, local_attention=9, attention_bias=True, mlp_bias=True, norm_bias=True, classifier_bias=True,
        layer_types=["sliding_attention", "full_attention"], **special, **size(B, 24))),
        "ModernBertEncoderLayer", 30, B, bert, **five)
    family("tiny-nomic-bert", t.NomicBertModel(t.NomicBertConfig(**size(B, 24))), "NomicBertLayer", 31, B, bert,
           types=2)
    family("tiny-gte", t.GteForSequenceClassification(t.GteConfig(num_labels=3, **size(M, 24))), "GteLayer", 32, M,
           mpnet, **three)
    # DeBERTa: relative positions in buckets with shared projections and a norm (version 3), and a row for each distance
    # with projections of their own, absolute positions and token types too (version 2).
    family("tiny-deberta-v3", t.DebertaV2ForSequenceClassification(t.DebertaV2Config(
        num_labels=3, relative_attention=True, position_buckets=8, norm_rel_ebd="layer_norm", share_att_key=True,
        pos_att_type="p2c|c2p", position_biased_input=False, **size(B, 24))), "DebertaV2Layer", 33, B, bert, **three)
    family("tiny-deberta-v2-tokens", t.DebertaV2ForTokenClassification(t.DebertaV2Config(
        num_labels=5, relative_attention=True, max_relative_positions=6, pos_att_type=["c2p", "p2c"],
        type_vocab_size=2, **size(B, 24))), "DebertaV2Layer", 34, B, bert, types=2, **five)
    rows = {}
    for maximum, buckets in [(24, 8), (512, 256), (512, 0)]:
        span = buckets or maximum
        distances = torch.arange(-600, 601)
        found = make_log_bucket_position(distances, buckets, maximum).long() if buckets else distances
        rows[f"{maximum}/{buckets}"] = {
            "first": -600, "span": span, "maximum": maximum, **({"buckets": buckets} if buckets else {}),
            "rows": (found + span).clamp(0, 2 * span - 1).tolist()}
    (TINY / "position-rows.json").write_text(json.dumps(rows, separators=(",", ":")) + "\n")


FULL_TEXTS = ["A plan that meets its deadline.", "Short texts stay dense; long ones shed tokens."]
EMBEDDED_TEXTS = FULL_TEXTS + [
    "", "Unaffordable naïve café, 東京 2024!",
    "The quick brown fox jumps over the lazy dog while the engineers measure every kernel twice. " * 6,
]


def full(name, source):
    """ids and hidden states of two short texts; final embeddings (or, without modules.json, mean states) of more."""
    tokenizer = AutoTokenizer.from_pretrained(source)
    model = AutoModel.from_pretrained(source, attn_implementation="eager", dtype=torch.float32).eval()
    source = pathlib.Path(source)
    limit = 128
    normalise = (source / "modules.json").exists()
    out = {}
    for k, text in enumerate(EMBEDDED_TEXTS):
        encoded = tokenizer(text, truncation=True, max_length=limit, return_tensors="pt")
        with torch.no_grad():
            states = model(**encoded, output_hidden_states=True).hidden_states
        out[f"{k}.ids"] = encoded["input_ids"][0].float()
        pooled = states[-1][0].mean(dim=0)
        out[f"{k}.embedding"] = torch.nn.functional.normalize(pooled, dim=0) if normalise else pooled
        if k < len(FULL_TEXTS):
            # Every layer of narrow models; of wide ones every third, and the last.
            wanted = range(len(states)) if states[0].shape[-1] < 768 else range(0, len(states), 3)
            for layer in wanted:
                out[f"{k}.hidden.{layer}"] = states[layer][0].contiguous()
    FULL.mkdir(parents=True, exist_ok=True)
    save_file(out, FULL / f"{name}.expected.safetensors", metadata={"texts": json.dumps(EMBEDDED_TEXTS)})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", action="store_true")
    parser.add_argument("--full", nargs="+", metavar="NAME=DIR", default=[])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if not arguments.full and not arguments.families:
        tiny()
    if not arguments.full:
        families()
    for entry in arguments.full:
        name, source = entry.split("=", 1)
        full(name, source)


if __name__ == "__main__":
    main()
