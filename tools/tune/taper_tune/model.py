"""Encoder, token reduction and head together: the forward pass that every method trains."""
from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from .checkpoint import Checkpoint, HeadSpec
from .elimination import Elimination, kept_words, layer_work
from .encoder import Encoder, Rows, largest, restore
from .texts import Batch


class Reduction:
    """Decides which tokens continue. This one keeps all."""

    def words(self, batch: Batch) -> torch.Tensor | None:
        """Mask [B, W] of the rows that enter layer 1; None keeps all. The others are never seen again."""
        return None

    def counts(self, layer: int, lengths: torch.Tensor) -> torch.Tensor | None:
        """T(layer) of each text, applied after the layer's attention scores; None keeps all."""
        return None

    def mask(self, layer: int, rows: Rows) -> torch.Tensor | None:
        """Mask [B, W] of the rows leaving `layer` that enter the next; None keeps all."""
        return None


class Eliminating(Reduction):
    """LAT: keep counts by profile and α."""

    def __init__(self, elimination: Elimination):
        self.elimination = elimination
        self._memo: dict[int, list[int]] = {}

    def counts(self, layer: int, lengths: torch.Tensor) -> torch.Tensor:
        def of(tokens: int) -> int:
            if tokens not in self._memo:
                self._memo[tokens] = self.elimination.keep_counts(tokens)
            return self._memo[tokens][layer - 1]
        return torch.tensor([of(tokens) for tokens in lengths.tolist()], device=lengths.device)


class Selectors(nn.Module):
    """TR-BERT's scorers: π(i) = σ(w2ᵀ GELU(W1 h_i + b1) + b2) on the states leaving each of `layers`."""

    def __init__(self, hidden: int, layers: list[int], width: int = 32):
        super().__init__()
        self.places, self.width = layers, width
        self.first = nn.ModuleDict({str(l): nn.Linear(hidden, width) for l in layers})
        self.second = nn.ModuleDict({str(l): nn.Linear(width, 1) for l in layers})
        for layer in layers:
            # At the start of training nearly every token is kept [ours].
            nn.init.constant_(self.second[str(layer)].bias, 2.0)

    def logits(self, layer: int, states: torch.Tensor) -> torch.Tensor:
        """[B, W, d] → [B, W], before σ."""
        return self.second[str(layer)](F.gelu(self.first[str(layer)](states))).squeeze(2)

    def extras(self) -> dict[str, torch.Tensor]:
        out = {}
        for layer in self.places:
            for number, linear in (("w1", self.first[str(layer)]), ("w2", self.second[str(layer)])):
                out[f"selector.{layer}.{number}.weight"] = linear.weight
                out[f"selector.{layer}.{number}.bias"] = linear.bias
        return out


class Selecting(Reduction):
    """TR-BERT at inference: keeps row 0 and the rows with π ≥ 0.5."""

    def __init__(self, selectors: Selectors):
        self.selectors = selectors

    def mask(self, layer: int, rows: Rows) -> torch.Tensor | None:
        if layer not in self.selectors.places:
            return None
        mask = self.selectors.logits(layer, rows.states) >= 0  # σ(x) ≥ 0.5
        return torch.cat([torch.ones_like(mask[:, :1]), mask[:, 1:]], dim=1)


class Choosing(Reduction):
    """`lexical`: words are chosen before layer 1 by their scores, less a penalty for repeats."""

    def __init__(self, scores: torch.Tensor, penalties: torch.Tensor, share: float):
        """scores [vocabulary]; penalties by how often the word came before; `share` of a text's tokens stays."""
        self.scores, self.penalties, self.share = scores, penalties, share

    def words(self, batch: Batch) -> torch.Tensor:
        width = batch.ids.shape[1]
        places = torch.arange(width, device=batch.ids.device)
        valid = places[None, :] < batch.lengths[:, None]
        earlier = places[None, :] < places[:, None]
        same = batch.ids[:, :, None] == batch.ids[:, None, :]
        repeats = (same & earlier & valid[:, None, :]).sum(dim=2).clamp(max=len(self.penalties) - 1)
        counts = torch.tensor([kept_words(n, self.share) for n in batch.lengths.tolist()], device=batch.ids.device)
        return largest(self.scores[batch.ids] - self.penalties[repeats], valid, counts)


class Together(Reduction):
    """Words chosen by one reduction, keep counts of another, masks of a third."""

    def __init__(self, choosing: Reduction, counting: Reduction, masking: Reduction):
        self.choosing, self.counting, self.masking = choosing, counting, masking

    def words(self, batch: Batch) -> torch.Tensor | None:
        return self.choosing.words(batch)

    def counts(self, layer: int, lengths: torch.Tensor) -> torch.Tensor | None:
        return self.counting.counts(layer, lengths)

    def mask(self, layer: int, rows: Rows) -> torch.Tensor | None:
        return self.masking.mask(layer, rows)


@dataclass
class Step:
    """The output of layer `layer`."""
    layer: int
    #: Rows after selection: the next layer's input.
    rows: Rows
    #: Last states of all tokens at their original places, [B, W + 1, d]; None while no token has been dropped.
    last: torch.Tensor | None
    scores: torch.Tensor | None
    #: T(l−1) and T(l) of this layer, [B]: rows that entered, and rows for which the FFN ran.
    entering: torch.Tensor
    leaving: torch.Tensor


