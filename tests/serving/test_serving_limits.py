"""Limits: who asks too often, too much, too slowly or beside too many is told when to come again."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from bowerbird.errors import BusyError
from bowerbird.serving import connections, rates
from bowerbird.serving.access import NOBODY, OWNER, Caller
from bowerbird.serving.app import create_app
from bowerbird.serving.connections import MOST_HEAD_BYTES, guarded_protocol
from bowerbird.serving.error_shape import add_error_shape
from bowerbird.serving.gate import CALLER
from bowerbird.serving.limits import BodyLimit, FairShare, WriteLane, household
from bowerbird.serving.rates import Rate


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def accepted(rate: Rate, caller: str = "ann") -> bool:
    try:
        rate.take(caller)
    except BusyError:
        return False
    return True


def test_a_burst_and_then_so_many_a_second():
    clock = Clock()
    rate = Rate(2, 5, "ann", clock)
    assert [accepted(rate) for _ in range(6)] == 5 * [True] + [False]
    clock.now += 1  # two more tokens
    assert [accepted(rate) for _ in range(3)] == [True, True, False]
    clock.now += 1000  # never more than the burst
    assert sum(accepted(rate) for _ in range(20)) == 5


def test_callers_do_not_share_their_tokens():
    rate = Rate(1, 1, "x", Clock())
    assert accepted(rate, "ann")
    assert accepted(rate, "bob")
    assert not accepted(rate, "ann")


def test_who_waits_as_told_is_answered():
    clock = Clock()
    rate = Rate(0.1, 1, "ann", clock)
    rate.take("ann")
    with pytest.raises(BusyError, match="ask again in 10 s") as refused:
        rate.take("ann")
    clock.now += refused.value.retry_after
    rate.take("ann")


def test_no_limit_and_no_cost_take_nothing():
    free = Rate(0, 1, "x", Clock())
    assert all(accepted(free) for _ in range(1000))
    assert len(free) == 0
    limited = Rate(1, 1, "x", Clock())
    for _ in range(100):
        limited.take("ann", 0)
    assert len(limited) == 0


def test_the_buckets_of_an_endless_row_of_callers_take_bounded_room(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rates, "MOST_BUCKETS", 10)
    rate = Rate(1, 1, "x", Clock())
    for number in range(100):
        rate.take(str(number))
    assert len(rate) == 10


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60), st.floats(0.5, 20), st.integers(1, 10))
def test_never_more_than_the_burst_and_what_time_brings(pauses, per_second, burst):
    clock = Clock()
    rate, taken = Rate(per_second, burst, "x", clock), 0
    for pause in pauses:
        clock.now += pause
        taken += accepted(rate)
        assert taken <= burst + per_second * (clock.now - 100) + 1e-6


@pytest.mark.parametrize(
    ("address", "shared"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_one_household_is_one_caller(address: str, shared: str):
    assert household({"type": "http", "client": (address, 1)}) == shared
    assert household({"type": "http"}) == ""


def shared_app(caller: Caller, *, per_second: float = 0, burst: float = 1, waiting: int = 64) -> FastAPI:
    """An application with slow calls, one of which writes, and a quick one, by whoever `caller` is."""
    app, writes = FastAPI(), WriteLane(2)

    @app.post("/v1/search")
    def slow() -> dict[str, str]:
        time.sleep(0.2)
        return {}

    @app.post("/v1/listings/bulk")
    async def slow_write() -> dict[str, str]:
        return await writes.run(slow)

    @app.get("/v1/autocomplete")
    async def quick() -> dict[str, str]:
        return {}

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {}

    limits = {"keys": Rate(per_second, burst, "a key"), "addresses": Rate(per_second, burst, "an address")}
    shared = FairShare(app, **limits, writes=writes, waiting=waiting)

    async def known(scope, receive, send) -> None:
        scope.setdefault("state", {})[CALLER] = caller
        await shared(scope, receive, send)

    return known


def test_who_asks_too_often_is_told_when_to_come_again():
    client = TestClient(shared_app(NOBODY, per_second=0.1, burst=2))
    assert [client.get("/v1/autocomplete").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("/v1/autocomplete")
    assert int(refused.headers["retry-after"]) >= 1
    assert set(refused.json()) == {"error", "message", "details"}
    assert refused.json()["error"] == "busy"
    assert all(client.get("/health/live").status_code == 200 for _ in range(10))


def test_the_owner_at_their_own_machine_asks_as_often_as_they_like():
    client = TestClient(shared_app(OWNER, per_second=0.1, burst=1))
    assert {client.get("/v1/autocomplete").status_code for _ in range(20)} == {200}


@pytest.mark.parametrize(
    ("crowded", "free"),
    [("/v1/search", "/v1/listings/bulk"), ("/v1/listings/bulk", "/v1/search")],
    ids=["searches", "writes"],
)
def test_where_too_many_wait_the_next_is_refused_at_once_and_those_who_wait_are_answered(
    crowded: str, free: str
):
    """Searches do not wait for those who write, nor these for searches."""

    async def crowd() -> tuple[list[int], float, int, int]:
        from anyio import to_thread

        to_thread.current_default_thread_limiter().total_tokens = 2
        transport = httpx.ASGITransport(shared_app(OWNER, waiting=3))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            first = [asyncio.create_task(client.post(crowded)) for _ in range(5)]  # 2 work, 3 wait
            await asyncio.sleep(0.1)
            started = time.monotonic()
            refused = await client.post(crowded)
            took = time.monotonic() - started
            alive = await client.get("/health/live")
            other = await client.post(free)
            assert not all(task.done() for task in first), "it waited for the others"
            statuses = [reply.status_code for reply in await asyncio.gather(*first)]
            after = await client.post(crowded)
            assert other.status_code == 200
            assert refused.headers["retry-after"] == "1"
            return statuses, took, refused.status_code, alive.status_code + after.status_code

    statuses, took, refused, others = asyncio.run(crowd())
    assert statuses == 5 * [200]
    assert refused == 429
    assert took < 0.1
    assert others == 400


async def dawdling() -> Message:
    await asyncio.sleep(5)
    return {"type": "http.request", "body": b"x", "more_body": False}


async def body_of(app, receive, send) -> None:
    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b""}
    await BodyLimit(app, 1000, 0.1)(scope, receive, send)


def test_a_body_that_dawdles_is_refused():
    app, sent = FastAPI(), []
    add_error_shape(app)

    @app.post("/")
    async def read(request: Request) -> None:
        await request.body()

    async def keep(message: Message) -> None:
        sent.append(message)

    asyncio.run(body_of(app, dawdling, keep))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert b"not whole after 0.1 s" in sent[1]["body"]


def test_a_client_that_does_not_read_is_let_go():
    async def app(_scope, _receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def stuck(_: Message) -> None:
        await asyncio.sleep(5)

    started = time.monotonic()
    asyncio.run(body_of(app, dawdling, stuck))
    assert time.monotonic() - started < 2


@contextmanager
def listening(most: int, patience: float, crowd: int | None = None) -> Iterator[int]:
    async def app(scope, _receive, send) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(float(scope["query_string"] or 0))
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})

    protocol = guarded_protocol(most, patience, crowd)
    server = uvicorn.Server(
        uvicorn.Config(app, http=protocol, port=0, log_level="critical", lifespan="off", ws="none")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def answer(port: int, sent: bytes, timeout: float = 5) -> bytes:
    """What is answered until the other side hangs up; b'' where it hangs up without a word."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        received = b""
        try:
            connection.sendall(sent)
            while part := connection.recv(65_536):
                received += part
        except ConnectionError:
            pass
        return received


