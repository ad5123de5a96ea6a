"""kill -9 while events come in: what was acknowledged is in the log, once, and an import goes on."""

import csv
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bowerbird.assembly import create_home, open_event_stores
from bowerbird.jobs.import_events import EventImportReport, import_events
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.event_log import LoggedEvent
from bowerbird.storage.event_stores import EventStores

WORKER = Path(__file__).parent / "event_kill_worker.py"
ROWS = 9000
KILLS = [pytest.param(3, id="3-kills"), pytest.param(30, id="30-kills", marks=pytest.mark.long)]


def killed(settings: Settings, what: str, argument: str, after: float, *, words: int = 0) -> list[str]:
    """The whole lines that a worker said until it was killed, `after` seconds after its first `words`."""
    command = [sys.executable, str(WORKER), str(settings.home), what, argument]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        first = [worker.stdout.readline() for _ in range(words)]
        time.sleep(after)
        worker.send_signal(signal.SIGKILL)
        said = "".join(first) + worker.stdout.read()
    return [line.rstrip("\n") for line in said.splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.parametrize("kills", KILLS)
def test_acknowledged_events_survive_once(tmp_path: Path, kills: int):
    settings = load_settings(tmp_path / "home")
    create_home(settings)
    clock = np.random.default_rng(kills)
    acknowledged: set[str] = set()
    for kill in range(kills):
        # However slow the machine, most kills fall among work that was acknowledged.
        for line in killed(settings, "receive", f"run{kill}", clock.uniform(0.0, 0.6), words=2 * (kill % 3)):
            acknowledged.update(line.split()[1:])
        with closing(open_event_stores(settings)) as stores:
            logged = list(whole_log(stores))
            ids = [one.event.event_id for one in logged]
            assert len(set(ids)) == len(ids) == len(stores.log)
            assert acknowledged <= set(ids)
            assert [one.sequence for one in logged] == list(range(1, len(logged) + 1))
            assert stores.log.state().sequence == len(logged)
            again = stores.log.append([one.event for one in logged[-50:]])
            assert again == [None] * len(again), "what was acknowledged counts once"
    assert len(acknowledged) > kills, "too little was acknowledged to mean something"


def whole_log(stores: EventStores) -> Iterator[LoggedEvent]:
    sequence = 0
    while batch := stores.log.since(sequence, 5000):
        yield from batch
        sequence = batch[-1].sequence


@pytest.mark.parametrize("kills", KILLS)
def test_a_killed_import_of_events_goes_on_where_it_stood(tmp_path: Path, kills: int):
    source = tmp_path / "events.csv"
    write_rows(source)
    homes = [load_settings(tmp_path / name) for name in ("whole", "killed")]
    for settings in homes:
        create_home(settings)
    whole = import_events(homes[0], str(source), Silent())
    assert (whole.rows, whole.accepted, whole.duplicate, whole.rejected) == (ROWS, 8010, 90, 900)
    clock = np.random.default_rng(kills)
    for _ in range(kills):
        said = killed(homes[1], "import", str(source), clock.uniform(0.0, 0.5))
        committed = sum(int(line.split()[1]) for line in said if line.startswith("rows"))
        with closing(open_event_stores(homes[1])) as stores:
            assert len(stores.log) >= 0.88 * committed - 40  # the others were refused, or came twice
    resumed = import_events(homes[1], str(source), Silent())
    assert accounts(resumed) == accounts(whole) or resumed.accepted == 0  # 0: a try was done before its kill
    assert ids_of(homes[1]) == ids_of(homes[0])


def accounts(report: EventImportReport) -> tuple[int, int, int, dict[str, int]]:
    return report.rows, report.accepted, report.duplicate, report.payload()["reasons"]


def ids_of(settings: Settings) -> list[str]:
    with closing(open_event_stores(settings)) as stores:
        return [one.event.event_id for one in whole_log(stores)]


def write_rows(path: Path) -> None:
    start = datetime.now(UTC) - timedelta(days=3)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["event_id", "type", "listing_id", "time", "shopper"])
        for number in range(ROWS):
            kind = "view" if number % 10 else "gaze"
            event_id = f"e{number - 1}" if number % 100 == 53 else f"e{number}"  # one in 100 comes twice
            writer.writerow(
                [event_id, kind, number % 7, (start + timedelta(seconds=number)).isoformat(), number % 50]
            )
