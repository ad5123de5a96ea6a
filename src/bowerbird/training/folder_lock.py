"""One process at a time in a folder, as long as it lives."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bowerbird.errors import UnavailableError
from bowerbird.storage.durable_file import disk_errors


@contextmanager
def alone_in(folder: Path, *, wait: bool) -> Iterator[None]:
    """One process at a time inside the block; the system ends the lock with its process.

    Raises:
        UnavailableError: another is inside, and this one shall not wait.
    """
    with disk_errors(f"making {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise UnavailableError(
            f"another search is running at {folder}; wait for it, or give another --name"
        ) from error
    finally:
        os.close(lock)
