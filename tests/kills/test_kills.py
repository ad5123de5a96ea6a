"""kill -9 at random instants: what was acknowledged is there, the next start serves, nobody lends a hand."""

import csv
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from bowerbird.assembly import open_catalogue, open_engine
from bowerbird.jobs.import_market import ImportReport, import_market
from bowerbird.market.query import Query
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings

WORKER = Path(__file__).parent / "kill_worker.py"
ROWS = 3000
KILLS = [pytest.param(3, id="3-kills"), pytest.param(30, id="30-kills", marks=pytest.mark.long)]


def killed(settings: Settings, what: str, argument: str, after: float) -> list[str]:
    """The lines that a worker said until it was killed, `after` seconds from when it was ready."""
    command = [sys.executable, str(WORKER), str(settings.home), what, argument]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        time.sleep(after)
        worker.send_signal(signal.SIGKILL)
        said = worker.stdout.read()
    return [
        line for line in said.splitlines(keepends=False) if said.endswith("\n") or line != said[-len(line) :]
    ]


@pytest.mark.parametrize("kills", KILLS)
@pytest.mark.parametrize("what", ["upsert", "checkpoint"])
def test_acknowledged_changes_survive(settings: Settings, kills: int, what: str):
    clock = np.random.default_rng(kills)
    present: set[str] = set()
    deleted: set[str] = set()
    for kill in range(kills):
        said = killed(settings, what, str(1000 * (kill + 1)), clock.uniform(0.0, 1.5))
        for verb, number in (line.split() for line in said):
            if verb == "created":
                present.add(f"kill-{number}")
            elif verb == "deleted":
                deleted.add(f"kill-{number}")
        with closing(open_engine(settings)) as engine:
            # A delete that was killed before it was acknowledged may have happened or not.
            unsure = {listing_id for listing_id in present if int(listing_id[5:]) % 5 == 0}
            found = set(engine.matching_ids(Query(words="walnut cabinet")))
            assert present - unsure <= found
            assert not deleted & found
            assert engine.search(Query(words="red sofa")).hits[0].listing.listing_id == "red-sofa"
            stored = engine.stores.catalogue.get(sorted(found))
            assert set(stored) == found  # the index answers nothing that the catalogue does not have
    assert present, "no worker lived long enough to acknowledge anything"


@pytest.mark.parametrize("kills", KILLS)
def test_a_killed_import_goes_on_where_it_stood(tmp_path: Path, kills: int):
    source = tmp_path / "rows.csv"
    _write_rows(source)
    whole = import_market(load_settings(tmp_path / "whole"), str(source), Silent())
    settings = load_settings(tmp_path / "killed")
    clock = np.random.default_rng(kills)
    for _ in range(kills):
        # As long as an import takes at most: some die at once, some are done before they are killed.
        said = killed(settings, "import", str(source), clock.uniform(0.0, 1.2))
        committed = sum(int(line.split()[1]) for line in said if line.startswith("rows"))
        if committed:
            # Every row said to be done was committed: one in ten has no title, which is a rejection.
            assert len(open_catalogue(settings)) >= committed * 0.9 - 1
    resumed = import_market(settings, str(source), Silent())
    assert _accounts(resumed) == _accounts(whole)
    assert _stored(settings) == _stored(load_settings(tmp_path / "whole"))


def _accounts(report: ImportReport) -> tuple[int, int, dict[str, int]]:
    return report.rows_read, report.rows_accepted, report.payload()["reasons"]


def _stored(settings: Settings) -> set[str]:
    return {repr(listing) for batch in open_catalogue(settings).scan() for listing in batch}


def _write_rows(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "title", "price"])
        for number in range(ROWS):
            title = "" if number % 10 == 0 else f"Shelf {number}"
            writer.writerow([number, title, f"£{number}" if number % 7 else "ask me"])