class Model(nn.Module):
    def __init__(self, checkpoint: Checkpoint, dropout: float = 0.0):
        super().__init__()
        self.spec: HeadSpec = checkpoint.head
        self.shape = checkpoint.shape
        self.encoder = Encoder(checkpoint, dropout)
        hidden = self.shape.hidden
        self.pooler = None
        if self.spec.pooler:
            self.pooler = nn.Linear(hidden, hidden)
            with torch.no_grad():
                self.pooler.weight.copy_(checkpoint.tensors[checkpoint.names["pooler_weight"]])
                self.pooler.bias.copy_(checkpoint.tensors[checkpoint.names["pooler_bias"]])
        #: None: the model's answer is its vector.
        self.head = nn.Linear(hidden, len(self.spec.labels)) if self.spec.labels else None
        if checkpoint.head_weight is not None:
            set_linear(self.head, checkpoint.head_weight, checkpoint.head_bias)

    def embed(self, batch: Batch, reduction: Reduction) -> Rows:
        """The rows that enter layer 1."""
        rows = self.encoder.embed(batch.ids, batch.types, batch.lengths)
        mask = reduction.words(batch)
        return rows if mask is None else rows.pick(*rows.kept(mask))

    def walk(self, batch: Batch, reduction: Reduction, want_scores: bool = False, first: Step | None = None):
        """Yields one Step per layer, after the step `first` if given."""
        rows = first.rows if first else self.embed(batch, reduction)
        last = first.last if first else None

        for layer in range(first.layer + 1 if first else 1, self.shape.layers + 1):
            before = rows
            counts = reduction.counts(layer, batch.lengths)
            rows, scores = self.encoder.layer(layer, before, counts, want_scores)
            last = self._note(last, before, rows)
            entering, leaving = before.valid.sum(dim=1), rows.valid.sum(dim=1)
            rows, last = self.select(layer, rows, last, reduction)
            yield Step(layer, rows, last, scores, entering, leaving)

    def select(self, layer: int, rows: Rows, last: torch.Tensor | None, reduction: Reduction):
        """The rows leaving `layer` that a mask keeps, and `last` updated with the dropped ones."""
        mask = reduction.mask(layer, rows)
        if mask is None:
            return rows, last
        selected = rows.pick(*rows.kept(mask))
        return selected, self._note(last, rows, selected)

    def _note(self, last: torch.Tensor | None, before: Rows, after: Rows) -> torch.Tensor | None:
        """Records the states of all rows before a drop, which include the last states of the dropped rows."""
        if after.valid.sum() == before.valid.sum():
            return last
        if last is None:
            last = before.states.new_zeros(len(before.states), before.width + 1, self.shape.hidden)
        return restore(last, before)

    def pooled(self, step: Step, lengths: torch.Tensor) -> torch.Tensor:
        """[B, d]: row 0, or the mean over the last states of all tokens that entered layer 1, also of those dropped
        since."""
        rows = step.rows
        if self.spec.pooling == "cls":
            return rows.states[:, 0]
        if step.last is None:
            return (rows.states * rows.valid[:, :, None]).sum(dim=1) / rows.valid.sum(dim=1, keepdim=True)
        # Rows beyond a text's length were never written and are zero; the extra row of the padding is left out.
        return restore(step.last, rows)[:, :rows.width].sum(dim=1) / lengths[:, None]

    def features(self, step: Step, lengths: torch.Tensor) -> torch.Tensor:
        """The input of the linear head; without one, the text's vector."""
        features = self.pooled(step, lengths)
        if self.pooler is not None:
            features = torch.tanh(self.pooler(features))
        return F.normalize(features, dim=1, eps=1e-12) if self.spec.normalized else features

    def forward(self, batch: Batch, reduction: Reduction) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits [B, classes] and the layers' work in multiply-adds [B]."""
        total = torch.zeros_like(batch.lengths)
        for step in self.walk(batch, reduction):
            total = total + layer_work(self.shape, step.entering, step.leaving)
        return self.head(self.features(step, batch.lengths)), total

    def store(self, checkpoint: Checkpoint) -> None:
        """Stores the parameters in the checkpoint."""
        trained = {checkpoint.names[role]: value for role, value in self.encoder.roles().items()}
        if self.pooler is not None:
            trained[checkpoint.names["pooler_weight"]] = self.pooler.weight
            trained[checkpoint.names["pooler_bias"]] = self.pooler.bias
        checkpoint.tensors.update({name: value.detach().clone() for name, value in trained.items()})
        if self.head is not None:
            checkpoint.head_weight = self.head.weight.detach().clone()
            checkpoint.head_bias = self.head.bias.detach().clone()


def set_linear(linear: nn.Linear, weight: torch.Tensor, bias: torch.Tensor) -> None:
    with torch.no_grad():
        linear.weight.copy_(weight)
        linear.bias.copy_(bias)


def reduction_of(checkpoint: Checkpoint, device: torch.device) -> Reduction:
    """The reduction described by the checkpoint's `taper` object."""
    choosing, counting, masking = Reduction(), Reduction(), Reduction()
    if "lexical" in checkpoint.taper:
        described = checkpoint.taper["lexical"]
        choosing = Choosing(checkpoint.extras["lexical.scores"].to(device),
                            torch.tensor(described["penalties"], device=device), described["share"])
    if "elimination" in checkpoint.taper:
        described = checkpoint.taper["elimination"]
        counting = Eliminating(Elimination(described["decay"], described["alpha"], checkpoint.shape.layers))
    if "selector" in checkpoint.taper:
        described = checkpoint.taper["selector"]
        selectors = Selectors(checkpoint.shape.hidden, described["layers"], described["width"])
        with torch.no_grad():
            for name, parameter in selectors.extras().items():
                parameter.copy_(checkpoint.extras[name])
        masking = Selecting(selectors.to(device))
    return Together(choosing, counting, masking)
