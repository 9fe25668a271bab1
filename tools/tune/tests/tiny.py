"""Tiny random models and texts: for the tests, and for the fixtures that Taper's own tests read."""
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from taper_tune.checkpoint import Checkpoint
from taper_tune.family import Family

WORDS = "alpha beta gamma delta one two three four five six seven eight nine ten red green blue".split()
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
CONFIG = {"architectures": ["BertModel"], "model_type": "bert", "vocab_size": len(VOCABULARY), "hidden_size": 16,
          "num_hidden_layers": 4, "num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 24,
          "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12}
TOKENIZER = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "cls_token": "[CLS]", "sep_token": "[SEP]",
             "unk_token": "[UNK]", "pad_token": "[PAD]", "mask_token": "[MASK]"}


def write_model(directory: Path, seed: int, pooling: str = "mean", normalized: bool = True) -> Path:
    """Weights large enough that attention is far from uniform and every term matters."""
    directory.mkdir(parents=True)
    generator = torch.Generator().manual_seed(seed)
    d, f = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    tensors = {}
    for role, pattern in Family.of(CONFIG).patterns(CONFIG["num_hidden_layers"]).items():
        if role in ("head_weight", "head_bias", "pooler_weight", "pooler_bias"):
            continue
        part = role.split(".")[-1]
        rows = {"word_embedding": len(VOCABULARY), "position_embedding": 24, "token_type_embedding": 2}
        shape = {"intermediate_weight": (f, d), "output_weight": (d, f), "intermediate_bias": (f,)}.get(
            part, (rows[part], d) if part in rows else (d, d) if part.endswith("weight") else (d,))
        noise = torch.randn(shape, generator=generator)
        scale = 0.5 if part in rows else 1.5 / shape[-1] ** 0.5 if part.endswith("weight") else 0.1
        tensors[pattern.replace("{prefix}", "")] = noise * scale + part.endswith("gamma")
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
    chain = [("", "Transformer"), ("1_Pooling", "Pooling"), *([("2_Normalize", "Normalize")] if normalized else [])]
    (directory / "1_Pooling").mkdir()
    modules = [{"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
               for i, (path, kind) in enumerate(chain)]
    files = {"config.json": CONFIG, "tokenizer_config.json": TOKENIZER, "modules.json": modules,
             "1_Pooling/config.json": {"word_embedding_dimension": d, "pooling_mode_mean_tokens": pooling == "mean",
                                       "pooling_mode_cls_token": pooling == "cls"}}
    for name, value in files.items():
        (directory / name).write_text(json.dumps(value, indent=1) + "\n")
    (directory / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    return directory


def write_texts(path: Path, count: int, seed: int) -> Path:
    generator = torch.Generator().manual_seed(seed)
    with open(path, "w") as file:
        for _ in range(count):
            label = ["red", "green", "blue"][int(torch.randint(3, (1,), generator=generator))]
            length = int(torch.randint(3, 18, (1,), generator=generator))
            words = [WORDS[int(i)] for i in torch.randint(14, (length,), generator=generator)]
            words[int(torch.randint(length, (1,), generator=generator))] = label
            file.write(json.dumps({"text": " ".join(words), "label": label}) + "\n")
    return path


def load(directory: Path, classes: int = 3) -> Checkpoint:
    """With a random head where the directory has none."""
    checkpoint = Checkpoint.load(directory)
    if not checkpoint.head.labels:
        generator = torch.Generator().manual_seed(5)
        head = checkpoint.head
        checkpoint.head = type(head)(head.pooling, head.pooler, head.normalized, tuple("abcdefgh"[:classes]))
        checkpoint.head_weight = torch.randn(classes, checkpoint.shape.hidden, generator=generator)
        checkpoint.head_bias = torch.randn(classes, generator=generator)
    return checkpoint


def inputs(lengths, seed: int = 3):
    """Random ids and types of each length, [CLS] first and [SEP] last."""
    generator = torch.Generator().manual_seed(seed)
    for length in lengths:
        ids = torch.randint(5, len(VOCABULARY), (length,), generator=generator)
        ids[0], ids[-1] = 2, 3 if length > 1 else 2
        types = torch.zeros_like(ids)
        types[length // 2:] = 1
        yield ids, types
