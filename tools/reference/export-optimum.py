#!/usr/bin/env python3
"""Exports a model folder as optimum and sentence-transformers do: plainly, by O1 to O4, dynamic int8, and with pooling.

    export-optimum.py MODEL OUTPUT

Needs optimum-onnx, onnxruntime and sentence-transformers; check-imports.py runs it.
"""
import os
import pathlib
import sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
from optimum.exporters.onnx import onnx_export_from_model
from optimum.onnxruntime import ORTModelForFeatureExtraction, ORTOptimizer, ORTQuantizer
from optimum.onnxruntime.configuration import AutoOptimizationConfig, AutoQuantizationConfig
from sentence_transformers import SentenceTransformer

source, output = sys.argv[1], pathlib.Path(sys.argv[2])
model = ORTModelForFeatureExtraction.from_pretrained(source, export=True)
model.save_pretrained(output / "export")
for level in ("O1", "O2", "O3", "O4"):
    config = getattr(AutoOptimizationConfig, level)()
    # O4 is for GPUs; its graph is the same without one.
    config.optimize_for_gpu = False
    ORTOptimizer.from_pretrained(model).optimize(save_dir=output / level, optimization_config=config)
for kind, per_channel in (("avx2", False), ("avx512_vnni", True)):
    config = getattr(AutoQuantizationConfig, kind)(is_static=False, per_channel=per_channel)
    ORTQuantizer.from_pretrained(model).quantize(save_dir=output / f"int8 {kind}", quantization_config=config)
onnx_export_from_model(
    SentenceTransformer(source, device="cpu"), output / "sentence-transformers", task="feature-extraction",
    library_name="sentence_transformers")
