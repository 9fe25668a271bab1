"""Maps a model family's checkpoints onto Taper's encoder by the descriptions in specs/models."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

DESCRIPTIONS = Path(__file__).resolve().parents[3] / "specs/models"


@dataclass(frozen=True)
class Shape:
    hidden: int
    layers: int
    heads: int
    feed_forward: int


class Family:
    def __init__(self, description: dict):
        self.description = description
        self.name = description["family"]
        self.position_offset = description["position_offset"]
        self.default_pooling = description["default_pooling"]
        self.relative_bias_maximum_distance = description.get("relative_bias_maximum_distance")

    @staticmethod
    def of(config: dict) -> "Family":
        for path in sorted(DESCRIPTIONS.glob("*.json")):
            description = json.loads(path.read_text())
            if config.get("model_type") in description["model_types"]:
                family = Family(description)
                family._refuse_what_tune_lacks()
                return family
        raise SystemExit(f"error: model_type {config.get('model_type')!r}: no description in specs/models fits it")

    def _refuse_what_tune_lacks(self) -> None:
        """encoder.py is BERT's encoder, with or without token types and a relative bias."""
        tensors, parts = self.description["tensors"], self.description["layer_tensors"]
        lacks = [
            (self.description.get("normalizes_first"), "norms before attention"),
            (self.description.get("gated"), "gated feed-forward blocks"),
            ("rotary_theta" in self.description["config"], "rotary positions"),
            ("position_rows" in tensors, "disentangled attention"),
            ("embedding_projection_weight" in tensors, "projected embeddings"),
            ("layer_groups" in self.description["config"], "layers that share weights"),
            (any(not isinstance(name, str) for name in [*tensors.values(), *parts.values()]), "fused or optional tensors"),
        ]
        found = [what for is_there, what in lacks if is_there]
        if found:
            raise SystemExit(f"error: tune does not train {self.name}, which has {', '.join(found)}; "
                             "`taper plan --method acc` reduces such a model without training")

    def quantity(self, config: dict, name: str):
        entry = self.description["config"][name]
        if entry.get("key") in config:
            return config[entry["key"]]
        if "default" in entry:
            return entry["default"]
        raise SystemExit(f"error: config.json: expected a key {entry['key']!r}")

    def pooler_activation(self, config: dict) -> str:
        return self.quantity(config, "pooler_activation") if "pooler_activation" in self.description["config"] else "tanh"

    def layers_key(self) -> str:
        return self.description["config"]["layers"]["key"]

    def shape(self, config: dict) -> Shape:
        return Shape(*(self.quantity(config, name) for name in ("hidden", "layers", "heads", "feed_forward")))

    def is_classifier(self, config: dict) -> bool:
        found = config.get("architectures") or []
        return any(name in self.description["classifier_architectures"] for name in found)

    def encoder_architecture(self) -> str:
        return self.description["encoder_architectures"][0]

    def patterns(self, layers: int) -> dict[str, str]:
        """Role to tensor name, `{prefix}` still in it. Roles of layers: `layer.<l>.<part>`, l from 1."""
        names = {**self.description["tensors"], **self.description["classifier_tensors"]}
        for layer in range(layers):
            for part, pattern in self.description["layer_tensors"].items():
                names[f"layer.{layer + 1}.{part}"] = pattern.replace("{layer}", str(layer))
        return names

    def locate(self, layers: int, stored: set[str]) -> dict[str, str]:
        """Role to the checkpoint's tensor name; roles without a tensor are left out."""
        patterns = self.patterns(layers)
        prefix = next((p for p in self.description["prefixes"]
                       if self._find(patterns["word_embedding"], p, stored)), "")
        found = {role: self._find(pattern, prefix, stored) for role, pattern in patterns.items()}
        return {role: name for role, name in found.items() if name}

    def _find(self, pattern: str, prefix: str, stored: set[str]) -> str | None:
        name = pattern.replace("{prefix}", prefix)
        older = [name[:-len(end)] + alias for end, alias in self.description["suffix_aliases"].items()
                 if name.endswith(end)]
        return next((candidate for candidate in [name, *older] if candidate in stored), None)
