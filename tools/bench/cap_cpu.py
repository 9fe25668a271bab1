"""Copies the peers' packages so that they can be shown a smaller CPU: every CPUID instruction of their libraries is
replaced by one that traps, and the preloaded cap.c answers it.

usage: cap_cpu.py SITE_PACKAGES TARGET

The variables that cap a library (ONEDNN_MAX_CPU_ISA, CT2_FORCE_CPU_ISA) reach only oneDNN and CTranslate2's own loops:
OpenVINO's other kernels and all of onnxruntime ignore them. What decides there is CPUID, so this caps every kernel, and
the defaults that depend on the CPU, too.
"""
import pathlib
import re
import shutil
import struct
import subprocess
import sys

PACKAGES = ("ctranslate2", "ctranslate2.libs", "onnxruntime", "openvino")
CPUID, STAND_IN = b"\x0f\xa2", b"\x0f\x04"  # cap.c knows the second
UNUSED = re.compile(r"libopenvino_intel_[gn]pu_plugin|_frontend\.so|libonnxruntime\.so")  # large, and not loaded here


def segments(elf):
    """(address, offset in the file, bytes in the file) of what a 64-bit little-endian ELF file loads."""
    start, = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    headers = [struct.unpack_from("<IIQQQQ", elf, start + index * size) for index in range(count)]
    return [(address, offset, length) for kind, _, offset, address, _, length in headers if kind == 1]


def offset_of(address, loaded):
    """Where in the file the byte of an address is."""
    return next(offset + address - first for first, offset, length in loaded if first <= address < first + length)


def cpuid_addresses(disassembly):
    """The addresses of CPUID instructions in the lines of `objdump -d`."""
    return [int(line.split(":")[0], 16) for line in disassembly if re.search(r"\tcpuid\b", line)]


def replace(path):
    """Replaces the CPUID instructions of a library; gives how many there were."""
    elf = bytearray(path.read_bytes())
    if CPUID not in elf:
        return 0
    with subprocess.Popen(["objdump", "-d", "--no-show-raw-insn", path], stdout=subprocess.PIPE, text=True) as objdump:
        addresses = cpuid_addresses(objdump.stdout)
    loaded = segments(elf)
    for address in addresses:
        place = offset_of(address, loaded)
        assert elf[place:place + 2] == CPUID, f"{path}: no CPUID at {address:#x}"
        elf[place:place + 2] = STAND_IN
    path.write_bytes(elf)
    return len(addresses)


def main():
    source, target = (pathlib.Path(argument) for argument in sys.argv[1:])
    for package in PACKAGES:
        shutil.copytree(source / package, target / package, symlinks=True)
    for path in sorted(target.rglob("*.so*")):
        if not path.is_symlink() and not UNUSED.search(path.name) and (count := replace(path)):
            print(f"{path.relative_to(target)}: {count} CPUID instructions", file=sys.stderr)


if __name__ == "__main__":
    main()
