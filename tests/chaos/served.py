"""The real server in a process of its own, its home about to meet misfortune."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# How long to wait for what comes within seconds where the machine has little else to do.
START_SECONDS = 200.0
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Reply:
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def ids(self) -> list[str]:
        """Of the listings found."""
        return [hit["listing_id"] for hit in self.body["hits"]]


@dataclass
class Served:
    """`bowerbird serve`, what it said, and calls to it."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    port: int = 0

    def call(self, method: str, path: str, body: object = None, seconds: float = PATIENCE_SECONDS) -> Reply:
        """One call on a connection of its own."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)) as connection:
            connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
            response = connection.getresponse()
            content = response.read()
        is_json = response.getheader("content-type", "").startswith("application/json")
        return Reply(
            response.status, dict(response.getheaders()), json.loads(content) if is_json else content
        )

    def search(self, words: str) -> Reply:
        """POST /v1/search."""
        return self.call("POST", "/v1/search", {"q": words})

    def put(self, listing_id: str, title: str) -> Reply:
        """PUT a listing."""
        return self.call("PUT", f"/v1/listings/{listing_id}", {"title": title})

    def event(self, event_id: str, **fields: object) -> Reply:
        """POST an event."""
        row = {"event_id": event_id, "type": "view", "listing_id": "red-sofa", "session": "s"} | fields
        return self.call("POST", "/v1/events", row)

    def says(self, pattern: str, seconds: float = PATIENCE_SECONDS) -> bool:
        """Whether it said, or says soon, a line that holds `pattern`."""
        return eventually(lambda: any(re.search(pattern, line) for line in list(self.said)), seconds)

    def kill(self) -> None:
        """Kill -9, and wait until it is dead."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def eventually(true: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether `true` becomes so in time."""
    last = time.monotonic() + seconds
    while not true():
        if time.monotonic() > last:
            return False
        time.sleep(0.05)
    return True


def command(*arguments: object) -> list[str]:
    """The command line of `bowerbird`."""
    return [sys.executable, "-m", "bowerbird.cli", *map(str, arguments)]


def environment(**settings: object) -> dict[str, str]:
    """The environment with settings such as `SERVING__THREADS=4` in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOWERBIRD_")}
    given = {f"BOWERBIRD_{name}": str(value) for name, value in settings.items()}
    return {**kept, "OMP_NUM_THREADS": "1", "COLUMNS": "200", **given}


@contextmanager
def serving(home: Path, variables: Mapping[str, str] | None = None, **settings: object) -> Iterator[Served]:
    """The server of `home`, once it answers; killed at the end if nobody stopped it."""
    variables = environment(**settings) | dict(variables or {})
    arguments = command("serve", "--home", home, "--host", "127.0.0.1", "--port", 0)
    with subprocess.Popen(
        arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=variables
    ) as process:
        served = Served(process)
        reader = threading.Thread(target=_read, args=(served,), daemon=True)
        reader.start()
        try:
            assert served.says(r"http://127\.0\.0\.1:\d+$", START_SECONDS), served.said
            line = next(line for line in served.said if "http://127.0.0.1:" in line)
            served.port = int(line.rsplit(":", 1)[1])
            assert eventually(lambda: _answers(served)), served.said
            yield served
        finally:
            process.kill()
            process.wait()
            reader.join()


def ended(home: Path, *arguments: str) -> tuple[int, str]:
    """The exit code and the standard error of a command that is expected to end by itself."""
    done = subprocess.run(
        command(*arguments, "--home", home),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=START_SECONDS,
        check=False,
    )
    return done.returncode, done.stderr


def _read(served: Served) -> None:
    assert served.process.stderr is not None
    for line in served.process.stderr:
        served.said.append(line.rstrip("\n"))


def _answers(served: Served) -> bool:
    try:
        return served.call("GET", "/health/live").status == 200
    except OSError:
        return False
