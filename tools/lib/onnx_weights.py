"""Reads the weights of an ONNX file, with the standard library alone: enough of protobuf for initializers and the nodes
that read them."""
import array
import json
import struct

# Field numbers of onnx.proto3: ModelProto.graph; GraphProto.node and .initializer; NodeProto.input, .name, .op_type;
# TensorProto.dims, .data_type, .name, .raw_data.
GRAPH, NODE, INITIALIZER = 7, 1, 5
INPUT, NODE_NAME, OPERATOR = 1, 3, 4
DIMS, DATA_TYPE, TENSOR_NAME, RAW = 1, 2, 8, 9
FLOAT = 1


def fields(data):
    """(number, value) of a message's fields: integers, or memoryviews of what has a length."""
    place = 0

    def varint():
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    while place < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or varint()
        if place + size > len(data):
            raise ValueError("a field is longer than its message")
        yield key >> 3, data[place:place + size]
        place += size


def packed(value):
    """Integers of a repeated field, packed or one by one."""
    if isinstance(value, int):
        return [value]
    return [v for _, v in fields(b"".join(b"\x08" + bytes(part) for part in _varints(value)))]


def _varints(value):
    start = 0
    for end, byte in enumerate(value, start=1):
        if byte < 0x80:
            yield value[start:end]
            start = end


def weights(path):
    """The f32 tensors by the name that PyTorch gave them: (dims, bytes). A product's weight, which the export left
    without a name, is called as the product's node, less "/MatMul", in dots; as in PyTorch, its rows are outputs."""
    with open(path, "rb") as file:
        model = memoryview(file.read())
    graph = next(value for number, value in fields(model) if number == GRAPH)
    tensors, readers = {}, {}
    for number, value in fields(graph):
        if number == INITIALIZER:
            dims, found = [], {}
            for part, content in fields(value):
                if part == DIMS:
                    dims += packed(content)
                else:
                    found[part] = content
            if found.get(DATA_TYPE) == FLOAT and RAW in found:
                tensors[bytes(found[TENSOR_NAME]).decode()] = dims, bytes(found[RAW])
        elif number == NODE:
            inputs, found = [], {}
            for part, content in fields(value):
                if part == INPUT:
                    inputs.append(bytes(content).decode())
                else:
                    found[part] = content
            if bytes(found[OPERATOR]) == b"MatMul":
                name = bytes(found[NODE_NAME]).decode().removesuffix("/MatMul").strip("/").replace("/", ".")
                readers.update({tensor: name for tensor in inputs})
    named = {}
    for name, (dims, raw) in tensors.items():
        if name in readers and len(dims) == 2:
            named[readers[name] + ".weight"] = dims[::-1], transposed(raw, *dims)
        else:
            named[name] = dims, raw
    return named


def transposed(raw, rows, columns):
    values = array.array("f", raw)
    out = array.array("f")
    for column in range(columns):
        out.extend(values[column::columns])
    return out.tobytes()


def write_safetensors(path, tensors):
    """Tensors {name: (dims, bytes of f32)}, in order of their names."""
    header, end = {}, 0
    for name, (dims, raw) in sorted(tensors.items()):
        header[name] = {"dtype": "F32", "shape": dims, "data_offsets": [end, end + len(raw)]}
        end += len(raw)
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, (_, raw) in sorted(tensors.items()):
            file.write(raw)
