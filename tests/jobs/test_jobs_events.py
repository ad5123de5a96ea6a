"""Logs of events in every form are imported and looked over."""

import csv
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bowerbird.assembly import create_home, open_catalogue, open_event_stores
from bowerbird.errors import InputError, NotFoundError
from bowerbird.jobs.expire_events import CarefulClock, careful_clock, expire_events
from bowerbird.jobs.import_events import import_events
from bowerbird.jobs.validate_events import validate_event_file, validate_home_events
from bowerbird.market.event import Event, EventType
from bowerbird.market.listing import Listing
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.event_log import latest_time
from bowerbird.storage.log_sequence import EVENTS
from bowerbird.storage.query_log import ServedPage

NOON = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)


def row(number: int, **fields: Any) -> dict[str, Any]:
    plain = {
        "event_id": f"e{number}",
        "type": "view",
        "listing_id": "a",
        "time": (NOON + timedelta(seconds=number)).isoformat(),
        "shopper": "ann",
        "session": None,
        "query_id": None,
        "position": None,
    }
    return {**plain, **fields}


ROWS = [
    row(1, type="impression", query_id="q", position=1),
    row(2, type="impression", listing_id="b", query_id="q", position=2),
    row(3, query_id="q", position=1),
    row(4, query_id="other", listing_id="b", position=7),
    row(5, listing_id="sold", type="save"),
    row(3),
    row(6, shopper=None, session="s", time=NOON.isoformat()),
    row(7, time=(NOON - timedelta(hours=1)).isoformat(), type="hide"),
    row(8, type="gaze"),
    row(9, shopper=None),
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home that knows the listings a and b."""
    settings = load_settings(tmp_path / "home")
    create_home(settings)
    catalogue = open_catalogue(settings)
    catalogue.upsert([Listing("a", "A sofa"), Listing("b", "A lamp")])
    catalogue.close()
    return settings


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(one) for one in rows), encoding="utf-8")
    else:
        pl.DataFrame(rows).write_parquet(path)
    return str(path)


def stored(settings: Settings) -> list[Event]:
    stores = open_event_stores(settings)
    events = [one.event for one in stores.log.since(0, 100)]
    stores.close()
    return events


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_row_is_accepted_known_or_rejected(settings: Settings, tmp_path: Path, suffix: str):
    source = write(tmp_path / f"log{suffix}", ROWS)
    report = import_events(settings, source, Silent())
    assert (report.rows, report.accepted, report.duplicate, report.rejected) == (10, 7, 1, 2)
    assert report.payload()["reasons"] == {"event_type_unknown": 1, "event_without_shopper": 1}
    assert [example.row for example in report.examples] == [9, 10]
    assert "rows: 10 = 7 accepted + 1 known already + 2 rejected" in report.lines()
    events = stored(settings)
    assert [event.event_id for event in events] == ["e1", "e2", "e3", "e4", "e5", "e6", "e7"]
    assert events[0] == Event(
        "e1", EventType.IMPRESSION, "a", NOON + timedelta(seconds=1), "ann", None, "q", 1
    )
    again = import_events(settings, source, Silent())
    assert (again.accepted, again.duplicate, again.rejected) == (0, 8, 2)


def test_ubi_logs_are_imported(settings: Settings, tmp_path: Path):
    ubi = {
        "action_name": "click",
        "timestamp": NOON.isoformat(),
        "client_id": "c",
        "query_id": "q",
        "event_attributes": {"object": {"object_id": "a"}, "position": {"ordinal": 2}},
    }
    for name in ("log.jsonl", "log.parquet"):
        import_events(settings, write(tmp_path / name, [ubi]), Silent())
    (event,) = stored(settings)
    assert (event.listing_id, event.position, event.shopper) == ("a", 2, "c")


def test_a_table_of_something_else_is_refused_whole(settings: Settings, tmp_path: Path):
    source = write(tmp_path / "listings.csv", [{"id": 1, "title": "A sofa"}])
    with pytest.raises(InputError, match=r"no column of .* is the type of an event; name one type or action"):
        import_events(settings, source, Silent())
    with pytest.raises(NotFoundError, match="nothing at"):
        import_events(settings, str(tmp_path / "none.csv"), Silent())
    with pytest.raises(NotFoundError, match="there is no market at"):
        import_events(load_settings(tmp_path / "nowhere"), write(tmp_path / "log.csv", ROWS), Silent())


def test_what_is_wrong_with_a_file_is_said_before_it_is_imported(settings: Settings, tmp_path: Path):
    report = validate_event_file(settings, write(tmp_path / "log.jsonl", ROWS), Silent())
    assert (report.rows, report.events, report.duplicates) == (10, 7, 1)
    assert report.by_type == {"view": 3, "impression": 2, "save": 1, "hide": 1}
    assert (report.shoppers, report.sessions) == (1, 1)
    assert (report.unknown_listings, report.events_of_unknown_listings) == (1, 1)
    assert report.unknown_examples == ("sold",)
    assert (report.clicks, report.clicks_without_query, report.clicks_without_impression) == (4, 2, 1)
    assert report.out_of_order == 1
    assert (report.first, report.last) == (NOON - timedelta(hours=1), NOON + timedelta(seconds=5))
    positions = {one.positions: (one.impressions, one.clicks) for one in report.positions}
    assert {name: counts for name, counts in positions.items() if any(counts)} == {
        "1": (1, 1),
        "2": (1, 0),
        "6-10": (0, 1),
    }
    text = "\n".join(report.lines())
    assert "such as sold" in text
    assert "100.00%  ██████████████████████████████" in text
    assert len(report.problems) == 6
    assert json.loads(json.dumps(report.payload()))["rejected"] == Counter(
        {"event_type_unknown": 1, "event_without_shopper": 1}
    )
    assert stored(settings) == [], "validating stores nothing"


def test_without_a_home_listings_cannot_be_unknown(tmp_path: Path):
    nowhere = load_settings(tmp_path / "nowhere")
    report = validate_event_file(nowhere, write(tmp_path / "log.csv", ROWS[:3]), Silent())
    assert report.unknown_listings is None
    assert report.problems == []
    assert report.lines()[-1] == "nothing is wrong"
    assert not nowhere.home.exists()


def test_a_home_is_looked_over_with_the_pages_that_it_served(settings: Settings, tmp_path: Path):
    import_events(settings, write(tmp_path / "log.csv", ROWS), Silent())
    stores = open_event_stores(settings)
    stores.queries.append([ServedPage("other", "search", NOON, ("x", "b"), 9, first_position=6)])
    stores.close()
    report = validate_home_events(settings, Silent())
    assert (report.rows, report.events, report.duplicates) == (7, 7, 0)
    assert report.clicks_without_impression == 0, "the server's own log has what was shown"
    assert {one.positions: one.impressions for one in report.positions}["6-10"] == 2


def test_an_empty_home_has_no_events(settings: Settings):
    report = validate_home_events(settings, Silent())
    assert report.lines() == [f"{settings.home} holds no events"]


def test_expiry_keeps_what_is_young_enough(settings: Settings):
    stores = open_event_stores(settings)
    now = NOON + timedelta(days=30)
    for days in (0, 10, 29):
        stores.log.append([Event(f"e{days}", EventType.VIEW, "a", NOON + timedelta(days=days), "ann")])
        stores.queries.append([ServedPage(f"q{days}", "search", NOON + timedelta(days=days), (), 0)])
    assert expire_events(stores, 0, now) == 0
    assert expire_events(stores, 15, now) == 4
    assert [one.event.event_id for one in stores.log.since(0, 9)] == ["e29"]
    stores.close()


def test_a_clock_that_leaps_ahead_is_not_believed(settings: Settings, caplog: pytest.LogCaptureFixture):
    stores, passed = open_event_stores(settings), [0.0]
    stores.log.append([Event("e", EventType.VIEW, "a", NOON, "ann")])
    stores.queries.append([ServedPage("q", "search", NOON + timedelta(hours=1), (), 0)])
    assert latest_time(stores.database, EVENTS) == NOON
    assert careful_clock(stores, NOON + timedelta(days=3650)).believed(NOON + timedelta(days=3650)) == (
        pytest.approx(NOON + timedelta(days=1, hours=1), abs=timedelta(minutes=5))
    )
    assert "set the clock, or if it is right restart bowerbird" in caplog.text
    clock = CarefulClock(NOON, NOON, lambda: passed[0])
    passed[0] = 10 * 86_400
    assert clock.believed(NOON + timedelta(days=10)) == NOON + timedelta(days=10), (
        "time that passed is believed"
    )
    assert clock.believed(NOON + timedelta(days=99)) == NOON + timedelta(days=11)
    assert clock.believed(NOON - timedelta(days=99)) == NOON - timedelta(days=99)
    assert CarefulClock(None, NOON, lambda: 0.0).believed(NOON + timedelta(days=99)) == NOON + timedelta(
        days=1
    )
    stores.close()
