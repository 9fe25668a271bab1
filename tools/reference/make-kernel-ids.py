#!/usr/bin/env python3
"""Makes Sources/TaperPlanFormat/KernelID.swift from Sources/CTaperKernels/kernels.def.

    make-kernel-ids.py           rewrites the file
    make-kernel-ids.py --check   exits 1 when the file is stale
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "Sources/CTaperKernels/kernels.def"
TARGET = ROOT / "Sources/TaperPlanFormat/KernelID.swift"
SPELLINGS = {"openblas": "OpenBLAS", "bf16": "BF16"}


def swift_name(name):
    first, *rest = name.split("_")
    return first + "".join(SPELLINGS.get(word, word[:1].upper() + word[1:]) for word in rest)


def render(kernels):
    lines = [
        "// Generated from Sources/CTaperKernels/kernels.def by tools/reference/make-kernel-ids.py; do not edit.",
        "",
        "/// A kernel family, as numbered in kernels.def. The tier (AVX2, AVX-512, …) is bound when a plan is loaded.",
        "public struct KernelID: RawRepresentable, BitwiseCopyable, Hashable, Sendable {",
        "  public var rawValue: UInt16",
        "  public init(rawValue: UInt16) { self.rawValue = rawValue }",
        "",
    ]
    lines += [f"  public static let {swift_name(n)} = KernelID(rawValue: {i})" for i, n in kernels]
    lines += [
        "",
        "  /// Every family with its name in kernels.def, in id order.",
        "  public static let all: [(id: KernelID, name: String)] = [",
    ]
    lines += [f'    (.{swift_name(n)}, "{n}"),' for _, n in kernels]
    lines += [
        "  ]",
        "",
        "  /// The name in kernels.def, or nil for an id this version does not know.",
        "  public var name: String? { KernelID.all.first { $0.id == self }?.name }",
        "}",
        "",
    ]
    return "\n".join(lines)


def main():
    found = re.findall(r"^CK_KERNEL\((\d+),\s*(\w+)\)", SOURCE.read_text(), re.M)
    kernels = [(int(number), name) for number, name in found]
    ids = [number for number, _ in kernels]
    if not ids or ids != sorted(set(ids)) or len({n for _, n in kernels}) != len(kernels) or ids[-1] > 0xFFFF:
        sys.exit(f"{SOURCE}: expected distinct names with ascending 16-bit ids")
    text = render(kernels)
    if "--check" not in sys.argv:
        TARGET.write_text(text)
    elif TARGET.read_text() != text:
        sys.exit(f"{TARGET} is stale: run tools/reference/make-kernel-ids.py")


main()
