"""The encoder with token elimination, in PyTorch: a differentiable version of what Taper's runtime computes.

A batch's tokens are `Rows`: W rows of states per text, of which the first few are real. Dropping tokens moves the kept
rows to the front, so later layers compute less, in training too. Padding is masked out of every sum over tokens.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from .checkpoint import Checkpoint
from .family import Shape

ACTIVATIONS = {"gelu": F.gelu, "gelu_new": lambda x: F.gelu(x, approximate="tanh"),
               "gelu_pytorch_tanh": lambda x: F.gelu(x, approximate="tanh"), "relu": F.relu}


@dataclass
class Rows:
    """Row j of text b is real where valid[b, j]; real rows come first, in the text's order.

    positions[b, j] is the row's place in the original text; for padding it is the batch's width, one past the last
    place.
    """
    states: torch.Tensor  # [B, W, d]
    valid: torch.Tensor  # [B, W]
    positions: torch.Tensor  # [B, W]
    width: int

    def kept(self, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Indices [B, K] of the rows in `mask` [B, W], in order, and which of them are real."""
        mask = mask & self.valid
        rows = mask.shape[1]
        index = torch.where(mask, torch.arange(rows, device=mask.device), rows)
        index = index.sort(dim=1).values[:, :int(mask.sum(dim=1).max())]
        real = index < rows
        return index.clamp(max=rows - 1), real

    def pick(self, index: torch.Tensor, real: torch.Tensor, states: torch.Tensor | None = None) -> "Rows":
        """The rows at `index`; `states` replaces their states."""
        if states is None:
            states = take_rows(self.states, index)
        return Rows(states, real, self.positions.gather(1, index).masked_fill(~real, self.width), self.width)

    def repeat(self, times: int) -> "Rows":
        """Each text `times` times: all texts once, then all again."""
        return Rows(self.states.repeat(times, 1, 1), self.valid.repeat(times, 1), self.positions.repeat(times, 1),
                    self.width)


