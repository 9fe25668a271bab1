#!/usr/bin/env python3
"""Writes specs/devices/reference.json: the synthetic, exact device that golden plans are made for.

Usage: tools/reference/make-reference-device.py > specs/devices/reference.json
The formulas are documented in specs/device-profile.md. Integer arithmetic only, so every machine writes the same bytes.
"""
import json
import sys

# Per thread count: FLOP/ns · 10, bytes/ns · 10 (memory), op overhead ns, run overhead ns.
THREADS = {1: (1000, 100, 200, 0), 2: (1900, 180, 1000, 5000), 4: (3600, 300, 1500, 8000)}
# (hidden, heads, feed-forward, relative bias, linear head's width)
MODELS = [(384, 12, 1536, [False], 8), (768, 12, 3072, [False, True], 0), (128, 2, 512, [False], 2)]
TILE = 16
PANEL_ROWS = [1, 8, 9, 16, 17, 24, 25, 32, 33, 48, 49, 64, 65, 128, 129, 256, 257, 512]
GEMM_ROWS = [1, 16, 17, 32, 33, 48, 49, 64, 65, 96, 97, 128, 129, 192, 193, 256, 257, 384, 385, 512]
ATTENTION_ROWS = [1, 8, 16, 32, 64, 128, 256, 512]
LINE_ROWS = [1, 64, 512]


def ceil_div(a, b):
    return -(-a // b)


def gemm(t, rows, columns, depth):
    flop10, byte10, overhead, _ = THREADS[t]
    tiled = ceil_div(rows, TILE) * TILE
    compute = ceil_div(2 * tiled * columns * depth * 10, flop10)
    memory = ceil_div(4 * columns * depth * 10, byte10)
    return overhead + max(compute, memory)


def panel(t, rows, columns, depth, rate, byte_count):
    """A packed product: tiles of 8 rows, `rate` times the f32 peak, `byte_count` bytes per weight."""
    flop10, byte10, overhead, _ = THREADS[t]
    compute = ceil_div(2 * ceil_div(rows, 8) * 8 * columns * depth * 10, flop10 * rate)
    return overhead + max(compute, ceil_div(byte_count * columns * depth * 10, byte10))


def attention(t, multiply_adds, exponentials):
    """Products at half the peak, and half a nanosecond (one thread) for each exponential."""
    flop10, _, overhead, _ = THREADS[t]
    return overhead + ceil_div(4 * multiply_adds * 10, flop10) + ceil_div(exponentials * 500, flop10)


def line(t, rows, byte_count):
    """Row-wise ops: four times the memory bandwidth, since activations are warm."""
    _, byte10, overhead, _ = THREADS[t]
    return overhead + ceil_div(rows * byte_count * 10, 4 * byte10)


def point(rows, inner, time):
    return [rows, inner, 1, time, time, time, time]


def entries(t):
    seen = set()
    for hidden, heads, inner, biases, width in MODELS:
        head_size = hidden // heads
        products = [(3 * hidden, hidden, None), (2 * hidden, hidden, None), (hidden, hidden, None),
                    (inner, hidden, "gelu"), (hidden, inner, None)]
        if width:
            products.append((width, hidden, None))
        for columns, depth, activation in products:
            shape = {"columns": columns, "depth": depth}
            if columns >= 256:
                shape["parts"] = 4
            if activation:
                shape["activation"] = activation
            yield "gemm_f32_openblas", shape, [point(m, 1, gemm(t, m, columns, depth)) for m in GEMM_ROWS]
            packed = {key: value for key, value in shape.items() if key != "parts"}
            for name, rate, byte_count in [("gemm_f32_panel", 1, 4), ("gemm_bf16_panel", 2, 2), ("gemm_i8_panel", 4, 1)]:
                yield name, packed, [point(m, 1, panel(t, m, columns, depth, rate, byte_count)) for m in PANEL_ROWS]
        for columns in sorted({hidden, inner}):
            yield "encode_bf16", {"columns": columns}, [point(m, 1, line(t, m, 6 * columns)) for m in LINE_ROWS]
            yield "encode_i8", {"columns": columns}, [point(m, 1, line(t, m, 5 * columns)) for m in LINE_ROWS]
        for bias in biases:
            shape = {"depth": head_size, "heads": heads, **({"relative_bias": True} if bias else {})}
            pairs = [(r, n) for n in ATTENTION_ROWS
                     for r in sorted({1, ceil_div(n, 4), ceil_div(n, 2), n})]
            yield "attention_f32", shape, [
                point(r, n, attention(t, 2 * r * n * hidden, r * n * heads * (2 if bias else 1))) for r, n in pairs]
            yield "attention_scores_f32", shape, [
                point(n, n, attention(t, n * n * hidden, n * n * heads * (2 if bias else 1)) + line(t, n, 8 * n * heads))
                for n in ATTENTION_ROWS]
            yield "attention_scored_f32", shape, [
                point(n, n, attention(t, 2 * n * n * hidden, n * n * heads * (2 if bias else 1))) for n in ATTENTION_ROWS]
        shape = {"depth": head_size, "heads": heads}
        yield "attention_context_f32", shape, [point(r, n, attention(t, r * n * hidden, 0)) for r, n in pairs]
        for name, columns, reads in [("embed_f32", hidden, 4), ("layer_norm_f32", hidden, 3), ("add_f32", hidden, 3),
                                     ("gather_f32", hidden, 2), ("l2_normalize_f32", hidden, 2)]:
            yield name, {"columns": columns}, [point(m, 1, line(t, m, 4 * reads * columns)) for m in LINE_ROWS]
        for name, reads in [("scatter_f32", 2), ("mean_f32", 1)]:
            yield name, {"columns": hidden}, [
                point(1 if name == "mean_f32" else ceil_div(n, 2), n, line(t, n, 4 * reads * hidden)) for n in LINE_ROWS]
        if heads not in seen:
            seen.add(heads)
            yield "select_f32", {"heads": heads}, [
                point(ceil_div(n, 2), n, line(t, n, 40 * (heads + 8))) for n in LINE_ROWS]
    for name in ["iota_u32", "compose_u32"]:
        yield name, {}, [point(m, 1, line(t, m, 4)) for m in LINE_ROWS]


def main():
    head = {
        "schema_version": 1, "name": "reference", "created": "",
        "fingerprint": {"cpu": "synthetic", "features": [], "tier": "scalar", "caches": [], "cores": 4,
                        "blas_core": "none", "blas_configuration": "none", "environment": {}, "system": "none"},
        "threads": [
            {"threads": t, "bandwidth_one_stream_bytes_per_s": byte10 * 10**8,
             "bandwidth_many_streams_bytes_per_s": byte10 * 10**8, "compute_peak_flops_per_s": flop10 * 10**8,
             "op_overhead_ns": overhead, "run_overhead_ns": run}
            for t, (flop10, byte10, overhead, run) in THREADS.items()],
        "noise": {"spread": 0.0, "drift": 0.0, "probes": 0},
    }
    dump = lambda value: json.dumps(value, separators=(",", ":"))
    lines = [dump({"kernel": kernel, "shape": shape, "threads": t, "points": points})
             for t in THREADS for kernel, shape, points in entries(t)]
    sys.stdout.write(dump(head)[:-1] + ',"entries":[\n' + ",\n".join(lines) + "\n]}\n")


if __name__ == "__main__":
    main()
