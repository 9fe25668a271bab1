"""Writes the checkpoints of the peer comparison: MiniLM at 512 tokens, and BERT-base's shape with random weights."""
import json
import pathlib
import shutil
import sys

import numpy as np
from safetensors.numpy import save_file

LAYERS, WIDTH, INNER, HEADS = 12, 768, 3072, 12


def long(template: str, folder: str):
    """The same model without sentence-transformers' limit of 256 tokens: up to the 512 of its position table."""
    source, target = pathlib.Path(template), pathlib.Path(folder)
    shutil.copytree(source, target, dirs_exist_ok=True)
    limits = target / "sentence_bert_config.json"
    reach = json.loads((source / "config.json").read_text())["max_position_embeddings"]
    limits.write_text(json.dumps(json.loads(limits.read_text()) | {"max_seq_length": reach}))


def base(template: str, folder: str):
    """BERT-base's shape, seeded normal weights of standard deviation 0.02, tokenizer and pooling of the template. For
    timing only."""
    source, target = pathlib.Path(template), pathlib.Path(folder)
    long(template, folder)
    config = json.loads((source / "config.json").read_text())
    config |= {"_name_or_path": "random-bert-base", "num_hidden_layers": LAYERS, "hidden_size": WIDTH,
               "intermediate_size": INNER, "num_attention_heads": HEADS}
    (target / "config.json").write_text(json.dumps(config, indent=2))
    pooling = target / "1_Pooling" / "config.json"
    pooling.write_text(json.dumps(json.loads(pooling.read_text()) | {"word_embedding_dimension": WIDTH}))
    generator = np.random.default_rng(20261121)
    weights = {}

    def normal(name, *shape):
        weights[name] = (generator.standard_normal(shape, dtype=np.float32) * np.float32(0.02))

    def linear(name, outputs, inputs):
        normal(f"{name}.weight", outputs, inputs)
        normal(f"{name}.bias", outputs)

    def norm(name):
        weights[f"{name}.weight"] = np.ones(WIDTH, np.float32)
        weights[f"{name}.bias"] = np.zeros(WIDTH, np.float32)

    normal("embeddings.word_embeddings.weight", config["vocab_size"], WIDTH)
    normal("embeddings.position_embeddings.weight", config["max_position_embeddings"], WIDTH)
    normal("embeddings.token_type_embeddings.weight", config["type_vocab_size"], WIDTH)
    norm("embeddings.LayerNorm")
    for layer in range(LAYERS):
        base = f"encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            linear(f"{base}.attention.self.{part}", WIDTH, WIDTH)
        linear(f"{base}.attention.output.dense", WIDTH, WIDTH)
        norm(f"{base}.attention.output.LayerNorm")
        linear(f"{base}.intermediate.dense", INNER, WIDTH)
        linear(f"{base}.output.dense", WIDTH, INNER)
        norm(f"{base}.output.LayerNorm")
    linear("pooler.dense", WIDTH, WIDTH)
    save_file(weights, str(target / "model.safetensors"), metadata={"format": "pt"})


if __name__ == "__main__":
    {"minilm": long, "base": base}[sys.argv[1]](sys.argv[2], sys.argv[3])
