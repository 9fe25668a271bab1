"""Converts a folder's pytorch_model.bin, or the shards that its index lists, to model.safetensors."""

import json
import os
import pathlib
import sys

import torch
from safetensors.torch import save_file

SINGLE, INDEX, RESULT = "pytorch_model.bin", "pytorch_model.bin.index.json", "model.safetensors"


def shards(folder):
    if (folder / SINGLE).exists():
        return [SINGLE]
    if not (folder / INDEX).exists():
        sys.exit(f"error: {folder}: expected {SINGLE} or {INDEX}; found neither")
    names = sorted(set(json.loads((folder / INDEX).read_text())["weight_map"].values()))
    for name in names:
        if pathlib.PurePath(name).name != name:
            sys.exit(f"error: {folder / INDEX}: expected names of files in the same folder; found {name}")
    return names


def tensors(folder):
    """Each tensor once, by name; of several names for one memory each has its own copy, as the format wants."""
    found = {}
    for name in shards(folder):
        loaded = torch.load(folder / name, map_location="cpu", weights_only=True)
        found.update({key: value.detach().clone().contiguous() for key, value in loaded.items()})
    return found


def main():
    folder = pathlib.Path(sys.argv[1])
    result = folder / RESULT
    if result.exists():
        sys.exit(f"error: {result} exists already; nothing was written")
    temporary = folder / f".{RESULT}.{os.getpid()}"
    try:
        save_file(tensors(folder), temporary, metadata={"format": "pt"})
        temporary.rename(result)
    finally:
        temporary.unlink(missing_ok=True)
    print(result)


main()
