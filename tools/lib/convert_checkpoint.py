"""Converts a folder's pytorch_model.bin, or the shards that its index lists, to model.safetensors; also in the folders
of the modules that its modules.json lists."""

import json
import os
import pathlib
import sys

import torch
from safetensors.torch import save_file

SINGLE, INDEX, RESULT = "pytorch_model.bin", "pytorch_model.bin.index.json", "model.safetensors"
MODULES = "modules.json"


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


def folders(folder):
    """The folder itself, and those of its modules that have weights of their own."""
    found = [folder]
    if (folder / MODULES).exists():
        for path in (module.get("path", "") for module in json.loads((folder / MODULES).read_text())):
            if pathlib.PurePath(path).is_absolute() or ".." in pathlib.PurePath(path).parts:
                sys.exit(f"error: {folder / MODULES}: expected folders inside {folder}; found {path}")
            found.append(folder / path)
    wanted = dict.fromkeys(f for f in found if (f / SINGLE).exists() or (f / INDEX).exists())
    return list(wanted) or [folder]


def convert(folder):
    result = folder / RESULT
    temporary = folder / f".{RESULT}.{os.getpid()}"
    try:
        save_file(tensors(folder), temporary, metadata={"format": "pt"})
        temporary.rename(result)
    finally:
        temporary.unlink(missing_ok=True)
    print(result)


def main():
    folder = pathlib.Path(sys.argv[1])
    unconverted = [f for f in folders(folder) if not (f / RESULT).exists()]
    if not unconverted:
        sys.exit(f"error: {folder / RESULT} exists already; nothing was written")
    for each in unconverted:
        convert(each)


main()
