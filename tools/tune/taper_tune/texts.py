"""Labelled texts: reading, tokenizing, batches."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import BertWordPieceTokenizer, Tokenizer

from .files import sha256

#: (text, second text) keys, in order of preference, as in Taper's ColumnRoles.
TEXT_KEYS = [("text", "text_pair"), ("question", "sentence"), ("sentence1", "sentence2"),
             ("question1", "question2"), ("premise", "hypothesis"), ("text", None), ("sentence", None),
             ("sentence1", None), ("question", None), ("content", None)]
LABEL_KEYS = ["label", "gold_label", "score", "quality", "is_duplicate", "sentiment", "category", "class"]
#: Texts padded to one length in training.
PART = 4
#: Most texts that choices are made by.
VALIDATED = 1000


@dataclass
class Texts:
    """Token ids, type ids and label of every text."""
    ids: list[list[int]]
    types: list[list[int]]
    labels: list[int]
    digest: str

    def __len__(self) -> int:
        return len(self.ids)

    def subset(self, indices: list[int]) -> "Texts":
        pick = lambda values: [values[i] for i in indices]
        return Texts(pick(self.ids), pick(self.types), pick(self.labels), self.digest)


@dataclass
class Batch:
    """ids, types [B, W]; lengths, labels [B]. Positions beyond a text's length are padding, which no method counts."""
    ids: torch.Tensor
    types: torch.Tensor
    lengths: torch.Tensor
    labels: torch.Tensor


def load_tokenizer(base: Path, maximum_length: int) -> Tokenizer:
    if (base / "tokenizer.json").exists():
        tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    else:
        settings = base / "tokenizer_config.json"
        lowercase = json.loads(settings.read_text()).get("do_lower_case", True) if settings.exists() else True
        tokenizer = BertWordPieceTokenizer(str(base / "vocab.txt"), lowercase=lowercase)
    tokenizer.no_padding()
    tokenizer.enable_truncation(maximum_length)
    return tokenizer


def _read(path: Path, needs_label: bool) -> list[tuple[str, str | None, str | None]]:
    """(text, second text, label) of every line of a JSON-lines file."""
    rows = []
    with open(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            row = json.loads(line)
            keys = next((k for k in TEXT_KEYS if k[0] in row and (k[1] is None or k[1] in row)), None)
            label = next((row[k] for k in LABEL_KEYS if k in row), None)
            if keys is None or needs_label and label is None:
                raise SystemExit(f"error: {path}:{number}: expected a text{' and a label' if needs_label else ''}, "
                                 f"found {', '.join(row)}")
            said = None if label is None else str(label).strip(" \t")
            rows.append((row[keys[0]], row[keys[1]] if keys[1] else None, said))
    if not rows:
        raise SystemExit(f"error: {path}: expected at least one row")
    return rows


def read_rows(path: Path) -> list[tuple[str, str | None, str]]:
    """(text, second text, label) of every line of a JSON-lines file."""
    return _read(path, needs_label=True)


def read_texts(path: Path) -> list[tuple[str, str | None]]:
    """(text, second text) of every line of a JSON-lines file."""
    return [(text, pair) for text, pair, _ in _read(path, needs_label=False)]


def read_scored(path: Path) -> list[tuple[str, str, float]] | None:
    """(text, second text, score) of every line; None unless each has two texts and a number."""
    found = []
    with open(path, encoding="utf-8-sig") as file:
        scores = [json.loads(line).get("score") for line in file if line.strip()]
    for (text, pair), score in zip(read_texts(path), scores):
        if pair is None or isinstance(score, bool) or not isinstance(score, (int, float)):
            return None
        found.append((text, pair, float(score)))
    return found


def sampled(rows: list, limit: int | None, seed: int, after: int = 0) -> list:
    """A seeded sample of `limit` rows, in order; all rows if there are no more. `after` leaves out the rows that a
    sample of as many would have."""
    if limit is None or limit >= len(rows):
        return rows
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))[after:after + limit]
    return [rows[i] for i in sorted(order.tolist())]


def text_lines(path: Path) -> list[str]:
    """The lines that are not blank, with their line ends."""
    with open(path, encoding="utf-8-sig") as file:
        return [line.rstrip("\n") + "\n" for line in file if line.strip()]


def sampled_lines(path: Path, limit: int | None, seed: int) -> list[str]:
    """The lines of the texts that `load_texts` samples."""
    return sampled(text_lines(path), limit, seed)


