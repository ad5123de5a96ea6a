"""Many requests at once to a server of this machine, by one thread: at a fixed rate, or each after the last.

Open loop: requests come at times drawn beforehand (a Poisson process, given how many come), whatever the
server does, as shoppers do. A time counts from when the request was due, not from when it was sent, so a
server that stalls is charged for all who had to wait meanwhile (Tene's 'coordinated omission'). Closed loop:
each of some clients asks again once it is answered, which shows the most that the server can do.
"""

import asyncio
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

import numpy as np

from bowerbird.errors import InputError

MOST_IN_FLIGHT = 2000
PATIENCE_SECONDS = 30.0
NO_ANSWER, NOT_SENT = 0, -1  # in place of a status
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: close", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """A whole HTTP request, and its kind."""

    kind: str
    request: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a question; times in seconds, `due` since the beginning of its stage.

    `late` is how long after it was due it was sent, which is this program's fault; `took` contains it.
    """

    kind: str
    due: float
    late: float
    took: float
    status: int


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens, on this machine."""

    host: str
    port: int

    @classmethod
    def of_url(cls, url: str) -> Self:
        """That of an http URL.

        Raises:
            InputError: it is no such URL, or leads to another machine.
        """
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise InputError(f"{url!r} is no address to load; give http://127.0.0.1:PORT")
        try:
            found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
        except OSError as error:
            raise InputError(f"{parts.hostname!r} has no address: {error}; give 127.0.0.1") from error
        addresses = [str(one[4][0]) for one in found]
        if not all(ip_address(address).is_loopback for address in addresses):
            raise InputError(
                f"{parts.hostname} is {addresses[0]}, not this machine; load is made on loopback only"
            )
        return cls(addresses[0], parts.port or 80)


class Client:
    """Keeps connections open, as many as are in use at once."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, request: bytes) -> int:
        """The status of the answer, which is read whole; NO_ANSWER where none came."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._asked(request)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return NO_ANSWER

    def close(self) -> None:
        """Let go of what is idle."""
        while self._idle:
            self._idle.pop()[1].close()

    async def _asked(self, request: bytes) -> int:
        reader, writer = await self._connection()
        whole = False
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            await reader.readexactly(int(length[1]) if length else 0)
            whole = not _CLOSES.search(head)
            return int(head[9:12])
        finally:
            if whole:
                self._idle.append((reader, writer))
            else:
                writer.close()

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():  # the server closes what idles
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._address.host, self._address.port)


def at_rate(
    address: Address,
    questions: Iterator[Question],
    rate: float,
    seconds: float,
    rng: np.random.Generator,
    each_second: Callable[[float], None] = lambda _: None,
) -> list[Answered]:
    """Ask `rate` questions a second for `seconds`; `each_second` is told how many have passed."""

    async def run() -> list[Answered]:
        answered: list[Answered] = []
        asking: set[asyncio.Task[None]] = set()
        started, told = time.perf_counter(), 0
        for due in dues:
            while True:
                now = time.perf_counter() - started
                if now > told + 1:
                    told = int(now)
                    each_second(now)
                if now >= due:
                    break
                await asyncio.sleep(min(due - now, 1.0))
            question = next(questions)
            if len(asking) >= MOST_IN_FLIGHT:
                answered.append(Answered(question.kind, due, 0.0, 0.0, NOT_SENT))
            else:
                task = asyncio.create_task(_noted(client, question, started, due, answered))
                asking.add(task)
                task.add_done_callback(asking.discard)
        await asyncio.gather(*asking)
        client.close()
        return answered

    client = Client(address)
    dues = np.sort(rng.uniform(0, seconds, round(rate * seconds))).tolist()
    return asyncio.run(run())


def by_clients(
    address: Address, questions: Iterator[Question], clients: int, seconds: float
) -> list[Answered]:
    """What `clients` are answered in `seconds`, each asking again as soon as it is."""

    async def run() -> list[Answered]:
        answered: list[Answered] = []
        started = time.perf_counter()

        async def repeat() -> None:
            while (due := time.perf_counter() - started) < seconds:
                await _noted(client, next(questions), started, due, answered)

        await asyncio.gather(*(repeat() for _ in range(clients)))
        client.close()
        return answered

    client = Client(address)
    return asyncio.run(run())


async def _noted(
    client: Client, question: Question, started: float, due: float, answered: list[Answered]
) -> None:
    late = time.perf_counter() - started - due
    status = await client.ask(question.request)
    answered.append(Answered(question.kind, due, late, time.perf_counter() - started - due, status))