def take_rows(values: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """[B, W, d] at [B, K] → [B, K, d]."""
    return values.gather(1, index[:, :, None].expand(-1, -1, values.shape[2]))


def largest(scores: torch.Tensor, valid: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Mask [B, W] of row 0 and the counts[b] − 1 other real rows of largest score, ties to the lower row."""
    scores = scores.masked_fill(~valid, -math.inf)
    scores = torch.cat([torch.full_like(scores[:, :1], math.inf), scores[:, 1:]], dim=1)
    order = scores.sort(dim=1, descending=True, stable=True).indices
    chosen = torch.arange(scores.shape[1], device=scores.device)[None, :] < counts[:, None]
    return torch.zeros_like(valid).scatter(1, order, chosen)


def restore(last: torch.Tensor, rows: Rows) -> torch.Tensor:
    """Writes the rows' states to their original places in last [B, W + 1, d]; padding goes to the extra row."""
    return last.scatter(1, rows.positions[:, :, None].expand(-1, -1, last.shape[2]), rows.states)


class Layer(nn.Module):
    def __init__(self, shape: Shape, activation: str, epsilon: float, dropout: float):
        super().__init__()
        d = shape.hidden
        self.heads = shape.heads
        self.query, self.key, self.value, self.attention_output = (nn.Linear(d, d) for _ in range(4))
        self.intermediate = nn.Linear(d, shape.feed_forward)
        self.output = nn.Linear(shape.feed_forward, d)
        self.attention_norm, self.output_norm = (nn.LayerNorm(d, eps=epsilon) for _ in range(2))
        self.dropout = nn.Dropout(dropout)
        self.activation = ACTIVATIONS[activation]

    def forward(self, rows: Rows, counts: torch.Tensor | None, bias: torch.Tensor | None, want_scores: bool):
        """The layer's output rows and, if it drops tokens or scores are wanted, S_l [B, W].

        `counts` [B] is T(l) of each text; None keeps every row. Dropped tokens are not in the output.
        """
        batch, width, hidden = rows.states.shape
        split = lambda x: x.view(batch, -1, self.heads, hidden // self.heads).transpose(1, 2)
        query, key, value = (split(project(rows.states)) for project in (self.query, self.key, self.value))
        logits = query @ key.transpose(2, 3) / math.sqrt(hidden // self.heads)
        if bias is not None:
            logits = logits + bias
        if not bool(rows.valid.all()):
            logits = logits.masked_fill(~rows.valid[:, None, None, :], -math.inf)
        probabilities = logits.softmax(dim=3)
        scores = None
        drops = counts is not None and bool((counts < rows.valid.sum(dim=1)).any())
        if drops or want_scores:
            # Selection is not differentiable, and the score is used for nothing else.
            with torch.no_grad():
                real = rows.valid[:, None, :, None]
                scores = (probabilities * real).sum(dim=2).mean(dim=1)
        if drops:
            index, real = rows.kept(largest(scores, rows.valid, counts))
            rows = rows.pick(index, real)
            probabilities = probabilities.gather(
                2, index[:, None, :, None].expand(-1, self.heads, -1, width))
        context = (probabilities @ value).transpose(1, 2).reshape(batch, -1, hidden)
        attended = self.attention_norm(rows.states + self.dropout(self.attention_output(context)))
        inner = self.output(self.activation(self.intermediate(attended)))
        states = self.output_norm(attended + self.dropout(inner))
        return Rows(states, rows.valid, rows.positions, rows.width), scores


class Encoder(nn.Module):
    def __init__(self, checkpoint: Checkpoint, dropout: float = 0.0):
        super().__init__()
        family, config, shape = checkpoint.family, checkpoint.config, checkpoint.shape
        epsilon = family.quantity(config, "layer_norm_epsilon")
        activation = family.quantity(config, "activation")
        if activation not in ACTIVATIONS:
            raise SystemExit(f"error: activation {activation!r}: expected one of {', '.join(ACTIVATIONS)}")
        self.position_offset = family.position_offset
        table = lambda role: nn.Embedding(*checkpoint.tensors[checkpoint.names[role]].shape)
        self.words, self.places = table("word_embedding"), table("position_embedding")
        self.token_types = table("token_type_embedding") if "token_type_embedding" in checkpoint.names else None
        self.relative_bias = table("relative_bias") if "relative_bias" in checkpoint.names else None
        if self.relative_bias is not None:
            buckets = relative_buckets(family.quantity(config, "positions"), self.relative_bias.num_embeddings,
                                       family.relative_bias_maximum_distance)
            self.register_buffer("buckets", buckets, persistent=False)
        self.embedding_norm = nn.LayerNorm(shape.hidden, eps=epsilon)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(shape, activation, epsilon, dropout) for _ in range(shape.layers))
        with torch.no_grad():
            for role, parameter in self.roles().items():
                parameter.copy_(checkpoint.tensors[checkpoint.names[role]])

    def roles(self) -> dict[str, nn.Parameter]:
        """Every parameter by its role in specs/models."""
        found = {"word_embedding": self.words.weight, "position_embedding": self.places.weight,
                 "embedding_norm_gamma": self.embedding_norm.weight, "embedding_norm_beta": self.embedding_norm.bias}
        if self.token_types is not None:
            found["token_type_embedding"] = self.token_types.weight
        if self.relative_bias is not None:
            found["relative_bias"] = self.relative_bias.weight
        for number, layer in enumerate(self.layers, start=1):
            for part in ("query", "key", "value", "attention_output", "intermediate", "output"):
                found[f"layer.{number}.{part}_weight"] = getattr(layer, part).weight
                found[f"layer.{number}.{part}_bias"] = getattr(layer, part).bias
            for part in ("attention_norm", "output_norm"):
                found[f"layer.{number}.{part}_gamma"] = getattr(layer, part).weight
                found[f"layer.{number}.{part}_beta"] = getattr(layer, part).bias
        return found

    def embed(self, ids: torch.Tensor, types: torch.Tensor, lengths: torch.Tensor) -> Rows:
        """ids, types [B, W]; the rows that enter layer 1."""
        width = ids.shape[1]
        places = torch.arange(width, device=ids.device)
        states = self.words(ids) + self.places(places + self.position_offset)
        if self.token_types is not None:
            states = states + self.token_types(types)
        valid = places[None, :] < lengths[:, None]
        positions = torch.where(valid, places, width)
        return Rows(self.dropout(self.embedding_norm(states)), valid, positions, width)

    def layer(self, number: int, rows: Rows, counts: torch.Tensor | None = None, want_scores: bool = False):
        """Layer `number`, from 1: its output rows and scores (`Layer.forward`)."""
        return self.layers[number - 1](rows, counts, self._bias(rows), want_scores)

    def _bias(self, rows: Rows) -> torch.Tensor | None:
        """[B, H, W, W] by the rows' distances in the original text; None without relative bias."""
        if self.relative_bias is None:
            return None
        distances = rows.positions[:, None, :] - rows.positions[:, :, None]
        buckets = self.buckets[distances + self.buckets.shape[0] // 2]
        return self.relative_bias(buckets).permute(0, 3, 1, 2)


def relative_buckets(reach: int, buckets: int, maximum_distance: int) -> torch.Tensor:
    """T5's bidirectional buckets of distances −reach…reach, key less query (Taper's RelativeBiasSpec)."""
    distances = torch.arange(-reach, reach + 1)
    half, exact = buckets // 2, buckets // 4
    magnitude = distances.abs()
    scaled = torch.log(magnitude.clamp(min=1).float() / exact) / math.log(maximum_distance / exact) * (half - exact)
    far = (exact + scaled.long()).clamp(max=half - 1)
    # MPNet counts keys to the right in the upper half.
    return torch.where(distances > 0, half, 0) + torch.where(magnitude < exact, magnitude, far)
