"""tools/tune/make-fixtures: tuned directories with random extras, and the model's outputs for random ids.

expected.safetensors, for input k (lengths LENGTHS):
  k.ids, k.types [n]; k.features [d] and k.logits [C] of the plain head;
  k.hidden.<l> [rows, d] and k.positions.<l> [rows]: what enters layer l + 1 (l = 0: the embeddings);
  k.scores.<l> [T(l−1)] where elimination is; k.keep_counts [L];
  k.pi.<l> [rows] at a selector, before selection;
  k.answers [L, C], k.left [L − 1], k.features.<l> [d]; k.depth.<rule> (halting directories).
"""
import shutil
import sys
from pathlib import Path

import tiny
import torch
from safetensors.torch import save_file
from test_encoder import single

from taper_tune.elimination import Elimination, alpha_for
from taper_tune.halting_units import RULES, Halting, depths
from taper_tune.lexical import PENALTIES, SPECIAL_SCORE
from taper_tune.model import Model, Selectors, reduction_of

LENGTHS = (1, 7, 20)


def randomise(extras: dict, seed: int, scale: float) -> dict:
    """Weights of `scale`/√fan-in; biases of a third."""
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(value.shape, generator=generator) *
            (scale / value.shape[-1] ** 0.5 if name.endswith("weight") else 0.3) for name, value in extras.items()}


def elimination(checkpoint):
    decay, layers = 0.25, checkpoint.shape.layers
    alpha = alpha_for(2.0, decay, checkpoint.shape, 20)
    counts = Elimination(decay, alpha, layers).keep_counts(20)
    return {"elimination": {"decay": decay, "alpha": alpha, "tokens": 20, "speedup": 2.0, "keep_counts": counts,
                            "contributions": [1.0, 0.8, 0.6, 0.45]}}, {}


def lexical(checkpoint):
    scores = torch.randn(len(tiny.VOCABULARY), generator=torch.Generator().manual_seed(9))
    scores[[2, 3]] = SPECIAL_SCORE
    described = {"share": 0.5, "tokens": 20, "speedup": 2.0, "penalties": PENALTIES.tolist()}
    return {"lexical": described}, {"lexical.scores": scores}


def selector(checkpoint):
    extras = randomise(Selectors(checkpoint.shape.hidden, [1, 2], 8).extras(), seed=7, scale=2.5)
    return {"selector": {"layers": [1, 2], "width": 8, "activation": "gelu", "threshold": 0.5, "lambda": 0.5,
                         "lambda_searched": False, "speedup": None}}, extras


#: Added to the halting units' biases, so that depths spread and the rules differ.
BIASES = (0.0, -1.0, -1.5)


def halting(checkpoint):
    seed = 3
    layers, classes = checkpoint.shape.layers, len(checkpoint.head.labels)
    extras = randomise(Halting(checkpoint.shape.hidden, layers, classes).extras(), seed, scale=3)
    # Spread the depths: the first unit rarely halts, the others often do.
    for layer, bias in enumerate(BIASES, start=1):
        extras[f"halting.{layer}.unit.bias"] += bias
    return {"halting": {"layers": layers, "classes": classes, "tau": 0.1, "encoder_trained": True,
                        "pooling": checkpoint.head.pooling,
                        "follows_normalization": checkpoint.head.normalized}}, extras


def write(target: Path, seed: int, pooling: str, normalized: bool, parts) -> None:
    shutil.rmtree(target, ignore_errors=True)
    base = target.with_name(target.name + ".base")
    shutil.rmtree(base, ignore_errors=True)
    checkpoint = tiny.load(tiny.write_model(base, seed, pooling, normalized))
    taper = {"schema_version": 1, "layers": checkpoint.shape.layers, "methods": []}
    for part in parts:
        described, extras = part(checkpoint)
        taper |= described
        taper["methods"].append({"elimination": "acc"}.get(part.__name__, part.__name__))
        checkpoint.extras.update(extras)
    reduced = "elimination" in taper or "selector" in taper
    taper["restores_dropped_tokens"] = reduced and pooling == "mean"
    taper["training"] = []
    checkpoint.config["taper"] = taper
    checkpoint.write(target, {"schema_version": 1})
    shutil.rmtree(base)
    (target / "tune_report.json").unlink()
    save_file(expectations(checkpoint), target / "expected.safetensors")
    (target / "expected.safetensors").chmod(0o644)


def expectations(checkpoint) -> dict:
    model, reduction = Model(checkpoint).eval(), reduction_of(checkpoint, torch.device("cpu"))
    halting = Halting.of(checkpoint) if "halting" in checkpoint.taper else None
    out = {}
    for k, (ids, types) in enumerate(tiny.inputs(LENGTHS)):
        batch = single(ids, types)
        out[f"{k}.ids"], out[f"{k}.types"] = ids.float(), types.float()
        rows = model.embed(batch, reduction)
        out[f"{k}.hidden.0"], out[f"{k}.positions.0"] = rows.states[0], rows.positions[0].float()
        features, counts = [], []
        place = reduction.masking.selectors if "selector" in checkpoint.taper else None
        for step in model.walk(batch, reduction, want_scores="elimination" in checkpoint.taper):
            layer = step.layer
            out[f"{k}.hidden.{layer}"] = step.rows.states[0]
            out[f"{k}.positions.{layer}"] = step.rows.positions[0].float()
            if step.scores is not None:
                out[f"{k}.scores.{layer}"] = step.scores[0]
            if place is not None and layer in place.places:
                before, _ = model.encoder.layer(layer, rows)
                out[f"{k}.pi.{layer}"] = place.logits(layer, before.states)[0].sigmoid()
            rows = step.rows
            counts.append(float(step.leaving[0]))
            features.append(model.features(step, batch.lengths))
        out[f"{k}.keep_counts"] = torch.tensor(counts)
        out[f"{k}.features"], out[f"{k}.logits"] = features[-1][0], model.head(features[-1])[0]
        if halting is not None:
            answers, left = halting(features)
            out[f"{k}.answers"], out[f"{k}.left"] = torch.stack(answers)[:, 0], torch.stack(left)[:, 0]
            for layer, value in enumerate(features, start=1):
                out[f"{k}.features.{layer}"] = value[0]
            for name, rule in RULES.items():
                out[f"{k}.depth.{name}"] = depths(answers, left, rule).float()
    return {name: value.detach().contiguous().clone() for name, value in out.items()}


def main() -> None:
    target = Path(sys.argv[1])
    torch.set_num_threads(1)
    write(target / "tuned-selector", 22, "mean", False, [selector])
    write(target / "tuned-halting", 23, "cls", False, [halting])
    write(target / "tuned-acc-halting", 24, "mean", True, [elimination, halting])
    write(target / "tuned-lexical", 25, "mean", True, [lexical])
    # With this seed depths spread, the rules differ, and both selectors drop tokens.
    write(target / "tuned-selector-halting", 42, "mean", True, [selector, halting])


if __name__ == "__main__":
    main()
