"""Reads and writes model directories as Taper's ModelSpec does: encoder, pooling, linear head, `taper` extras."""
from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from .family import Family, Shape
from .files import replace_directory, write_json

HEAD_DESCRIPTION = "taper_head.json"
HEAD_WEIGHTS = "taper_head.safetensors"
REPORT = "tune_report.json"
#: Never copied into a tuned directory: weights in any format, and the files that `write` writes.
LEFT_OUT = {".safetensors", ".bin", ".pt", ".h5", ".onnx", ".msgpack", ".ot"}
LEFT_OUT_NAMES = {HEAD_DESCRIPTION, REPORT, "model.safetensors.index.json"}


@dataclass(frozen=True)
class HeadSpec:
    """hidden states → pooling → [pooler: tanh] → [L2 norm] → linear: the order of Taper's HeadSpec."""
    pooling: str
    pooler: bool
    normalized: bool
    labels: tuple[str, ...] = ()


@dataclass
class Checkpoint:
    directory: Path
    #: Folder of config.json and the weights inside the directory; "." unless modules.json says otherwise.
    base: Path
    config: dict
    family: Family
    #: By stored name, f32, without the head's tensors and the `taper.` extras.
    tensors: dict[str, torch.Tensor]
    #: Role to stored name.
    names: dict[str, str]
    head: HeadSpec
    head_weight: torch.Tensor | None = None
    head_bias: torch.Tensor | None = None
    #: Tensors named `taper.…`, without that prefix.
    extras: dict[str, torch.Tensor] = field(default_factory=dict)
    maximum_length: int = 512

    @property
    def shape(self) -> Shape:
        return self.family.shape(self.config)

    @property
    def taper(self) -> dict:
        return self.config.get("taper", {})

    @property
    def digest(self) -> str:
        """Digest of the description and all tensors: everything that training from here depends on."""
        digest = hashlib.sha256(json.dumps([self.config, asdict(self.head)], sort_keys=True).encode())
        heads = {} if self.head_weight is None else {"head.weight": self.head_weight, "head.bias": self.head_bias}
        for name, tensor in sorted({**self.tensors, **self.extras, **heads}.items()):
            digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()

    @staticmethod
    def load(directory: str | Path, pooling: str | None = None, normalized: bool | None = None) -> "Checkpoint":
        directory = Path(directory)
        if not directory.is_dir():
            raise SystemExit(f"error: {directory}: expected a model directory")
        modules = _json(directory / "modules.json")
        base = Path(modules[0]["path"] or ".") if modules else Path(".")
        config = _json(directory / base / "config.json")
        if config is None:
            raise SystemExit(f"error: {directory / base}: expected config.json")
        family = Family.of(config)
        stored = _weights(directory / base)
        names = family.locate(family.shape(config).layers, set(stored))
        found, weight, bias = _head(directory, modules, config, family, stored, names)
        head = HeadSpec(pooling or found.pooling, found.pooler and pooling != "mean",
                        found.normalized if normalized is None else normalized, found.labels)
        if head.pooler and family.pooler_activation(config) != "tanh":
            raise SystemExit(f"error: tune does not train the {family.pooler_activation(config)} layer before "
                             f"{family.name}'s head; --pooling mean trains a head without it")
        if head != found:
            weight = bias = None  # fitted to other features
        extras = {name[len("taper."):]: stored.pop(name) for name in list(stored) if name.startswith("taper.")}
        for role in ("head_weight", "head_bias"):
            if role in names:
                stored.pop(names.pop(role))
        sequence = _json(directory / base / "sentence_bert_config.json") or {}
        positions = family.quantity(config, "positions") - family.position_offset
        return Checkpoint(directory, base, config, family, stored, names, head, weight, bias, extras,
                          min(positions, sequence.get("max_seq_length") or positions))

    def write(self, target: Path, report: dict) -> None:
        """Writes the directory atomically."""
        def fill(directory: Path) -> None:
            _copy(self.directory, directory)
            write_json(directory / self.base / "config.json", self.config)
            tensors = {**self.tensors, **{f"taper.{name}": value for name, value in self.extras.items()}}
            _save(tensors, directory / self.base / "model.safetensors")
            if self.head_weight is not None:
                self._write_head(directory)
            write_json(directory / REPORT, report)
        replace_directory(target, fill)

    def _write_head(self, directory: Path) -> None:
        write_json(directory / HEAD_DESCRIPTION, {
            "schema_version": 1, "kind": "classification", "labels": list(self.head.labels),
            "width": self.shape.hidden, "outputs": len(self.head.labels), "pooling": self.head.pooling,
            "pooler": self.head.pooler, "follows_normalization": self.head.normalized})
        _save({"head.weight": self.head_weight, "head.bias": self.head_bias}, directory / HEAD_WEIGHTS)


