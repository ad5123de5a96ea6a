"""What nobody should send: every answer is below 500 and says what is wrong, and the market serves on."""

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bowerbird.assembly import open_engine
from bowerbird.engine import Engine
from bowerbird.market.listing import Listing, Price, Status
from bowerbird.serving.app import create_app
from bowerbird.serving.search_form import SearchForm
from bowerbird.settings import Settings, load_settings

JSON = {"content-type": "application/json"}
CALLS = (
    ("POST", "/v1/search"),
    ("PUT", "/v1/listings/fuzzed"),
    ("PATCH", "/v1/listings/red-sofa"),
    ("POST", "/v1/listings/bulk"),
    ("POST", "/v1/embed"),
)
FIELDS = (
    "q", "photo", "filters", "sort", "limit", "cursor", "facets", "title", "description", "category", "price",
    "place", "latitude", "longitude", "status", "seller", "created_at", "attributes", "photos", "texts",
    "listing_id", "price_min", "price_max", "near", "max_age_days", "amount", "currency", "lat", "lon", "km",
)  # fmt: skip
ODD_TEXTS = (
    "", "a\0b", "\ud800", "\u202e", "x" * 3000, '"', "-", "red sofa", "under £1e400", "(((", "sold", "hidden",
    "relevance", "distance", "GBP", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00",
    "data:,aGVsbG8=",
)  # fmt: skip
ODD_NUMBERS = (0, -1, 1.5, 1e308, float("nan"), float("inf"), -float("inf"), 2**63, 10**30, True)
leaves = st.none() | st.sampled_from(ODD_TEXTS) | st.sampled_from(ODD_NUMBERS) | st.text(max_size=8)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.sampled_from(ODD_TEXTS), inner, max_size=4)
    ),
    max_leaves=8,
)
bodies = st.dictionaries(st.sampled_from(FIELDS), values, max_size=5)
titled = bodies.map(lambda body: {"title": "Harp", "listing_id": "fuzzed", **body})


ADDRESS = tuple(field.name for field in dataclasses.fields(SearchForm))
odd_parameters = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ("1e307", "1.7e308", "nan", "-1", "1,1,inf", "1,1", "sold", "newest", "distance", "0" * 64)
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, indexed_home, homes) -> TestClient:
    """A client of a market that may be spoilt."""
    home = homes.copy(indexed_home, tmp_path_factory.mktemp("hostile") / "home")
    market = load_settings(home)
    with closing(open_engine(market)) as engine:
        yield TestClient(create_app(engine, market), raise_server_exceptions=False)


def refusal(response) -> str:
    """The message of an answer that refuses, in the one shape of errors."""
    assert 400 <= response.status_code < 500, response.text
    assert set(response.json()) == {"error", "message", "details"}
    return response.json()["message"]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(CALLS), bodies | titled | values)
def test_any_json_is_taken_or_refused(hostile: TestClient, call, body):
    method, path = call
    response = hostile.request(method, path, content=json.dumps(body), headers=JSON)
    if response.status_code >= 300:
        refusal(response)
    hostile.app.state.front.engine.projection.refresh()
    assert hostile.get("/v1/listings/blue-sofa").status_code == 200


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(ADDRESS), odd_parameters, max_size=3))
def test_any_address_of_the_search_page_is_a_page(hostile: TestClient, address):
    for page in (hostile.get("/", params=address), hostile.post("/", data=address)):
        assert page.status_code < 500
        assert page.text.startswith("<!doctype html>")


