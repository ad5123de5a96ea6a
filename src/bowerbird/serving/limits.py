"""Limits of one request, and of all at once: its body and its time, who asks how often, how many wait.

A body must be within its size and keep arriving; a reader must keep reading. A search runs in one of the
threads; where all are busy it waits, and where too many wait already it is refused at once: an answer that
comes too late helps nobody, and refusing costs next to nothing. What changes something has its own threads.
"""

import asyncio
import ipaddress
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bowerbird.errors import BusyError, TooLargeError, TooSlowError
from bowerbird.serving.access import Caller
from bowerbird.serving.error_shape import UnreadableBody, error_reply
from bowerbird.serving.gate import CALLER
from bowerbird.serving.rates import Rate
from bowerbird.serving.rules import rule_of

_IPV6_HOUSEHOLD = 64  # bits of an address that one household is given as a whole
RETRY_SECONDS = 1  # a queue of a second's work


Result = TypeVar("Result")


class WriteLane:
    """The threads of calls that change something: they wait for the disk, or take long, and no search waits.

    Args:
        threads: of such calls that are worked on at once.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        # Of one event loop, as anyio's own: it wakes those who wait in the loop of whoever leaves.
        self._limiters: RunVar[CapacityLimiter] = RunVar("bowerbird-writes")

    @property
    def waiting(self) -> int:
        """Calls that wait for a thread."""
        return self._limiter().statistics().tasks_waiting

    async def run(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, in one of the threads."""
        return await to_thread.run_sync(work, limiter=self._limiter())

    def _limiter(self) -> CapacityLimiter:
        try:
            return self._limiters.get()
        except LookupError:
            limiter = CapacityLimiter(self._threads)
            self._limiters.set(limiter)
            return limiter


def write_lane_of(request: Request) -> WriteLane:
    """That of the application that serves `request`."""
    lane: WriteLane = request.app.state.writes
    return lane


class FairShare:
    """Refuses who asks too often, and everybody while too many wait.

    Args:
        app: what is limited.
        keys: of callers with a key.
        addresses: of those without.
        writes: where calls that change something wait.
        waiting: how many may wait for a thread, there and of the others.
    """

    def __init__(self, app: ASGIApp, keys: Rate, addresses: Rate, writes: WriteLane, waiting: int) -> None:
        self.app = app
        self._keys = keys
        self._addresses = addresses
        self._writes = writes
        self._waiting = waiting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a call, or answer when to come again."""
        if scope["type"] == "http":
            try:
                self._check(scope)
            except BusyError as error:
                await error_reply(error)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        rule = rule_of(scope["method"], scope["path"])
        cost = rule.cost
        if not cost:
            return
        caller: Caller = scope["state"][CALLER]
        if caller.key_id is not None:
            self._keys.take(caller.key_id, cost)
        elif not caller.is_owner:
            self._addresses.take(household(scope), cost)
        others = to_thread.current_default_thread_limiter()
        waiting = self._writes.waiting if rule.is_write else others.statistics().tasks_waiting
        if waiting >= self._waiting:
            raise BusyError(
                f"{waiting} requests wait already; ask again in {RETRY_SECONDS} s", retry_after=RETRY_SECONDS
            )


def household(scope: Scope) -> str:
    """The address that a call comes from; of IPv6 the part that one household shares."""
    client = scope.get("client")
    if client is None:
        return ""
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return str(client[0])
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, _IPV6_HOUSEHOLD), strict=False))


class _StoppedReadingError(Exception):
    """The client does not read its reply."""


class BodyLimit:
    """Refuses a body over the limit, by its declared length or as it streams in, and one that dawdles."""

    def __init__(self, app: ASGIApp, max_bytes: int, max_seconds: float) -> None:
        self.app = app
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request within the limits."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._max_bytes:
            await error_reply(self._too_large(int(declared)))(scope, receive, send)
            return
        try:
            await self.app(scope, self._limited(receive), self._hurried(send))
        except _StoppedReadingError:
            return  # the server closes a connection whose reply is not whole

    def _limited(self, receive: Receive) -> Receive:
        received, ends, whole = 0, asyncio.get_running_loop().time() + self._max_seconds, False

        async def limited() -> Message:
            nonlocal received, whole
            if whole:  # the next message tells that the client went away, which may take as long as it likes
                return await receive()
            try:
                async with asyncio.timeout_at(ends):
                    message = await receive()
            except TimeoutError:
                raise UnreadableBody(
                    TooSlowError(
                        f"the body was not whole after {self._max_seconds:g} s, with {received} bytes; "
                        "send less, or faster"
                    )
                ) from None
            received += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if received > self._max_bytes:
                raise UnreadableBody(self._too_large(received))
            return message

        return limited

    def _hurried(self, send: Send) -> Send:
        """A reader who stops reading holds a reply in memory; after a while the connection is let go."""

        async def hurried(message: Message) -> None:
            try:
                async with asyncio.timeout(self._max_seconds):
                    await send(message)
            except TimeoutError:
                raise _StoppedReadingError from None

        return hurried

    def _too_large(self, size: int) -> TooLargeError:
        return TooLargeError(
            f"a request may hold {self._max_bytes} bytes, but this one has {size} or more; send less at once"
        )
