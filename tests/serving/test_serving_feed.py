"""Recommendations over HTTP: shoppers, sessions, pages of a feed, what is logged of them, erasing."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bowerbird.assembly import open_engine
from bowerbird.jobs import erase_shopper
from bowerbird.serving.app import create_app
from bowerbird.settings import load_settings
from market_homes import MarketHomes


@pytest.fixture(scope="module")
def client(
    indexed_home: Path, tmp_path_factory: pytest.TempPathFactory, homes: MarketHomes
) -> Iterator[TestClient]:
    """One application for all: each test has shoppers of its own."""
    home = homes.copy(indexed_home, tmp_path_factory.mktemp("feed") / "home")
    settings = load_settings(home)
    with closing(open_engine(settings)) as engine, pytest.MonkeyPatch.context() as patched:
        patched.setattr(erase_shopper, "SETTLE_SECONDS", 0.0)
        client = TestClient(create_app(engine, settings), raise_server_exceptions=False)
        yield client
        client.app.state.events.close()


def event(kind: str, listing: str, **fields: object) -> dict:
    return {"type": kind, "listing_id": listing, **fields}


def send(client: TestClient, *events: dict) -> None:
    assert client.post("/v1/events", json={"events": list(events)}).json()["rejected"] == 0


def feed(client: TestClient, shopper: str, **asked: object) -> dict:
    reply = client.get(f"/v1/shoppers/{shopper}/recommendations", params=asked)
    assert reply.status_code == 200, reply.text
    return reply.json()


def ids(reply: dict) -> list[str]:
    return [hit["listing_id"] for hit in reply["hits"]]


def test_an_event_changes_the_next_answer_and_hiding_takes_away_at_once(client):
    stranger = feed(client, "ann")
    assert stranger["personal"] is False
    assert {hit["why"]["kind"] for hit in stranger["hits"]} <= {"new", "popular"}
    send(client, event("view", "red-tent", shopper="ann"))
    known = feed(client, "ann", limit=5)
    assert known["personal"] is True
    assert len(known["hits"]) == 5
    assert known["hits"][0]["why"]["text"] == "because you looked at Red tent"
    assert known["hits"][0]["why"]["listing_id"] == "red-tent"
    assert known["hits"][0]["title"]
    assert "red-tent" not in ids(known)
    send(client, event("hide", ids(known)[0], shopper="ann"))
    assert ids(known)[0] not in ids(feed(client, "ann", limit=100))


def test_a_session_sends_its_events_which_are_not_stored(client):
    logged = len(client.app.state.events.stores.log)
    time = datetime.now(UTC) - timedelta(minutes=5)
    events = [event("view", f"{colour}-tent", time=time.isoformat()) for colour in ("red", "blue", "pink")]
    reply = client.post("/v1/sessions/recommendations", json={"events": events, "limit": 5})
    assert reply.status_code == 200, reply.text
    assert reply.json()["personal"] is True
    assert sum(one.endswith("-tent") for one in ids(reply.json())) >= 4
    assert len(client.app.state.events.stores.log) == logged
    ubi = {"action_name": "click", "object_id": "red-sofa"}
    named = client.post("/v1/sessions/recommendations", json={"events": [ubi], "session": "s1", "limit": 3})
    assert "red-sofa" not in ids(named.json())
    nobody = client.post("/v1/sessions/recommendations", json={})
    assert nobody.json()["personal"] is False


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"events": [{"type": "view"}]}, "event 1, listing_id"),
        (
            {"events": [{"type": "view", "listing_id": "a"}, {"type": "eat", "listing_id": "a"}]},
            "event 2, type",
        ),
        ({"events": ["view"]}, "events.0"),
        ({"events": [], "limit": 0}, "limit"),
        ({"event": []}, "event"),
        ({"cursor": "x"}, "cursor 'x' is damaged"),
    ],
)
def test_what_cannot_be_used_is_said(client, body, said):
    reply = client.post("/v1/sessions/recommendations", json=body)
    assert reply.status_code == 422
    assert said in reply.json()["message"]


def test_pages_are_walked_by_cursor_and_logged_as_shown(client):
    send(client, event("view", "red-tent", shopper="cat/1"))
    first = feed(client, "cat%2F1", limit=4)
    second = feed(client, "cat%2F1", limit=4, cursor=first["next_cursor"])
    assert first["personal"]
    assert not set(ids(first)) & set(ids(second))
    client.app.state.events._writer.flush()
    pages = client.app.state.events.stores.queries.get([first["query_id"], second["query_id"]])
    shown = [pages[reply["query_id"]] for reply in (first, second)]
    assert [list(page.listing_ids) for page in shown] == [ids(first), ids(second)]
    assert [page.first_position for page in shown] == [1, 5]
    assert {page.surface for page in shown} == {"feed"}
    assert {page.shopper for page in shown} == {"cat/1"}
    assert shown[0].request["reasons"][0] == "looked_at"


def test_the_events_of_a_search_make_its_shopper_known(client):
    send(client, event("view", "red-tent", shopper="dan", session="s9"))
    reply = client.get("/v1/shoppers/ben/recommendations", params={"session": "s9"}).json()
    assert reply["personal"] is True  # by the session they are in


def test_an_erased_shopper_is_a_stranger(client):
    send(client, event("view", "red-tent", shopper="eve", session="s5"))
    assert feed(client, "eve")["personal"]
    assert client.delete("/v1/shoppers/eve").json()["erased"]["events"] == 1
    assert not feed(client, "eve")["personal"]
    session = client.post("/v1/sessions/recommendations", json={"session": "s5"}).json()
    assert not session["personal"]


def test_the_calls_are_documented(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert "get" in paths["/v1/shoppers/{shopper}/recommendations"]
    assert "post" in paths["/v1/sessions/recommendations"]
