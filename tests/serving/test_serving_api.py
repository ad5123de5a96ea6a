"""The API over the known market: every call, its status and its one shape of error."""

import base64
import io
import json
import time
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

import known_market
from bowerbird.assembly import open_catalogue
from bowerbird.engine import Engine
from bowerbird.market.listing import Listing
from bowerbird.serving.app import create_app
from bowerbird.settings import Settings, load_settings


def jpeg(listing_id: str, seed: int = 3) -> bytes:
    data = io.BytesIO()
    known_market.draw(listing_id, seed).save(data, "JPEG", quality=95)
    return data.getvalue()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture
def client(engine: Engine, settings: Settings) -> TestClient:
    """A client of the test's own market; the tail does not run, so that nothing happens by chance."""
    return TestClient(create_app(engine, settings), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def reader(known_engine: Engine, indexed_home: Path) -> TestClient:
    """A client for tests that change nothing."""
    app = create_app(known_engine, load_settings(indexed_home, events={"log_queries": False}))
    return TestClient(app, raise_server_exceptions=False)


def search(client: TestClient, **body) -> dict:
    response = client.post("/v1/search", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def test_search_has_the_shape_that_clients_rely_on(reader):
    reply = search(reader, q="red sofa", facets=["category", "price"], explain=True)
    assert {"query_id", "took_ms", "total", "hits", "facets", "next_cursor", "degraded"} <= reply.keys()
    hit = reply["hits"][0]
    assert {"listing_id", "title", "price", "score", "photos", "why"} <= hit.keys()
    assert hit["listing_id"] == "red-sofa"
    assert hit["price"] == {"amount": 200.0, "currency": "GBP", "text": "£200"}
    assert hit["photos"][0]["url"].startswith("/photos/")
    assert reply["fusion"] == {
        "method": "rrf",
        "k": 60.0,
        "weights": {"keywords": 1.0, "text": 1.2, "photo": 3.0, "pictured": 0.1},
    }
    assert {branch["branch"] for branch in hit["why"]["branches"]} <= {"keywords", "text"}


def test_search_pages_by_cursor(reader):
    first = search(reader, q="red", limit=3)
    second = search(reader, q="red", limit=3, cursor=first["next_cursor"])
    ids = [hit["listing_id"] for hit in first["hits"] + second["hits"]]
    assert len(set(ids)) == len(ids) == 6
    assert first["total"] == second["total"]


def test_search_by_photo_in_json_and_in_a_form(reader):
    by_json = search(reader, photo=b64(jpeg("blue-bicycle")), limit=5)
    assert by_json["hits"][0]["listing_id"] == "blue-bicycle"
    form = reader.post(
        "/v1/search",
        files={"photo": ("query.jpg", jpeg("blue-bicycle"), "image/jpeg")},
        data={"query": json.dumps({"limit": 5})},
    )
    assert form.status_code == 200, form.text
    assert [hit["listing_id"] for hit in form.json()["hits"]] == [
        hit["listing_id"] for hit in by_json["hits"]
    ]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not JSON"),
        (b"[]", "a JSON list"),
        (b'{"q": 5}', "q"),
        (b'{"qq": "sofa"}', "qq"),
        (b'{"q": "sofa", "limit": 0}', "limit"),
        (b'{"q": "sofa", "sort": "best"}', "sort"),
        (b'{"sort": "distance"}', "near"),
        (b'{"filters": {"price_min": 5, "price_max": 1}}', "price_min"),
        (b'{"filters": {"near": {"lat": 91, "lon": 0, "km": 1}}}', "lat"),
        (b'{"filters": {"near": {"lat": 51, "lon": 0, "km": 1}}}', "no latitude"),
        (b'{"filters": {"status": "sold"}}', "no status"),
        (b'{"photo": "!!"}', "base64"),
        (b'{"photo": "aGVsbG8="}', "photo"),
        (b'{"cursor": "zzz"}', "cursor"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_and_why(reader, body, says):
    response = reader.post("/v1/search", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422
    error = response.json()
    assert set(error) == {"error", "message", "details"}
    assert error["error"] == "invalid_input"
    assert says in error["message"] + " ".join(error["details"])


def test_a_listing_lives_and_dies_through_the_api(client):
    whole = {
        "title": "Golden harp",
        "description": "Forty-seven strings.",
        "category": ["Music", "Instruments"],
        "price": {"amount": 900, "currency": "EUR"},
        "place": "Bath, Somerset",
        "seller": "s1",
        "attributes": {"colour": "gold"},
        "photos": [b64(jpeg("yellow-guitar"))],
        "created_at": "2026-02-03T04:05:06",
    }
    created = client.put("/v1/listings/harp-1", json=whole)
    assert created.status_code == 201, created.text
    read = client.get("/v1/listings/harp-1").json()
    assert read["title"] == "Golden harp"
    assert read["price"]["text"] == "€900"
    assert read["created_at"] == "2026-02-03T04:05:06+00:00"
    assert read["attributes"] == [{"name": "colour", "value": "gold"}]
    assert client.put("/v1/listings/harp-1", json=whole).status_code == 200

    client.app.state.front.engine.projection.refresh()
    assert search(client, q="golden harp")["hits"][0]["listing_id"] == "harp-1"
    photo = client.get(read["photos"][0]["url"])
    assert photo.headers["content-type"] == "image/jpeg"
    assert "immutable" in photo.headers["cache-control"]

    patched = client.patch("/v1/listings/harp-1", json={"price": 850, "status": "sold"})
    assert patched.status_code == 200
    assert patched.json()["price"]["amount"] == 850
    assert patched.json()["description"] == "Forty-seven strings."  # what was not sent stays
    assert patched.json()["photos"] == read["photos"]
    assert "harp-1" not in [hit["listing_id"] for hit in search(client, q="golden harp")["hits"]]

    assert client.delete("/v1/listings/harp-1").status_code == 204
    assert client.get("/v1/listings/harp-1").status_code == 404
    assert client.delete("/v1/listings/harp-1").status_code == 404
    assert client.patch("/v1/listings/harp-1", json={"price": 1}).status_code == 404


@pytest.mark.parametrize("change", [{"title": None}, {"title": ""}, {"price": -1}, {"colour": "red"}])
def test_a_change_that_cannot_be_is_refused(client, change):
    response = client.patch("/v1/listings/red-sofa", json=change)
    assert response.status_code == 422
    assert client.get("/v1/listings/red-sofa").json()["title"] == "Red sofa"


def test_a_bulk_call_answers_row_by_row(client):
    rows = [
        {"listing_id": "b1", "title": "Copper kettle", "price": 12},
        {"listing_id": "b2"},
        {"listing_id": "b3", "title": "Tin kettle", "photos": ["not base64!"]},
    ]
    body = "\n".join(json.dumps(row) for row in rows) + "\n{broken\n"
    reply = client.post("/v1/listings/bulk", content=body).json()
    assert [row["status"] for row in reply["rows"]] == [200, 422, 422, 422]
    assert (reply["accepted"], reply["rejected"]) == (1, 3)
    assert all(row["message"] for row in reply["rows"] if row["status"] != 200)
    assert client.get("/v1/listings/b1").status_code == 200
    assert client.get("/v1/listings/b3").status_code == 404


def test_similar_and_autocomplete(reader):
    similar = reader.get("/v1/listings/red-sofa/similar", params={"limit": 4}).json()
    assert len(similar["hits"]) == 4
    assert "red-sofa" not in [hit["listing_id"] for hit in similar["hits"]]
    assert reader.get("/v1/listings/none/similar").status_code == 404
    completed = reader.get("/v1/autocomplete", params={"q": "bicy"}).json()
    assert completed["completions"][0] == {"text": "bicycle", "count": 8}
    assert completed["corrections"] == []
    assert completed["did_you_mean"] is None
    misspelt = reader.get("/v1/autocomplete", params={"q": "yelow bicy"}).json()
    assert misspelt["completions"] == [{"text": "yellow bicycle", "count": 1}]
    assert misspelt["corrections"] == [{"typed": "yelow", "corrected": "yellow"}]
    assert misspelt["did_you_mean"] == "yellow bicy"


def test_a_server_that_starts_reads_the_terms_to_correct_to(engine, settings):
    keywords = engine.projection.current.index.keywords
    assert keywords._dictionary._stored is None
    with TestClient(create_app(engine, settings)):
        deadline = time.monotonic() + 10
        while keywords._dictionary._stored is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert keywords._dictionary._stored is not None


def test_embed_gives_unit_vectors_and_names_their_space(reader):
    reply = reader.post(
        "/v1/embed", json={"texts": ["red sofa", "blue tent"], "photos": [b64(jpeg("red-sofa"))]}
    ).json()
    texts, photos = np.array(reply["texts"]), np.array(reply["photos"])
    assert texts.shape[0] == 2
    assert photos.shape[0] == 1
    assert np.allclose(np.linalg.norm(texts, axis=1), 1, atol=1e-4)
    assert np.allclose(np.linalg.norm(photos, axis=1), 1, atol=1e-4)
    assert reply["space"]


def test_the_classic_endpoints_work(reader):
    assert reader.get("/healthcheck").json() == {"message": "API is up and running!"}
    files = {"image": ("query.jpg", jpeg("red-sofa"), "image/jpeg")}
    features = reader.post("/predict/feature_embedding", files=files).json()["features"]
    assert np.isclose(np.linalg.norm(features), 1, atol=1e-4)
    similar = reader.post("/predict/similar_images", files=files, data={"text": "sofa"}).json()
    assert similar["hits"][0]["listing_id"] == "red-sofa"
    assert similar["image_index"][0] == similar["hits"][0]["photos"][0]["photo_id"]


def test_photos_come_in_the_sizes_offered(reader):
    url = reader.get("/v1/listings/red-sofa").json()["photos"][0]["url"]
    assert reader.get(url, params={"size": 320}).status_code == 200
    assert reader.get(url, params={"size": 7}).status_code == 422
    assert reader.get(f"/photos/{'0' * 64}.jpg").status_code == 404
    assert reader.get("/photos/..%2f..%2fcatalogue.jpg").status_code in (404, 422)


def test_health_metrics_and_the_openapi(reader):
    assert reader.get("/health/live").json() == {"status": "live"}
    assert reader.get("/health/ready").json() == {"status": "ready"}
    search(reader, q="sofa")
    metrics = reader.get("/metrics").text
    assert 'bowerbird_stage_seconds_count{stage="retrieve"}' in metrics
    assert "bowerbird_listings 48.0" in metrics
    schema = reader.get("/openapi.json").json()
    assert "/v1/search" in schema["paths"]
    assert reader.get("/nothing").json()["error"] == "not_found"
    assert reader.put("/v1/search").json()["error"] == "method_not_allowed"


def test_a_body_over_the_limit_is_refused(engine, settings):
    small = settings.model_copy(
        update={"serving": settings.serving.model_copy(update={"max_body_bytes": 1000})}
    )
    client = TestClient(create_app(engine, small), raise_server_exceptions=False)
    declared = client.post("/v1/search", content=b"x" * 2000)
    assert declared.status_code == 413
    streamed = client.post("/v1/listings/bulk", content=(b"x" * 500 for _ in range(4)))
    assert streamed.status_code == 413
    assert streamed.json()["error"] == "too_large"


def test_a_photo_over_the_pixel_limit_is_refused(engine, settings):
    small = settings.model_copy(update={"photos": settings.photos.model_copy(update={"max_pixels": 100})})
    client = TestClient(create_app(engine, small), raise_server_exceptions=False)
    response = client.post("/v1/search", json={"photo": b64(jpeg("red-sofa"))})
    assert response.status_code == 413


def test_while_serving_a_change_of_another_process_shows_up(settings, engine):
    with TestClient(create_app(engine, settings)) as client:
        open_catalogue(settings).upsert([Listing("harp", "Golden harp")])
        deadline = time.monotonic() + 20
        while "harp" not in [hit["listing_id"] for hit in search(client, q="golden harp")["hits"]]:
            assert time.monotonic() < deadline, "the server never took up the change"
            time.sleep(0.05)
