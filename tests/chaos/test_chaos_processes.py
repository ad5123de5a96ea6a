"""Several processes at one address: they know the same, count together, and outlive one another."""

import os
import re
import shutil
import signal
import socket
from http.client import HTTPException
from pathlib import Path

from served import Served, ended, eventually, serving

from bowerbird.errors import UnavailableError


def workers(served: Served) -> set[int]:
    """The processes that answer."""
    parent = served.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return {int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def searches(served: Served) -> int:
    """Answered by all of them, as any of them tells it."""
    text = served.call("GET", "/metrics").body.decode()
    counts = re.findall(r'bowerbird_requests_total\{route="/v1/search",status="200"\} (\d+)', text)
    return int(counts[0]) if counts else 0


def finds(served: Served, words: str, listing_id: str) -> bool:
    try:
        return listing_id in served.search(words).ids
    except (OSError, HTTPException):
        return False  # it was on its way to the one that was killed


def test_one_is_killed_and_another_takes_its_place(home: Path):
    with serving(home, SERVING__PROCESSES=2) as served:
        assert eventually(lambda: len(workers(served)) == 2)
        before = workers(served)
        for _ in range(12):
            assert served.search("red sofa").ids[0] == "red-sofa"
        assert [searches(served) for _ in range(6)] == [12] * 6
        assert served.put("new", "Walnut cabinet").status == 201
        assert eventually(lambda: all(finds(served, "walnut cabinet", "new") for _ in range(8)))
        counted = searches(served)
        killed = min(before)
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: finds(served, "walnut cabinet", "new"))
        assert eventually(lambda: len(workers(served) - {killed}) == 2)
        assert eventually(lambda: all(finds(served, "walnut cabinet", "new") for _ in range(8)))
        assert searches(served) > counted, "what the dead one counted is not forgotten"
        assert served.says("ended with -9; another one starts")
        after = workers(served)
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(60) == 0
        assert not any(alive(pid) for pid in before | after)


LISTENING, ESTABLISHED = "0A", "01"


def sockets(pid: int, port: int, state: str) -> set[str]:
    """The sockets of a process that are at `port` in that state."""
    known = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == state and int(fields[1].rpartition(":")[2], 16) == port:
            known.add(f"socket:[{fields[9]}]")
    return known & {target(link) for link in Path(f"/proc/{pid}/fd").iterdir()}


def target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""  # closed meanwhile


def test_connections_are_dealt_out_and_the_address_is_taken(home: Path):
    with serving(home, SERVING__PROCESSES=2) as served:
        assert eventually(lambda: len(workers(served)) == 2)
        pids = workers(served)
        # Each listens once its index is open. Of 40 connections one has below 5 once in a million times.
        assert eventually(lambda: all(sockets(pid, served.port, LISTENING) for pid in pids), 60)
        one, other = (sockets(pid, served.port, LISTENING) for pid in pids)
        assert not one & other
        held = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(40)]

        def dealt() -> list[int]:
            return [len(sockets(pid, served.port, ESTABLISHED)) for pid in pids]

        assert eventually(lambda: sum(dealt()) == len(held))
        assert min(dealt()) >= 5
        for connection in held:
            connection.close()
        code, said = ended(home, "serve", "--port", str(served.port), "--processes", "2")
        assert (code, "cannot be listened on" in said) == (UnavailableError.exit_code, True)


def test_none_outlives_the_one_that_started_them(home: Path):
    with serving(home, SERVING__PROCESSES=2) as served:
        assert eventually(lambda: len(workers(served)) == 2)
        pids = workers(served)
        served.kill()
        assert eventually(lambda: not any(alive(pid) for pid in pids), 60)


def test_why_none_of_them_can_start_is_said_once(home: Path):
    shutil.rmtree(home / "models")
    code, said = ended(home, "serve", "--port", "0", "--processes", "2")
    assert (code, said.count("bowerbird encode")) == (UnavailableError.exit_code, 1)
    assert "Traceback" not in said
    code, said = ended(home, "serve", "--processes", "0")
    assert (code, "--processes" in said) == (2, True)
