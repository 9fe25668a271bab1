"""Shared by the commands: options, input files, and writing the result."""
from __future__ import annotations

import argparse
import copy
import json
import os
import sys
from pathlib import Path

import numpy
import safetensors
import tokenizers
import torch

from . import __version__, logistic
from .checkpoint import REPORT, Checkpoint
from .evaluation import layer_features
from .metrics import Metric, add_options
from .model import Model, Reduction, set_linear
from .testing import test_report
from .texts import Texts, load_singles, load_texts, load_tokenizer
from .trainer import Outcome, Run

#: Options that do not change a run's result; the model is compared by its digest.
WITHOUT_EFFECT = {"model", "output", "time_box", "run", "test", "test_limit", "metric", "positive"}


def common_options(parser: argparse.ArgumentParser, is_labelled: bool = True) -> None:
    parser.add_argument("model", help="model directory: a base, or the output of another tune command")
    if is_labelled:
        parser.add_argument("--data", required=True, type=Path, help="labelled texts to train on, JSON lines")
        parser.add_argument("--test", type=Path, help="labelled texts to report on, by --metric")
        add_options(parser)
        parser.add_argument("--head-rate", type=float, default=1e-3,
                            help="learning rate of heads (default %(default)s)")
        parser.add_argument("--head-texts", type=int, default=1000,
                            help="training texts to fit a new head on, by logistic regression (default %(default)s)")
    else:
        parser.add_argument("--data", required=True, type=Path,
                            help="texts to learn from, JSON lines; labels are not read")
        parser.add_argument("--test", type=Path,
                            help="texts to report on; of pairs with a score, Spearman's correlation too")
    parser.add_argument("-o", "--output", required=True, type=Path, help="directory to write")
    parser.add_argument("--epochs", type=float, default=2, help="passes over the training texts (default %(default)s)")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--max-length", type=int, default=128, help="tokens, specials included (default %(default)s)")
    parser.add_argument("--limit", type=int, help="train on a seeded sample of this many texts")
    parser.add_argument("--test-limit", type=int, help="test on a seeded sample of this many texts")
    parser.add_argument("--rate", type=float, default=5e-5, help="encoder learning rate (default %(default)s)")
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="(default: all cores)")
    parser.add_argument("--device", help="cpu or cuda (default: cuda when there is one)")
    parser.add_argument("--products", choices=("f32", "bf16"), default="f32",
                        help="precision of training's products: bf16 is faster on CPUs that have it; weights and "
                             "tests stay f32")
    parser.add_argument("--time-box", type=float, metavar="MINUTES",
                        help="stop training after this long and write the result so far; the same command continues")
    parser.add_argument("--pooling", choices=("mean", "cls"), help="(default: the model's)")
    parser.add_argument("--normalize", action=argparse.BooleanOptionalAction, default=None,
                        help="L2-normalise the pooled vector before the head (default: as the model does)")


def whole_part(epochs: float, batches: int) -> int:
    return max(1, round(epochs * batches))


