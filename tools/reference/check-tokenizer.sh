#!/bin/bash
# Compares the tokenizer with the reference on full-size models and texts. Run on demand: both are downloads.
#
#     tools/reference/check-tokenizer.sh MODEL_DIR [--scalars] [TEXT_FILE...]     RANDOM_TEXTS=20000  PYTHON=python3
#
# MODEL_DIR holds tokenizer.json (and vocab.txt, which is then checked as well); text files have one text per line
# (.jsonl, .tab or plain). --scalars adds texts with every Unicode scalar. PYTHON needs `pip install tokenizers==0.23.3`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
model=$(cd "${1:?usage: check-tokenizer.sh MODEL_DIR [--scalars] [TEXT_FILE...]}" && pwd)
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" "$here/check-tokenizer.py" "$model" "$work/texts.jsonl" --random "${RANDOM_TEXTS:-20000}" "$@"
cd "$here/../.."
swift build -c release --build-tests
TAPER_TOKENIZER_MODEL=$model TAPER_TOKENIZER_TEXTS=$work/texts.jsonl \
  swift test -c release --skip-build --filter TaperTokenizationTests.FullSizeCheck
