#!/bin/bash
# Compares taper with sentence-transformers and transformers on whole folders of every model family (random weights) and
# writes docs/compatibility.md. Run on demand: it needs PyTorch.
#
#     tools/reference/check-families.sh [FAMILY...]     PYTHON=python3
#
# PYTHON needs `pip install torch transformers sentence-transformers tokenizers`.
set -euo pipefail
source "$(dirname "$0")/../lib/setup.sh"
setup_build
TAPER="$(build_taper)/taper" "${PYTHON:-python3}" "$root/tools/reference/check-families.py" \
  --document "$root/docs/compatibility.md" "$@"
