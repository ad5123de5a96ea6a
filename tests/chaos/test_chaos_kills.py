"""kill -9 of the server and of `bowerbird index`: what was acknowledged is there, and it is served again."""

import subprocess
import threading
import time
from contextlib import closing
from http.client import HTTPException
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from served import Served, command, environment, serving

from bowerbird.assembly import open_event_stores
from bowerbird.settings import load_settings

KILLS = [pytest.param(2, id="2-kills"), pytest.param(15, id="15-kills", marks=pytest.mark.long)]


class Client:
    """Puts listings and logs events for ever, and remembers what was acknowledged."""

    def __init__(self, served: Served, name: str) -> None:
        self._served = served
        self._name = name
        self.listings: list[str] = []
        self.events: list[str] = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        for number in count():
            one = f"{self._name}-{number}"
            try:
                if self._served.put(one, f"Walnut cabinet {number}").status in (200, 201):
                    self.listings.append(one)
                if self._served.event(one).status == 200:
                    self.events.append(one)
            except (OSError, HTTPException):  # it was killed
                return


@pytest.mark.parametrize("kills", KILLS)
def test_a_killed_server_keeps_what_it_acknowledged(chaos_home: Path, kills: int):
    clock = np.random.default_rng(kills)
    listings: list[str] = []
    events: list[str] = []
    for kill in range(kills):
        with serving(chaos_home) as served:
            clients = [Client(served, f"k{kill}-{number}") for number in range(3)]
            while not any(client.events for client in clients):
                time.sleep(0.01)
            time.sleep(clock.uniform(0.0, 0.7))
            served.kill()
            for client in clients:
                client.thread.join(60)
                listings += client.listings
                events += client.events
    assert len(listings) > kills
    with serving(chaos_home) as served:
        for one in listings:
            assert served.call("GET", f"/v1/listings/{one}").status == 200, one
        total = served.call("POST", "/v1/search", {"q": "walnut cabinet", "limit": 1}).body["total"]
        assert len(listings) <= total <= len(listings) + 3 * kills  # one a client may be done, but not told
        assert served.search("red sofa").ids[0] == "red-sofa"
    with closing(open_event_stores(load_settings(chaos_home))) as stores:
        logged = [one.event.event_id for one in stores.log.since(0, 100_000)]
    assert set(events) <= set(logged)
    assert len(set(logged)) == len(logged)


@pytest.mark.parametrize("kills", KILLS)
def test_a_killed_index_leaves_a_market_that_is_served(chaos_home: Path, kills: int):
    clock = np.random.default_rng(kills)
    for _ in range(kills):
        with subprocess.Popen(
            command("index", "--home", chaos_home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
        ) as indexing:
            time.sleep(clock.uniform(0.5, 5.0))  # it takes about three seconds, most of them its imports
            indexing.kill()
    with serving(chaos_home) as served:
        assert served.search("red sofa").ids[0] == "red-sofa"
        assert served.call("GET", "/health/ready").body["status"] == "ready"
    done = subprocess.run(
        command("index", "--home", chaos_home), check=False, capture_output=True, env=environment()
    )
    assert done.returncode == 0, done.stderr
    left = [path.name for path in (chaos_home / "index").iterdir() if path.name.startswith(".staging")]
    assert left == [], "what was killed half-way is swept away"
