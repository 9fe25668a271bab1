"""The encoder with token elimination by definition: NumPy, double precision, one text at a time, no code of taper_tune.
"""
import math

import numpy as np

erf = np.vectorize(math.erf)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def gelu(x):
    return x * (1 + erf(x / math.sqrt(2))) / 2


class NaiveEncoder:
    """Tensors by role; `config` a BERT's."""

    def __init__(self, tensors, config):
        self.t = {role: np.asarray(value, dtype=np.float64) for role, value in tensors.items()}
        self.layers, self.heads = config["num_hidden_layers"], config["num_attention_heads"]
        self.epsilon = config["layer_norm_eps"]

    def norm(self, x, gamma, beta):
        x = x - x.mean(axis=-1, keepdims=True)
        return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + self.epsilon) * self.t[gamma] + self.t[beta]

    def linear(self, x, role):
        return x @ self.t[role + "_weight"].T + self.t[role + "_bias"]

    def embed(self, ids, types):
        x = self.t["word_embedding"][ids] + self.t["position_embedding"][:len(ids)]
        return self.norm(x + self.t["token_type_embedding"][types], "embedding_norm_gamma", "embedding_norm_beta")

    def run(self, ids, types, keep_counts=None, select=None):
        """keep_counts: T(1)…T(L). select(layer, states) → the rows leaving `layer` that are kept, ascending.

        Returns per layer (states, positions, scores), and every token's last state.
        """
        x = self.embed(ids, types)
        positions = np.arange(len(ids))
        last = x.copy()
        out = []
        for layer in range(1, self.layers + 1):
            p = f"layer.{layer}."
            width = x.shape[1] // self.heads
            scores, context = np.zeros(len(x)), np.zeros_like(x)
            q, k, v = (self.linear(x, p + part) for part in ("query", "key", "value"))
            for head in range(self.heads):
                c = slice(head * width, (head + 1) * width)
                attention = softmax(q[:, c] @ k[:, c].T / math.sqrt(width))
                context[:, c] = attention @ v[:, c]
                for j in range(len(x)):
                    for i in range(len(x)):
                        scores[j] += attention[i, j] / self.heads
            count = len(x) if keep_counts is None else keep_counts[layer - 1]
            order = sorted(range(1, len(x)), key=lambda j: (-scores[j], j))
            kept = sorted([0] + order[:count - 1])
            x, context, positions = x[kept], context[kept], positions[kept]
            attended = self.norm(x + self.linear(context, p + "attention_output"), p + "attention_norm_gamma",
                                 p + "attention_norm_beta")
            inner = self.linear(gelu(self.linear(attended, p + "intermediate")), p + "output")
            x = self.norm(attended + inner, p + "output_norm_gamma", p + "output_norm_beta")
            last[positions] = x
            if select is not None:
                kept = select(layer, x)
                x, positions = x[kept], positions[kept]
            out.append((x, positions, scores))
        return out, last
