"""One connection: uvicorn's, with limits on how many there are, and on how large and slow the heads are.

Uvicorn waits for ever for a head that drips in byte by byte, keeps all of it, and flushes a closed connection
for as long as its reader likes. Each would let a few hundred sockets stop a server.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 65_536  # of all headers together; browsers send some 2 kB
HEAD_SECONDS = 10.0
_FULL = (
    b"HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\nretry-after: 1\r\n"
    b"connection: close\r\ncontent-length: 93\r\n\r\n"
    b'{"error":"busy","message":"too many connections are open; connect again in 1 s","details":[]}'
)


def guarded_protocol(
    most_connections: int, head_seconds: float = HEAD_SECONDS, crowd: int | None = None
) -> type[asyncio.Protocol]:
    """The protocol that `uvicorn.Config(http=...)` takes, with these limits.

    Args:
        most_connections: that are open at once.
        head_seconds: that a head may take to come in.
        crowd: requests in hand from which on a connection is closed once it is answered, so that what it asks
            next may find another process; None keeps it.
    """

    class Guarded(GuardedProtocol):
        limit, patience, crowded_from = most_connections, head_seconds, crowd

    return Guarded


class GuardedProtocol(HttpToolsProtocol):
    """Lets go of who neither asks nor reads."""

    limit: int
    patience: float
    crowded_from: int | None

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401  uvicorn's own arguments
        super().__init__(*given, **named)
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Take a connection, or say that there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.limit:
            transport.write(_FULL)
            transport.close()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side went away."""
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, as long as the head stays within its limit."""
        if self.transport.is_closing():
            return
        if self._head_timer is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()
        super().data_received(data)
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response(f"The headers are over {MOST_HEAD_BYTES} bytes; send fewer.")

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head_came()
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > MOST_HEAD_BYTES:
            raise ValueError(f"the headers have {size} bytes, over {MOST_HEAD_BYTES}")  # answered with 400
        super().on_headers_complete()
        if self.crowded_from is not None and len(self.tasks) >= self.crowded_from:
            self.cycle.keep_alive = False

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more was asked; what the other side has not read by now is dropped."""
        if not self.transport.is_closing():
            if self.transport.get_write_buffer_size():
                self.transport.abort()
            else:
                self.transport.close()

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(self.patience, self._head_did_not_come)

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_did_not_come(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.abort()
