"""What tools/tune/reproduce runs: data sets, models (how each is trained) and plans (how each is planned)."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dataset:
    #: Longest input in tokens.
    tokens: int
    #: Labelled texts to train and to fit heads on, and test texts to judge plans on; None: all there are.
    limit: int | None = None
    judged: int | None = None
    #: Speedups that plans are asked for.
    speedups: tuple[str, ...] = ("2", "3", "4.8")
    #: Longest search of a plan, minutes.
    search: float = 2


DATASETS = {"rotten-tomatoes": Dataset(64, limit=4000), "r8": Dataset(128, limit=2000, speedups=("2", "3", "4.8", "10")),
            "20newsgroups": Dataset(256, limit=3000, judged=2000)}

#: The units need more steps than the encoder, which comes trained.
HALTING = ["--tau", "0.03", "--epochs", "2"]
#: At the default rate, made for more texts, selectors had not begun to drop after 75 steps of policy.
SELECTING = ["--selector-rate", "0.01"]
#: Model → (model it starts from, or none for the base; tune verb; options). `frozen` is fitted by `taper fit-head`.
MODELS = {
    "frozen": (None, None, []),
    "dense": (None, "dense", []),
    "depth-1": ("dense", "depth", ["--depth", "1", "--fine-tune"]),
    "depth-2": ("dense", "depth", ["--depth", "2", "--fine-tune"]),
    "depth-3": ("dense", "depth", ["--depth", "3", "--fine-tune"]),
    "acc-2": ("dense", "acc", ["--speedup", "2", "--distill", "0.5"]),
    "acc-3": ("dense", "acc", ["--speedup", "3", "--distill", "0.5"]),
    "acc-4.8": ("dense", "acc", ["--speedup", "4.8", "--distill", "0.5"]),
    "selector-2": ("dense", "selector", ["--speedup", "2", *SELECTING]),
    "selector-3": ("dense", "selector", ["--speedup", "3", *SELECTING]),
    "halting": ("dense", "halting", HALTING),
    "acc-2+halting": ("acc-2", "halting", HALTING),
    "acc-3+halting": ("acc-3", "halting", HALTING),
    "selector-2+halting": ("selector-2", "halting", HALTING),
}


@dataclass(frozen=True)
class Planned:
    """A plan of a model: `options` of taper plan."""
    model: str
    name: str
    options: tuple[str, ...]
    #: Whether the head is fitted again on the reduced encoder's features.
    refits: bool = False
    calibrated: bool = True

    @property
    def searches(self) -> bool:
        return "search" in self.options


def plans(model: str, dataset: Dataset, layers: int = 6) -> list[Planned]:
    """The plans that are made of a model."""
    dense = Planned(model, "dense", ("--dense",), calibrated=False)
    if model in ("frozen", "dense"):
        cuts = [Planned(model, f"depth {depth}", ("--method", "depth", "--dense", "--depth", str(depth)), True, False)
                for depth in range(layers - 1, 0, -1)]
        found = [dense, *cuts, *[Planned(model, f"acc {s}x", ("--speedup", f"{s}x"), True) for s in dataset.speedups]]
        if model == "frozen":
            found += [Planned(model, f"search {s}x", ("--method", "search", "--speedup", f"{s}x"), True)
                      for s in dataset.speedups]
        return found
    method, _, wish = model.partition("+")[0].partition("-")
    if model.startswith("depth"):
        return [dense]
    if model.endswith("halting"):
        name = "+".join([method, "halting"]) if "+" in model else "halting"
        target = ("--speedup", f"{wish}x") if wish else ("--dense",)
        found = [Planned(model, f"{name} {rule}", ("--method", name, *target, "--halting-rule", rule))
                 for rule in ("tight", "authors")]
        if "+" in model:
            # The target bounds the worst case; what texts take on average is less.
            found += [Planned(model, f"search {s}x", ("--method", "search", "--speedup", f"{s}x")) for s in dataset.speedups]
        return found
    if method == "selector":
        return [Planned(model, f"selector {wish}x {form}", ("--method", "selector", "--speedup", f"{wish}x", "--selection", form))
                for form in ("dynamic", "static")]
    # LAT's promise: one training, any speedup.
    return [Planned(model, f"acc {s}x", ("--speedup", f"{s}x")) for s in dataset.speedups]
