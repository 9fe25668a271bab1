#!/usr/bin/env python3
"""The error that int8 causes in an encoder's embeddings, refinement by refinement, simulated in PyTorch (docs/int8.md).

    int8-study.py MODEL_DIR DATA_DIR        DATA_DIR has train.jsonl; needs torch and transformers
"""
import json
import re
import sys

import torch
from transformers import AutoModel, AutoTokenizer


def texts(folder, count, skip):
    with open(f"{folder}/train.jsonl", encoding="utf-8") as f:
        rows = [json.loads(line)["text"] for line in f]
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(1))
    return [rows[i] for i in order[skip : skip + count]]


class Study:
    def __init__(self, model_folder, data_folder):
        tokenizer = AutoTokenizer.from_pretrained(model_folder)
        self.model = AutoModel.from_pretrained(model_folder).eval()
        self.products = {
            name: module
            for name, module in self.model.named_modules()
            if isinstance(module, torch.nn.Linear) and "pooler" not in name
        }
        self.weights = {name: module.weight.detach().clone() for name, module in self.products.items()}

        def encoded(some):
            return [tokenizer(text, return_tensors="pt", truncation=True, max_length=128) for text in some]

        self.texts = encoded(texts(data_folder, 64, skip=32))
        self.calibrated = self.reaches(encoded(texts(data_folder, 32, skip=0)))
        self.reference = self.embeddings()

    def reaches(self, batches):
        """max |x_j| of the input of every product."""
        largest = {}

        def record(name):
            def hook(_, inputs):
                reach = inputs[0][0].abs().amax(0)
                largest[name] = torch.maximum(largest[name], reach) if name in largest else reach

            return hook

        hooks = [module.register_forward_pre_hook(record(name)) for name, module in self.products.items()]
        with torch.no_grad():
            for batch in batches:
                self.model(**batch)
        for hook in hooks:
            hook.remove()
        return largest

    def reaches_off_norms(self, width):
        """|β| + width·|γ| of the norms that feed a product."""
        parameters = {name: p.detach() for name, p in self.model.named_parameters()}
        found = {}
        for name in self.products:
            layer = int(re.search(r"layer\.(\d+)", name).group(1))
            if "attention.self" in name:
                norm = f"encoder.layer.{layer - 1}.output.LayerNorm" if layer else "embeddings.LayerNorm"
            elif "intermediate" in name:
                norm = f"encoder.layer.{layer}.attention.output.LayerNorm"
            else:
                continue
            found[name] = parameters[norm + ".bias"].abs() + width * parameters[norm + ".weight"].abs()
        return found

    def embeddings(self):
        with torch.no_grad():
            states = [self.model(**batch).last_hidden_state.mean(1) for batch in self.texts]
        return torch.nn.functional.normalize(torch.cat(states), dim=-1)

    def show(self, title, activations, weights, reaches=None, strength=0.5):
        hooks = []
        for name, module in self.products.items():
            scale = torch.ones(())
            if reaches and name in reaches:
                largest = self.weights[name].abs().amax(0).clamp(min=1e-5)
                scale = reaches[name].clamp(min=1e-5) ** strength / largest ** (1 - strength)
            module.weight.data = weights(self.weights[name] * scale)
            hooks.append(
                module.register_forward_pre_hook(lambda _, inputs, scale=scale: (activations(inputs[0] / scale),))
            )
        cosines = (self.embeddings() * self.reference).sum(-1)
        for hook in hooks:
            hook.remove()
        print(f"{title:60} mean {cosines.mean():.5f} least {cosines.min():.5f}")


def unchanged(x):
    return x


def by_column(weight):
    scale = weight.abs().amax(1, keepdim=True) / 127
    return torch.round(weight / scale) * scale


def symmetric(x):
    scale = x.abs().amax(-1, keepdim=True) / 127
    return torch.round(x / scale) * scale


def asymmetric(x):
    low, high = x.amin(-1, keepdim=True).clamp(max=0), x.amax(-1, keepdim=True).clamp(min=0)
    scale = (high - low) / 254
    return torch.round(x / scale) * scale


def main():
    study = Study(*sys.argv[1:3])
    calibrated = study.calibrated
    fed = study.reaches_off_norms(3)
    study.show("symmetric", symmetric, by_column)
    study.show("symmetric, weights only", unchanged, by_column)
    study.show("symmetric, activations only", symmetric, unchanged)
    study.show("asymmetric", asymmetric, by_column)
    study.show("symmetric, smoothed, calibrated, everywhere", symmetric, by_column, calibrated)
    study.show("asymmetric, smoothed, calibrated, everywhere", asymmetric, by_column, calibrated)
    for part, named in {
        "where norms feed": lambda n: n in fed,
        "attention output": lambda n: "attention.output" in n,
        "after GELU": lambda n: n not in fed and "attention" not in n,
    }.items():
        reaches = {name: reach for name, reach in calibrated.items() if named(name)}
        study.show(f"asymmetric, smoothed, calibrated, {part}", asymmetric, by_column, reaches)
    for width in (2, 3, 4, 6):
        for strength in (0.4, 0.5, 0.6):
            study.show(
                f"asymmetric, smoothed, off norms, |β| + {width}|γ|, strength {strength}",
                asymmetric, by_column, study.reaches_off_norms(width), strength,
            )


main()
