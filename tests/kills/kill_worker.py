"""A process that is about to be killed: it changes a home and says each change that was acknowledged.

Usage: kill_worker.py HOME import SOURCE | upsert START | checkpoint START
"""

import sys
from contextlib import closing
from pathlib import Path

from bowerbird.assembly import open_engine
from bowerbird.engine import Engine
from bowerbird.jobs.import_market import import_market
from bowerbird.market.listing import Listing, Price
from bowerbird.settings import Settings, load_settings


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
        import_market(settings, argument, _Announcing())
        _say("done")
        return
    _change(settings, int(argument), checkpoint=what == "checkpoint")


def _change(settings: Settings, start: int, *, checkpoint: bool) -> None:
    """Create listings for ever; delete every fifth; now and then build a new generation."""
    with closing(open_engine(settings)) as engine:
        _say("ready")
        for number in range(start, start + 100_000):
            _create(engine, number)
            if number % 5 == 0:
                engine.delete([f"kill-{number}"])
                _say(f"deleted {number}")
            if checkpoint and number % 3 == 0:
                engine.projection.compact()
                _say(f"checkpoint {number}")


def _create(engine: Engine, number: int) -> None:
    engine.upsert([Listing(f"kill-{number}", f"Walnut cabinet {number}", price=Price(number, "GBP"))])
    _say(f"created {number}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
