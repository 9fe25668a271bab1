"""What tools/tune/reproduce runs: data sets, models (how each is trained) and plans (how each is planned)."""
from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Dataset:
    #: Longest input in tokens.
    tokens: int
    #: Labelled texts to train and to fit heads on, and test texts to judge plans on; None: all there are.
    limit: int | None = None
    judged: int | None = None
    #: Speedups that plans are asked for.
    speedups: tuple[str, ...] = ("2", "3", "4.8")
    #: The same of plans in int8, over the dense plan in int8, which is some three times as fast as that in f32.
    int8_speedups: tuple[str, ...] = ("2", "3")
    #: Longest search of a plan, minutes.
    search: float = 2
    #: Models of the document; others of MODELS are trained when asked for by name.
    models: tuple[str, ...] = ("frozen", "dense", "depth-3", "acc-3", "selector-3", "halting", "acc-3+halting")


DATASETS = {
    "rotten-tomatoes": Dataset(64, limit=4000, models=("frozen", "dense", "depth-2", "depth-3", "acc-3", "selector-3", "halting",
                                                       "halting-0.1", "depth-3+halting", "acc-3+halting")),
    "r8": Dataset(128, limit=2000, speedups=("2", "3", "4.8", "10"), int8_speedups=("2", "3.3", "4.8"),
                  models=("frozen", "dense", "depth-1", "depth-2", "acc-3", "selector-3", "halting", "halting-0.019", "halting-0.016",
                          "halting-0.012", "acc-3+halting")),
    "20newsgroups": Dataset(256, limit=3000, judged=2000, int8_speedups=("1.6", "2", "3"),
                            models=("frozen", "dense", "dense-long", "depth-3", "acc-2", "acc-3", "selector-3", "halting-0.1",
                                    "acc-3+halting"))}

#: Every model but `dense` sees so many epochs after it, in one stage or in two: rows are like for like.
AFTER, FIRST, SECOND = (["--epochs", epochs] for epochs in ("2", "0.5", "1.5"))
DISTILLED = ["--distill", "0.5"]
#: How much a layer costs; a row of halting alone with another is named after it.
HALTING = ["--tau", "0.03"]
#: Speedups by tokens of plans that halt, of models that were trained for halting alone.
BESIDE_HALTING = ("1.5", "2")
#: At the default rate, made for more texts, selectors had not begun to drop after 75 steps of policy.
SELECTING = ["--selector-rate", "0.01"]
#: An epoch of policy, one of all.
POLICY, POLICY_FIRST = (["--policy-epochs", policy, "--epochs", joint] for policy, joint in (("1", "1"), ("0.5", "0")))
#: Model → (model it starts from, or none for the base; tune verb; options). `frozen` is fitted by `taper fit-head`; `…-brief` are the first of
#: two stages, which no plan is made of.
MODELS = {
    "frozen": (None, None, []),
    "dense": (None, "dense", []),
    "dense-long": ("dense", "dense", AFTER),
    "depth-1": ("dense", "depth", ["--depth", "1", "--fine-tune", *AFTER]),
    "depth-2": ("dense", "depth", ["--depth", "2", "--fine-tune", *AFTER]),
    "depth-3": ("dense", "depth", ["--depth", "3", "--fine-tune", *AFTER]),
    "acc-2": ("dense", "acc", ["--speedup", "2", *DISTILLED, *AFTER]),
    "acc-3": ("dense", "acc", ["--speedup", "3", *DISTILLED, *AFTER]),
    "acc-4.8": ("dense", "acc", ["--speedup", "4.8", *DISTILLED, *AFTER]),
    "selector-2": ("dense", "selector", ["--speedup", "2", *SELECTING, *POLICY]),
    "selector-3": ("dense", "selector", ["--speedup", "3", *SELECTING, *POLICY]),
    "halting": ("dense", "halting", [*HALTING, *AFTER]),
    # Deeper on average, and less deep.
    "halting-0.019": ("dense", "halting", ["--tau", "0.019", *AFTER]),
    "halting-0.016": ("dense", "halting", ["--tau", "0.016", *AFTER]),
    "halting-0.012": ("dense", "halting", ["--tau", "0.012", *AFTER]),
    "halting-0.1": ("dense", "halting", ["--tau", "0.1", *AFTER]),
    "depth-3-brief": ("dense", "depth", ["--depth", "3", "--fine-tune", *FIRST]),
    "depth-3+halting": ("depth-3-brief", "halting", ["--tau", "0.1", *SECOND]),
    "acc-2-brief": ("dense", "acc", ["--speedup", "2", *DISTILLED, *FIRST]),
    "acc-3-brief": ("dense", "acc", ["--speedup", "3", *DISTILLED, *FIRST]),
    "selector-2-brief": ("dense", "selector", ["--speedup", "2", *SELECTING, *POLICY_FIRST]),
    "acc-2+halting": ("acc-2-brief", "halting", [*HALTING, *SECOND]),
    "acc-3+halting": ("acc-3-brief", "halting", [*HALTING, *SECOND]),
    "selector-2+halting": ("selector-2-brief", "halting", [*HALTING, *SECOND]),
}


