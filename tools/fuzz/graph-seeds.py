#!/usr/bin/env python3
"""Writes small graphs as the graph fuzzer's seeds: one layer of an encoder of width 4, in ONNX's bytes or as IR.

    graph-seeds.py onnx|ir FOLDER
"""
import pathlib
import struct
import sys

kind, folder = sys.argv[1], pathlib.Path(sys.argv[2])


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while True:
        out.append(value & 127 | (128 if value > 127 else 0))
        value >>= 7
        if not value:
            return bytes(out)


def field(number, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(number << 3 | 2) + varint(len(data)) + data


def number(tag, value):
    return varint(tag << 3) + varint(value)


def tensor(name, shape, values, real=True):
    data = struct.pack(f"<{len(values)}{'f' if real else 'q'}", *values)
    header = b"".join(number(1, s) for s in shape) + number(2, 1 if real else 7)
    return field(5, header + field(8, name) + field(9, data))


def node(op, inputs, outputs, domain="", **attributes):
    out = b"".join(field(1, x) for x in inputs) + b"".join(field(2, x) for x in outputs) + field(4, op)
    for name, value in attributes.items():
        if isinstance(value, float):
            body = varint(2 << 3 | 5) + struct.pack("<f", value)
        elif isinstance(value, list):
            body = b"".join(number(8, v) for v in value)
        else:
            body = number(3, value)
        out += field(5, field(1, name) + body)
    return field(1, out + (field(7, domain) if domain else b""))


def onnx(*parts, output):
    graph = b"".join(parts) + field(11, field(1, "input_ids")) + field(12, field(1, output))
    return field(8, number(2, 17)) + field(7, graph)


def some(count, start=1):
    return [((i * 7 + start) % 11 - 5) / 8 for i in range(count)]


def layer():
    parts = [tensor("w", [16, 4], some(64)), tensor("p", [16, 4], some(64, 3)), tensor("g", [4], some(4, 2))]
    parts += [tensor(n, [4, 4], some(16, i)) for i, n in enumerate("qkvo")]
    parts += [tensor("i", [4, 8], some(32)), tensor("f", [8, 4], some(32, 4))]
    parts += [tensor("one", [], [1], False), tensor("zero", [], [0], False), tensor("shape", [4], [0, 0, 2, -1], False),
              tensor("joined", [3], [0, 0, -1], False)]
    parts += [
        node("Gather", ["w", "input_ids"], ["words"]), node("Shape", ["input_ids"], ["s"]),
        node("Gather", ["s", "one"], ["n"]), node("Range", ["zero", "n", "one"], ["places"]),
        node("Gather", ["p", "places"], ["rows"]), node("Add", ["words", "rows"], ["sum"]),
        node("LayerNormalization", ["sum", "g", "g"], ["x"], epsilon=1e-5)]
    for name, order in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
        parts += [node("MatMul", ["x", name], [name + "1"]), node("Reshape", [name + "1", "shape"], [name + "2"]),
                  node("Transpose", [name + "2"], [name + "3"], perm=order)]
    parts += [
        node("MatMul", ["q3", "k3"], ["scores"]), node("Softmax", ["scores"], ["weights"], axis=-1),
        node("MatMul", ["weights", "v3"], ["context"]), node("Transpose", ["context"], ["c1"], perm=[0, 2, 1, 3]),
        node("Reshape", ["c1", "joined"], ["c2"]), node("MatMul", ["c2", "o"], ["o1"]), node("Add", ["o1", "x"], ["a"]),
        node("LayerNormalization", ["a", "g", "g"], ["m"], epsilon=1e-5), node("MatMul", ["m", "i"], ["h"]),
        node("Relu", ["h"], ["r"]), node("MatMul", ["r", "f"], ["y"]), node("Add", ["y", "m"], ["z"]),
        node("LayerNormalization", ["z", "g", "g"], ["out"], epsilon=1e-5)]
    return onnx(*parts, output="out")


def fused():
    parts = [tensor("w", [16, 4], some(64)), tensor("p", [16, 4], some(64)), tensor("g", [4], some(4)),
             tensor("a", [4, 12], some(48)), tensor("b", [12], some(12)), tensor("o", [4, 4], some(16))]
    ms = "com.microsoft"
    parts += [
        node("EmbedLayerNormalization", ["input_ids", "", "w", "p", "", "g", "g"], ["x", "mask"], ms),
        node("Attention", ["x", "a", "b", "mask"], ["c"], ms, num_heads=2), node("MatMul", ["c", "o"], ["y"]),
        node("SkipLayerNormalization", ["y", "x", "g", "g", "g"], ["z"], ms), node("FastGelu", ["z", "g"], ["u"], ms),
        node("BiasGelu", ["u", "g"], ["out"], ms)]
    return onnx(*parts, output="out")


def quantised():
    parts = [tensor("w", [16, 4], some(64)), tensor("o", [4, 4], some(16)), tensor("s", [], [0.1])]
    parts += [
        node("Gather", ["w", "input_ids"], ["x"]), node("DynamicQuantizeLinear", ["x"], ["q", "qs", "qz"]),
        node("QuantizeLinear", ["o", "s"], ["oq"]), node("MatMulInteger", ["q", "oq", "qz"], ["i"]),
        node("Cast", ["i"], ["c"], to=1), node("Mul", ["c", "qs"], ["m"]), node("QuantizeLinear", ["m", "s"], ["n"]),
        node("DequantizeLinear", ["n", "s"], ["out"])]
    return onnx(*parts, output="out")


class IR:
    """Layers and edges as openvino writes them."""

    def __init__(self):
        self.layers, self.edges, self.kinds, self.offset = [], [], [], 0

    def add(self, type, *sources, **data):
        index = len(self.layers)
        for place, source in enumerate(sources):
            port = 0 if self.kinds[source] in ("Const", "Parameter") else 9
            self.edges.append(
                f'<edge from-layer="{source}" from-port="{port}" to-layer="{index}" to-port="{place}"/>')
        ports = "".join(f'<port id="{p}"/>' for p in range(len(sources)))
        attributes = " ".join(f'{k}="{v}"' for k, v in data.items())
        out = "" if type == "Result" else f'<output><port id="{0 if not sources else 9}" precision="FP32"/></output>'
        self.layers.append(
            f'<layer id="{index}" name="l{index}" type="{type}"><data {attributes}/>'
            f'<input>{ports}</input>{out}</layer>')
        self.kinds.append(type)
        return index

    def const(self, shape, element="f32", bits=32):
        count = 1
        for size in shape:
            count *= size
        size = (count * bits + 7) // 8
        index = self.add("Const", element_type=element, shape=", ".join(map(str, shape)), offset=self.offset, size=size)
        self.offset += size
        return index

    def text(self):
        layers, edges = "".join(self.layers), "".join(self.edges)
        return f'<?xml version="1.0"?><net name="m" version="11"><layers>{layers}</layers><edges>{edges}</edges></net>'


def ir(element="f32", bits=32):
    g = IR()
    ids = g.add("Parameter", shape="?,?", element_type="i64")
    g.layers[0] = g.layers[0].replace('name="l0"', 'name="input_ids"')

    def weight(rows, columns):
        value = g.const([rows, columns], element, bits)
        if element != "f32":
            value = g.add("Multiply", g.add("Convert", value, destination_type="f32"), g.const([rows, 1]))
        return value

    axis = g.const([1], "u8", 8)
    words = g.add("Gather", weight(16, 4), ids, axis)
    x = g.add("MVN", words, axis, eps="1e-05", normalize_variance="true", eps_mode="INSIDE_SQRT")
    heads = [g.add("MatMul", x, weight(4, 4), transpose_b="true") for _ in range(3)]
    attention = g.add("ScaledDotProductAttention", *heads, causal="false")
    y = g.add("Add", g.add("MatMul", attention, weight(4, 4), transpose_b="true"), x)
    z = g.add("FakeQuantize", y, *[g.const([1]) for _ in range(4)], levels="256")
    g.add("Result", g.add("Gelu", z, approximation_mode="ERF"))
    return g.text().encode()


if kind == "onnx":
    for name, data in (("layer", layer()), ("fused", fused()), ("quantised", quantised())):
        (folder / f"seed-{name}.onnx").write_bytes(data)
else:
    for element, bits in (("f32", 32), ("f16", 16), ("i8", 8), ("u4", 4)):
        (folder / f"seed-{element}.xml").write_bytes(ir(element, bits))
