#!/usr/bin/env python3
"""Writes the import fixtures: tiny models of Tests/TaperModelSpecTests, exported as graphs, and what the graphs' own
runtimes answer (Tests/TaperModelImportTests/Fixtures).

    make-onnx-fixtures.py

Every family as torch.onnx and openvino write it; a classifier besides as older exporters, optimisers (onnxruntime's)
and quantisers (onnxruntime's, nncf's) leave it. A fixture is a graph, "NAME.onnx" or "NAME.xml" with "NAME.bin";
expected.json says which model it is of and what onnxruntime or openvino answers.

Needs torch, transformers, onnx, onnxruntime, onnxscript, openvino and nncf. The same versions give the same files, but
for names that openvino numbers.
"""
import json
import logging
import pathlib
import re
import shutil
import tempfile
import warnings

warnings.filterwarnings("ignore")

import numpy
import onnx
import onnxruntime
import openvino
import torch
import transformers
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from transformers import AutoModel, AutoModelForSequenceClassification, AutoModelForTokenClassification

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
logging.disable(logging.WARNING)

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "Tests/TaperModelSpecTests/Fixtures"
TARGET = ROOT / "Tests/TaperModelImportTests/Fixtures"
IDS = [2, 30, 41, 22, 7, 11, 3]
FAMILIES = [
    "tiny-bert-classifier", "tiny-distilbert", "tiny-roberta", "tiny-xlm-roberta", "tiny-camembert-tokens",
    "tiny-electra", "tiny-albert", "tiny-mpnet", "tiny-mpnet-regression", "tiny-modernbert", "tiny-nomic-bert", "tiny-gte",
]
EXPECTED = {}


def load(name, attention="eager"):
    config = json.loads((MODELS / name / "config.json").read_text())
    kind = config.get("architectures", ["Model"])[0]
    loader = (
        AutoModelForSequenceClassification if "Sequence" in kind
        else AutoModelForTokenClassification if "Token" in kind else AutoModel)
    return loader.from_pretrained(MODELS / name, attn_implementation=attention).float().eval()


class Answer(torch.nn.Module):
    """One output: the logits or the last layer's states; or their mean, normalised, as sentence-transformers exports."""

    def __init__(self, model, names, pooled=False, window=None):
        super().__init__()
        self.model, self.names, self.pooled, self.window = model, names, pooled, window

    def forward(self, *inputs):
        inputs = dict(zip(self.names, inputs))
        if self.window:
            places = torch.arange(inputs["input_ids"].shape[1])
            near = (places[:, None] - places[None, :]).abs() <= self.window
            inputs["attention_mask"] = inputs["attention_mask"][:, None, None, :].bool() & near[None, None]
        output = self.model(**inputs)
        if hasattr(output, "logits"):
            return output.logits
        states = output.last_hidden_state
        if not self.pooled:
            return states
        mask = inputs["attention_mask"].unsqueeze(-1).float()
        mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return states, torch.nn.functional.normalize(mean, p=2, dim=1)


def input_names(model):
    types = getattr(model.config, "type_vocab_size", 0) > 1
    return ["input_ids", "attention_mask"] + (["token_type_ids"] if types else [])


def inputs(names):
    ids = torch.tensor([IDS])
    known = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return tuple(known.get(n, torch.zeros_like(ids)) for n in names)


