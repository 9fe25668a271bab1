"""The data sets, models (how each is trained) and plans (how each is planned) of tools/tune/reproduce."""
from __future__ import annotations

from dataclasses import dataclass, replace

from .metrics import Metric


@dataclass(frozen=True)
class Dataset:
    #: Longest input in tokens.
    tokens: int
    #: Labelled texts to train and fit heads on, and test texts to judge plans on; None: all.
    limit: int | None = None
    judged: int | None = None
    #: Target speedups of plans.
    speedups: tuple[str, ...] = ("2", "3", "4.8")
    #: Target speedups of int8 plans, over the dense int8 plan, which is about three times as fast as the f32 one.
    int8_speedups: tuple[str, ...] = ("2", "3")
    #: Longest search for a plan, minutes.
    search: float = 2
    #: Models in the document; the others of MODELS are trained only when named.
    models: tuple[str, ...] = ("baselines", "frozen", "dense", "depth-3", "acc-3", "selector-3", "halting",
                               "acc-3+halting")
    metric: Metric = Metric()
    #: Whether no package holds it, so that it comes from the folder that --from names.
    is_local: bool = False


DATASETS = {
    "rotten-tomatoes": Dataset(64, limit=4000, models=("baselines", "frozen", "dense", "depth-2", "depth-3", "acc-3",
                                                       "selector-3", "halting", "halting-0.1", "depth-3+halting",
                                                       "acc-3+halting")),
    "r8": Dataset(128, limit=2000, speedups=("2", "3", "4.8", "10"), int8_speedups=("2", "3.3", "4.8"),
                  models=("baselines", "frozen", "dense", "depth-1", "depth-2", "acc-3", "selector-3", "halting",
                          "halting-0.019", "halting-0.016", "halting-0.012", "acc-3+halting")),
    "20newsgroups": Dataset(256, limit=3000, judged=2000, int8_speedups=("1.6", "2", "3"),
                            models=("baselines", "frozen", "dense", "dense-long", "depth-3", "acc-2", "acc-3",
                                    "selector-3", "halting-0.1", "acc-3+halting")),
    # As long as the longest test text, and at most 128 tokens as in papers on GLUE, which cut RTE (one text in eight)
    # and QNLI (one in 400): a target of speedup is met at the longest input.
    "sst2": Dataset(56, limit=10000, is_local=True),
    "cola": Dataset(40, metric=Metric("matthews"), is_local=True),
    "rte": Dataset(128, is_local=True),
    "mrpc": Dataset(104, metric=Metric("f1", "equivalent"), is_local=True),
    "qnli": Dataset(128, is_local=True),
    "sick": Dataset(64, is_local=True)}

