"""The learned models of a home: published whole, listed, put in use and rolled back.

::

    models/<kind>/
      ACTIVE              the model in use in its last line, those that were before it above
      <fingerprint>/      published: its network never changes, its figures may be measured again
      .training-5f0c.../  being written, by a living process

A folder appears in one step and ACTIVE is replaced in one step, so a reader, or a kill, sees old or new.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bowerbird.encoding.artefact import CONFIG_FILE, digest, file_sha256
from bowerbird.encoding.learned_model import (
    CARD_FILE,
    METRICS_FILE,
    LearnedKind,
    LearnedModel,
    load_model,
    model_contents,
    read_model,
)
from bowerbird.errors import BowerbirdError, InputError, MismatchError, NotFoundError
from bowerbird.evaluation.model_metrics import check_metrics
from bowerbird.storage.durable_file import disk_errors, make_folder_durably, sync, write_durably
from bowerbird.storage.owned_folders import OwnedFolders

ACTIVE_FILE = "ACTIVE"
KEPT_NAMES = 20  # how far back a roll-back can go
_STAGED = ".training-"
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


@contextmanager
def staged_model(models_folder: Path, kind: LearnedKind) -> Iterator[Path]:
    """A hidden folder beside the final ones to write a model's files into; gone at the end.

    Folders that a killed training left behind go too.
    """
    parent = models_folder / kind
    with disk_errors(f"making a folder in {parent}"):
        make_folder_durably(parent)
        staging = OwnedFolders(parent, _STAGED)
        staging.sweep()
        folder = staging.make()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        staging.let_go(folder)


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
    """Move the files in `staged` to `models/<kind>/<fingerprint>`, on the disk when this returns.

    Where an equal model is there already it stays, with the figures and the card given here; a damaged one
    is replaced. Publishing activates nothing: `activate_model` does.

    Raises:
        InputError: `staged` holds a folder.
        MismatchError: `metrics` has not the form of `evaluation.model_metrics`.
    """
    check_metrics(metrics)
    if folders := [path.name for path in staged.iterdir() if path.is_dir()]:
        raise InputError(f"a model is a folder of files, but {staged} holds the folder {folders[0]}")
    records = {METRICS_FILE: _json(metrics), CARD_FILE: card.encode()}
    with disk_errors(f"publishing a {kind} model"):
        files = {
            path.name: file_sha256(path) for path in sorted(staged.iterdir()) if path.name not in records
        }
        contents = model_contents(kind, config, encoders, files)
        about = contents | {"data": data, "trained_at": trained_at.astimezone(UTC).isoformat()}
        for name, content in (records | {CONFIG_FILE: _json(about)}).items():
            (staged / name).write_bytes(content)
        for path in (*staged.iterdir(), staged):
            sync(path)
        target = staged.parent / digest(contents)
        if not _appears(staged, target):
            for name, content in records.items():
                write_durably(target / name, content)
        sync(target.parent)
    return load_model(target)


def list_models(models_folder: Path, kind: LearnedKind) -> list[LearnedModel]:
    """Every model of `kind` whose records can be read, the latest first; networks are not looked at."""
    found = []
    for folder in _folders(models_folder / kind):
        try:
            found.append(read_model(folder)[0])
        except (MismatchError, NotFoundError):
            continue  # `damaged_models` says so
    return sorted(found, key=_trained_at, reverse=True)


def damaged_models(models_folder: Path) -> dict[Path, BowerbirdError]:
    """What is wrong with each learned model that is not whole, by its folder; every file is read."""
    damaged: dict[Path, BowerbirdError] = {}
    for kind in LearnedKind:
        for folder in _folders(models_folder / kind):
            try:
                load_model(folder)
            except (MismatchError, NotFoundError) as error:
                damaged[folder] = error
    return damaged


def active_fingerprint(models_folder: Path, kind: LearnedKind) -> str | None:
    """The fingerprint of the model in use, or None.

    Raises:
        MismatchError: the file that says so is damaged.
    """
    names = _names(models_folder / kind)
    return names[-1] if names else None


def active_model(models_folder: Path, kind: LearnedKind) -> LearnedModel | None:
    """The model in use, or None where none was trained or activated.

    Raises:
        NotFoundError: its folder, or a file in it, is gone.
        MismatchError: its files, or the file that names it, are damaged.
    """
    name = active_fingerprint(models_folder, kind)
    if name is None:
        return None
    folder = models_folder / kind / name
    if not folder.is_dir():
        raise NotFoundError(
            f"the {kind} model in use, {name}, is gone: there is no {folder}; run `bowerbird models rollback "
            f"{kind}`, or train it again"
        )
    return load_model(folder)


def find_model(models_folder: Path, kind: LearnedKind, fingerprint: str) -> LearnedModel:
    """The model whose fingerprint starts with `fingerprint`.

    Raises:
        NotFoundError: there is none.
        InputError: there are several, or no digits were given.
        MismatchError: it is damaged.
    """
    return _find(_folders(models_folder / kind), f"{kind} model", fingerprint)


def find_any_model(models_folder: Path, fingerprint: str) -> LearnedModel:
    """The model of any kind whose fingerprint starts with `fingerprint`; raises as `find_model` does."""
    folders = [folder for kind in LearnedKind for folder in _folders(models_folder / kind)]
    return _find(folders, "model", fingerprint)


def activate_model(models_folder: Path, kind: LearnedKind, fingerprint: str) -> LearnedModel:
    """Put a model in use. A running server takes it up when it next looks.

    Raises:
        NotFoundError: there is none of that fingerprint.
        InputError: there are several.
        MismatchError: it is damaged.
    """
    model = find_model(models_folder, kind, fingerprint)
    try:
        names = _names(models_folder / kind)
    except MismatchError:  # what was in use before is lost; what is to be in use is known
        names = []
    if not names or names[-1] != model.fingerprint:
        _write_names(models_folder / kind, [*names, model.fingerprint])
    return model


def roll_back_model(models_folder: Path, kind: LearnedKind) -> LearnedModel | None:
    """Put the model in use that was before; None where the first is taken out of use.

    Raises:
        InputError: none is in use.
        NotFoundError: the one before is gone; nothing was changed.
        MismatchError: the one before is damaged; nothing was changed.
    """
    names = _names(models_folder / kind)
    if not names:
        raise InputError(f"no {kind} model is in use, so there is none to roll back from")
    before = load_model(models_folder / kind / names[-2]) if len(names) > 1 else None
    _write_names(models_folder / kind, names[:-1])
    return before


def _appears(staged: Path, target: Path) -> bool:
    """Whether `staged` became `target`; False where an equal and whole model is there already."""
    while True:
        try:
            os.rename(staged, target)  # noqa: PTH104 - the atomic one, which refuses a folder that is not empty
        except OSError:
            if not target.is_dir():
                raise
        else:
            return True
        try:
            load_model(target)
        except (MismatchError, NotFoundError):
            # Out of sight in one step; swept away with what dead processes left.
            target.rename(target.with_name(f"{_STAGED}damaged-{staged.name.removeprefix(_STAGED)}"))
        else:
            return False


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.glob("*/") if _FINGERPRINT.fullmatch(path.name))


def _find(folders: list[Path], what: str, fingerprint: str) -> LearnedModel:
    found = [folder for folder in folders if folder.name.startswith(fingerprint)]
    if not found:
        names = ", ".join(folder.name for folder in folders) or "none yet; run `bowerbird train all`"
        raise NotFoundError(f"there is no {what} {fingerprint!r}; there are: {names}")
    if not fingerprint or len(found) > 1:
        raise InputError(f"{len(found)} models start with {fingerprint!r}; give more of the fingerprint")
    return load_model(found[0])


def _trained_at(model: LearnedModel) -> datetime:
    return model.trained_at


def _names(folder: Path) -> list[str]:
    """Those in use up to now, the present one last."""
    path = folder / ACTIVE_FILE
    try:
        names = path.read_text(encoding="utf-8").split()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except UnicodeDecodeError:
        names = ["unreadable"]
    if not all(map(_FINGERPRINT.fullmatch, names)):
        raise MismatchError(
            f"{path} is damaged: it names no model; run `bowerbird models activate FINGERPRINT`"
        )
    return names


def _write_names(folder: Path, names: list[str]) -> None:
    with disk_errors(f"writing {folder / ACTIVE_FILE}"):
        write_durably(folder / ACTIVE_FILE, ("\n".join(names[-KEPT_NAMES:]) + "\n").encode())


def _json(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, indent=2, sort_keys=True) + "\n").encode()
