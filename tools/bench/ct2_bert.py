"""Converts a BERT checkpoint for CTranslate2 from its safetensors, without torch or transformers."""
import json
import pathlib

import numpy as np
from ctranslate2.specs import common_spec, transformer_spec
from ctranslate2.converters import utils
from safetensors.numpy import load_file


def convert(model_directory: str, folder: str, quantization: str | None):
    """Writes the encoder to `folder`; `quantization` is None (f32) or "int8"."""
    directory = pathlib.Path(model_directory)
    config = json.loads((directory / "config.json").read_text())
    weights = {name.removeprefix("bert."): array.astype(np.float32)
               for name, array in load_file(str(directory / "model.safetensors")).items()}
    encoder = transformer_spec.TransformerEncoderSpec(
        config["num_hidden_layers"], config["num_attention_heads"], pre_norm=False,
        activation=common_spec.Activation.GELU, layernorm_embedding=True, num_source_embeddings=2,
        embeddings_merge=common_spec.EmbeddingsMerge.ADD)
    encoder.scale_embeddings = False
    spec = transformer_spec.TransformerEncoderModelSpec(encoder)

    def linear(target, name):
        target.weight, target.bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
        return target

    def norm(target, name):
        target.gamma, target.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]

    encoder.embeddings[0].weight = weights["embeddings.word_embeddings.weight"]
    encoder.embeddings[1].weight = weights["embeddings.token_type_embeddings.weight"]
    encoder.position_encodings.encodings = weights["embeddings.position_embeddings.weight"]
    norm(encoder.layernorm_embedding, "embeddings.LayerNorm")
    for index, layer in enumerate(encoder.layer):
        base = f"encoder.layer.{index}"
        parts = [linear(common_spec.LinearSpec(), f"{base}.attention.self.{part}") for part in ("query", "key", "value")]
        utils.fuse_linear(layer.self_attention.linear[0], parts)
        linear(layer.self_attention.linear[1], f"{base}.attention.output.dense")
        norm(layer.self_attention.layer_norm, f"{base}.attention.output.LayerNorm")
        linear(layer.ffn.linear_0, f"{base}.intermediate.dense")
        linear(layer.ffn.linear_1, f"{base}.output.dense")
        norm(layer.ffn.layer_norm, f"{base}.output.LayerNorm")
    spec.register_vocabulary([f"token{index}" for index in range(config["vocab_size"])])
    spec.config.unk_token = "token100"
    spec.config.layer_norm_epsilon = config["layer_norm_eps"]
    spec.validate()
    spec.optimize(quantization=quantization)
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    spec.save(folder)