def export(model, path, outputs=("output",), opset=17, dynamo=False, pooled=False, types=True, window=None):
    names = input_names(model)[:None if types else 2]
    answer = Answer(model, names, pooled, window).eval()
    if dynamo:
        shapes = tuple({0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens", max=20)} for _ in names)
        torch.onnx.export(
            answer, inputs(names), path, input_names=names, output_names=list(outputs), dynamic_shapes=(shapes,),
            dynamo=True, external_data=False, verbose=False)
    else:
        axes = {name: {0: "batch", 1: "tokens"} for name in names}
        torch.onnx.export(
            answer, inputs(names), path, input_names=names, output_names=list(outputs), dynamic_axes=axes,
            opset_version=opset, dynamo=False)
    return path


def converted(model):
    names = input_names(model)
    result = openvino.convert_model(Answer(model, names).eval(), example_input=inputs(names))
    for port, name in zip(result.inputs, names):
        port.get_tensor().set_names({name})
    return result


def strip(path):
    """Removes what names the exporter's own files: documentation and stack traces."""
    model = onnx.load(path, load_external_data=False)
    del model.metadata_props[:]
    for item in [model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info]:
        item.ClearField("doc_string")
        del item.metadata_props[:]
    path.write_bytes(model.SerializeToString())


def record(path, source, tolerance=1e-5, output=-1):
    """What the graph's own runtime answers."""
    if path.suffix == ".onnx":
        strip(path)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        names = [x.name for x in session.get_inputs()]
        found = session.run(None, {n: x.numpy() for n, x in zip(names, inputs(names))})
    else:
        # Without the report of the conversion, which names folders, and without indentation.
        text = re.sub(r"\s*<rt_info>.*?</rt_info>", "", path.read_text(), flags=re.S)
        path.write_text(re.sub(r"\n\s*", "\n", text))
        model = openvino.Core().compile_model(
            path, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"})
        names = [x.get_any_name() for x in model.inputs]
        found = list(model({n: x.numpy() for n, x in zip(names, inputs(names))}).values())
    answer = numpy.asarray(found[output][0], dtype=numpy.float64)
    EXPECTED[path.name] = {
        "model": source, "tolerance": tolerance, "answer": [round(float(x), 7) for x in answer.ravel()]}


class Texts(CalibrationDataReader):
    def __init__(self, names):
        self.names, self.left = names, 3

    def get_next(self):
        self.left -= 1
        return {n: x.numpy() for n, x in zip(self.names, inputs(self.names))} if self.left >= 0 else None


def main():
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    for name in FAMILIES:
        short = name.removeprefix("tiny-")
        record(export(load(name), TARGET / f"{short}.onnx"), name)
        model = converted(load(name, "eager" if "mpnet" in name else "sdpa"))
        openvino.save_model(model, TARGET / f"{short}.xml", compress_to_fp16=False)
        record(TARGET / f"{short}.xml", name)

    # One model on every other way.
    source = "tiny-bert-classifier"
    model = load(source)
    names, plain = input_names(model), TARGET / "bert-classifier.onnx"
    sizes = dict(num_heads=model.config.num_attention_heads, hidden_size=model.config.hidden_size)
    record(export(model, TARGET / "opset11.onnx", opset=11), source)
    record(export(model, TARGET / "dynamo.onnx", dynamo=True), source)
    record(export(model, TARGET / "untyped.onnx", types=False), source)
    # Attention within 19 tokens: as any other on shorter texts. Refused, so it has no answer.
    export(model, TARGET / "window.onnx", window=19)
    strip(TARGET / "window.onnx")

    def fused(name, level=0, tolerance=1e-5, half=False, **switches):
        options = FusionOptions("bert")
        for key, value in switches.items():
            setattr(options, key, value)
        result = optimizer.optimize_model(
            str(plain), model_type="bert", opt_level=level, only_onnxruntime=False, optimization_options=options,
            **sizes)
        if half:
            result.convert_float_to_float16(keep_io_types=True)
        result.save_model_to_file(str(TARGET / name))
        record(TARGET / name, source, tolerance)

    fused("fused.onnx")
    fused("fused-mha.onnx", use_multi_head_attention=True)
    fused("fused-all.onnx", level=99)
    fused("fused-fast-gelu.onnx", enable_gelu_approximation=True)
    fused("fused-f16.onnx", half=True, tolerance=5e-3)
    graph = onnx.load(plain)
    onnx.save(
        graph, TARGET / "external.onnx", save_as_external_data=True, location="external.onnx_data", size_threshold=256)
    record(TARGET / "external.onnx", source)

    # onnxruntime rounds activations, which an imported model does not.
    rounded = 0.05
    for name, options in {
        "dynamic.onnx": dict(weight_type=QuantType.QInt8),
        "dynamic-channels.onnx": dict(weight_type=QuantType.QUInt8, per_channel=True),
    }.items():
        quantize_dynamic(plain, TARGET / name, **options)
        record(TARGET / name, source, rounded)
        # openvino writes the rounding out.
        written = TARGET / f"ir-from-{name.removesuffix('.onnx')}.xml"
        openvino.save_model(openvino.convert_model(TARGET / name), written, compress_to_fp16=False)
        record(written, source, rounded)
    for name, options in {
        "qdq.onnx": dict(op_types_to_quantize=["MatMul", "Gather", "Add"]),
        "qdq-channels.onnx": dict(per_channel=True, op_types_to_quantize=["MatMul"]),
    }.items():
        quantize_static(
            plain, TARGET / name, Texts(names), quant_format=QuantFormat.QDQ, weight_type=QuantType.QInt8, **options)
        record(TARGET / name, source, rounded)

    embedder = load("tiny-xlm-roberta")
    record(
        export(embedder, TARGET / "pooled.onnx", ("token_embeddings", "sentence_embedding"), pooled=True),
        "tiny-xlm-roberta")

    import nncf
    openvino.save_model(converted(model), TARGET / "ir-f16.xml", compress_to_fp16=True)
    record(TARGET / "ir-f16.xml", source, 1e-4)
    openvino.save_model(openvino.convert_model(plain), TARGET / "ir-from-onnx.xml", compress_to_fp16=False)
    record(TARGET / "ir-from-onnx.xml", source)
    modes = nncf.CompressWeightsMode
    for name, options in {
        "ir-int8": dict(mode=modes.INT8_ASYM), "ir-int8-symmetric": dict(mode=modes.INT8_SYM),
        "ir-int4": dict(mode=modes.INT4_ASYM, group_size=8, all_layers=True),
        "ir-int4-symmetric": dict(mode=modes.INT4_SYM, group_size=-1, all_layers=True),
    }.items():
        openvino.save_model(
            nncf.compress_weights(converted(model), **options), TARGET / f"{name}.xml", compress_to_fp16=False)
        record(TARGET / f"{name}.xml", source, 1e-4)
    texts = [{n: x.numpy() for n, x in zip(names, inputs(names))}]
    static = nncf.quantize(
        converted(model), nncf.Dataset(texts), model_type=nncf.ModelType.TRANSFORMER, subset_size=1)
    openvino.save_model(static, TARGET / "ir-static.xml", compress_to_fp16=False)
    record(TARGET / "ir-static.xml", source, rounded)

    (TARGET / "expected.json").write_text(json.dumps({"ids": IDS, "graphs": EXPECTED}, separators=(",", ":")) + "\n")


main()
