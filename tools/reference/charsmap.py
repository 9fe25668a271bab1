"""Builds a `precompiled_charsmap` as SentencePiece stores it: a double array over bytes, then the replacements."""
import base64
import struct


def build(rules):
    """rules: from a key (bytes or str) to its replacement (str). Returns the blob's bytes."""
    root, text, places = {}, b"", {}
    for key, value in sorted((k.encode() if isinstance(k, str) else k, v) for k, v in rules.items()):
        if value not in places:
            places[value] = len(text)
            text += value.encode() + b"\0"
        node = root
        for byte in key:
            node = node.setdefault(byte, {})
        node[None] = places[value]
    units, queue, free = {0: 0}, [(0, root, 0)], 1
    while queue:
        position, node, label = queue.pop(0)
        labels = [0 if byte is None else byte for byte in node]
        block = free
        while any(block ^ byte in units for byte in labels):
            block += 1
        while free in units:
            free += 1
        assert position ^ block < 1 << 21
        units[position] = (position ^ block) << 10 | (1 << 8 if None in node else 0) | label
        for byte in labels:
            units[block ^ byte] = 0
        if None in node:
            units[block] = node[None] | 1 << 31
        queue += [(block ^ byte, child, byte) for byte, child in node.items() if byte is not None]
    size = max(units) + 1
    size += -size % 256  # a byte that leads nowhere still leads to a unit
    array = [units.get(place, 0) for place in range(size)]
    return struct.pack("<I", 4 * size) + struct.pack("<%dI" % size, *array) + text


def encoded(rules):
    return base64.b64encode(build(rules)).decode()
