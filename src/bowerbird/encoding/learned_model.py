"""A model learned from a home's own market, as a folder: what is in it, and whether it is whole.

`models/<kind>/<fingerprint>/` holds what the kind needs (network.onnx, boosted trees, tables), and always
config.json (what it is, its files' digests, the data it was trained on), metrics.json (its figures) and
card.md (the same for people). The fingerprint covers config and files. Nothing in the folder is executable:
ONNX, safetensors, JSON and the text form of boosted trees. `storage.model_registry` writes and chooses them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from bowerbird.encoding.artefact import CONFIG_FILE, file_sha256
from bowerbird.errors import MismatchError, NotFoundError

METRICS_FILE = "metrics.json"
CARD_FILE = "card.md"
MODEL_FORMAT = 1


class LearnedKind(StrEnum):
    """What a learned model is for. The frozen encoders are `artefact.Kind`, chosen by a setting."""

    PHOTO_CLASSIFIER = "photo-classifier"  # pixels -> root category, 1,000 features
    TEXT_CLASSIFIER = "text-classifier"  # words -> root category
    LISTING = "listing"  # photo features and text vectors -> one space
    CATEGORY = "category"  # photo features, text vectors and words -> root and leaf probabilities
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class LearnedModel:
    """One learned model, its files checked against their digests when it was loaded."""

    folder: Path
    kind: LearnedKind
    fingerprint: str  # 16 hexadecimal digits of kind, config and files
    config: Mapping[str, Any]  # whatever the kind needs to run it
    encoders: Mapping[str, str]  # fingerprints of the encoders whose vectors it reads, by 'text' and 'photo'
    data: str  # fingerprint of the training data and its split
    trained_at: datetime
    metrics: Mapping[str, Any] = field(default_factory=dict)


def load_model(folder: Path) -> LearnedModel:
    """The learned model in `folder`, its files checked against their digests.

    Raises:
        NotFoundError: there is no config.json, or a file it names is missing.
        MismatchError: the config is damaged, or a file is not the one that was published.
    """
    model, files = read_model(folder)
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            raise NotFoundError(f"{path} is missing; delete its folder and train again")
        if file_sha256(path) != expected:
            raise MismatchError(
                f"{path} is not the file that was published; delete its folder and train again"
            )
    return model


def read_model(folder: Path) -> tuple[LearnedModel, dict[str, str]]:
    """The model in `folder` and the digests of its files, which are not read.

    Raises:
        NotFoundError: there is no config.json.
        MismatchError: it is damaged.
    """
    path = folder / CONFIG_FILE
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        if about["format"] != MODEL_FORMAT:
            raise ValueError(f"format {about['format']} where {MODEL_FORMAT} is read")
        metrics = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
        model = LearnedModel(
            folder=folder,
            kind=LearnedKind(about["kind"]),
            fingerprint=folder.name,
            config=about["config"],
            encoders=about["encoders"],
            data=about["data"],
            trained_at=datetime.fromisoformat(about["trained_at"]),
            metrics=metrics,
        )
        return model, dict(about["files"])
    except FileNotFoundError as error:
        raise NotFoundError(f"{folder} holds no learned model; run `bowerbird train all`") from error
    except (KeyError, TypeError, ValueError) as error:
        raise MismatchError(
            f"{path} is no model's config ({error}); delete the folder and train again"
        ) from error
