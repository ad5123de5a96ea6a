"""Writes that survive a kill and a power cut: a file is there whole, or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bowerbird.errors import UnavailableError


@contextmanager
def disk_errors(doing: str) -> Iterator[None]:
    """Raises UnavailableError in place of the system's own errors; `doing` begins the sentence."""
    try:
        yield
    except OSError as error:
        advice = "check the disk, its space and permissions"
        raise UnavailableError(
            f"{doing} failed: {error}; {advice}", outward=f"a file could not be used; {advice}"
        ) from error


def write_durably(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step, on the disk when this returns."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        unfinished.write_bytes(data)
        sync(unfinished)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync(path.parent)


def make_folder_durably(folder: Path) -> None:
    """Make `folder` and the parents it lacks, each entered in its parent on the disk."""
    if not folder.is_dir():
        make_folder_durably(folder.parent)
        folder.mkdir(exist_ok=True)
        sync(folder.parent)


def sync(path: Path) -> None:
    """Have the disk take what was written to a file, or the entries of a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
