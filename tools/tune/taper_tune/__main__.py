"""The command line: one verb per method."""
from __future__ import annotations

import argparse

from . import __version__, acc, embed, halting, lexical, selector, supervised, testing
from .job import Job, common_options

VERBS = {
    "dense": ("fine-tune a checkpoint and a linear head", supervised.dense_options, supervised.dense),
    "head": ("fit the linear head again, encoder frozen", supervised.head_options, supervised.head),
    "acc": ("LAT: fine-tune with token elimination in the loop", acc.options, acc.run),
    "lexical": ("fine-tune with words chosen before the first layer", lexical.options, lexical.run),
    "selector": ("TR-BERT: train selectors by REINFORCE, then all together", selector.options, selector.run),
    "halting": ("DACT-BERT: train per-layer classifiers and halting units", halting.options, halting.run),
    "depth": ("cut the depth; refit the head, or fine-tune", supervised.depth_options, supervised.depth),
}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="tune", description="Fine-tunes encoders for Taper.")
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, (text, options, run) in VERBS.items():
        verb = verbs.add_parser(name, help=text, description=text)
        common_options(verb)
        options(verb)
        verb.set_defaults(run=run)
    text = "an encoder of vectors learns its dense vectors with fewer tokens or layers; no labels needed"
    verb = verbs.add_parser("embed", help=text, description=text)
    common_options(verb, is_labelled=False)
    embed.options(verb)
    verb.set_defaults(run=embed.run)
    text = "what a directory that another verb wrote answers right, and its work"
    test = verbs.add_parser("test", help=text, description=text)
    testing.options(test)
    parsed = parser.parse_args(arguments)
    if parsed.verb == "test":
        testing.run(parsed)
    else:
        parsed.run(Job(parsed, is_labelled=parsed.verb != "embed"))


if __name__ == "__main__":
    main()
