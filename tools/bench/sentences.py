"""Times sentence-transformers and `taper run` on the same texts, from text to embedding, and appends the samples to a
file of JSON lines.

Started by tools/bench/sentences; peer_report.py makes the table. Every contender has as many threads as there are CPUs
to run on (`taskset` says which), and its defaults otherwise. In a turn a contender answers all texts once: one at a
time, and in batches of each size.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np

os.environ["HF_HUB_OFFLINE"] = "1"
BATCHES = (8, 32, 64)
WARM_UP = 6
LINGER_SECONDS = 0.1
ONNX, OPENVINO = "onnx", "openvino"  # folders of the exported models


class SentenceTransformers:
    def __init__(self, name, folder, backend="torch", file=None):
        from sentence_transformers import SentenceTransformer

        options = {"file_name": file} if file else {}
        self.name = f"sentence-transformers{name}"
        self.model = SentenceTransformer(str(folder), device="cpu", backend=backend, model_kwargs=options)

    def one_at_a_time(self, texts):
        """(embeddings, ns of each text)"""
        vectors, times = [], []
        for text in texts:
            start = time.perf_counter_ns()
            vectors.append(self.model.encode([text], show_progress_bar=False)[0])
            times.append(time.perf_counter_ns() - start)
        return np.array(vectors), times

    def batched(self, texts, size):
        # It sorts the texts by length itself.
        return self.model.encode(texts, batch_size=size, show_progress_bar=False)


class Taper:
    """One process answers line by line; its start, once, is not timed, as loading a peer's model is not."""

    def __init__(self, executable, plan, precision, threads):
        self.name = f"Taper {precision}"
        self.process = subprocess.Popen([executable, "run", plan, "--prefault", "--threads", str(threads)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def one_at_a_time(self, texts):
        vectors, times = [], []
        for text in texts:
            start = time.perf_counter_ns()
            self.process.stdin.write(json.dumps({"text": text}) + "\n")
            self.process.stdin.flush()
            vectors.append(json.loads(self.process.stdout.readline())["embedding"])
            times.append(time.perf_counter_ns() - start)
        return np.array(vectors), times


def export(model, work, texts):
    """Writes what sentence-transformers' own functions export, into `work`/onnx and `work`/openvino, if it is missing.

    texts: calibrates OpenVINO's int8, where the default would fetch a data set.
    """
    from sentence_transformers import SentenceTransformer, export_dynamic_quantized_onnx_model
    from sentence_transformers import export_static_quantized_openvino_model

    for backend in (ONNX, OPENVINO):
        folder, new = work / backend, work / f"{backend}.new"
        if folder.exists():
            continue
        exported = SentenceTransformer(str(model), device="cpu", backend=backend, model_kwargs={"export": True})
        exported.save_pretrained(str(new))
        if backend == ONNX:
            export_dynamic_quantized_onnx_model(exported, onnx_kind(), str(new))
        else:
            data = work / "calibration"
            data.mkdir(exist_ok=True)
            (data / "train.jsonl").write_text("".join(json.dumps({"sentence": text}) + "\n" for text in texts))
            export_static_quantized_openvino_model(exported, None, str(new), dataset_name=str(data),
                                                   dataset_split="train", dataset_config_name="default",
                                                   column_name="sentence")
        new.rename(folder)


def onnx_kind():
    """Which of sentence-transformers' int8 configurations fits this CPU."""
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    return next((kind for kind in ("avx512_vnni", "avx2") if kind in flags), "arm64")


def contenders(arguments, work, plans, threads):
    int8 = next(path.name for path in (work / ONNX / "onnx").glob("model_qint8_*.onnx"))
    yield SentenceTransformers("", arguments.model)
    yield SentenceTransformers(", onnx", work / ONNX, ONNX, "model.onnx")
    yield SentenceTransformers(", openvino", work / OPENVINO, OPENVINO, "openvino_model.xml")
    yield SentenceTransformers(", onnx int8", work / ONNX, ONNX, int8)
    yield SentenceTransformers(", openvino int8", work / OPENVINO, OPENVINO, "openvino_model_qint8_quantized.xml")
    for precision in arguments.precisions:
        yield Taper(arguments.taper, str(plans / f"sentences-{precision}-{threads}.plan"), precision, threads)


def measure(rounds, texts, opened, write):
    reference = None
    for turn in range(rounds):
        for contender in opened[turn:] + opened[:turn]:
            for batch in (1, *BATCHES) if isinstance(contender, SentenceTransformers) else (1,):
                if batch == 1:
                    contender.one_at_a_time(texts[:WARM_UP])
                else:
                    contender.batched(texts[:batch], batch)
                start = time.perf_counter()
                vectors, times = contender.one_at_a_time(texts) if batch == 1 else (contender.batched(texts, batch), [])
                seconds = time.perf_counter() - start
                time.sleep(LINGER_SECONDS)
                vectors = np.asarray(vectors, np.float64)
                vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
                if reference is None:
                    reference = vectors  # plain sentence-transformers, one at a time
                print(f"  {contender.name}, batches of {batch}: {len(texts) / seconds:.0f} texts/s", file=sys.stderr,
                      flush=True)
                write(contender=contender.name, batch=batch, texts=len(texts), seconds=seconds, samples_ns=times,
                      distance=float(1 - (vectors * reference).sum(axis=1).mean()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["prepare", "measure"])
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path,
                        help="folder of the exported models, plans and results")
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder with train.jsonl and test.jsonl")
    parser.add_argument("--taper")
    parser.add_argument("--name")
    parser.add_argument("--precisions", nargs="+", help="of Taper's plans")
    parser.add_argument("--texts", type=int)
    parser.add_argument("--rounds", type=int)
    arguments = parser.parse_args()
    split = "train" if arguments.action == "prepare" else "test"
    texts = [json.loads(line)["text"] for line in (arguments.data / f"{split}.jsonl").read_text().splitlines()]
    work = arguments.work / "sentences"
    work.mkdir(exist_ok=True)
    if arguments.action == "prepare":
        export(arguments.model, work, texts[:300])
        return
    texts = texts[:arguments.texts]
    threads = len(os.sched_getaffinity(0))
    opened = list(contenders(arguments, work, arguments.work, threads))
    plain = opened[0].model
    tokens = [len(ids) for ids in plain.tokenizer(texts, truncation=True, max_length=plain.max_seq_length)["input_ids"]]
    about = f"{len(texts)} texts of R8's test split, {np.mean(tokens):.0f} tokens in the mean, {max(tokens)} at most"
    with open(arguments.work / "results.jsonl", "a") as file:

        def write(**values):
            values = {"kind": "sentences", "model": arguments.name, "threads": threads, "about": about} | values
            file.write(json.dumps(values) + "\n")
            file.flush()

        measure(arguments.rounds, texts, opened, write)


if __name__ == "__main__":
    main()