def chain(model: str) -> list[str]:
    """A model, the one it starts from, and so on to the base."""
    before, _, _ = MODELS[model]
    return [model, *(chain(before) if before else [])]


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
    """The plans that are made of a model. A speedup is over the dense plan of the same precision."""
    if model.endswith("brief"):
        return []
    dense = Planned(model, "dense", ("--dense",), calibrated=False)
    quick = _in("int8", dense)
    if model == "dense-long" or model.startswith("depth") and "halting" not in model:
        return [dense, quick]
    frees = model in ("frozen", "dense")

    def tokens(speedups: tuple[str, ...]) -> list[Planned]:
        return [Planned(model, f"acc {s}x", ("--speedup", f"{s}x"), frees) for s in speedups]

    def searches(speedups: tuple[str, ...]) -> list[Planned]:
        return [Planned(model, f"search {s}x", ("--method", "search", "--speedup", f"{s}x"), frees) for s in speedups]

    if frees:
        cuts = [Planned(model, f"depth {depth}", ("--method", "depth", "--dense", "--depth", str(depth)), True, False)
                for depth in range(layers - 1, 0, -1)]
        found = [dense, *cuts, *tokens(dataset.speedups), *(searches(dataset.speedups) if model == "frozen" else [])]
        quicker = searches if model == "frozen" else tokens
        return [*found, _in("bf16", dense), quick, *(_in("int8", p) for p in quicker(dataset.int8_speedups))]
    method, _, wish = model.partition("+")[0].partition("-")
    if "halting" in model:
        combined = method in ("acc", "selector")
        name = f"{method}+halting" if combined else "halting"
        target = ("--speedup", f"{wish}x") if combined else ("--dense",)
        found = [Planned(model, f"{name} {rule}", ("--method", name, *target, "--halting-rule", rule))
                 for rule in ("tight", "authors")]
        if not combined:
            # Tokens dropped without training for it, and what texts then still need of the layers.
            both = [Planned(model, f"acc+halting {s}x", ("--method", "acc+halting", "--speedup", f"{s}x")) for s in BESIDE_HALTING]
            return [*found, *both[-1:], *(_in("int8", p) for p in (found[0], *both))]
        # A search's target bounds the worst case; what texts take on average is less.
        return [*found, *searches(dataset.speedups), *(_in("int8", p) for p in (found[0], *searches(dataset.int8_speedups)))]
    if method == "selector":
        found = [Planned(model, f"selector {wish}x {form}", ("--method", "selector", "--speedup", f"{wish}x", "--selection", form))
                 for form in ("dynamic", "static")]
        return [*found, *(_in("int8", p) for p in found)]
    # LAT's promise: one training, any speedup.
    return [*tokens(dataset.speedups), *(_in("int8", p) for p in tokens(dataset.int8_speedups))]


def _in(precision: str, planned: Planned) -> Planned:
    """The same plan in another precision than f32."""
    return replace(planned, name=f"{planned.name} {precision}", options=(*planned.options, "--precision", precision))
