"""Lightning's checkpoints without pickle: tensors as safetensors, the rest as JSON in the file's header.

A checkpoint is a tree of dicts, lists, tuples, numbers, strings and tensors: weights, the optimiser's
moments, loops, schedule and callbacks. Reading one runs nothing that stands in it.
"""

import json
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from lightning.fabric.plugins import CheckpointIO
from torch import Tensor

from bowerbird.errors import MismatchError, TrainingError
from bowerbird.storage.durable_file import disk_errors, write_durably

_TREE = "tree"
_TENSOR, _PAIRS, _TUPLE = "tensor:", "pairs:", "tuple:"


class SafeCheckpointIO(CheckpointIO):
    """One file a checkpoint, whole or absent whatever is killed."""

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | Path,
        storage_options: object | None = None,  # noqa: ARG002 - Lightning's signature
    ) -> None:
        """Write `checkpoint`."""
        tensors: dict[str, Tensor] = {}
        tree = json.dumps(_plain(checkpoint, tensors))
        with disk_errors("writing a checkpoint"):
            write_durably(Path(path), safetensors.torch.save(tensors, {_TREE: tree}))

    def load_checkpoint(
        self,
        path: str | Path,
        map_location: object | None = None,  # noqa: ARG002 - likewise
        weights_only: bool | None = None,  # noqa: ARG002 - there is nothing else in the file
    ) -> dict[str, Any]:
        """The checkpoint in the file, its tensors on the CPU.

        Raises:
            MismatchError: the file is damaged.
        """
        return read_checkpoint(Path(path))

    def remove_checkpoint(self, path: str | Path) -> None:
        """Delete the file; one that is gone is fine."""
        Path(path).unlink(missing_ok=True)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The checkpoint in the file at `path`, its tensors on the CPU.

    Raises:
        MismatchError: the file is damaged or something else.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            tree = json.loads(file.metadata()[_TREE])
        loaded: dict[str, Any] = _restored(tree, tensors)
        return loaded
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise MismatchError(
            f"{path} is no checkpoint ({error}); delete it, and the one before it is taken"
        ) from error


def _plain(value: Any, tensors: dict[str, Tensor]) -> Any:  # noqa: ANN401 - any node of the tree
    """`value` as JSON, its tensors put into `tensors`."""
    if isinstance(value, Tensor):
        name = str(len(tensors))
        # A tensor may be a view into another's memory, which the format has no way to say.
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {_TENSOR: name}
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.endswith(":") for key in value):
            return {key: _plain(one, tensors) for key, one in value.items()}
        return {_PAIRS: [[_plain(key, tensors), _plain(one, tensors)] for key, one in value.items()]}
    if isinstance(value, tuple):
        return {_TUPLE: [_plain(one, tensors) for one in value]}
    if isinstance(value, list):
        return [_plain(one, tensors) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TrainingError(f"a checkpoint cannot hold a {type(value).__name__}: {value!r}")


def _restored(value: Any, tensors: dict[str, Tensor]) -> Any:  # noqa: ANN401 - likewise
    if isinstance(value, list):
        return [_restored(one, tensors) for one in value]
    if not isinstance(value, dict):
        return value
    if _TENSOR in value:
        return tensors[value[_TENSOR]]
    if _PAIRS in value:
        return {_restored(key, tensors): _restored(one, tensors) for key, one in value[_PAIRS]}
    if _TUPLE in value:
        return tuple(_restored(one, tensors) for one in value[_TUPLE])
    return {key: _restored(one, tensors) for key, one in value.items()}