#: Every model but `dense` is trained for as many epochs after it, in one stage or two, so that rows compare fairly.
AFTER, FIRST, SECOND = (["--epochs", epochs] for epochs in ("2", "0.5", "1.5"))
DISTILLED = ["--distill", "0.5"]
#: Of a shallower encoder: the whole one's logits and its last states.
TAUGHT = [*DISTILLED, "--distill-states", "1"]
#: The price of a layer; halting models with another price have it in their name.
HALTING = ["--tau", "0.03"]
#: Token speedups of halting plans, for models trained for halting alone.
BESIDE_HALTING = ("1.5", "2")
#: The default rate suits more texts: with it selectors still kept every token after 75 policy steps.
SELECTING = ["--selector-rate", "0.01"]
#: Epochs of the policy stage and of the joint stage.
POLICY, POLICY_FIRST = (["--policy-epochs", policy, "--epochs", joint] for policy, joint in (("1", "1"), ("0.5", "0")))
#: The row of `baselines` that is no plan: tf-idf with logistic regression.
TFIDF = "tf-idf"
#: Model → (model it starts from, or none for the base; tune verb; options). `frozen` is fitted by `taper fit-head`,
#: `baselines` answer without the encoder's layers, `…-brief` are the first of two stages and have no plans.
MODELS = {
    "baselines": (None, None, []),
    "frozen": (None, None, []),
    "dense": (None, "dense", []),
    "dense-long": ("dense", "dense", AFTER),
    "depth-1": ("dense", "depth", ["--depth", "1", "--fine-tune", *AFTER]),
    "depth-2": ("dense", "depth", ["--depth", "2", "--fine-tune", *AFTER]),
    "depth-3": ("dense", "depth", ["--depth", "3", "--fine-tune", *AFTER]),
    "depth-2-distilled": ("dense", "depth", ["--depth", "2", "--fine-tune", *TAUGHT, *AFTER]),
    "depth-3-distilled": ("dense", "depth", ["--depth", "3", "--fine-tune", *TAUGHT, *AFTER]),
    "acc-2": ("dense", "acc", ["--speedup", "2", *DISTILLED, *AFTER]),
    "acc-3": ("dense", "acc", ["--speedup", "3", *DISTILLED, *AFTER]),
    "acc-4.8": ("dense", "acc", ["--speedup", "4.8", *DISTILLED, *AFTER]),
    "lexical-2": ("dense", "lexical", ["--speedup", "2", *DISTILLED, *AFTER]),
    "lexical-3": ("dense", "lexical", ["--speedup", "3", *DISTILLED, *AFTER]),
    "lexical-4.8": ("dense", "lexical", ["--speedup", "4.8", *DISTILLED, *AFTER]),
    "selector-2": ("dense", "selector", ["--speedup", "2", *SELECTING, *POLICY]),
    "selector-3": ("dense", "selector", ["--speedup", "3", *SELECTING, *POLICY]),
    "halting": ("dense", "halting", [*HALTING, *AFTER]),
    # Prices that make texts halt later or earlier.
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


def needs_training(model: str) -> bool:
    """Whether tune makes it."""
    return MODELS[model][1] is not None


@dataclass(frozen=True)
class Planned:
    """A plan of a model, or TFIDF. `options` are those of taper plan."""
    model: str
    name: str
    options: tuple[str, ...]
    #: Whether the head is refitted on the reduced encoder's features.
    refits: bool = False
    calibrated: bool = True

    @property
    def searches(self) -> bool:
        return "search" in self.options

    @property
    def method(self) -> str | None:
        """taper's --method; None: its default."""
        return self.options[self.options.index("--method") + 1] if "--method" in self.options else None

    @property
    def label(self) -> str:
        return f"{self.model}, {self.name}"


#: Layers of the deepest encoder whose cuts have a place in the tables.
MOST_LAYERS = 24


def plans(model: str, dataset: Dataset, layers: int = 6) -> list[Planned]:
    """The plans made from a model of `layers` layers. A speedup is over the dense plan of the same precision."""
    if model.endswith("brief"):
        return []
    if model == "baselines":
        return [Planned(model, TFIDF, (), calibrated=False),
                Planned(model, "depth 0", ("--dense", "--depth", "0"), True, False)]
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
        lexical = [Planned(model, f"lexical {s}x", ("--method", "lexical", "--speedup", f"{s}x"), True)
                   for s in dataset.speedups]
        found = [dense, *cuts, *tokens(dataset.speedups)]
        if model == "frozen":
            found += [*lexical, *searches(dataset.speedups)]
        quicker = searches if model == "frozen" else tokens
        return [*found, _in("bf16", dense), quick, *(_in("int8", p) for p in quicker(dataset.int8_speedups))]
    method, _, target_speedup = model.partition("+")[0].partition("-")
    if "halting" in model:
        combined = method in ("acc", "selector")
        name = f"{method}+halting" if combined else "halting"
        target = ("--speedup", f"{target_speedup}x") if combined else ("--dense",)
        found = [Planned(model, f"{name} {rule}", ("--method", name, *target, "--halting-rule", rule))
                 for rule in ("tight", "authors")]
        if not combined:
            # Token elimination that the model was not trained for, combined with halting.
            both = [Planned(model, f"acc+halting {s}x", ("--method", "acc+halting", "--speedup", f"{s}x")) for s in BESIDE_HALTING]
            return [*found, *both[-1:], *(_in("int8", p) for p in (found[0], *both))]
        # A search's target bounds the worst case; the average is faster.
        return [*found, *searches(dataset.speedups), *(_in("int8", p) for p in (found[0], *searches(dataset.int8_speedups)))]
    if method == "selector":
        found = [Planned(model, f"selector {target_speedup}x {form}",
                         ("--method", "selector", "--speedup", f"{target_speedup}x", "--selection", form))
                 for form in ("dynamic", "static")]
        return [*found, *(_in("int8", p) for p in found)]
    if method == "lexical":
        chosen = lambda speedups: [Planned(model, f"lexical {s}x", ("--method", "lexical", "--speedup", f"{s}x"))
                                   for s in speedups]
        return [*chosen(dataset.speedups), *(_in("int8", p) for p in chosen(dataset.int8_speedups))]
    # LAT trains once for any speedup.
    return [*tokens(dataset.speedups), *(_in("int8", p) for p in tokens(dataset.int8_speedups))]


def _in(precision: str, planned: Planned) -> Planned:
    """The same plan in another precision than f32."""
    return replace(planned, name=f"{planned.name} {precision}", options=(*planned.options, "--precision", precision))