class Split:
    """The training and validation texts of a data set's folder. Choices between plans are made by validation texts:
    those of validation.jsonl, or texts of train.jsonl that the same seed does not train on."""

    def __init__(self, folder: Path, limit: int | None):
        self.train, own = folder / "train.jsonl", folder / "validation.jsonl"
        #: None: the set has no validation texts of its own.
        self.validation = own if own.exists() else None
        #: Training texts of a seed; None: all.
        self.limit = limit
        if self.validation is None:
            count = len(text_lines(self.train))
            self.held_out = min(VALIDATED, count // 5)
            self.limit = min(limit or count, count - self.held_out)

    def training_lines(self, seed: int) -> list[str]:
        return sampled_lines(self.train, self.limit, seed)

    def validation_lines(self, seed: int, most: int | None) -> list[str]:
        """At most `most`, and at most VALIDATED; of validation.jsonl the same for every seed."""
        most = min(most or VALIDATED, VALIDATED)
        if self.validation is None:
            return sampled(text_lines(self.train), min(most, self.held_out), seed, after=self.limit)
        return sampled_lines(self.validation, most, seed=1)


def load_texts(path: Path, tokenizer: Tokenizer, labels: tuple[str, ...], limit: int | None, seed: int):
    """The texts of a file, and its labels in output order; `labels` are the head's if it has some already.

    `limit` takes a seeded sample, in file order.
    """
    rows = sampled(read_rows(path), limit, seed)
    labels = labels or tuple(sorted({label for _, _, label in rows}))
    index = {label: i for i, label in enumerate(labels)}
    unknown = sorted({label for _, _, label in rows} - set(labels))
    if unknown:
        raise SystemExit(f"error: {path}: expected labels {', '.join(labels)}; found {', '.join(unknown)}")
    encoded = tokenizer.encode_batch([text if pair is None else (text, pair) for text, pair, _ in rows])
    return Texts([e.ids for e in encoded], [e.type_ids for e in encoded], [index[label] for _, _, label in rows],
                 sha256(path)), labels


def load_singles(path: Path, tokenizer: Tokenizer, limit: int | None, seed: int) -> Texts:
    """The texts of a file, each of a pair by itself and each once; labels are not asked for."""
    rows = sampled(read_texts(path), limit, seed)
    singles = list(dict.fromkeys(text for row in rows for text in row if text is not None))
    return encode_singles(singles, tokenizer, sha256(path))


def encode_singles(singles: list[str], tokenizer: Tokenizer, digest: str) -> Texts:
    """Each text's label is its number."""
    encoded = tokenizer.encode_batch(singles)
    return Texts([e.ids for e in encoded], [e.type_ids for e in encoded], list(range(len(encoded))), digest)


def make_batch(texts: Texts, indices: list[int], device: torch.device) -> Batch:
    lengths = [len(texts.ids[i]) for i in indices]
    ids = torch.zeros(len(indices), max(lengths), dtype=torch.long)
    types = torch.zeros_like(ids)
    for row, i in enumerate(indices):
        ids[row, :lengths[row]] = torch.tensor(texts.ids[i])
        types[row, :lengths[row]] = torch.tensor(texts.types[i])
    labels = torch.tensor([texts.labels[i] for i in indices])
    return Batch(*(value.to(device) for value in (ids, types, torch.tensor(lengths), labels)))


def epoch_batches(texts: Texts, size: int, seed: int, epoch: int) -> list[list[int]]:
    """Every text once, in random batches that depend on the arguments alone, so that a run can be resumed."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order = torch.randperm(len(texts), generator=generator).tolist()
    return [order[i:i + size] for i in range(0, len(order), size)]


def parts(texts: Texts, batch: list[int]) -> list[list[int]]:
    """A batch cut into parts of PART texts of similar lengths.

    Length is grouped inside a batch, not by choosing batches: where length tells the label, as in newswire, whole
    batches of like lengths would be batches of one class.
    """
    batch = sorted(batch, key=lambda i: len(texts.ids[i]))
    return [batch[i:i + PART] for i in range(0, len(batch), PART)]


def sorted_batches(texts: Texts, size: int) -> list[list[int]]:
    """Every text once, shortest first."""
    order = sorted(range(len(texts)), key=lambda i: len(texts.ids[i]))
    return [order[i:i + size] for i in range(0, len(order), size)]
