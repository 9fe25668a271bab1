import json
import pathlib
import struct
import tempfile
import unittest

import onnx_weights


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(name, dims, values, packed=False):
    sizes = field(1, b"".join(map(varint, dims))) if packed else b"".join(field(1, size) for size in dims)
    return field(5, sizes + field(2, 1) + field(8, name.encode()) + field(9, struct.pack(f"<{len(values)}f", *values)))


def node(operator, name, *inputs):
    read = b"".join(field(1, tensor.encode()) for tensor in inputs)
    return field(1, read + field(3, name.encode()) + field(4, operator.encode()))


class Weights(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "a.onnx"

    def read(self, graph):
        self.path.write_bytes(field(1, 8) + field(7, graph) + field(2, b"pytorch"))
        return onnx_weights.weights(self.path)

    def test_a_product_s_weight_is_called_as_its_node_and_turned(self):
        found = self.read(node("MatMul", "/encoder/layer.0/query/MatMul", "/norm", "onnx::MatMul_1")
                          + tensor("onnx::MatMul_1", [2, 300], range(600), packed=True)
                          + tensor("encoder.layer.0.query.bias", [3], [1, 2, 3]))
        self.assertEqual(sorted(found), ["encoder.layer.0.query.bias", "encoder.layer.0.query.weight"])
        dims, raw = found["encoder.layer.0.query.weight"]
        values = struct.unpack("<600f", raw)
        self.assertEqual(dims, [300, 2])
        self.assertEqual(values[:4], (0, 300, 1, 301))
        self.assertEqual(found["encoder.layer.0.query.bias"][0], [3])

    def test_a_file_that_is_cut_short_is_refused(self):
        whole = field(7, tensor("a", [2], [1, 2]))
        self.path.write_bytes(whole[:-3])
        with self.assertRaises(ValueError):
            onnx_weights.weights(self.path)

    def test_safetensors_are_written_as_their_header_says(self):
        tensors = {"b": ([2], struct.pack("<2f", 1, 2)), "a": ([1, 1], struct.pack("<f", 7))}
        onnx_weights.write_safetensors(self.path, tensors)
        data = self.path.read_bytes()
        size, = struct.unpack("<Q", data[:8])
        header = json.loads(data[8:8 + size])
        begin, end = header["b"]["data_offsets"]
        self.assertEqual(size % 8, 0)
        self.assertEqual(header["a"]["shape"], [1, 1])
        self.assertEqual(struct.unpack("<2f", data[8 + size + begin:8 + size + end]), (1, 2))


if __name__ == "__main__":
    unittest.main()
