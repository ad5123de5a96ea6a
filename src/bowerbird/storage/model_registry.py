"""The learned models of a home: published whole, listed, put in use and rolled back.

`models/<kind>/ACTIVE` names the model in use in its last line and those that were before it above; it is
replaced in one step, so a reader sees the old or the new.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bowerbird.encoding.artefact import CONFIG_FILE, digest, file_sha256
from bowerbird.encoding.learned_model import (
    CARD_FILE,
    METRICS_FILE,
    MODEL_FORMAT,
    LearnedKind,
    LearnedModel,
    load_model,
    read_model,
)
from bowerbird.errors import InputError, NotFoundError
from bowerbird.storage.durable_file import write_durably

ACTIVE_FILE = "ACTIVE"
KEPT_NAMES = 20  # how far back a roll-back can go


@contextmanager
def staged_model(models_folder: Path, kind: LearnedKind) -> Iterator[Path]:
    """A hidden folder beside the final ones to write a model's files into; gone at the end."""
    parent = models_folder / kind
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".training-", dir=parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish_model(
    staged: Path,
    kind: LearnedKind,
    *,
    config: Mapping[str, Any],
    encoders: Mapping[str, str],
    data: str,
    metrics: Mapping[str, Any],
    card: str,
    trained_at: datetime,
) -> LearnedModel:
    """Move the files in `staged` to `models/<kind>/<fingerprint>`; equal files that are there already stay.

    Publishing activates nothing: `activate_model` does.
    """
    files = {path.name: file_sha256(path) for path in sorted(staged.iterdir())}
    about = {
        "format": MODEL_FORMAT,
        "kind": kind,
        "config": dict(config),
        "encoders": dict(encoders),
        "files": files,
    }
    fingerprint = digest(about)
    about |= {"data": data, "trained_at": trained_at.astimezone(UTC).isoformat()}
    _write_json(staged / CONFIG_FILE, about)
    _write_json(staged / METRICS_FILE, dict(metrics))
    (staged / CARD_FILE).write_text(card, encoding="utf-8")
    target = staged.parent / fingerprint
    try:
        os.rename(staged, target)  # noqa: PTH104 - the atomic one, which refuses a folder that is not empty
    except OSError:
        if not target.is_dir():
            raise
    return load_model(target)


def list_models(models_folder: Path, kind: LearnedKind) -> list[LearnedModel]:
    """Every model of `kind`, the latest first, without reading their networks."""
    folders = (path.parent for path in (models_folder / kind).glob(f"[!.]*/{CONFIG_FILE}"))
    return sorted((read_model(folder)[0] for folder in folders), key=_trained_at, reverse=True)


def active_fingerprint(models_folder: Path, kind: LearnedKind) -> str | None:
    """The fingerprint of the model in use, or None."""
    names = _names(models_folder / kind)
    return names[-1] if names else None


def active_model(models_folder: Path, kind: LearnedKind) -> LearnedModel | None:
    """The model in use, or None where none was trained or activated.

    Raises:
        NotFoundError: its folder is gone.
        MismatchError: its files are damaged.
    """
    name = active_fingerprint(models_folder, kind)
    return None if name is None else load_model(models_folder / kind / name)


def find_model(models_folder: Path, kind: LearnedKind, fingerprint: str) -> LearnedModel:
    """The model whose fingerprint starts with `fingerprint`.

    Raises:
        NotFoundError: there is none.
        InputError: there are several.
    """
    known = list_models(models_folder, kind)
    found = [model for model in known if model.fingerprint.startswith(fingerprint)]
    if not found:
        names = ", ".join(model.fingerprint for model in known) or "none yet"
        raise NotFoundError(f"there is no {kind} model {fingerprint!r}; there are: {names}")
    if len(found) > 1:
        raise InputError(f"{len(found)} {kind} models start with {fingerprint!r}; give more of its digits")
    return load_model(found[0].folder)


def activate_model(models_folder: Path, kind: LearnedKind, fingerprint: str) -> LearnedModel:
    """Put a model in use. A running server takes it up when it next looks.

    Raises:
        NotFoundError: there is none of that fingerprint.
    """
    model = find_model(models_folder, kind, fingerprint)
    names = _names(models_folder / kind)
    if not names or names[-1] != model.fingerprint:
        _write_names(models_folder / kind, [*names, model.fingerprint])
    return model


def roll_back_model(models_folder: Path, kind: LearnedKind) -> LearnedModel | None:
    """Put the model in use that was before; None where the first is taken out of use.

    Raises:
        InputError: none is in use.
    """
    names = _names(models_folder / kind)
    if not names:
        raise InputError(f"no {kind} model is in use, so there is none to roll back from")
    _write_names(models_folder / kind, names[:-1])
    return active_model(models_folder, kind)


def _trained_at(model: LearnedModel) -> datetime:
    return model.trained_at


def _names(folder: Path) -> list[str]:
    """Those in use up to now, the present one last."""
    try:
        return (folder / ACTIVE_FILE).read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return []


def _write_names(folder: Path, names: list[str]) -> None:
    write_durably(folder / ACTIVE_FILE, ("\n".join(names[-KEPT_NAMES:]) + "\n").encode())


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")
