"""The load tool: it counts what it should, loads nothing but this machine, and stays within its bounds."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest

import load
from bowerbird.errors import InputError
from bowerbird.settings import load_settings
from load_client import NO_ANSWER, Address, Answered, Question, at_rate, by_clients
from load_questions import MIX, Questions

GET = Question("words", b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")


@contextmanager
def answering(status: Callable[[int], int]) -> Iterator[Address]:
    """A server that answers the n-th request with `status(n)`; it goes away where that is 0."""
    count, counting = iter(range(10**9)), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            with counting:
                number = next(count)
            code = status(number)
            if not code:
                self.close_connection = True
                return
            self.send_response(code)
            self.send_header("Content-Length", "3")
            self.end_headers()
            self.wfile.write(b"ok\n")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Address("127.0.0.1", server.server_port)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1:80", "https://127.0.0.1", "127.0.0.1:8000", "http://x.invalid"]
)
def test_only_this_machine_is_loaded(url: str):
    with pytest.raises(InputError, match=r"this machine|http://127\.0\.0\.1|no address"):
        Address.of_url(url)


def test_addresses_of_this_machine_are_taken():
    assert Address.of_url("http://127.0.0.1:8000") == Address("127.0.0.1", 8000)
    assert Address.of_url("http://localhost:81/").port == 81


@pytest.mark.parametrize(
    "bad", [["--rate", "5000"], ["--minutes", "600"], ["--mix", "words"], ["--mix", "x=1"]]
)
def test_it_is_bounded(bad: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        load.main(["--home", str(tmp_path), *bad])
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_requests_come_at_their_rate_and_statuses_are_counted():
    with answering(lambda number: (200, 200, 200, 429, 500, 0)[number % 6]) as address:
        answered = at_rate(address, repeat(GET), 200, 1.5, np.random.default_rng(0))
    assert len(answered) == pytest.approx(300, rel=0.25)
    statuses = [one.status for one in answered]
    assert set(statuses) == {200, 429, 500, NO_ANSWER}
    assert statuses.count(200) == pytest.approx(len(answered) / 2, abs=3)
    assert max(one.due for one in answered) < 1.5


def test_who_waited_for_a_stall_is_counted():
    """A client that sends one request after another would meet a stall of half a second once."""
    stalled = threading.Lock()

    def stall(number: int) -> int:
        with stalled:
            if number == 20:
                time.sleep(0.5)
        return 200

    with answering(stall) as address:
        answered = at_rate(address, repeat(GET), 100, 1.0, np.random.default_rng(1))
    assert sum(one.took > 0.1 for one in answered) >= 25  # 100 a second over 0.4 s, and some


def test_clients_ask_again_once_answered():
    with answering(lambda _: 200) as address:
        answered = by_clients(address, repeat(GET), 3, 0.5)
    assert {one.status for one in answered} == {200}
    assert len(answered) > 20


def test_recovery_is_the_first_good_second():
    def second(number: int, status: int, took: float) -> list[Answered]:
        return [Answered("words", number + 0.01 * i, 0.0, took, status) for i in range(20)]

    slow, refused, well = second(0, 200, 0.9), second(1, 429, 0.001), second(2, 200, 0.02)
    assert load.seconds_to_recover([*slow, *refused, *well]) == 2
    assert load.seconds_to_recover(well) == 2
    assert load.seconds_to_recover([*slow, *refused]) == float("inf")


def test_questions_are_what_the_mix_says(indexed_home: Path):
    asked = Questions(load_settings(indexed_home), 0).ask(
        Address("127.0.0.1", 1), MIX, np.random.default_rng(0)
    )
    kinds = [next(asked).kind for _ in range(2000)]
    shares = {kind: kinds.count(kind) / len(kinds) for kind in MIX}
    assert shares == pytest.approx(MIX, abs=0.05)


def test_a_real_server_is_loaded(home: Path, capsys: pytest.CaptureFixture[str]):
    short = ["--minutes", "0.05", "--rate", "20", "--seconds", "1", "--warm-up", "1", "--clients", "2"]
    assert load.main(["--home", str(home), *short, "--overload", "0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["statuses"]["20 a second"].keys() == {"200"}
    assert found["statuses"]["2 clients"].keys() == {"200"}
    figures = {(one["name"], one["system"]): one["value"] for one in found["figures"]}
    assert figures["20 a second: feed", "p50 ms"] > 0
    assert figures["server memory at the end, MB", "value"] > 50
