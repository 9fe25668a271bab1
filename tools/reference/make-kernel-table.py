#!/usr/bin/env python3
"""Makes what TaperPlanFormat knows of the kernels, from the C side:

    Sources/CTaperKernels/kernels.def        -> Sources/TaperPlanFormat/KernelID.swift
    Sources/CTaperKernels/include/ck_sizes.h -> Sources/TaperPlanFormat/KernelConstants.swift

    make-kernel-table.py           rewrites the files
    make-kernel-table.py --check   exits 1 when one is stale
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
KERNELS = ROOT / "Sources/CTaperKernels/kernels.def"
SIZES = ROOT / "Sources/CTaperKernels/include/ck_sizes.h"
FORMAT = ROOT / "Sources/TaperPlanFormat"
SPELLINGS = {"openblas": "OpenBLAS", "bf16": "BF16", "bf16x2": "BF16x2", "bf16x3": "BF16x3"}


def camel(name):
    first, *rest = name.lower().split("_")
    return first + "".join(SPELLINGS.get(word, word[:1].upper() + word[1:]) for word in rest)


def kernels():
    rows = [
        [field.strip() for field in row.split(",")]
        for row in re.findall(r"^CK_KERNEL\((.*)\)$", KERNELS.read_text(), re.M)
    ]
    ids = [int(row[0]) for row in rows]
    if not rows or ids != list(range(1, len(rows) + 1)) or len({row[1] for row in rows}) != len(rows):
        sys.exit(f"{KERNELS}: expected distinct names with ids 1, 2, 3, … in order")
    return rows


def render_ids():
    rows = kernels()
    lines = [
        "// Generated from Sources/CTaperKernels/kernels.def by tools/reference/make-kernel-table.py; do not edit.",
        "",
        "/// A kernel family, as numbered in kernels.def. The tier (AVX2, AVX-512, …) is bound when a plan is loaded.",
        "public struct KernelID: RawRepresentable, BitwiseCopyable, Hashable, Sendable {",
        "  public var rawValue: UInt16",
        "  public init(rawValue: UInt16) { self.rawValue = rawValue }",
        "",
    ]
    lines += [f"  public static let {camel(row[1])} = KernelID(rawValue: {row[0]})" for row in rows]
    lines += ["", "  /// The facts of every family; id n is entry n − 1.", "  static let families: [KernelFamily] = ["]
    for _, name, kind, _, _, scratch, weight, precision in rows:
        facts = f".{camel(scratch)}, .{camel(weight)}, .{precision.lower()}"
        arguments = f'"{name}", .{camel(kind)}, {facts}'
        line = f"    KernelFamily({arguments}),"
        lines += [line] if len(line) <= 110 else ["    KernelFamily(", f"      {arguments}),"]
    lines += ["  ]", "}", ""]
    return "\n".join(lines)


def render_sizes():
    found = re.findall(r"((?:^///.*\n)+)#define CK_(\w+) (\d+)u$", SIZES.read_text(), re.M)
    if not found or len(found) != SIZES.read_text().count("#define"):
        sys.exit(f"{SIZES}: expected only /// comments, each followed by #define CK_NAME NUMBERu")
    lines = [
        "// Generated from Sources/CTaperKernels/include/ck_sizes.h by tools/reference/make-kernel-table.py; "
        "do not edit.",
        "",
        "/// Sizes that kernels are built on and that plans depend on.",
        "public enum KernelConstants {",
    ]
    for comment, name, value in found:
        lines += [f"  {line}" for line in comment.splitlines()]
        lines.append(f"  public static let {camel(name)} = {value}")
    return "\n".join(lines + ["}", ""])


def main():
    for name, text in [("KernelID.swift", render_ids()), ("KernelConstants.swift", render_sizes())]:
        target = FORMAT / name
        if "--check" not in sys.argv:
            target.write_text(text)
        elif not target.exists() or target.read_text() != text:
            sys.exit(f"{target} is stale: run tools/reference/make-kernel-table.py")


main()
