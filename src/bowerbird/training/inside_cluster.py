"""Training among the machines of a Ray cluster that see the same home: this one holds the run together."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bowerbird.errors import InputError, UnavailableError
from bowerbird.storage.owned_folders import OwnedFolders

ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent to anybody
    "RAY_AIR_NEW_OUTPUT": "0",  # else it prints tables where JSON is to be
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # the trainer writes TensorBoard's files itself
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl-C ends the command as it does any other
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


def check_inside(on: str, what: str) -> None:
    """Refuse an address at which `what`, such as 'a search', cannot run.

    Raises:
        InputError: `on` is for processes outside a cluster.
        UnavailableError: Ray is not installed.
    """
    if "://" in on:
        raise InputError(
            f"{what} runs among a cluster's machines, but {on} is for processes outside a cluster; run it on "
            "one of them, with --on HOST:6379"
        )
    if importlib.util.find_spec("ray") is None:
        raise UnavailableError(f"{what} on a cluster needs Ray; run pip install 'bowerbird[tune]'")


@contextmanager
def inside_cluster(address: str, parent: Path) -> Iterator[Path]:
    """The cluster for as long as the block runs, and a folder in `parent` that goes with it.

    Raises:
        UnavailableError: no cluster answers at `address`.
    """
    os.environ.update(ENVIRONMENT)
    from bowerbird.workers.ray_cluster import ray_cluster

    with ray_cluster(address), scratch(parent, ".ray-") as folder:
        yield folder


@contextmanager
def scratch(parent: Path, prefix: str) -> Iterator[Path]:
    """A folder for as long as the block runs; those that killed processes left behind go too."""
    folders = OwnedFolders(parent, prefix)
    folders.sweep()
    folder = folders.make()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folders.let_go(folder)
