"""Temporary folders that belong to a process: what a killed one left behind can be told and removed.

The owner holds an advisory lock on the folder itself. The system lets go of it when the process ends, however
it ends, which no process number or age can say as surely.
"""

import fcntl
import os
import secrets
import shutil
from pathlib import Path


class OwnedFolders:
    """The temporary folders below `parent` whose names begin with `prefix`."""

    def __init__(self, parent: Path, prefix: str) -> None:
        self._parent = parent
        self._prefix = prefix
        self._locks: dict[Path, int] = {}

    def make(self) -> Path:
        """A new empty folder, this process's until it ends or lets go."""
        while True:
            folder = self._parent / f"{self._prefix}{secrets.token_hex(8)}"
            folder.mkdir()
            try:
                lock = os.open(folder, os.O_RDONLY)
            except FileNotFoundError:  # swept away before it was locked
                continue
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.is_dir():
                self._locks[folder] = lock
                return folder
            os.close(lock)  # swept away while waiting for the lock

    def let_go(self, folder: Path) -> None:
        """End the ownership; the folder may have been renamed or removed."""
        lock = self._locks.pop(folder, None)
        if lock is not None:
            os.close(lock)

    def sweep(self) -> None:
        """Remove the folders whose owners are dead, and forget own ones that are gone."""
        for folder in [folder for folder in list(self._locks) if not folder.exists()]:
            self.let_go(folder)
        for folder in self._parent.glob(f"{self._prefix}*"):
            if folder not in self._locks:
                _remove_if_unowned(folder)


def _remove_if_unowned(folder: Path) -> None:
    try:
        lock = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(lock)
