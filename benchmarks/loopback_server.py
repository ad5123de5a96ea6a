"""The real server in a process of its own, and clients that hold their connections open."""

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path
from socket import create_server
from types import TracebackType
from typing import Self

from bowerbird.errors import UnavailableError
from bowerbird.settings import Settings

LOOPBACK = "127.0.0.1"
START_SECONDS = 120
_HEADERS = {"Content-Type": "application/json"}


class Server:
    """`bowerbird serve` on a free port, for as long as the block lasts."""

    def __init__(self, settings: Settings, processes: int = 1) -> None:
        with create_server((LOOPBACK, 0)) as free:
            self.port = int(free.getsockname()[1])
        where = ("--home", str(settings.home), "--host", LOOPBACK, "--port", str(self.port))
        command = [sys.executable, "-m", "bowerbird.cli", "serve", *where, "--processes", str(processes)]
        self._process = subprocess.Popen(command)

    def __enter__(self) -> Self:
        last_try = time.monotonic() + START_SECONDS
        while time.monotonic() < last_try and self._process.poll() is None:
            try:
                with closing(HTTPConnection(LOOPBACK, self.port, timeout=5)) as connection:
                    connection.request("GET", "/health/ready")
                    if connection.getresponse().status == 200:
                        return self
            except OSError:
                time.sleep(0.1)
        self._stop()
        raise UnavailableError(f"the server did not come up in {START_SECONDS} seconds; see what it printed")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def resident_mb(self) -> float:
        """The memory that its processes hold, files mapped into them included."""
        return memory_mb(self.pid)

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def memory_mb(pid: int) -> float:
    """The memory that a process and its children hold, files mapped into them included.

    Raises:
        UnavailableError: there is no such process.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError as error:
        raise UnavailableError(f"process {pid} ended; see what it printed") from error
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024 + sum(memory_mb(int(child)) for child in children)


def answer_times(
    port: int, bodies: Sequence[bytes], *, warm_up: int, path: str = "/v1/search"
) -> list[float]:
    """Milliseconds that one client waits for the answer to each of `bodies` after the first `warm_up`.

    Raises:
        UnavailableError: a call was not answered.
    """
    times = []
    with closing(HTTPConnection(LOOPBACK, port, timeout=60)) as connection:
        for body in bodies:
            started = time.perf_counter()
            _call(connection, path, body)
            times.append(1000 * (time.perf_counter() - started))
    return times[warm_up:]


def answers_a_second(port: int, bodies: Sequence[bytes], clients: int, seconds: float) -> float:
    """What `clients` at once are answered, each asking again as soon as it is.

    Raises:
        UnavailableError: a call was not answered.
    """

    def ask(client: int) -> int:
        answers = 0
        with closing(HTTPConnection(LOOPBACK, port, timeout=60)) as connection:
            for body in islice(cycle(bodies), client * len(bodies) // clients, None):
                if time.perf_counter() >= end:
                    break
                _call(connection, "/v1/search", body)
                answers += 1
        return answers

    started = time.perf_counter()
    end = started + seconds
    with ThreadPoolExecutor(clients) as pool:
        total = sum(pool.map(ask, range(clients)))
    return total / (time.perf_counter() - started)


def seconds_for_all(port: int, bodies: Sequence[bytes], clients: int, path: str) -> float:
    """How long `clients` at once take to have each of `bodies` answered once.

    Raises:
        UnavailableError: a call was not answered.
    """

    def ask(client: int) -> None:
        with closing(HTTPConnection(LOOPBACK, port, timeout=60)) as connection:
            for body in bodies[client::clients]:
                _call(connection, path, body)

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(ask, range(clients)))
    return time.perf_counter() - started


def _call(connection: HTTPConnection, path: str, body: bytes) -> None:
    connection.request("POST", path, body, _HEADERS)
    response = connection.getresponse()
    content = response.read()
    if response.status != 200:
        raise UnavailableError(f"the server answered {response.status}: {content[:300]!r}; see its output")
