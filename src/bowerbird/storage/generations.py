"""Index generations: whole folders, published in one step, so that a kill leaves the old one or the new.

::

    index/
      CURRENT                 the name of the current generation
      00000007/               manifest.json and what the index keeps
      .staging-5f0c.../       being built, by a living process
      .working-91ab.../       one process's private copy of a part

A published folder never changes. Its name is a number that only grows.
"""

import fcntl
import logging
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bowerbird.errors import InputError, MismatchError, NotFoundError
from bowerbird.storage.durable_file import disk_errors, make_folder_durably, sync, write_durably
from bowerbird.storage.manifest import FILE_NAME, FileSum, Manifest, checksum
from bowerbird.storage.owned_folders import OwnedFolders

log = logging.getLogger(__name__)

CURRENT = "CURRENT"
_NAME = re.compile(r"\d{8}")


@dataclass(frozen=True, slots=True)
class Generation:
    """A published generation, whole when it was looked at."""

    name: str
    folder: Path
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Selection:
    """The generation to use, and why newer ones were passed over: one reason each."""

    generation: Generation | None
    skipped: tuple[str, ...]


class Generations:
    """The generations in one folder of a local disk. Threads and processes may share it."""

    def __init__(self, folder: Path) -> None:
        with disk_errors(f"making {folder}"):
            make_folder_durably(folder)
        self._folder = folder
        self._staging = OwnedFolders(folder, ".staging-")
        self._working = OwnedFolders(folder, ".working-")

    def stage(self) -> Path:
        """A new empty folder to build a generation in; `publish` or `discard` it."""
        return self._staging.make()

    def discard(self, staged: Path) -> None:
        """Remove a folder of `stage` or `clone`."""
        shutil.rmtree(staged, ignore_errors=True)
        self._staging.let_go(staged)
        self._working.let_go(staged)

    def publish(
        self,
        staged: Path,
        *,
        revision: int,
        encoders: Mapping[str, str],
        counts: Mapping[str, int],
        cutoff: Mapping[str, float],
        created_at: datetime | None = None,
    ) -> Generation:
        """Make a staged folder the current generation; on the disk when this returns.

        Args:
            staged: what `stage` gave, filled; it moves.
            revision: the last revision of the catalogue that the generation holds.
            encoders: fingerprints of the encoders whose vectors it holds.
            counts: rows by kind.
            cutoff: the calibrated cut-off of this market.
            created_at: aware; by default the time it is.
        """
        with disk_errors(f"publishing {staged.name}"), self._alone():
            files = _synced_checksums(staged)
            name = self._next_name()
            created = created_at or datetime.now(UTC)
            manifest = Manifest(name, revision, dict(encoders), dict(counts), dict(cutoff), created, files)
            write_durably(staged / FILE_NAME, manifest.to_json())
            folder = staged.rename(self._folder / name)
            sync(self._folder)
            write_durably(self._folder / CURRENT, f"{name}\n".encode())
        self._staging.let_go(staged)
        return Generation(name, folder, manifest)

    def current_name(self) -> str | None:
        """The name of the current generation, unverified and cheap; None where there is none."""
        try:
            name = (self._folder / CURRENT).read_text().strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        return name if _NAME.fullmatch(name) else None

    def newest(self) -> Generation | None:
        """The current generation; where it is broken the newest whole one before it, with a warning."""
        selection = self.select()
        for reason in selection.skipped:
            log.warning("skipped an index generation: %s", reason)
        return selection.generation

    def select(self) -> Selection:
        """The current generation if each of its files is whole, else the newest one that is."""
        while True:
            current = self.current_name()
            selection = self._first_whole(current)
            # Where another process published and pruned meanwhile, what was looked at may be gone.
            if not selection.skipped or current == self.current_name():
                return selection

    def prune(self, keep: int = 2) -> list[str]:
        """Remove all but the current generation and the `keep - 1` before it; the names removed.

        Also removes what dead processes left unfinished.

        Raises:
            InputError: `keep` is less than 1.
        """
        if keep < 1:
            raise InputError(
                f"at least 1 generation must be kept, but {keep} was asked; the current one stays"
            )
        with disk_errors("pruning index generations"), self._alone():
            current = self.current_name()
            older = [name for name in self._names() if current is not None and name < current]
            removed = older[keep - 1 :]
            for name in removed:
                # First out of sight: half a generation must never look like one.
                doomed = self._staging.make()
                (self._folder / name).rename(doomed / name)
                self.discard(doomed)
            self._staging.sweep()
            self._working.sweep()
            for unfinished in self._folder.glob(f".{CURRENT}.*"):
                unfinished.unlink()
        return removed

    def clone(self, generation: Generation, part: str, target: Path | None = None) -> Path:
        """A copy of the folder `part` of a generation that this process may write to.

        Files are hard links where the file system allows. That is safe for tantivy, which replaces files
        and never writes into one; lock files are left out, since a lock on a link locks every copy.

        Args:
            generation: where to copy from.
            part: the path of a folder in it.
            target: a folder that does not exist yet; by default one of this process's own, which `prune`
                sweeps away once the process has ended.

        Raises:
            NotFoundError: the generation has no such folder.
        """
        source = generation.folder / part
        if not source.is_dir():
            raise NotFoundError(f"generation {generation.name} has no {part}; run `bowerbird index`")
        with disk_errors(f"copying {part} of generation {generation.name}"):
            copy = self._working.make() if target is None else target
            shutil.copytree(
                source,
                copy,
                copy_function=_link,
                ignore=shutil.ignore_patterns("*.lock"),
                dirs_exist_ok=target is None,
            )
        return copy

    def _first_whole(self, current: str | None) -> Selection:
        names = self._names()
        skipped: list[str] = []
        if current is not None:
            # One newer than CURRENT was cut off before it became current: whole perhaps, but a last resort.
            older, newer = ([n for n in names if n < current], [n for n in names if n > current])
            names = [current, *older, *newer]
        elif names:
            skipped.append(f"{CURRENT} is missing or unreadable; the newest whole generation is used")
        for name in names:
            folder = self._folder / name
            try:
                manifest = Manifest.read(folder)
                manifest.verify(folder)
            except MismatchError as error:
                skipped.append(error.message)
            else:
                return Selection(Generation(name, folder, manifest), tuple(skipped))
        return Selection(None, tuple(skipped))

    def _names(self) -> list[str]:
        """Newest first."""
        return sorted(
            (path.name for path in self._folder.iterdir() if _NAME.fullmatch(path.name)), reverse=True
        )

    def _next_name(self) -> str:
        last = max([*self._names(), self.current_name() or "0"], key=int)
        return f"{int(last) + 1:08d}"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One publisher or pruner at a time; the system ends the lock with its process."""
        lock = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _synced_checksums(staged: Path) -> dict[str, FileSum]:
    files: dict[str, FileSum] = {}
    for path in sorted(staged.rglob("*")):
        sync(path)
        if path.is_file():
            files[path.relative_to(staged).as_posix()] = checksum(path)
    sync(staged)
    return files


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)
