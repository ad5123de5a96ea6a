"""The clock jumps ahead and back: the server serves on, refuses events of a wrong time and deletes none."""

import shutil
import struct
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from served import Served, serving

from bowerbird.assembly import open_event_stores
from bowerbird.settings import load_settings

SOURCE = Path(__file__).parent / "jumping_clock.c"
HOUR, YEAR = 3600, 365 * 86_400


class Clock:
    """That of a process which is started with its `environment`."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("a clock that jumps needs a C compiler; on Debian, apt-get install gcc")
        library = folder / "jumping_clock.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE], check=True)
        self._file = folder / "offset"
        self._file.write_bytes(struct.pack("l", 0))
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(self._file)}

    def jump(self, seconds: int) -> None:
        """Be so many seconds ahead of the true time from now on."""
        with self._file.open("r+b", buffering=0) as file:
            file.write(struct.pack("l", seconds))


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


def works(served: Served) -> None:
    """It answers what it should."""
    reply = served.search("red sofa")
    assert (reply.status, reply.ids[0]) == (200, "red-sofa")
    feed = served.call("GET", "/v1/shoppers/anne/recommendations")
    assert (feed.status, bool(feed.body["hits"])) == (200, True)
    assert served.call("GET", "/health/ready").body["status"] == "ready"


def now() -> str:
    """The true time."""
    return datetime.now(UTC).isoformat()


def test_the_clock_jumps_while_serving(chaos_home: Path, clock: Clock):
    kept: list[str] = []

    def accepts(served: Served, event_id: str, **fields: object) -> None:
        reply = served.event(event_id, shopper="anne", **fields)
        assert (reply.status, reply.body["accepted"]) == (200, 1), reply.body
        kept.append(event_id)

    with serving(chaos_home, clock.environment, EVENTS__KEEP_DAYS=30) as served:
        accepts(served, "true", time=now())
        works(served)
        clock.jump(-2 * HOUR)
        works(served)
        accepts(served, "back, by the server's clock")
        refused = served.event("back, by the shopper's clock", time=now())
        assert refused.status == 422
        assert "has not come yet (it is now" in refused.body["message"]
        assert served.put("late", "Walnut cabinet").status == 201
        clock.jump(3 * HOUR)
        works(served)
        accepts(served, "ahead, by the server's clock")
        accepts(served, "ahead, by the shopper's clock", time=now())
        clock.jump(0)
        works(served)
        accepts(served, "true again", time=now())
        assert served.search("walnut cabinet").ids == ["late"]
    assert logged(chaos_home) == kept


def test_a_start_with_the_clock_years_ahead_deletes_nothing(chaos_home: Path, clock: Clock):
    with serving(chaos_home, clock.environment, EVENTS__KEEP_DAYS=30) as served:
        assert served.event("kept", time=now()).status == 200
    clock.jump(10 * YEAR)
    with serving(chaos_home, clock.environment, EVENTS__KEEP_DAYS=30) as served:
        assert served.says("set the clock, or if it is right restart")
        works(served)
    assert logged(chaos_home) == ["kept"]


def logged(home: Path) -> list[str]:
    """The ids of all events, in the order of the log."""
    stores = open_event_stores(load_settings(home))
    ids = [one.event.event_id for one in stores.log.since(0, 1000)]
    stores.close()
    return ids
