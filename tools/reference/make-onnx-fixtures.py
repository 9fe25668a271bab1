#!/usr/bin/env python3
"""Writes the ONNX fixtures: a tiny BERT classifier of Tests/TaperModelSpecTests, exported by torch.onnx in f32, then
quantised by onnxruntime dynamically (MatMulInteger), per channel, and as QDQ; and what onnxruntime answers.

    make-onnx-fixtures.py

Needs torch, transformers, onnx and onnxruntime. Seeded; the same versions give the same files.
"""
import json
import pathlib
import shutil
import tempfile

import numpy
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModelForSequenceClassification

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "Tests/TaperModelSpecTests/Fixtures/tiny-bert-classifier"
TARGET = ROOT / "Tests/TaperModelImportTests/Fixtures"
IDS = [2, 30, 41, 52, 7, 11, 3]


class Logits(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.bert, self.classifier, self.dropout = model.bert, model.classifier, model.dropout

    def forward(self, input_ids, attention_mask, token_type_ids):
        pooled = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[1]
        return self.classifier(pooled)


def main():
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    model = AutoModelForSequenceClassification.from_pretrained(SOURCE, attn_implementation="eager").eval()
    ids = torch.tensor([IDS])
    inputs = (ids, torch.ones_like(ids), torch.zeros_like(ids))
    plain = TARGET / "classifier.onnx"
    axes = {name: {0: "batch", 1: "tokens"} for name in ("input_ids", "attention_mask", "token_type_ids")}
    torch.onnx.export(
        Logits(model), inputs, plain, input_names=list(axes), output_names=["logits"], dynamic_axes=axes, opset_version=17,
        dynamo=False)
    quantize_dynamic(plain, TARGET / "classifier-dynamic.onnx", weight_type=QuantType.QInt8)
    quantize_dynamic(plain, TARGET / "classifier-channels.onnx", weight_type=QuantType.QInt8, per_channel=True)
    expected = {}
    for name in ("classifier", "classifier-dynamic", "classifier-channels"):
        session = onnxruntime.InferenceSession(str(TARGET / f"{name}.onnx"), providers=["CPUExecutionProvider"])
        logits = session.run(None, {k: v.numpy() for k, v in zip(axes, inputs)})[0][0]
        expected[name] = [float(x) for x in numpy.exp(logits - logits.max()) / numpy.exp(logits - logits.max()).sum()]
    (TARGET / "expected.json").write_text(json.dumps({"ids": IDS, "scores": expected}, indent=1) + "\n")


main()