CLOSE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


def test_heads_that_come_too_slowly_or_too_large_are_let_go():
    with listening(50, 0.3) as port:
        assert answer(port, CLOSE + b"\r\n").startswith(b"HTTP/1.1 200")
        started = time.monotonic()
        assert answer(port, CLOSE) == b""  # never ends its head
        assert answer(port, b"") == b""  # never begins
        assert time.monotonic() - started < 2
        large = CLOSE + b"X: " + b"x" * (MOST_HEAD_BYTES + 1)
        assert answer(port, large).startswith(b"HTTP/1.1 400") or answer(port, large) == b""
        assert answer(port, large + b"\r\n\r\n")[:12] in (b"HTTP/1.1 400", b"")
        kept = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + CLOSE + b"\r\n"
        assert answer(port, kept).count(b"HTTP/1.1 200") == 2


def test_a_crowded_process_answers_and_lets_go_of_the_connection():
    def asked(seconds: float) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", port), 5)
        connection.sendall(b"GET /?%f HTTP/1.1\r\nHost: x\r\n\r\n" % seconds)
        time.sleep(0.1)
        return connection

    with listening(50, 5.0, crowd=3) as port:
        connections = [asked(1.0), asked(0.9), asked(0.8)]
        first, second, third = (connection.recv(65_536) for connection in connections)
        assert all(reply.startswith(b"HTTP/1.1 200") for reply in (first, second, third))
        assert b"connection: close" in third
        assert b"connection: close" not in first + second
        assert connections[2].recv(1) == b""
        for connection in connections:
            connection.close()


def test_one_connection_too_many_is_told_so():
    with listening(3, 5.0) as port:
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        time.sleep(0.1)
        refused = answer(port, b"")
        head, _, body = refused.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 429")
        assert b"retry-after: 1" in head
        assert f"content-length: {len(body)}".encode() in head
        for connection in held:
            connection.close()
        time.sleep(0.1)
        assert answer(port, CLOSE + b"\r\n").startswith(b"HTTP/1.1 200")


def test_who_asked_once_and_does_not_read_is_dropped_when_the_connection_is_idle():
    written = []

    class Transport(asyncio.Transport):
        def get_write_buffer_size(self) -> int:
            return 10

        def is_closing(self) -> bool:
            return False

        def abort(self) -> None:
            written.append("aborted")

    protocol = object.__new__(connections.GuardedProtocol)
    protocol.transport = Transport()
    protocol.timeout_keep_alive_handler()
    assert written == ["aborted"]


def test_the_application_keeps_a_key_to_its_rate(engine, settings):
    serving = settings.serving.model_copy(update={"key_per_second": 0.01, "key_burst": 3})
    app = create_app(engine, settings.model_copy(update={"serving": serving}))
    token = TestClient(app).post("/v1/keys", json={"name": "first", "scopes": ["admin"]}).json()["token"]
    client = TestClient(app, headers={"Authorization": f"Bearer {token}"})
    statuses = [client.get("/v1/autocomplete").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    described = app.openapi()["paths"]["/v1/autocomplete"]["get"]["responses"]
    assert {"401", "403", "408", "429"} <= set(described)
