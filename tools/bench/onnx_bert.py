"""Builds ONNX graphs of a BERT encoder from its safetensors, without torch: plain operators, or onnxruntime's fused
ones."""
import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file


class Graph:
    """Collects nodes and initializers; every method returns the name of its output."""

    def __init__(self):
        self.nodes, self.initializers, self.count = [], [], 0

    def constant(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def op(self, kind, inputs, domain="", outputs=1, **attributes):
        self.count += 1
        names = [f"t{self.count}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, domain=domain, name=f"{kind}_{self.count}", **attributes))
        return names[0]


def build(model_directory: str, fused: bool) -> bytes:
    """The encoder as a serialised ONNX model: input_ids [1, n] int64 (token types all zero) to last_hidden_state [1, n,
    d]."""
    directory = pathlib.Path(model_directory)
    config = json.loads((directory / "config.json").read_text())
    weights = load_file(str(directory / "model.safetensors"))
    prefix = "bert." if any(name.startswith("bert.") for name in weights) else ""
    d, heads, eps = config["hidden_size"], config["num_attention_heads"], config["layer_norm_eps"]
    g = Graph()

    def weight(name, transpose=False):
        array = weights[prefix + name].astype(np.float32)
        return g.constant(name + (".T" if transpose else ""), array.T if transpose else array)

    def linear(x, name, bias=True):
        y = g.op("MatMul", [x, weight(name + ".weight", transpose=True)])
        return g.op("Add", [y, weight(name + ".bias")]) if bias else y

    def normalise(x, residual, name):
        gamma, beta = weight(name + ".weight"), weight(name + ".bias")
        if fused:
            return g.op("SkipLayerNormalization", [x, residual, gamma, beta], domain="com.microsoft", epsilon=eps)
        return g.op("LayerNormalization", [g.op("Add", [x, residual]), gamma, beta], axis=-1, epsilon=eps)

    words = g.op("Gather", [weight("embeddings.word_embeddings.weight"), "input_ids"])
    length = g.op("Slice", [g.op("Shape", ["input_ids"]), g.constant("one", np.array([1])), g.constant("two", np.array([2]))])
    positions = g.op("Slice", [weight("embeddings.position_embeddings.weight"), g.constant("zero", np.array([0])), length])
    types = g.constant("type0", weights[prefix + "embeddings.token_type_embeddings.weight"][0].astype(np.float32))
    x = g.op("Add", [g.op("Add", [words, positions]), types])
    x = g.op("LayerNormalization", [x, weight("embeddings.LayerNorm.weight"), weight("embeddings.LayerNorm.bias")],
             axis=-1, epsilon=eps)
    split = g.constant("split", np.array([0, 0, heads, d // heads]))
    merge = g.constant("merge", np.array([0, 0, d]))
    scale = g.constant("scale", np.array((d // heads) ** -0.5, dtype=np.float32))
    for layer in range(config["num_hidden_layers"]):
        base = f"encoder.layer.{layer}"
        qkv = [f"{base}.attention.self.{part}" for part in ("query", "key", "value")]
        if fused:
            stacked = np.concatenate([weights[f"{prefix}{name}.weight"].T for name in qkv], axis=1).astype(np.float32)
            bias = np.concatenate([weights[f"{prefix}{name}.bias"] for name in qkv]).astype(np.float32)
            context = g.op("Attention", [x, g.constant(base + ".qkv", stacked), g.constant(base + ".qkv_bias", bias)],
                           domain="com.microsoft", num_heads=heads)
        else:
            q, k, v = (g.op("Reshape", [linear(x, name), split]) for name in qkv)
            q, v = (g.op("Transpose", [part], perm=[0, 2, 1, 3]) for part in (q, v))
            k = g.op("Transpose", [k], perm=[0, 2, 3, 1])
            scores = g.op("Softmax", [g.op("Mul", [g.op("MatMul", [q, k]), scale])], axis=-1)
            context = g.op("Transpose", [g.op("MatMul", [scores, v])], perm=[0, 2, 1, 3])
            context = g.op("Reshape", [context, merge])
        x = normalise(linear(context, base + ".attention.output.dense"), x, base + ".attention.output.LayerNorm")
        if fused:
            inner = g.op("BiasGelu", [linear(x, base + ".intermediate.dense", bias=False),
                                      weight(base + ".intermediate.dense.bias")], domain="com.microsoft")
        else:
            inner = g.op("Gelu", [linear(x, base + ".intermediate.dense")])
        x = normalise(linear(inner, base + ".output.dense"), x, base + ".output.LayerNorm")
    g.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))
    graph = helper.make_graph(
        g.nodes, "bert",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "n"])],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [1, "n", d])], g.initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)], ir_version=9)
    return model.SerializeToString()
