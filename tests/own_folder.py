"""Temporary folders of this process's own.

A process that is killed cannot clean up after itself. So the name of a folder says whose it is, and whoever
makes the next one of its kind removes those whose process is gone.
"""

import os
import shutil
import tempfile
from pathlib import Path


def own_folder(kind: str) -> Path:
    """A new empty folder; what processes that are gone left of its `kind` is removed."""
    prefix = f"bowerbird-{kind}-"
    for left in Path(tempfile.gettempdir()).glob(f"{prefix}[0-9]*-*"):
        owner = left.name.removeprefix(prefix).partition("-")[0]
        if owner.isdigit() and not _runs(int(owner)):
            shutil.rmtree(left, ignore_errors=True)  # another may remove it too, or have more rights to
    return Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-"))


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
