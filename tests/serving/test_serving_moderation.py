"""Reported by a shopper, hidden by the owner at once, for good; changes written down, secrets nowhere."""

import base64
import io
import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image, ImageOps

from bowerbird.assembly import open_engine
from bowerbird.engine import Engine
from bowerbird.jobs.index_market import index_market
from bowerbird.progress import Silent
from bowerbird.serving.app import create_app
from bowerbird.serving.audit import EXPIRE_EVERY_SECONDS, Audit
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.audit_log import AuditLog
from bowerbird.storage.database import open_database, sqlite_url
from bowerbird.storage.key_store import Scope


@dataclass(frozen=True)
class Market:
    """A market that may be changed, and a client of it."""

    app: FastAPI
    engine: Engine
    settings: Settings
    client: TestClient


@pytest.fixture(scope="module")
def market(tmp_path_factory, indexed_home, homes) -> Iterator[Market]:
    home = homes.copy(indexed_home, tmp_path_factory.mktemp("moderated") / "home")
    settings = load_settings(home)
    with closing(open_engine(settings)) as engine:
        app = create_app(engine, settings)
        yield Market(
            app, engine, settings, TestClient(app, raise_server_exceptions=False, follow_redirects=False)
        )


def found(client: TestClient, listing_id: str) -> set[str]:
    """Where a listing is seen."""
    seen = set()
    words = {"q": "red sofa", "limit": 50}
    if listing_id in [hit["listing_id"] for hit in client.post("/v1/search", json=words).json()["hits"]]:
        seen.add("search")
    everything = client.post("/v1/search", json={"limit": 200}).json()["hits"]
    if listing_id in [hit["listing_id"] for hit in everything]:
        seen.add("browsing")
    feed = client.post("/v1/sessions/recommendations", json={"limit": 100}).json()["hits"]
    if listing_id in [hit["listing_id"] for hit in feed]:
        seen.add("feed")
    similar = client.get("/v1/listings/blue-sofa/similar?limit=100").json()["hits"]
    if listing_id in [hit["listing_id"] for hit in similar]:
        seen.add("similar")
    if client.get(f"/v1/listings/{listing_id}").status_code == 200:
        seen.add("listing")
    if client.get(f"/listings/{listing_id}").status_code == 200:
        seen.add("page")
    return seen


def _flipped(photo: bytes) -> bytes:
    """Another picture, of the same kind."""
    flipped, file = ImageOps.flip(Image.open(io.BytesIO(photo))), io.BytesIO()
    flipped.save(file, "JPEG")
    return file.getvalue()


def test_what_the_owner_hides_is_gone_at_once_and_stays_away(market: Market):
    client = market.client
    photos = [photo["url"] for photo in client.get("/v1/listings/red-sofa").json()["photos"]]
    before = found(client, "red-sofa")
    assert {"search", "browsing", "similar", "listing", "page"} <= before
    assert client.get(photos[0]).status_code == 200
    assert client.post("/v1/listings/red-sofa/hide").json() == {"listing_id": "red-sofa", "hidden": True}
    assert found(client, "red-sofa") == set()
    for photo in photos:
        assert client.get(photo).status_code == 404
        assert client.get(f"{photo}?size=320").status_code == 404
    assert client.patch(
        "/v1/listings/red-sofa", json={"title": "Red sofa, cheap", "status": "active"}
    ).is_success
    market.engine.projection.refresh()
    assert found(client, "red-sofa") == set()
    with closing(open_engine(market.settings)) as restarted:
        again = TestClient(create_app(restarted, market.settings))
        assert found(again, "red-sofa") == set()
    index_market(market.settings, Silent())
    with closing(open_engine(market.settings)) as reindexed:
        again = TestClient(create_app(reindexed, market.settings))
        assert found(again, "red-sofa") == set()
    assert client.post("/v1/listings/red-sofa/unhide").is_success
    market.engine.projection.refresh()
    assert found(client, "red-sofa") == before
    assert client.get(photos[0]).status_code == 200
    assert client.get("/v1/listings/red-sofa").json()["title"] == "Red sofa, cheap"


def test_a_photo_that_another_listing_shows_too_is_served_on(market: Market):
    client = market.client
    photo = client.get("/v1/listings/blue-lamp").json()["photos"][0]
    original = client.get(photo["url"]).content
    copied = {"title": "Copied lamp", "photos": [base64.b64encode(original).decode()], "status": "active"}
    made = client.put("/v1/listings/copied", json=copied).json()
    assert made["photos"][0]["url"] == photo["url"]
    client.post("/v1/listings/copied/hide")
    assert client.get(photo["url"]).status_code == 200
    client.post("/v1/listings/blue-lamp/hide")
    assert client.get(photo["url"]).status_code == 404
    client.post("/v1/listings/blue-lamp/unhide")


