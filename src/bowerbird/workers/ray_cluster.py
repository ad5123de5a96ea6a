"""A Ray cluster that works on batches: in the order they were given, whatever dies meanwhile.

What a batch makes depends on the batch alone, so one whose machine was lost is simply done again elsewhere.
Only this process keeps anything: it stores what comes back, in order, and a job that was cut short goes on
behind what is stored.
"""

import logging
import os
import re
import socket
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any, TypeVar

import ray
from ray.exceptions import RayError, RayTaskError

from bowerbird import __version__
from bowerbird.errors import BowerbirdError, InputError, MismatchError, UnavailableError

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")
RETRIES = 4  # of a batch whose process died; one that ends every process must end the job too
AHEAD = 2  # batches on their way for each processor: one is worked on while another arrives
SECONDS_WITHOUT_PROCESSORS = 60.0  # that a job waits for machines to come
_ADDRESS = re.compile(r"(?:ray://)?(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})/?")
_SECONDS_TO_ANSWER = 5.0
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent to anybody
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else it warns of what does not concern us
}


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine of a cluster works with."""

    processors: int
    gpus: float


def machines() -> list[Machine]:
    """Those alive in the cluster that this process is connected to."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call] # Ray gives no types
    resources = [one["Resources"] for one in nodes if one["Alive"]]
    return [Machine(int(one.get("CPU", 0)), one.get("GPU", 0)) for one in resources]


class RayCluster:
    """A cluster that this process is connected to."""

    def map(
        self, work: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Iterator[Result]:
        """`work(shared, item)` for each of `items`, in order; some are on their way while one is used.

        Args:
            work: a function of a module that the machines have too; it takes one processor.
            shared: sent to each machine once; arrays in it are not copied by the processes there.
            items: asked for as there is room.

        Raises:
            BowerbirdError: what `work` raised.
            UnavailableError: the cluster was lost, or a batch ended the processes that tried it.
        """
        coming: deque[Any] = deque()
        with _translated():
            task: Any = ray.remote(num_cpus=1, max_retries=RETRIES)(_checked)
            reference = ray.put(shared)
            for item in items:
                # Put apart, an item goes straight to the machines' memory, and not into the queue of tasks.
                coming.append(task.remote(__version__, work, reference, ray.put(item)))
                while len(coming) > AHEAD * max(1, self.processors()):
                    yield self._awaited(coming.popleft())
            while coming:
                yield self._awaited(coming.popleft())

    def processors(self) -> int:
        """How many the cluster has at this moment."""
        return sum(one.processors for one in machines())

    def _awaited(self, reference: Any) -> Any:  # noqa: ANN401 - what Ray gives
        while not ray.wait([reference], timeout=SECONDS_WITHOUT_PROCESSORS)[0]:
            if not self.processors():
                raise UnavailableError(
                    "no machine of the Ray cluster is left that has a processor; add one and run this again: "
                    "what is done is kept"
                )
        return ray.get(reference)


@contextmanager
def ray_cluster(address: str) -> Iterator[RayCluster]:
    """The cluster at ray://HOST:PORT, or at HOST:PORT for a process on one of its own machines.

    Raises:
        InputError: `address` is none.
        UnavailableError: nothing answers there, or it is not a cluster of this Ray and this Python.
    """
    _check_answers(address)
    os.environ.update(_ENVIRONMENT)
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (RayError, OSError, RuntimeError, ValueError) as error:
        raise UnavailableError(
            f"the Ray cluster at {address} cannot be used: {_summary(error)}; it needs the Ray "
            f"{ray.__version__} and the Python of this process on all its machines"
        ) from error
    # Ray tells of machines that died on standard output, where a command's JSON is to be; also while it ends.
    with redirect_stdout(sys.stderr):
        try:
            yield RayCluster()
        finally:
            ray.shutdown()


def _checked(version: str, work: Callable[[Shared, Item], Result], shared: Shared, item: Item) -> Result:
    """On a machine of the cluster: `work`, if it is the same there as here."""
    if version != __version__:
        raise MismatchError(
            f"a machine of the Ray cluster has bowerbird {__version__}, but {version} is needed; install "
            "that on all of them"
        )
    return work(shared, item)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except RayTaskError as error:
        if isinstance(error.cause, BowerbirdError):
            raise error.cause from None
        raise UnavailableError(
            f"a machine of the Ray cluster could not work: {_summary(error)}; install bowerbird "
            f"{__version__} on all of them, look at their logs, and run this again: what is done is kept"
        ) from error
    except (RayError, ConnectionError) as error:
        raise UnavailableError(
            f"the Ray cluster failed: {_summary(error)}; look at its logs and run this again: what is "
            "done is kept"
        ) from error


def _check_answers(address: str) -> None:
    """Ray itself would try for half a minute, and say less."""
    found = _ADDRESS.fullmatch(address)
    if found is None or int(found["port"]) > 65_535:
        raise InputError(
            f"{address!r} is no address of a Ray cluster; give ray://HOST:10001, or HOST:6379 on a machine "
            "of the cluster"
        )
    try:
        socket.create_connection((found["host"].strip("[]"), int(found["port"])), _SECONDS_TO_ANSWER).close()
    except OSError as error:
        option = "--ray-client-server-port" if address.startswith("ray://") else "--port"
        raise UnavailableError(
            f"no Ray cluster answers at {address}: {error}; start one with `ray start --head {option} "
            f"{found['port']}`, or correct the address"
        ) from error


def _summary(error: BaseException) -> str:
    """The last line of what went wrong, without the traceback."""
    return next(reversed(str(error).strip().splitlines()), type(error).__name__)
