"""Clients that drip, and clients that do not read: others are answered as ever, and they are let go."""

import select
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from served import Served, eventually, serving

EACH = 60
PATIENCE_SECONDS = 2
HALF_A_BODY = b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\n{"
WHOLE = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


def opened(served: Served, stack: ExitStack, sent: bytes) -> socket.socket:
    """A connection on which so much was sent."""
    connection = stack.enter_context(socket.socket())
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)  # so that little can wait to be read
    connection.connect(("127.0.0.1", served.port))
    connection.sendall(sent)
    return connection


def is_open(connection: socket.socket) -> bool:
    """Whether the other side still waits for something."""
    connection.setblocking(False)
    try:
        while data := connection.recv(1 << 20):
            del data
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def test_slow_clients_stop_nobody(chaos_home: Path):
    slow = {"SERVING__MAX_REQUEST_SECONDS": PATIENCE_SECONDS, "SERVING__MAX_CONNECTIONS": 4 * EACH}
    with serving(chaos_home, **slow) as served, ExitStack() as stack:
        began = time.monotonic()
        kinds = {
            "half a head": [opened(served, stack, b"POST /v1/search HTTP/1.1\r\nHo") for _ in range(EACH)],
            "half a body": [opened(served, stack, HALF_A_BODY) for _ in range(EACH)],
            "no reading": [opened(served, stack, WHOLE * 40) for _ in range(EACH)],
        }
        while time.monotonic() < began + 2 * PATIENCE_SECONDS:
            asked = time.monotonic()
            assert served.search("red sofa").ids[0] == "red-sofa"
            assert time.monotonic() - asked < 10  # on a busy machine; a search takes a hundredth of it
        for name in ("half a head", "half a body"):
            assert eventually(lambda name=name: not any(map(is_open, kinds[name]))), name
        assert served.put("late", "Walnut cabinet").status == 201
        assert served.call("GET", "/health/ready").status == 200


@pytest.mark.long
def test_more_clients_than_are_let_in(chaos_home: Path):
    with serving(chaos_home, SERVING__MAX_CONNECTIONS=50) as served, ExitStack() as stack:
        held = [opened(served, stack, b"GET / HT") for _ in range(49)]
        more = [opened(served, stack, b"") for _ in range(20)]
        # Those beyond 50 are told so at once; the others are let go of after ten seconds.
        told, _, _ = select.select(more, [], [], 60)
        assert any(b"429" in one.recv(4096) for one in told)
        for connection in (*held, *more):
            connection.close()
        assert eventually(lambda: served.search("red sofa").status == 200)
