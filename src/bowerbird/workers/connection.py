"""The Ray cluster that a job is to run on, if Ray is installed."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bowerbird.errors import UnavailableError
from bowerbird.progress import Progress

if TYPE_CHECKING:
    from bowerbird.workers.ray_cluster import RayCluster


@contextmanager
def cluster_at(address: str, progress: Progress) -> Iterator["RayCluster"]:
    """The cluster at `address` for as long as the block runs.

    Raises:
        InputError: `address` is none.
        UnavailableError: Ray is not installed, or no cluster of its kind answers there.
    """
    if importlib.util.find_spec("ray") is None:
        raise UnavailableError(
            "a job on other machines needs Ray; run `pip install 'bowerbird[cluster]'`, or leave --on out"
        )
    # Ray takes seconds to import, and most jobs run here.
    from bowerbird.workers.ray_cluster import ray_cluster

    progress.step(f"connecting to {address}", None)
    with ray_cluster(address) as cluster:
        yield cluster
