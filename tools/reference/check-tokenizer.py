#!/usr/bin/env python3
"""Writes texts with the digests of the reference tokenizer's encodings: the input of the full-size tokenizer check.

    check-tokenizer.py MODEL_DIR OUTPUT.jsonl [--random N] [--scalars] [TEXT_FILE...]

--random N: N seeded texts, half of them over all scripts. --scalars: texts with all Unicode scalars, 16 in each.
"""
import json
import os
import sys
import time

from tokenizers import Tokenizer

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tokenizer_texts


def lines(path):
    with open(path, encoding="utf-8", newline="\n") as f:
        for number, line in enumerate(f):
            if path.endswith(".tab"):
                if number >= 3:
                    yield line.rstrip("\n").split("\t", 1)[-1]
            elif path.endswith(".jsonl"):
                yield json.loads(line)["text"]
            else:
                yield line.rstrip("\n")


def main():
    arguments = sys.argv[1:]
    model, output = arguments[:2]
    rest = arguments[2:]
    count = 20000
    if rest[:1] == ["--random"]:
        count, rest = int(rest[1]), rest[2:]
    scalars = rest[:1] == ["--scalars"]
    rest = rest[1:] if scalars else rest
    tokenizer = Tokenizer.from_file(os.path.join(model, "tokenizer.json"))
    tokenizer.no_padding()
    rng = tokenizer_texts.seeded(7)
    jobs = []
    for path in rest:
        previous = None
        for number, line in enumerate(lines(path)):
            jobs.append((line, None, [16, 128, 256, 100000][number % 4], True))
            if number % 10 == 0 and previous is not None:
                jobs.append((previous, line, [17, 128, 511, 100000][number // 10 % 4], True))
            previous = line
    if scalars:
        for start in range(0, 0x110000, 16):
            block = [chr(c) for c in range(start, start + 16) if not 0xD800 <= c < 0xE000]
            jobs.append(("".join("a%sb %s\u0301\u200d%s" % (c, c, c) for c in block), None, 100000, True))
            jobs.append((" ".join(block), "".join(block), 100000, True))
    for number in range(count):
        if number % 2:
            pair = tokenizer_texts.mixed(rng) if number % 3 == 0 else None
            maximum = rng.choice([5, 8, 9, 16, 31, 32, 100000])
            jobs.append((tokenizer_texts.mixed(rng, long=number % 20 == 1), pair, maximum, number % 5 != 0))
            continue
        pair = tokenizer_texts.text(rng) if number % 3 == 0 else None
        maximum = rng.choice([5, 8, 9, 16, 31, 32, 100000])
        jobs.append((tokenizer_texts.text(rng, long=number % 20 == 0), pair, maximum, number % 5 != 0))
    seconds, tokens = 0, 0
    with open(output, "w", encoding="utf-8") as f:
        for text, pair, maximum, allows in jobs:
            if maximum < 100000:
                tokenizer.enable_truncation(maximum, strategy="longest_first")
            else:
                tokenizer.no_truncation()
            tokenizer.encode_special_tokens = not allows
            start = time.perf_counter()
            encoding = tokenizer.encode(text, pair)
            seconds += time.perf_counter() - start
            tokens += len(encoding.ids)
            f.write(json.dumps({"text": text, "pair": pair, "maximum": maximum, "allows": allows,
                                "digest": tokenizer_texts.digest(encoding), "count": len(encoding.ids)}) + "\n")
    print("%d texts, %d tokens, %.0f tokens/s -> %s" % (len(jobs), tokens, tokens / seconds, output))


main()
