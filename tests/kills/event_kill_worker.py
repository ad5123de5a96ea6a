"""A process that is about to be killed: it takes events, or imports them, and says what was acknowledged.

Usage: event_kill_worker.py HOME receive START | import SOURCE
"""

import sys
import threading
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from bowerbird.assembly import open_event_stores
from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.jobs.import_events import import_events
from bowerbird.serving.event_front import EventFront
from bowerbird.serving.telemetry import Telemetry
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.query_log import ServedPage

WRITERS = 4
_saying = threading.Lock()


class _Announcing:
    """A progress display that says when rows were committed."""

    def step(self, name: str, total: int | None) -> None:
        _say(f"step {name} of {total}")

    def advance(self, units: int) -> None:
        _say(f"rows {units}")


def main(home: str, what: str, argument: str) -> None:
    settings = load_settings(Path(home))
    if what == "import":
        _say("ready")
        import_events(settings, argument, _Announcing())
        _say("done")
        return
    _receive(settings, argument)


def _receive(settings: Settings, start: str) -> None:
    """Several requests at once, for ever, with pages served between them."""
    front = EventFront(open_event_stores(settings), settings, Telemetry())
    _say("ready")
    threads = [
        threading.Thread(target=_requests, args=(front, f"{start}-{writer}")) for writer in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _requests(front: EventFront, name: str) -> None:
    for turn in count():
        ids = [f"{name}-{turn}-{row}" for row in range(1 + turn % 20)]
        front.note(ServedPage(f"q-{ids[0]}", "search", datetime.now(UTC), ("a", "b"), 2))
        rows = [
            RawRow(number, {"event_id": event_id, "type": "view", "listing_id": "a", "session": name})
            for number, event_id in enumerate(ids, 1)
        ]
        reply = front.receive(rows)
        _say(" ".join(["logged", *(row["event_id"] for row in reply["rows"] if row["status"] == "accepted")]))


def _say(line: str) -> None:
    with _saying:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
