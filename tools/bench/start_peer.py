"""Loads a peer, answers once and prints the first number of the answer. tools/bench/start times the whole process.

usage: start_peer.py none|numpy|onnxruntime|openvino THREADS PATH [CACHE] <token ids as JSON on stdin>
The input is token ids, so no tokenizer is timed; only what the engine needs is imported.
"""
import json
import sys


def first(engine, threads, path, cache):
    if engine == "none":
        return 0
    import numpy as np

    if engine == "numpy":
        return np.zeros(1)[0]
    ids = np.array([json.load(sys.stdin)], np.int64)
    if engine == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
        session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        return session.run(None, {"input_ids": ids})[0].flat[0]
    import openvino

    core = openvino.Core()
    if cache:
        core.set_property({"CACHE_DIR": cache})
    model = core.read_model(path)
    model.reshape(list(ids.shape))
    compiled = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1})
    return compiled.create_infer_request().infer({0: ids})[0].flat[0]


print(first(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "", sys.argv[4] if len(sys.argv) > 4 else ""))