def test_another_process_hides_it_within_a_second(market: Market):
    with closing(open_engine(market.settings)) as other:
        client = TestClient(create_app(other, market.settings))
        market.client.post("/v1/listings/green-sofa/hide")
        other.projection.refresh()  # what its thread does every 0.2 s
        assert found(client, "green-sofa") == set()
        market.client.post("/v1/listings/green-sofa/unhide")


def test_reports_reach_the_owner_until_settled(market: Market):
    client = market.client
    photo_id = client.get("/v1/listings/blue-sofa").json()["photos"][0]["photo_id"]
    said = {"reason": "scam", "note": "asks for gift cards"}
    assert client.post("/v1/listings/blue-sofa/reports", json=said).status_code == 202
    assert client.post(
        "/v1/listings/blue-sofa/reports", json={"reason": "photo", "photo_id": photo_id}
    ).is_success
    (listed,) = client.get("/v1/reports").json()["listings"]
    assert listed["listing_id"] == "blue-sofa"
    assert [report["reason"] for report in listed["reports"]] == ["photo", "scam"]
    page = client.get("/owner").text
    assert "asks for gift cards" in page
    assert "Hide the listing" in page
    assert client.delete("/v1/reports/blue-sofa").json() == {"listing_id": "blue-sofa", "settled": 2}
    assert client.get("/v1/reports").json() == {"listings": []}
    assert "Nothing is reported" in client.get("/owner").text


def test_one_photo_is_hidden_at_once_and_the_listing_stays(market: Market):
    client = market.client
    shown = [
        client.get(f"/v1/listings/{name}").json()["photos"][0]["url"] for name in ("blue-sofa", "blue-lamp")
    ]
    flipped = [base64.b64encode(_flipped(client.get(url).content)).decode() for url in shown]
    body = {"title": "Chair of two photos", "photos": flipped, "status": "active"}
    bad, good = client.put("/v1/listings/two", json=body).json()["photos"]
    client.post("/v1/listings/two/reports", json={"reason": "photo", "photo_id": bad["photo_id"]})
    client.post("/v1/listings/two/reports", json={"reason": "scam"})
    assert "Hide this photo" in client.get("/owner").text
    hidden = client.post("/v1/listings/two/hide", params={"photo_id": bad["photo_id"]})
    assert hidden.json() == {"listing_id": "two", "photo_id": bad["photo_id"], "hidden": True}
    assert client.get("/v1/listings/two").json()["photos"] == [good]
    assert client.get(bad["url"]).status_code == 404
    assert client.get(good["url"]).status_code == 200
    (listed,) = client.get("/v1/reports").json()["listings"]
    assert [report["reason"] for report in listed["reports"]] == ["scam"]
    client.put("/v1/listings/two", json=body | {"title": "Chair, as new"})
    assert client.get("/v1/listings/two").json()["photos"] == [good]
    asked = client.post("/v1/search", json={"photo": flipped[0], "limit": 50}).json()["hits"]
    similar = {hit["listing_id"]: hit["photos"] for hit in asked}
    assert similar.get("two", [good]) == [good]
    assert "A photo of" in client.get("/owner").text
    act = {"listing_id": "two", "act": "unhide", "photo_id": bad["photo_id"]}
    assert client.post("/owner/listings", data=act).status_code == 303
    assert client.get("/v1/listings/two").json()["photos"] == [bad, good]
    assert client.get(bad["url"]).status_code == 200
    assert client.post("/v1/listings/two/hide", params={"photo_id": "another"}).status_code == 422
    assert client.post("/v1/listings/none/hide", params={"photo_id": "another"}).status_code == 404
    client.delete("/v1/listings/two")
    client.delete("/v1/reports/two")


@pytest.mark.parametrize(
    ("listing_id", "report", "status"),
    [
        ("nothing", {"reason": "scam"}, 404),
        ("blue-sofa", {"reason": "ugly"}, 422),
        ("blue-sofa", {"reason": "scam", "photo_id": "another"}, 422),
        ("blue-sofa", {"reason": "scam", "note": "x" * 1001}, 422),
        ("blue-sofa", {"reason": "scam", "note": "a\0b"}, 422),
        ("blue-sofa", {}, 422),
    ],
)
def test_what_is_no_report_is_refused(market: Market, listing_id, report, status: int):
    refused = market.client.post(f"/v1/listings/{listing_id}/reports", json=report)
    assert refused.status_code == status
    assert set(refused.json()) == {"error", "message", "details"}


