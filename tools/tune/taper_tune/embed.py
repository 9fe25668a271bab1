"""`tune embed`: an encoder of vectors learns, with fewer tokens or layers, the vectors that it gave with all of them
(ours). No labels are needed: what is learnt from is the dense vector of each text.
"""
from __future__ import annotations

import numpy
import torch

from .acc import RisingElimination
from .correlation import spearman
from .evaluation import layer_features
from .job import Job, whole_part
from .lexical import RisingChoice, ridge, scaled
from .model import Model, Reduction
from .supervised import REDUCED, Held, cut, encoder_groups, rising_options
from .texts import Texts, encode_singles, load_singles, read_scored, sampled
from .trainer import Task, train

METHODS = ("lexical", "acc", "depth")
#: Of each text.
DEALS = 4


def options(parser) -> None:
    parser.add_argument("--method", choices=METHODS, required=True, help="what the encoder does without")
    parser.add_argument("--depth", type=int, help="layers to keep, with --method depth")
    rising_options(parser)
    parser.add_argument("--refresh", type=int, default=100,
                        help="steps between measurements of acc's contributions (default %(default)s)")
    parser.add_argument("--profile-texts", type=int, default=128)
    parser.add_argument("--decay", type=float,
                        help="of acc's keep counts over the layers (default: the contributions')")
    parser.add_argument("--score-texts", type=int, default=400,
                        help="texts that the scores of words are fitted to (default %(default)s)")


def fit_scores_to_vectors(model: Model, texts: Texts, whole: torch.Tensor, special: set[int], seed: int,
                          device: torch.device) -> torch.Tensor:
    """[vocabulary], for texts whose dense vectors are `whole` [texts, d], as `taper plan` fits them without labels (LexiconFit): a text's words are dealt into two hands at
    random, and the hand whose vector is nearer to the whole text's has the words of more value. Gradients, which do for
    labels, choose worse here: MiniLM-L6 untrained at 2x has a Spearman correlation of 0.715 on 1,500 pairs of STS where
    it has 0.769 by these scores (dense 0.791).
    """
    generator = torch.Generator().manual_seed(seed)
    hands, owners = [], []
    for number, ids in enumerate(texts.ids):
        words = [place for place, i in enumerate(ids) if i not in special]
        for _ in range(DEALS if len(words) > 1 else 0):
            order = [words[k] for k in torch.randperm(len(words), generator=generator).tolist()]
            half = len(order) // 2
            hands += [set(order[:half]), set(order[half:2 * half])]
            owners.append(number)
    ids, types = [], []
    for number, hand in zip((owner for owner in owners for _ in range(2)), hands):
        stays = [place for place, i in enumerate(texts.ids[number]) if place in hand or i in special]
        ids.append([texts.ids[number][place] for place in stays])
        types.append([texts.types[number][place] for place in stays])
    parts = vectors(model, Reduction(), Texts(ids, types, [0] * len(ids), ""), device)
    of = torch.tensor(owners).repeat_interleave(2)
    near = _cosines(parts - whole.mean(dim=0), (whole - whole.mean(dim=0))[of]).view(-1, 2)
    table = model.encoder.words.weight.detach().cpu()
    dealt = torch.zeros(len(owners), table.shape[1])
    for number, owner in enumerate(owners):
        for hand, sign in zip(hands[2 * number:2 * number + 2], (1, -1)):
            dealt[number] += sign * table[[texts.ids[owner][place] for place in sorted(hand)]].sum(dim=0)
        dealt[number] /= len(texts.ids[owner])
    weight = ridge(dealt.double(), (near[:, 0] - near[:, 1]).double())
    words = torch.tensor([i for text in texts.ids for i in text if i not in special])
    return scaled(table.double() @ weight, words, special)