@pytest.mark.parametrize("created_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_outside_the_calendar_is_refused(hostile: TestClient, created_at: str):
    listing = {"title": "Harp", "created_at": created_at}
    assert "outside the years" in refusal(hostile.put("/v1/listings/harp", json=listing))


def test_a_row_that_cannot_be_stored_leaves_the_others_of_its_call(hostile: TestClient):
    rows = [{"listing_id": "nul", "title": "a\0b"}, {"listing_id": "fine", "title": "Tin kettle"}]
    reply = hostile.post("/v1/listings/bulk", content="\n".join(map(json.dumps, rows))).json()
    assert [row["status"] for row in reply["rows"]] == [422, 200]
    assert "NUL" in reply["rows"][0]["message"]
    assert hostile.get("/v1/listings/fine").status_code == 200


@pytest.mark.parametrize("listing_id", ["", "%20", "x" * 201])
def test_an_id_that_nobody_could_read_is_refused(hostile: TestClient, listing_id: str):
    assert "listing id" in refusal(hostile.put(f"/v1/listings/{listing_id}", json={"title": "Harp"}))


def test_an_id_may_hold_a_slash(hostile: TestClient):
    assert hostile.put("/v1/listings/2026%2F17", json={"title": "Harp"}).status_code in (200, 201)
    assert hostile.get("/v1/listings/2026/17").json()["listing_id"] == "2026/17"
    assert hostile.get("/v1/listings/2026/17/similar").status_code == 200
    assert hostile.get("/listings/2026/17").status_code == 200
    assert hostile.delete("/v1/listings/2026/17").status_code == 204


def test_a_photo_sent_as_text_in_a_form_is_not_overlooked(hostile: TestClient):
    response = hostile.post("/v1/search", files={"photo": (None, "!!!"), "query": (None, "{}")})
    assert "not base64" in refusal(response)


@pytest.mark.parametrize("path", ["/v1/embed", "/v1/search", "/v1/listings/bulk", "/"])
def test_a_body_that_streams_past_the_limit_is_too_large_wherever_it_is_read(
    engine: Engine, settings: Settings, path: str
):
    small = settings.model_copy(
        update={"serving": settings.serving.model_copy(update={"max_body_bytes": 1000})}
    )
    client = TestClient(create_app(engine, small), raise_server_exceptions=False)
    kind = "multipart/form-data; boundary=x" if path == "/" else "application/json"
    response = client.post(path, content=(b"x" * 500 for _ in range(4)), headers={"content-type": kind})
    assert response.status_code == 413
    assert "1000 bytes" in refusal(response)


def test_what_is_hidden_has_no_similar_listings(engine: Engine, settings: Settings):
    client = TestClient(create_app(engine, settings), raise_server_exceptions=False)
    engine.upsert([Listing("secret", "Red sofa", price=Price(1, "GBP"), status=Status.HIDDEN)])
    assert "does not exist" in refusal(client.get("/v1/listings/secret/similar"))


def test_pages_of_a_search_by_age_go_on_though_time_passes(hostile: TestClient):
    asked = {"q": "red", "limit": 2, "filters": {"max_age_days": 36_000}}
    first = hostile.post("/v1/search", json=asked).json()
    second = hostile.post("/v1/search", json={**asked, "cursor": first["next_cursor"]})
    assert second.status_code == 200, second.text
    shown = [hit["listing_id"] for hit in first["hits"] + second.json()["hits"]]
    assert len(set(shown)) == 4


def test_an_unforeseen_error_is_counted(engine: Engine, settings: Settings):
    app = create_app(engine, settings)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("unforeseen")

    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/broken").json()["message"].startswith("an unforeseen error")
    assert 'bowerbird_requests_total{route="/broken",status="500"} 1.0' in client.get("/metrics").text


def test_changes_of_one_listing_at_once_are_all_kept(engine: Engine, settings: Settings):
    client = TestClient(create_app(engine, settings), raise_server_exceptions=False)
    changes = {
        "title": "Changed title", "description": "Changed", "place": "Bath", "seller": "s", "latitude": 51.0,
        "longitude": -2.0, "status": "reserved", "price": 7, "attributes": {"a": "b"},
    }  # fmt: skip

    def change(field: str) -> int:
        return client.patch("/v1/listings/red-sofa", json={field: changes[field]}).status_code

    with ThreadPoolExecutor(len(changes)) as pool:
        assert set(pool.map(change, changes)) == {200}
    read = client.get("/v1/listings/red-sofa").json()
    read = {**read, "price": read["price"]["amount"], "attributes": {"a": read["attributes"][0]["value"]}}
    assert {field: read[field] for field in changes} == changes


@pytest.mark.parametrize("path", ["/", "/listings/red-sofa", "/nothing", "/v1/listings/none", "/health/live"])
def test_every_reply_tells_browsers_to_trust_it_little(hostile: TestClient, path: str):
    headers = hostile.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


def test_the_page_of_the_api_may_have_its_own_scripts_and_no_other(hostile: TestClient):
    policy = hostile.get("/docs").headers["content-security-policy"]
    assert "script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net;" in policy
    assert "frame-ancestors 'none'" in policy


def test_browsers_that_came_by_https_are_told_to_keep_to_it(hostile: TestClient):
    safe = TestClient(hostile.app, base_url="https://shop.example")
    assert "max-age" in safe.get("/health/live").headers["strict-transport-security"]
    assert "strict-transport-security" not in hostile.get("/health/live").headers
