"""Events in, and a shopper's data out and away, over HTTP."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bowerbird.cleaning.rejection import Reason
from bowerbird.engine import Engine
from bowerbird.jobs import erase_shopper
from bowerbird.serving.app import create_app
from bowerbird.settings import Settings, load_settings
from market_homes import MarketHomes


class Listener:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.forgotten: list[tuple[str, tuple[str, ...]]] = []

    def received(self, events) -> None:
        self.seen += [logged.event.event_id for logged in events]

    def forget(self, shopper, sessions) -> None:
        self.forgotten.append((shopper, tuple(sessions)))


@pytest.fixture
def settings(indexed_home: Path, tmp_path: Path, homes: MarketHomes) -> Settings:
    """A home with the known catalogue and logs of the test's own; the index is the shared engine's."""
    return load_settings(homes.copy(indexed_home, tmp_path / "home", only_catalogue=True))


@pytest.fixture
def client(known_engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(erase_shopper, "SETTLE_SECONDS", 0.0)
    client = TestClient(create_app(known_engine, settings), raise_server_exceptions=False)
    yield client
    client.app.state.events.close()


def event(number: int = 1, **fields: object) -> dict:
    given = {"event_id": f"e{number}", "type": "view", "listing_id": "red-sofa", "shopper": "ann", **fields}
    return {name: value for name, value in given.items() if value is not None}


def logged(client: TestClient) -> list:
    return [one.event for one in client.app.state.events.stores.log.since(0, 1000)]


def flush(client: TestClient) -> None:
    client.app.state.events._writer.flush()


def test_one_event_is_logged_and_counts_once(client):
    time = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    sent = event(session="s1", query_id="q1", position=2, time=time.isoformat())
    reply = client.post("/v1/events", json=sent)
    assert reply.status_code == 200
    assert reply.json() == {
        "accepted": 1,
        "duplicate": 0,
        "rejected": 0,
        "unknown_listings": 0,
        "rows": [{"row": 1, "event_id": "e1", "status": "accepted"}],
    }
    again = client.post("/v1/events", json=sent).json()
    assert (again["accepted"], again["rows"][0]["status"]) == (0, "duplicate")
    (kept,) = logged(client)
    assert (kept.shopper, kept.session, kept.query_id, kept.position) == ("ann", "s1", "q1", 2)
    assert kept.time == time


def test_an_event_that_is_refused_is_an_error_that_says_why(client):
    reply = client.post("/v1/events", json=event(type="gaze"))
    assert reply.status_code == 422
    assert reply.json()["error"] == "invalid_input"
    assert "types are impression, view, save" in reply.json()["message"]
    assert reply.json()["details"] == [Reason.EVENT_TYPE_UNKNOWN.value]
    assert logged(client) == []


def test_each_row_of_many_is_judged_by_itself(client):
    future = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    rows = [
        event(1),
        event(1),
        event(2, listing_id="gone"),
        event(3, time=future),
        event(4, shopper=None),
        event(5, position=0),
        "no object",
        event(6, shopper=None, session="s"),
    ]
    reply = client.post("/v1/events", json={"events": rows}).json()
    assert [row["status"] for row in reply["rows"]] == [
        *("accepted", "duplicate", "accepted"),
        *["rejected"] * 4,
        "accepted",
    ]
    assert [row.get("reason") for row in reply["rows"][3:7]] == [
        "event_in_future",
        "event_without_shopper",
        "position_unusable",
        "not_json",
    ]
    assert [row["row"] for row in reply["rows"]] == list(range(1, 9))
    assert reply["rows"][2]["unknown_listing"] is True
    assert (reply["accepted"], reply["duplicate"], reply["rejected"]) == (3, 1, 4)
    assert reply["unknown_listings"] == 1
    assert [one.event_id for one in logged(client)] == ["e1", "e2", "e6"]


def test_lines_are_taken_as_the_bulk_call_for_listings_takes_them(client):
    lines = b"\n".join([json.dumps(event(1)).encode(), b"{broken", b"", json.dumps(event(2)).encode()])
    reply = client.post("/v1/events/bulk", content=lines).json()
    assert [(row["row"], row["status"]) for row in reply["rows"]] == [
        (1, "accepted"),
        (2, "rejected"),
        (3, "accepted"),
    ]


def test_ubi_names_are_taken(client):
    sent = {
        "action_name": "click",
        "query_id": "q7",
        "client_id": "browser-1",
        "session_id": "s1",
        "timestamp": "2026-05-16T12:34:56.789Z",
        "message_type": "INFO",
        "event_attributes": {
            "position": {"ordinal": 3},
            "object": {"object_id": "red-sofa", "object_id_field": "listing_id"},
        },
    }
    client.app.state.events._now = lambda: datetime(2026, 6, 1, tzinfo=UTC)
    assert client.post("/v1/events", json=sent).json()["accepted"] == 1
    (kept,) = logged(client)
    assert (kept.type, kept.listing_id, kept.shopper, kept.session) == ("view", "red-sofa", "browser-1", "s1")
    assert (kept.query_id, kept.position) == ("q7", 3)
    assert kept.time == datetime(2026, 5, 16, 12, 34, 56, 789_000, tzinfo=UTC)
    assert client.post("/v1/events", json=sent).json()["duplicate"] == 1, "its id follows from its contents"


@pytest.mark.parametrize("body", [b"", b"{", b'{"events": 3}', b"7", b'"text"', b'{"events": null}'])
def test_a_body_that_is_no_event_is_told_what_to_send(client, body):
    reply = client.post("/v1/events", content=body)
    assert reply.status_code == 422
    assert reply.json()["error"] == "invalid_input"


def test_too_many_rows_are_refused_whole(known_engine: Engine, settings: Settings):
    few = load_settings(settings.home, serving={"max_bulk_rows": 2})
    client = TestClient(create_app(known_engine, few), raise_server_exceptions=False)
    reply = client.post("/v1/events", json={"events": [event(n) for n in range(3)]})
    assert reply.status_code == 413
    assert "at most 2 rows, but 3" in reply.json()["message"]
    assert logged(client) == []
    client.app.state.events.close()


def test_a_search_is_logged_with_what_its_page_showed(client):
    body = {"q": "sofa", "limit": 2, "shopper": "ann", "session": "s1", "filters": {"price_max": 5000}}
    first = client.post("/v1/search", json=body).json()
    second = client.post("/v1/search", json={**body, "cursor": first["next_cursor"]}).json()
    flush(client)
    pages = client.app.state.events.stores.queries.get([first["query_id"], second["query_id"]])
    page = pages[first["query_id"]]
    assert page.listing_ids == tuple(hit["listing_id"] for hit in first["hits"])
    assert (page.words, page.shopper, page.session, page.surface) == ("sofa", "ann", "s1", "search")
    assert (page.total, page.first_position) == (first["total"], 1)
    assert page.request == {"filters": {"price_max": 5000}, "sort": "relevance", "limit": 2, "photo": False}
    assert pages[second["query_id"]].first_position == 3


def test_similar_listings_are_logged_too(client):
    reply = client.get("/v1/listings/red-sofa/similar", params={"limit": 3}).json()
    flush(client)
    page = client.app.state.events.stores.queries.get([reply["query_id"]])[reply["query_id"]]
    assert (page.surface, page.request) == ("similar", {"listing_id": "red-sofa"})
    assert len(page.listing_ids) == 3


def test_replies_are_not_logged_where_the_setting_says_so(known_engine: Engine, settings: Settings):
    client = TestClient(create_app(known_engine, load_settings(settings.home, events={"log_queries": False})))
    client.post("/v1/search", json={"q": "sofa"})
    flush(client)
    assert len(client.app.state.events.stores.queries) == 0
    client.app.state.events.close()


def test_a_shopper_is_exported_and_erased_in_one_call(client):
    listener = Listener()
    client.app.state.events.listeners.append(listener)
    client.post("/v1/search", json={"q": "blue lamp", "shopper": "ann", "session": "s1"})
    client.post("/v1/search", json={"q": "green mug", "session": "s1"})
    client.post("/v1/search", json={"q": "a chair", "shopper": "bob"})
    rows = [event(1, session="s1"), event(2, shopper=None, session="s1"), event(3, shopper="bob")]
    client.post("/v1/events", json={"events": [*rows, event(4, shopper="bob", session="s1")]})
    assert listener.seen == ["e1", "e2", "e3", "e4"]

    record = client.get("/v1/shoppers/ann").json()
    assert [one["event_id"] for one in record["events"]] == ["e1", "e2"]
    assert [one["words"] for one in record["queries"]] == ["blue lamp", "green mug"]
    assert record["sessions"] == ["s1"]

    reply = client.delete("/v1/shoppers/ann")
    assert reply.status_code == 200
    assert reply.json()["erased"] == {"events": 2, "queries": 2, "rejected_rows": 0, "sessions": 1}
    assert listener.forgotten == [("ann", ("s1",))]
    assert [one.event_id for one in logged(client)] == ["e3", "e4"]
    assert client.get("/v1/shoppers/ann").status_code == 404
    assert client.get("/v1/shoppers/bob").json()["queries"][0]["words"] == "a chair"
    assert client.delete("/v1/shoppers/ann").json()["erased"]["events"] == 0


def test_a_search_on_its_way_to_the_log_is_erased_too(client):
    client.post("/v1/search", json={"q": "sofa", "shopper": "ann"})
    assert client.delete("/v1/shoppers/ann").json()["erased"]["queries"] == 1
    flush(client)
    assert len(client.app.state.events.stores.queries) == 0


def test_old_events_go_when_the_server_starts(known_engine: Engine, settings: Settings):
    now = datetime.now(UTC)
    kept = TestClient(create_app(known_engine, settings))
    days = {1: 40, 2: 20, 3: 0}  # the last one says that the market is alive, and the clock right
    times = {number: (now - timedelta(days=ago)).isoformat() for number, ago in days.items()}
    kept.post("/v1/events", json={"events": [event(number, time=time) for number, time in times.items()]})
    kept.app.state.events.close()
    client = TestClient(create_app(known_engine, load_settings(settings.home, events={"keep_days": 30})))
    events = client.app.state.events
    events.start()
    events._stopped.set()
    events._expiry.join()
    assert [one.event_id for one in logged(client)] == ["e2", "e3"]
    refused = client.post("/v1/events", json=event(4, time=times[1]))
    assert refused.json()["details"] == ["event_too_old"], "what would be deleted at once is not taken"
    events.close()


def test_metrics_count_events_and_what_waits(client):
    client.post("/v1/events", json={"events": [event(1), event(1), event(2, type="gaze")]})
    metrics = client.get("/metrics").text
    for outcome in ("accepted", "duplicate", "rejected"):
        assert f'bowerbird_events_total{{outcome="{outcome}"}} 1.0' in metrics
    assert "bowerbird_waiting_pages 0.0" in metrics
    assert "bowerbird_dropped_pages_total 0.0" in metrics


def test_the_calls_are_documented(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert "User Behavior Insights" in json.dumps(paths["/v1/events"])
    assert {"get", "delete"} <= paths["/v1/shoppers/{shopper}"].keys()


def test_the_bytes_of_an_erased_shopper_leave_the_home(client, settings: Settings):
    """Ids that nothing else spells: every file of the home is searched for them."""
    shopper = "shopper-7f3a9c51e2d84b60"
    rows = [
        event(number, shopper=shopper if number % 3 == 0 else f"other-{number}", event_id=f"id-{number}")
        for number in range(3000)
    ]
    client.post("/v1/events", json={"events": rows})
    client.post("/v1/search", json={"q": "words of 7f3a9c51e2d84b60", "shopper": shopper})
    flush(client)
    on_a_server = bool(settings.database)  # whose files are not the home's
    assert bool(files_with(settings.home, shopper)) is not on_a_server
    assert client.delete(f"/v1/shoppers/{shopper}").json()["erased"]["events"] == 1000
    assert files_with(settings.home, shopper) == []
    assert len(client.app.state.events.stores.log) == 2000


def files_with(home: Path, text: str) -> list[str]:
    return [
        str(path)
        for path in home.rglob("*")
        if path.is_file() and path.suffix != ".onnx" and text.encode() in path.read_bytes()
    ]