def test_a_shopper_reports_and_the_owner_hides_by_forms(market: Market):
    client = market.client
    page = "http://testserver/listings/yellow-sofa"
    form = client.get(page).text
    assert 'action="/reports"' in form
    sent = client.post(
        "/reports",
        data={"listing_id": "yellow-sofa", "reason": "misleading", "note": "<b>no sofa</b>"},
        headers={"referer": page},
    )
    assert sent.headers["location"] == "/listings/yellow-sofa?reported=1"
    assert "Thank you" in client.get(sent.headers["location"]).text
    owner = client.get("/owner").text
    assert "&lt;b&gt;no sofa" in owner
    hidden = client.post("/owner/listings", data={"listing_id": "yellow-sofa", "act": "hide"})
    assert hidden.headers["location"] == "/owner#reports"
    assert client.get("/listings/yellow-sofa").status_code == 404
    owner = client.get("/owner").text
    assert "Show it again" in owner
    assert "Nothing is reported" in owner  # hiding settles
    client.post("/owner/listings", data={"listing_id": "yellow-sofa", "act": "unhide"})
    market.engine.projection.refresh()
    assert client.get("/listings/yellow-sofa").status_code == 200
    assert (
        client.post("/owner/listings", data={"listing_id": "yellow-sofa", "act": "burn"}).status_code == 422
    )
    assert client.post("/reports", data={"listing_id": "yellow-sofa", "reason": "?"}).status_code == 422


def test_every_change_is_written_down_with_its_key_and_no_erased_name(engine: Engine, settings: Settings):
    client = TestClient(create_app(engine, settings))
    token = client.post("/v1/keys", json={"name": "first", "scopes": ["admin"]}).json()["token"]
    key_id = token.split("_")[1]
    admin = TestClient(client.app, headers={"Authorization": f"Bearer {token}"})
    admin.put("/v1/listings/new", json={"title": "New"})
    admin.patch("/v1/listings/new", json={"title": "Newer"})
    admin.post(
        "/v1/listings/bulk", content='{"listing_id": "a", "title": "A"}\n{"listing_id": "b", "title": "B"}'
    )
    admin.delete("/v1/listings/new")
    admin.delete("/v1/listings/new")  # refused, so nothing was changed
    admin.delete("/v1/shoppers/ann-of-leeds")
    admin.post("/v1/listings/a/hide")
    changes = admin.get("/v1/audit").json()["changes"]
    assert [(change["action"], change["subject"]) for change in changes] == [
        ("listing.hide", "a"),
        ("shopper.erase", None),
        ("listing.delete", "new"),
        ("listing.bulk", "b"),
        ("listing.bulk", "a"),
        ("listing.patch", "new"),
        ("listing.put", "new"),
        ("key.create", key_id),
    ]
    assert [change["key_id"] for change in changes] == [key_id] * 7 + [None]
    assert "ann-of-leeds" not in admin.get("/v1/audit?limit=1000").text
    assert len(admin.get("/v1/audit", params={"subject": "new"}).json()["changes"]) == 3
    assert len(admin.get("/v1/audit", params={"key_id": key_id, "limit": 5}).json()["changes"]) == 5


def test_old_changes_are_forgotten_once_an_hour(tmp_path):
    log = AuditLog(open_database(sqlite_url(tmp_path / "audit.db")))
    clock, now = [0.0], [datetime(2026, 5, 1, tzinfo=UTC)]
    audit = Audit(log, 10, lambda: clock[0], lambda: now[0])
    audit.note("listing.put", ["old"], None)
    now[0] += timedelta(days=11)
    audit.note("listing.put", ["new"], None)
    assert len(log.latest(10)) == 2  # looked a moment ago
    clock[0] += EXPIRE_EVERY_SECONDS
    audit.note("listing.put", ["newer"], None)
    assert [entry.subject for entry in log.latest(10)] == ["newer", "new"]


def test_no_log_no_reply_and_no_file_holds_a_secret(engine: Engine, settings: Settings, caplog):
    app = create_app(engine, settings)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("unforeseen")

    made = app.state.keyring.store.create("first", list(Scope), datetime.now(UTC))
    token, secret = made.token, made.token.split("_", 2)[2]
    app.state.keyring.reread()
    said = []
    with caplog.at_level(logging.DEBUG):
        client = TestClient(app, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=False)
        for method, path in (("GET", "/broken"), ("GET", "/v1/keys"), ("GET", "/owner"), ("GET", "/metrics")):
            said.append(client.request(method, path).text)
        said.append(client.post("/v1/search", content=token).text)
        said.append(TestClient(app, headers={"Authorization": f"Bearer {token}x"}).get("/v1/keys").text)
        browser = TestClient(app, follow_redirects=False)
        browser.post("/sign-in", data={"key": token, "next": "/owner"})
        session = browser.cookies["bowerbird_key"].split("_", 2)[2]
        said.append(browser.get("/owner").text)
        said.append(browser.post("/sign-in", data={"key": f"{token}x"}).text)
    assert "unforeseen" in caplog.text
    for one in (secret, session):
        assert one not in caplog.text
        assert not [reply for reply in said if one in reply]
        for path in settings.home.rglob("*"):
            if path.is_file() and path.suffix not in (".onnx", ".jpg"):
                assert one.encode() not in path.read_bytes(), path
