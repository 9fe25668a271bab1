"""`tune test`: what the answers are worth, and the work, of a directory written by tune, by its method."""
from __future__ import annotations

import json
import os
from pathlib import Path

import torch

from .checkpoint import Checkpoint
from .evaluation import evaluate
from .halting_units import Halting, evaluate_halting
from .metrics import Metric, add_options
from .model import Model, reduction_of
from .texts import Texts, load_texts, load_tokenizer


def options(parser) -> None:
    parser.add_argument("model", help="directory that another tune command wrote")
    parser.add_argument("--data", required=True, type=Path, help="labelled texts, JSON lines")
    parser.add_argument("--max-length", type=int, help="tokens (default: as trained)")
    parser.add_argument("--limit", type=int, help="a seeded sample of this many texts")
    add_options(parser)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")


def run(arguments) -> None:
    torch.set_num_threads(arguments.threads)
    checkpoint = Checkpoint.load(arguments.model)
    if not checkpoint.head.labels:
        raise SystemExit(f"error: {arguments.model}: expected a directory with a head")
    trained = checkpoint.taper.get("training") or [{"max_length": checkpoint.maximum_length}]
    tokenizer = load_tokenizer(checkpoint.directory / checkpoint.base,
                               arguments.max_length or trained[-1]["max_length"])
    texts, _ = load_texts(arguments.data, tokenizer, checkpoint.head.labels, arguments.limit, seed=1)
    metric = Metric.of(arguments, checkpoint.head.labels)
    print(json.dumps(test_report(checkpoint, texts, torch.device(arguments.device), metric)))


def test_report(checkpoint: Checkpoint, texts: Texts, device: torch.device, metric: Metric) -> dict:
    model = Model(checkpoint).to(device).eval()
    reduction = reduction_of(checkpoint, device)
    dense_layers = checkpoint.taper.get("depth", {}).get("of", checkpoint.shape.layers)
    if "halting" in checkpoint.taper:
        halting = Halting.of(checkpoint).to(device).eval()
        return evaluate_halting(model, halting, reduction, texts, device, dense_layers, metric)
    return evaluate(model, reduction, texts, device, dense_layers, metric)
