import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
import tiny  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


@pytest.fixture
def base(tmp_path):
    """A tiny random BERT with sentence-transformers' files (mean pooling, L2 norm)."""
    return tiny.write_model(tmp_path / "base", seed=1)


@pytest.fixture
def data(tmp_path):
    """Texts whose label follows from a word in them."""
    return tiny.write_texts(tmp_path / "train.jsonl", count=96, seed=2)
