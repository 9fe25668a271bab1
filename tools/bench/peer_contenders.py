"""The peers that tools/bench/peers times: how each is built from a checkpoint, loaded for a length, and run on token
ids.

Every contender has `name`, `precision` ("f32", "bf16", "int8"), and `open(threads, length)`, which gives a function
from ids (list of int) to last_hidden_state [n, d] as float32; length None: any. `needs_length`: it is faster when
opened for one length. The files are built once, by `prepare`, into `work`.
"""
import pathlib

import ctranslate2
import numpy as np
import onnxruntime
import openvino


class OnnxRuntime:
    needs_length = False

    def __init__(self, variant: str, precision: str, path: pathlib.Path):
        self.name, self.precision, self.path = f"onnxruntime {variant}", precision, path

    def open(self, threads, length):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(self.path, options, ["CPUExecutionProvider"])
        return lambda ids: session.run(None, {"input_ids": np.array([ids], np.int64)})[0][0]


class OpenVino:
    """Compiled for the static shape, which is where OpenVINO is fastest. `hint` is the inference precision, None its
    default."""
    needs_length = True

    def __init__(self, name: str, precision: str, path: pathlib.Path, hint=None):
        self.name, self.precision, self.path, self.hint = name, precision, path, hint

    def open(self, threads, length):
        core = openvino.Core()
        model = core.read_model(self.path)
        model.reshape([1, length or -1])
        options = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}
        if self.hint:
            options["INFERENCE_PRECISION_HINT"] = self.hint
        compiled = core.compile_model(model, "CPU", options)
        request = compiled.create_infer_request()
        return lambda ids: request.infer({0: np.array([ids], np.int64)}, share_inputs=True, share_outputs=True)[0][0]


class CTranslate2:
    needs_length = False

    def __init__(self, precision: str, path: pathlib.Path):
        self.name, self.precision, self.path = "CTranslate2", precision, path

    def open(self, threads, length):
        encoder = ctranslate2.Encoder(str(self.path), device="cpu", intra_threads=threads, inter_threads=1,
                                      compute_type="float32" if self.precision == "f32" else "int8")
        return lambda ids: np.asarray(encoder.forward_batch([ids]).last_hidden_state, np.float32)[0]


def default_openvino_precision() -> str:
    """The precision OpenVINO chooses by default on this CPU: "f32" or "bf16"."""
    hint = openvino.Core().get_property("CPU", "INFERENCE_PRECISION_HINT")
    return "bf16" if hint == openvino.Type.bf16 else "f32"


def prepare(model: str, work: pathlib.Path, calibration: list[list[int]]):
    """Builds the files that are missing. `calibration`: token ids of real texts, for OpenVINO's int8."""
    # Imported here: they take seconds to load, and timing does not need them.
    import nncf
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    import ct2_bert
    import onnx_bert

    for path, fused in ((work / "plain.onnx", False), (work / "fused.onnx", True)):
        if not path.exists():
            path.write_bytes(onnx_bert.build(model, fused))
        quantized = path.with_suffix(".int8.onnx")
        if not quantized.exists():
            quantize_dynamic(onnx.load(path), quantized, weight_type=QuantType.QInt8,
                             extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})
    target = work / "openvino-int8.xml"
    if not target.exists():
        dataset = nncf.Dataset(calibration, lambda ids: np.array([ids], np.int64))
        quantized = nncf.quantize(openvino.Core().read_model(work / "plain.onnx"), dataset,
                                  model_type=nncf.ModelType.TRANSFORMER, subset_size=len(calibration))
        openvino.save_model(quantized, target, compress_to_fp16=False)
    for precision, quantization in (("f32", None), ("int8", "int8")):
        if not (work / f"ct2-{precision}" / "model.bin").exists():
            ct2_bert.convert(model, str(work / f"ct2-{precision}"), quantization)


def peers(work: pathlib.Path, leading=False) -> list:
    """`leading`: without those that have never been the fastest of their precision (docs/peers-tables.md)."""
    plain, fused = work / "plain.onnx", work / "fused.onnx"
    found = [
        OnnxRuntime("plain", "f32", plain),
        OpenVino("OpenVINO", "f32", plain, "f32"),
        OnnxRuntime("plain", "int8", plain.with_suffix(".int8.onnx")),
        OnnxRuntime("fused", "int8", fused.with_suffix(".int8.onnx")),
        OpenVino("OpenVINO", "int8", work / "openvino-int8.xml"),
        CTranslate2("int8", work / "ct2-int8"),
    ]
    if default_openvino_precision() == "bf16":
        found.append(OpenVino("OpenVINO default", "bf16", plain))
    if not leading:
        found += [OnnxRuntime("fused", "f32", fused), CTranslate2("f32", work / "ct2-f32")]
    return found