def _json(path: Path):
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _save(tensors: dict[str, torch.Tensor], path: Path) -> None:
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, path,
              metadata={"format": "pt"})
    path.chmod(0o644)  # safetensors makes files for the owner only


def _weights(base: Path) -> dict[str, torch.Tensor]:
    index = _json(base / "model.safetensors.index.json")
    names = sorted(set(index["weight_map"].values())) if index else ["model.safetensors"]
    stored: dict[str, torch.Tensor] = {}
    for name in names:
        if not (base / name).exists():
            raise SystemExit(f"error: {base}: expected {name}")
        stored.update(load_file(base / name))
    return {name: value.float() if value.is_floating_point() else value for name, value in stored.items()}


def _head(directory: Path, modules, config: dict, family: Family, stored, names):
    """The first of these that is there, as in ModelSpec.load: taper_head.json, modules.json, a classifier architecture,
    default pooling."""
    fitted = _json(directory / HEAD_DESCRIPTION)
    if fitted:
        if fitted["kind"] != "classification":
            raise SystemExit(f"error: {directory}: tune trains classification heads, this one is {fitted['kind']}")
        if fitted.get("modules") or fitted["pooling"] not in ("mean", "cls"):
            raise SystemExit(f"error: {directory}: expected a head on pooling by mean or cls, found one on "
                             + ("modules" if fitted.get("modules") else fitted["pooling"]))
        tensors = load_file(directory / HEAD_WEIGHTS)
        spec = HeadSpec(fitted["pooling"], fitted["pooler"], fitted["follows_normalization"], tuple(fitted["labels"]))
        return spec, tensors["head.weight"].float(), tensors["head.bias"].float()
    if modules:
        kinds = [module["type"].split(".")[-1] for module in modules]
        if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
            raise SystemExit(f"error: {directory}/modules.json: expected Transformer, Pooling and perhaps Normalize, found {', '.join(kinds)}")
        pooling = _json(directory / modules[1]["path"] / "config.json")
        chosen = [name.removeprefix("pooling_mode_").removesuffix("_token").removesuffix("_tokens") for name, on in pooling.items()
                  if name.startswith("pooling_mode_") and on is True]
        mode = pooling.get("pooling_mode") or "+".join(chosen) or "mean"
        if mode not in ("mean", "cls"):
            raise SystemExit(f"error: {directory}: expected pooling by mean or cls, found {mode}")
        return HeadSpec(mode, False, len(modules) == 3), None, None
    if family.is_classifier(config) and "head_weight" in names:
        weight, bias = stored[names["head_weight"]], stored[names["head_bias"]]
        named = config.get("id2label") or {str(i): f"LABEL_{i}" for i in range(len(bias))}
        return HeadSpec("cls", "pooler_weight" in family.description["classifier_tensors"], False,
                        tuple(named[str(i)] for i in range(len(bias)))), weight, bias
    return HeadSpec(family.default_pooling, False, False), None, None


def _copy(source: Path, target: Path) -> None:
    for entry in sorted(source.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            (target / entry.name).mkdir()
            _copy(entry, target / entry.name)
        elif entry.suffix not in LEFT_OUT and entry.name not in LEFT_OUT_NAMES:
            shutil.copyfile(entry, target / entry.name)
