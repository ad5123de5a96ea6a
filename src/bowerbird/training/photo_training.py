"""Every choice of a photo classifier's training run, checked, in one value that a file can hold.

`bowerbird train photo` fills it from its options, `--settings-from` from a JSON or TOML file.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from bowerbird.errors import InputError, MismatchError, NotFoundError

DEFAULT_ARCHITECTURE = "efficientnet-lite2"  # photo_backbone.PACKAGED_PHOTO, which imports torch
SCRATCH = "scratch"  # the architecture that starts from random weights
OPTIMISERS = ("adamw", "sgd")
SCHEDULES = ("cosine", "step", "constant")
PRECISIONS = ("auto", "f32", "bf16")


def _between(default: float, low: float, high: float, meaning: str) -> Any:  # noqa: ANN401 - a field's type
    return field(default=default, metadata={"low": low, "high": high, "help": meaning})


def _described(default: object, meaning: str) -> Any:  # noqa: ANN401 - likewise
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True, slots=True)
class PhotoTraining:
    """The settings of one run. Two equal values on equal data give the same classifier.

    Raises:
        InputError: a value is out of its range or unknown.
    """

    architecture: str = _described(
        DEFAULT_ARCHITECTURE,
        "'scratch', or a backbone: packaged name, Hugging Face name or local folder.",
    )
    unfreeze: str = _described(
        "none", "Which of the backbone is trained: none, its last N blocks (a number), or all."
    )
    depthwise: bool = _described(
        True, "Train the depthwise filters too; without them an epoch takes up to half as long on a CPU."
    )
    views: int = _between(
        0, 0, 64, "Augmented views a photo whose frozen half is computed once and kept on disk; 0 keeps none."
    )
    epochs: int = _between(20, 1, 10_000, "Passes over the training photos.")
    batch_size: int = _between(32, 2, 8192, "Photos a step, on each device.")
    learning_rate: float = _between(3e-4, 1e-8, 10, "Of the new layers, at its highest.")
    backbone_factor: float = _between(0.1, 0, 10, "The backbone's learning rate as a share of it.")
    optimiser: str = _described("adamw", f"One of {', '.join(OPTIMISERS)}.")
    schedule: str = _described("cosine", f"How the rate falls: one of {', '.join(SCHEDULES)}.")
    warmup: float = _between(0.05, 0, 0.9, "Share of all steps over which the rate rises to its highest.")
    weight_decay: float = _between(0.02, 0, 10, "Of weights; biases and normalisations have none.")
    dropout: float = _between(0.4, 0, 0.95, "Between the two new linear layers.")
    label_smoothing: float = _between(0.1, 0, 0.9, "Share of a target that is spread over all classes.")
    class_weights: bool = _described(False, "Count rare classes for more, by one over their frequency.")
    mixup: float = _between(0.0, 0, 10, "The a of Beta(a, a), by which pairs of photos are mixed; 0 is off.")
    augmentation: float = _between(0.5, 0, 1, "Strength of the augmentations; 0 is off.")
    leaf_weight: float = _between(0.0, 0, 10, "Weight of an auxiliary loss on the leaf category.")
    teacher_weight: float = _between(
        0.0, 0, 1, "Share of the target that a teacher has: what words and photos say of the listing."
    )
    average: float = _between(0.0, 0, 0.9999, "Decay of the moving average of weights; 0 is off.")
    tta: bool = _described(False, "Average the probabilities of a photo and its mirror image.")
    remembered: float = _between(
        0.5,
        0,
        1,
        "Share of an answer that remembered photos have, compared by the frozen network; where its features "
        "are not stored in the home, none.",
    )
    patience: int = _between(
        5, 0, 10_000, "Epochs without a better validation accuracy before it stops; 0: none."
    )
    learn_validation: bool = _described(
        False,
        "Learn from the validation photos too and keep the last epoch; validation figures then say nothing.",
    )
    seed: int = _between(0, 0, 2**31 - 1, "Of weights, order, augmentation and dropout.")
    size: int = _between(0, 0, 1024, "Side of the network's input in pixels; 0 is the backbone's own.")
    precision: str = _described("auto", f"One of {', '.join(PRECISIONS)}; auto is bf16 where there is it.")

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if "low" in one.metadata and not one.metadata["low"] <= value <= one.metadata["high"]:
                raise InputError(
                    f"{one.name} must lie between {one.metadata['low']:g} and {one.metadata['high']:g}, "
                    f"but {value} was given"
                )
        for name, known in (("optimiser", OPTIMISERS), ("schedule", SCHEDULES), ("precision", PRECISIONS)):
            if getattr(self, name) not in known:
                raise InputError(
                    f"{name} is one of {', '.join(known)}, but {getattr(self, name)!r} was given"
                )
        if self.unfreeze not in ("none", "all") and not (self.unfreeze.isdigit() and int(self.unfreeze) > 0):
            raise InputError(
                f"unfreeze is none, all or a number of blocks from 1, but {self.unfreeze!r} was given"
            )
        if self.architecture == SCRATCH and self.unfreeze != "all":
            # Random weights that are not trained would teach nothing.
            object.__setattr__(self, "unfreeze", "all")
        if self.learn_validation and self.patience:
            raise InputError(
                f"patience={self.patience} stops by the validation photos, but learn_validation learns them; "
                "give --patience 0 and the number of --epochs that an earlier run found best"
            )
        if self.views and self.unfreeze == "all":
            raise InputError(
                f"views={self.views} keeps the frozen half of the network, but unfreeze=all freezes nothing; "
                "leave --views out, or unfreeze fewer blocks"
            )

    @property
    def input_size(self) -> int | None:
        """Side of the input in pixels; None for the backbone's own."""
        return self.size or None

    def as_json(self) -> dict[str, Any]:
        """Its fields by name."""
        return asdict(self)

    def changed(self, values: Mapping[str, Any]) -> "PhotoTraining":
        """This with other `values`, each turned into the field's type.

        Raises:
            InputError: a name is unknown, or a value cannot be used.
        """
        kinds = {one.name: type(one.default) for one in fields(self)}
        if unknown := sorted(set(values) - set(kinds)):
            raise InputError(f"photo training has no {', '.join(unknown)}; it has {', '.join(kinds)}")
        try:
            return replace(self, **{name: _as(kinds[name], value) for name, value in values.items()})
        except (TypeError, ValueError) as error:
            raise InputError(f"the settings of the photo training cannot be used: {error}") from error

    def check_same(self, other: Mapping[str, Any], what: str) -> None:
        """Nothing, where `other` holds the same settings.

        Raises:
            MismatchError: it does not; the message says which differ.
        """
        own = self.as_json()
        different = [
            f"{name} is {own.get(name)!r} and was {other.get(name)!r}"
            for name in sorted({*own, *other})
            if own.get(name) != other.get(name)
        ]
        if different:
            raise MismatchError(
                f"{what} was begun with other settings: {'; '.join(different)}. Give those, or --fresh to "
                "begin anew, or --name for a run beside it",
                details=different,
            )


def read_photo_training(path: Path) -> PhotoTraining:
    """The settings in a JSON or TOML file, such as a search over them writes.

    Raises:
        NotFoundError: there is no such file.
        InputError: it cannot be read, or holds a name or value that cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except FileNotFoundError as error:
        raise NotFoundError(f"there are no settings at {path}; give a JSON or TOML file") from error
    except (ValueError, OSError) as error:
        raise InputError(f"{path} holds no settings ({error}); give a JSON or TOML file") from error
    if not isinstance(values, dict):
        raise InputError(f"{path} holds a {type(values).__name__}; give names with values")
    return PhotoTraining().changed(values)


def _as(kind: type, value: Any) -> Any:  # noqa: ANN401 - a file's value
    if kind is str:
        return str(value)
    if isinstance(value, bool) is not (kind is bool) or (kind is int and value != int(value)):
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return kind(value)