class Job:
    """A command's model, texts and run. Without labels there is no head, and a text's label is its number."""

    def __init__(self, arguments: argparse.Namespace, is_labelled: bool = True):
        self.arguments = arguments
        torch.set_num_threads(arguments.threads)
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # a GPU's products are deterministic only so
        torch.use_deterministic_algorithms(True, warn_only=True)
        if arguments.device is None:
            arguments.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = torch.device(arguments.device)
        if arguments.output.exists() and not (arguments.output / REPORT).exists():
            raise SystemExit(f"error: {arguments.output} is there and not of tune's making (no {REPORT}); name a directory that tune may replace")
        self.checkpoint = Checkpoint.load(arguments.model, arguments.pooling, arguments.normalize)
        if arguments.max_length > self.checkpoint.maximum_length:
            raise SystemExit(f"error: --max-length {arguments.max_length}: the model takes at most "
                             f"{self.checkpoint.maximum_length} tokens")
        tokenizer = load_tokenizer(self.checkpoint.directory / self.checkpoint.base, arguments.max_length)
        #: Ids of the tokens that the tokenizer puts around texts.
        self.special = set(tokenizer.encode("", "").ids)
        self.test = self.tokenizer = None
        if is_labelled:
            self._load_labelled(tokenizer)
        else:
            self.tokenizer = tokenizer
            self.texts = load_singles(arguments.data, tokenizer, arguments.limit, arguments.seed)
        settings = {key: str(value) for key, value in vars(arguments).items() if key not in WITHOUT_EFFECT}
        settings |= {"data": self.texts.digest, "model": self.checkpoint.digest}
        self.run = Run(arguments.output, settings, arguments.seed, arguments.batch_size, self.device,
                       arguments.time_box, arguments.products)

    def _load_labelled(self, tokenizer) -> None:
        arguments, head = self.arguments, self.checkpoint.head
        self.texts, labels = load_texts(arguments.data, tokenizer, head.labels, arguments.limit, arguments.seed)
        if arguments.test:
            self.test, _ = load_texts(arguments.test, tokenizer, labels, arguments.test_limit, arguments.seed)
        if len(labels) < 2:
            raise SystemExit(f"error: {arguments.data}: expected at least two labels, found {len(labels)}")
        self.metric = Metric.of(arguments, labels)
        self.needs_head = self.checkpoint.head_weight is None
        self.checkpoint.head = type(head)(head.pooling, head.pooler, head.normalized, labels)

    @property
    def batches(self) -> int:
        """Steps per epoch."""
        return -(-len(self.texts) // self.arguments.batch_size)

    def model(self, checkpoint: Checkpoint | None = None, dropout: float | None = None) -> Model:
        torch.manual_seed(self.arguments.seed)
        rate = self.arguments.dropout if dropout is None else dropout
        return Model(checkpoint or self.checkpoint, rate).to(self.device)

    def sample(self, count: int) -> Texts:
        """A seeded sample of the training texts."""
        order = torch.randperm(len(self.texts), generator=torch.Generator().manual_seed(self.arguments.seed))
        return self.texts.subset(order[:count].tolist())

    def fit_heads(self, model: Model, reduction: Reduction, layers: list[int], count: int) -> dict:
        """A logistic head on frozen features of each layer: {layer: (weight, bias)}."""
        sample = self.sample(count)
        labels = torch.tensor(sample.labels)
        found = layer_features(model, reduction, sample, layers, self.device)
        return {layer: logistic.fit(features, labels, len(self.checkpoint.head.labels), self.arguments.seed)
                for layer, features in found.items()}

    def refit_head(self, model: Model, reduction: Reduction, count: int) -> None:
        layers = model.shape.layers
        set_linear(model.head, *self.fit_heads(model, reduction, [layers], count)[layers])

    def frozen_copy(self) -> Model:
        """The model as loaded, as a teacher."""
        return self.model(copy.deepcopy(self.checkpoint), dropout=0.0).eval().requires_grad_(False)

    def write(self, model: Model, method: str | tuple[str, ...], outcome: Outcome | None, description: dict,
              report: dict, extras: dict[str, torch.Tensor] | None = None) -> None:
        """Writes the directory and prints the report; removes the saved state of a finished run. Several methods: of
        one training."""
        methods = (method,) if isinstance(method, str) else method
        checkpoint = self.checkpoint
        model.store(checkpoint)
        checkpoint.extras.update({name: value.detach().clone() for name, value in (extras or {}).items()})
        taper = {**checkpoint.taper, "schema_version": 1, "layers": checkpoint.shape.layers, **description}
        taper["methods"] = [*taper.get("methods", []), *methods]
        reduced = "elimination" in taper or "selector" in taper
        taper["restores_dropped_tokens"] = reduced and checkpoint.head.pooling == "mean"
        taper["training"] = [*taper.get("training", []), self._record(methods[-1], outcome)]
        checkpoint.config = {**checkpoint.config, "taper": taper,
                             "architectures": [checkpoint.family.encoder_architecture()]}
        report = {"schema_version": 1, "method": methods[-1], "output": self.arguments.output.name, **report}
        if self.test:
            report["test"] = test_report(checkpoint, self.test, self.device, self.metric)
        report |= {"training_texts": len(self.texts), "seed": self.arguments.seed,
                   "finished": outcome is None or outcome.finished,
                   "steps": [outcome.step, outcome.steps] if outcome else [0, 0],
                   "figures": outcome.rounded() if outcome else {},
                   "seconds": round(outcome.seconds, 1) if outcome else 0.0, "threads": self.arguments.threads, "products": self.arguments.products}
        checkpoint.write(self.arguments.output, report)
        if report["finished"]:
            self.run.forget()
        else:
            print(f"the time box ended at step {outcome.step} of {outcome.steps}; the same command goes on from there",
                  file=sys.stderr)
        print(json.dumps(report, ensure_ascii=False))

    def _record(self, method: str, outcome: Outcome | None) -> dict:
        a = self.arguments
        return {"method": method, "tune": __version__, "seed": a.seed, "data_sha256": self.texts.digest,
                "texts": len(self.texts), "max_length": a.max_length, "batch_size": a.batch_size,
                "epochs": a.epochs, "rate": a.rate, "head_rate": vars(a).get("head_rate"), "dropout": a.dropout,
                "steps": [outcome.step, outcome.steps] if outcome else [0, 0], "device": a.device, "products": a.products,
                "options": self.run.settings,
                "versions": {"torch": torch.__version__.split("+")[0], "numpy": numpy.__version__,
                             "safetensors": safetensors.__version__, "tokenizers": tokenizers.__version__}}
