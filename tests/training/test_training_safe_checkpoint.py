"""Checkpoints without pickle: what is saved is what is loaded, and nothing else is."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.errors import MismatchError, TrainingError
from bowerbird.training.safe_checkpoint import SafeCheckpointIO, read_checkpoint

plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text()
keys = st.text() | st.integers()
trees = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner) | st.dictionaries(keys, inner) | st.tuples(inner, inner) | st.just({"tensor:": 1})
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60)
@given(tree=trees)
def test_any_tree_comes_back(tree, tmp_path_factory):
    path = tmp_path_factory.mktemp("tree") / "checkpoint"
    SafeCheckpointIO().save_checkpoint({"tree": tree}, path)
    assert read_checkpoint(path) == {"tree": tree}


def test_an_optimisers_state_comes_back(tmp_path):
    layer = torch.nn.Linear(3, 2)
    optimiser = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    state = {"optimizer_states": [optimiser.state_dict()], "state_dict": layer.state_dict()}
    SafeCheckpointIO().save_checkpoint(state, tmp_path / "checkpoint")
    found = SafeCheckpointIO().load_checkpoint(tmp_path / "checkpoint")
    torch.testing.assert_close(found, state)
    assert found["optimizer_states"][0]["param_groups"][0]["betas"] == (0.9, 0.999)
    assert list(found["optimizer_states"][0]["state"]) == [0, 1]


def test_tensors_that_share_memory_come_back_apart(tmp_path):
    whole = torch.arange(6.0)
    SafeCheckpointIO().save_checkpoint({"a": whole[:4], "b": whole[2:], "c": whole}, tmp_path / "checkpoint")
    found = read_checkpoint(tmp_path / "checkpoint")
    torch.testing.assert_close(found, {"a": whole[:4], "b": whole[2:], "c": whole})


def test_what_could_run_is_not_written(tmp_path):
    with pytest.raises(TrainingError, match="a checkpoint cannot hold a builtin_function"):
        SafeCheckpointIO().save_checkpoint({"schedule": print}, tmp_path)


@pytest.mark.parametrize("content", [b"", b"half a file", b"\x80\x04K\x01."], ids=["empty", "text", "pickle"])
def test_a_damaged_file_is_named(content, tmp_path):
    path = tmp_path / "epoch-00001.safetensors"
    path.write_bytes(content)
    with pytest.raises(MismatchError, match=r"epoch-00001\.safetensors is no checkpoint"):
        read_checkpoint(path)


def test_a_checkpoint_of_another_program_is_named(tmp_path):
    import safetensors.torch

    path = tmp_path / "other.safetensors"
    safetensors.torch.save_file({"a": torch.ones(1)}, path)
    with pytest.raises(MismatchError, match="is no checkpoint"):
        read_checkpoint(path)


def test_removing_twice_is_fine(tmp_path):
    path = tmp_path / "checkpoint"
    SafeCheckpointIO().save_checkpoint({}, path)
    SafeCheckpointIO().remove_checkpoint(path)
    SafeCheckpointIO().remove_checkpoint(path)
    assert not path.exists()
