"""The fixtures of Taper's runtime tests are what the current Python code computes."""
import pytest
import torch
from make_fixtures import expectations
from safetensors.torch import load_file
from test_encoder import FIXTURES

from taper_tune.checkpoint import Checkpoint


@pytest.mark.parametrize("name", ["tuned-selector", "tuned-halting", "tuned-acc-halting", "tuned-lexical",
                                  "tuned-selector-halting"])
def test_fixtures_are_of_today(name):
    expected, found = load_file(FIXTURES / name / "expected.safetensors"), expectations(Checkpoint.load(FIXTURES / name))
    assert expected.keys() == found.keys()
    for key, value in found.items():
        assert torch.allclose(value, expected[key], atol=1e-5), key