class Imitation(Task):
    """The squared distance to the dense vectors `taught` [texts, d], over the mean square of these. Of vectors of
    length 1 that is twice one less the cosine."""

    def __init__(self, model: Model, schedule, steps: int, job: Job, taught: torch.Tensor):
        self.model, self.schedule, self.steps = model, schedule, steps
        self.groups, self.modules = encoder_groups(model, job.arguments.rate, 0.0), {"model": model}
        self.taught = taught.to(job.device)
        self.scale = self.taught.square().sum(dim=1).mean()

    def prepare(self, step):
        self.reduction = self.schedule.at(step)

    def loss(self, step, batch):
        *_, last = self.model.walk(batch, self.reduction)
        apart = self.model.features(last, batch.lengths) - self.taught[batch.labels]
        loss = apart.square().sum(dim=1).mean() / self.scale
        return loss, {"loss": loss.item(), **self.schedule.figures()}

    def state(self):
        return self.schedule.state()

    def load(self, state):
        self.schedule.load(state)


def run(job: Job) -> None:
    a, checkpoint = job.arguments, job.checkpoint
    if checkpoint.head_weight is not None:
        raise SystemExit("error: tune embed: the model answers with labels; give one of vectors, or use tune lexical, "
                         "acc or depth")
    if found := checkpoint.taper.keys() & REDUCED:
        raise SystemExit(f"error: tune embed: the model was trained for {' and '.join(sorted(found))}; give a dense "
                         "one")
    before = checkpoint.shape.layers
    if (a.depth is not None) != (a.method == "depth"):
        raise SystemExit("error: --depth: expected with --method depth, and only with it")
    if a.depth is not None and not 1 <= a.depth < before:
        raise SystemExit(f"error: --depth {a.depth}: expected 1…{before - 1}")
    dense = job.model(dropout=0.0)
    taught = vectors(dense, Reduction(), job.texts, job.device)
    steps, extras, described = whole_part(a.epochs, job.batches), {}, {}
    if a.method == "depth":
        cut(checkpoint, a.depth)
        model, schedule = job.model(), Held(Reduction())
        described = {"depth": {"layers": a.depth, "of": before}}
    elif a.method == "acc":
        model = job.model()
        schedule = RisingElimination(model, steps, job)
    else:
        sample = job.sample(a.score_texts)
        scores = fit_scores_to_vectors(dense, sample, taught[sample.labels], job.special, a.seed, job.device)
        model = job.model()
        schedule = RisingChoice(model, scores, steps, job)
        extras = schedule.extras()
    outcome = train(job.run, Imitation(model, schedule, steps, job, taught), job.texts)
    if a.method == "acc":
        described = {"elimination": schedule.described()}
    elif a.method == "lexical":
        described = {"lexical": schedule.described()}
    reduction = schedule.at(steps)
    report = {} if a.test is None else {"test": test(model, reduction, dense, job)}
    job.write(model, (a.method, "embed"), outcome, described, report, extras)


def vectors(model: Model, reduction: Reduction, texts: Texts, device: torch.device) -> torch.Tensor:
    """[texts, d]"""
    last = model.shape.layers
    return layer_features(model, reduction, texts, [last], device)[last]


def test(model: Model, reduction: Reduction, dense: Model, job: Job) -> dict:
    """How near the vectors are to the dense ones; of pairs with scores, how well their cosines follow these."""
    a = job.arguments
    scored = read_scored(a.test)
    if scored is None:
        texts = load_singles(a.test, job.tokenizer, a.test_limit, a.seed)
        near = _cosines(vectors(model, reduction, texts, job.device), vectors(dense, Reduction(), texts, job.device))
        return {"cosine": round(float(near.mean()), 5), "count": len(texts)}
    pairs = sampled(scored, a.test_limit, a.seed)
    sides = [encode_singles([pair[side] for pair in pairs], job.tokenizer, "") for side in (0, 1)]
    found = {}
    for name, encoder, dropping in (("value", model, reduction), ("dense", dense, Reduction())):
        both = [vectors(encoder, dropping, side, job.device) for side in sides]
        found[name] = round(spearman(_cosines(*both).numpy(), numpy.array([score for *_, score in pairs])), 5)
    return {"metric": "spearman", **found, "count": len(pairs)}


def _cosines(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cosine_similarity(one, other, dim=1)
