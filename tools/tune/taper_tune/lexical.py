"""`tune lexical`: fine-tuning with words chosen before layer 1 (ours; docs/lexical.md).

What a word is worth is read off the model that training starts from, by gradients: with x_j the row of token j that
enters layer 1, I_j = |∂loss/∂x_j · x_j| is to first order what the loss changes without it. Ridge regression finds the
score of a word, linear in its row of the word table, that predicts log I_j best; so words that no text has are scored
too. Scores then stay, and training rises from every token to the share that the target leaves.
"""
from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from .elimination import share_for
from .encoder import Rows
from .job import Job, whole_part
from .model import Choosing, Model, Reduction, Step
from .supervised import REDUCED, Supervised, distill_options, rising_options, teacher_of
from .texts import Batch, Texts, make_batch, sorted_batches
from .trainer import train

#: What a word's score loses when it came so often before, as in Taper's LexiconFit.
PENALTIES = torch.log1p(torch.arange(32, dtype=torch.float32))
#: Above every word's: of the tokens that the tokenizer puts around texts.
SPECIAL_SCORE = 1000.0
#: Ridge strengths, as a share of a column's mean square.
STRENGTHS = (10.0, 1.0, 1e-1, 1e-2, 1e-3)
#: Added to I_j before its logarithm, as a share of the mean.
FLOOR = 1e-3
BATCH = 8


def options(parser) -> None:
    rising_options(parser)
    parser.add_argument("--score-texts", type=int, default=400,
                        help="training texts that the scores of words are fitted to (default %(default)s)")
    distill_options(parser)


def importance(model: Model, texts: Texts, device: torch.device, loss) -> torch.Tensor:
    """I_j of every token of the texts, one after the other. `loss(model, last step, batch)` is a sum over texts."""
    model.eval()
    found: list[torch.Tensor] = [torch.empty(0)] * len(texts)
    for indices in sorted_batches(texts, BATCH):
        batch = make_batch(texts, indices, device)
        with torch.no_grad():
            entering = model.embed(batch, Reduction())
        states = entering.states.detach().requires_grad_()
        rows = Rows(states, entering.valid, entering.positions, entering.width)
        *_, last = model.walk(batch, Reduction(), first=Step(0, rows, None, None, batch.lengths, batch.lengths))
        gradient, = torch.autograd.grad(loss(model, last, batch), states)
        changes = (gradient * states).sum(dim=2).abs().detach().cpu()
        for i, changed, length in zip(indices, changes, batch.lengths.tolist()):
            found[i] = changed[:length]
    return torch.cat(found)


def of_labels(model: Model, step: Step, batch: Batch) -> torch.Tensor:
    return F.cross_entropy(model.head(model.features(step, batch.lengths)), batch.labels, reduction="sum")


def fit_scores(model: Model, texts: Texts, special: set[int], device: torch.device, loss) -> torch.Tensor:
    """[vocabulary]: with mean 0 and deviation 1 over the texts' words."""
    changes = importance(model, texts, device, loss).double()
    ids = torch.tensor([i for text in texts.ids for i in text])
    words = ~torch.isin(ids, torch.tensor(sorted(special)))
    ids, changes = ids[words], changes[words]
    table = model.encoder.words.weight.detach().cpu().double()
    weight = ridge(table[ids], torch.log(changes + FLOOR * changes.mean()))
    return scaled(table @ weight, ids, special)


def ridge(rows: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """rows [n, d], target [n] → weight [d]. The strength is the one with the least squared error on a fifth of the
    rows."""
    rows, target = rows - rows.mean(dim=0), target - target.mean()

    def solve(rows, target, strength):
        products = rows.T @ rows
        added = strength * products.diagonal().mean() * torch.eye(len(products)).double()
        return torch.linalg.solve(products + added, rows.T @ target)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(1))
    held, fitted = order[:len(rows) // 5], order[len(rows) // 5:]

    def error(strength):
        found = rows[held] @ solve(rows[fitted], target[fitted], strength)
        return float((found - target[held]).square().sum())
    return solve(rows, target, min(STRENGTHS, key=error))


def scaled(values: torch.Tensor, words: torch.Tensor, special: set[int]) -> torch.Tensor:
    """Values [vocabulary] as scores: with mean 0 and deviation 1 over `words`, ids."""
    of_words = values[words]
    scores = ((values - of_words.mean()) / of_words.std().clamp(min=1e-12)).float()
    scores[sorted(special)] = SPECIAL_SCORE
    return scores


class RisingChoice:
    """The schedule of reductions while words choose: by `scores` [vocabulary], from every token to the target's
    share."""

    def __init__(self, model: Model, scores: torch.Tensor, steps: int, job: Job):
        a = job.arguments
        self.shape, self.wanted, self.tokens, self.scores = model.shape, a.speedup, a.max_length, scores
        self.tables = scores.to(job.device), PENALTIES.to(job.device)
        self.rising = max(1, int(steps * a.ramp))

    def share(self, progress: float) -> float:
        """At `progress` (0 to 1) from dense to the target speedup."""
        return share_for(1 + (self.wanted - 1) * progress, self.shape, self.tokens)

    def at(self, step: int) -> Choosing:
        self.now = self.share(min(1.0, step / self.rising))
        return Choosing(*self.tables, self.now)

    def figures(self) -> dict[str, float]:
        return {"share": self.now}

    def state(self) -> dict:
        return {}

    def load(self, state: dict) -> None:
        """Scores are fitted again, to the weights that training began with."""

    def described(self) -> dict:
        """`lexical` of config.json."""
        return {"tokens": self.tokens, "speedup": self.wanted, "share": self.share(1.0), "penalties": PENALTIES.tolist()}

    def extras(self) -> dict[str, torch.Tensor]:
        return {"lexical.scores": self.scores}


def run(job: Job) -> None:
    a = job.arguments
    if job.checkpoint.taper.keys() & REDUCED:
        raise SystemExit("error: tune lexical: give a dense model; halting is trained after it")
    teacher, model = teacher_of(job), job.model()
    if job.needs_head:
        # Also where a run goes on: scores are fitted to what training began with.
        job.refit_head(model, Reduction(), a.head_texts)
    steps = whole_part(a.epochs, job.batches)
    scores = fit_scores(model, job.sample(a.score_texts), job.special, job.device, of_labels)
    schedule = RisingChoice(model, scores, steps, job)
    outcome = train(job.run, Supervised(model, schedule, steps, job, teacher), job.texts)
    job.write(model, "lexical", outcome, {"lexical": schedule.described()}, {}, schedule.extras())
