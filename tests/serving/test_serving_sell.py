"""What sellers get over HTTP: the calls under /v1/suggest, and the page without a script."""

import base64
import html
import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bowerbird.serving.price_picture import WIDTH, price_picture
from bowerbird.serving.sell_requests import MOST_PHOTOS

WORDS = {"title": "Red sofa", "description": "A sofa in red. Used, works well.\nCollection only."}


@pytest.fixture
def client(small_app: FastAPI):
    # Without the context manager, which would stop the market that other tests use.
    return TestClient(small_app)


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def duplicates(client, **body):
    reply = client.post("/v1/suggest/duplicates", json=body)
    assert reply.status_code == 200, reply.text
    return reply.json()["duplicates"]


def test_a_stored_photo_is_found_with_the_pair_and_the_reason(client, photo_of):
    found = duplicates(
        client, photos=[base64_of(photo_of("green", "tent", 9)), base64_of(photo_of("red", "sofa"))]
    )
    sofa = next(one for one in found if one["listing_id"] == "red-sofa")
    assert sofa["reason"] == "photo 2 is the same file as theirs"
    assert 0.9 < sofa["score"] <= 1
    assert sofa["photos"][0]["photo"] == 2
    assert sofa["photos"][0]["relation"] == "same_file"
    assert client.get(sofa["photos"][0]["url"]).status_code == 200
    assert sofa["listing"]["title"] == "Red sofa"


def test_words_alone_are_found(client):
    found = duplicates(client, **WORDS)
    assert found[0]["listing_id"] == "red-sofa"
    assert found[0]["text"] == "same_words"
    assert found[0]["photos"] == []


def test_photos_as_files_are_photos_in_base64(client, photo_of):
    photo = photo_of("red", "sofa")
    by_json = duplicates(client, title="Settee", photos=[base64_of(photo)])
    files = [("photos", ("a.jpg", photo, "image/jpeg"))]
    reply = client.post("/v1/suggest/duplicates", data={"query": '{"title": "Settee"}'}, files=files)
    assert reply.status_code == 200, reply.text
    assert reply.json()["duplicates"] == by_json


def test_a_stored_listing_is_no_duplicate_of_itself(client):
    assert "red-sofa" in {one["listing_id"] for one in duplicates(client, **WORDS)}
    assert "red-sofa" not in {one["listing_id"] for one in duplicates(client, listing_id="red-sofa")}
    missing = client.post("/v1/suggest/duplicates", json={"listing_id": "no-such"})
    assert (missing.status_code, missing.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize("part", ["category", "price"])
def test_without_a_model_the_message_says_what_to_run(client, part):
    reply = client.post(f"/v1/suggest/{part}", json=WORDS)
    assert (reply.status_code, reply.json()["error"]) == (503, "unavailable")
    assert f"`bowerbird train {part}`" in reply.json()["message"]


def test_one_call_gives_what_there_is_and_says_what_there_is_not(client, photo_of):
    reply = client.post("/v1/suggest", json=WORDS | {"photos": [base64_of(photo_of("red", "sofa"))]}).json()
    assert (reply["category"], reply["price"]) == (None, None)
    assert reply["degraded"] == ["category", "price"]
    assert "train category" in reply["messages"]["category"]
    assert reply["duplicates"][0]["listing_id"] == "red-sofa"
    assert set(reply["stages_ms"]) == {"draft", "category", "price", "duplicates"}
    assert reply["took_ms"] > 0


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"colour": "red"}, 422, "colour"),
        ({"photos": ["%%%"]}, 422, "not base64"),
        ({"photos": [base64_of(b"no photo")]}, 422, "photo 1: "),
        ({"photos": [""] * (MOST_PHOTOS + 1)}, 422, "at most 12"),
        ({"title": "x" * 501}, 422, "500"),
        ({"price": -1}, 422, "price"),
    ],
)
def test_what_cannot_be_used_is_said(client, body, status, said):
    reply = client.post("/v1/suggest", json=body)
    assert reply.status_code == status
    assert said in reply.json()["message"]
    assert set(reply.json()) == {"error", "message", "details"}


def test_a_body_that_is_no_json_and_a_photo_that_is_no_file_are_said(client):
    assert client.post("/v1/suggest/price", content=b"sofa").status_code == 422
    mixed = client.post(
        "/v1/suggest", data={"photos": "text"}, files=[("photos", ("a.jpg", b"x", "image/jpeg"))]
    )
    assert mixed.status_code == 422
    assert "must be files" in mixed.json()["message"]


def test_nothing_is_kept_of_a_draft(client, small_app: FastAPI, photo_of):
    photo = photo_of("blue", "tent", 5)
    before = set(small_app.state.front.engine.photo_store.hashes())
    client.post("/v1/suggest", json=WORDS | {"photos": [base64_of(photo)]})
    client.post("/sell", data=WORDS, files=[("photos", ("a.jpg", photo, "image/jpeg"))])
    assert set(small_app.state.front.engine.photo_store.hashes()) == before


def sell(client, photos=(), **fields):
    files = [("photos", ("a.jpg", photo, "image/jpeg")) for photo in photos] or None
    reply = client.post("/sell", data=fields, files=files)
    assert reply.headers["content-type"].startswith("text/html")
    return reply


def test_the_page_is_reached_from_every_page_and_lists_the_categories(client):
    for address in ("/", "/listings/red-sofa", "/owner"):
        assert '<a href="/sell"' in client.get(address).text
    text = client.get("/sell").text
    assert '<a href="/sell" aria-current="page">Sell</a>' in text
    assert '<option value="Home &amp; Garden / Furniture / Sofas">Furniture › Sofas</option>' in text
    assert "A photo or a few words are enough" in text


def test_the_form_works_as_a_plain_post(client, photo_of):
    reply = sell(client, [photo_of("red", "sofa")], **WORDS)
    assert reply.status_code == 200
    text = html.unescape(reply.text)
    assert "Photo 1 is the same file as theirs, and the same title and description word for word." in text
    assert '<a href="/listings/red-sofa">Red sofa</a>' in text
    assert "Run" not in text or "<code>bowerbird train category</code>" in text
    kept = re.search(r'name="kept" value="([^"]+)"', reply.text)[1]
    again = html.unescape(sell(client, kept=kept).text)  # the browser does not send the file again
    assert "Photo 1 is the same picture as theirs." in again or "the same file" in again


def test_a_script_that_asks_keeps_its_photos_itself(client, photo_of):
    text = sell(client, [photo_of("red", "sofa")], live="1", **WORDS).text
    assert 'name="kept"' not in text
    assert '<img data-mine="1" alt="Your photo 1">' in text
    assert 'data-summary="1 possible duplicate"' in text or "possible duplicates" in text


def test_a_pressed_guess_outweighs_the_list(client):
    reply = client.post(
        "/sell",
        content=b"title=Red+sofa&category=&category=Travel+%2F+Luggage",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert '<option value="Travel / Luggage" selected>' in reply.text


def test_a_form_of_nothing_asks_nothing(client):
    assert "A photo or a few words are enough" in sell(client, title=" ").text


def test_a_broken_photo_is_said_on_the_page(client):
    reply = sell(client, [b"no photo"], title="Red sofa")
    assert reply.status_code == 422
    assert 'role="alert"' in reply.text
    assert "Photo 1: the 8 bytes are no photo" in html.unescape(reply.text)
    assert 'value="Red sofa"' in reply.text


def test_what_was_typed_is_text_on_the_page(client):
    text = sell(client, title='"><script>alert(1)</script>', description="</textarea><b>x", place="'\"").text
    assert "<script>alert" not in text
    assert "</textarea><b>" not in text


def price(low, median, high, *amounts):
    listing = {"title": "Sofa"}
    comparables = [{"amount": amount, "listing": listing} for amount in amounts]
    return {
        "priceable": True,
        "low": low,
        "median": median,
        "high": high,
        "currency": "GBP",
        "comparables": comparables,
    }


def test_the_picture_is_a_scale_by_ratios():
    picture = price_picture(price(20, 40, 80))
    # Equal ratios are equal distances, and both ends keep the same margin.
    assert picture.median.x - picture.low.x == pytest.approx(picture.high.x - picture.median.x, abs=0.2)
    assert picture.low.x == pytest.approx(WIDTH - picture.high.x, abs=0.2)
    assert (picture.low.label, picture.high.label) == ("£20", "£80")
    assert [tick.label for tick in picture.ticks] == ["£20", "£50", "£100"]


def test_everything_is_inside_the_picture():
    for amounts in ((1,), (5000, 3, 0.01), ()):
        picture = price_picture(price(20, 40, 80, *amounts))
        marks = [picture.low, picture.high, *picture.ticks, *picture.comparables]
        assert all(0 <= mark.x <= WIDTH for mark in marks)
        assert len(picture.ticks) <= 6
    assert picture_of_nothing() is None


def picture_of_nothing():
    return price_picture({"priceable": False})


def test_a_model_that_cannot_be_taken_up_is_said_by_the_health_check(filing_app: FastAPI):
    client, engine = TestClient(filing_app), filing_app.state.front.engine
    assert client.post("/v1/suggest/category", json={"title": "Red guitar"}).status_code == 200
    assert client.get("/health/ready").json() == {"status": "ready"}
    active = filing_app.state.front.settings.models / "category" / "ACTIVE"
    good = active.read_text()
    active.write_text(good + "0123456789abcdef\n")
    for model in engine.models.models:
        model.look()
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert "category model in use cannot be used" in ready.json()["models"][0]
    assert client.post("/v1/suggest/category", json={"title": "Red guitar"}).status_code == 200
    active.write_text(good)
    for model in engine.models.models:
        model.look()
    assert client.get("/health/ready").json() == {"status": "ready"}


def test_a_category_has_the_shape_that_clients_rely_on(filing_app: FastAPI):
    client = TestClient(filing_app)
    reply = client.post("/v1/suggest/category", json={"title": "Red guitar, good order"}).json()
    assert {"root", "leaf", "unsure"} <= reply.keys()
    assert sum(guess["probability"] for guess in reply["root"]) == pytest.approx(1, abs=0.01)
    assert reply["root"][0]["category"] == "Music"
    assert reply["leaf"][0]["category"] == "Music / Instruments"
    assert reply["leaf"][0]["path"] == ["Music", "Instruments"]
    assert client.post("/v1/suggest", json={"title": "Red guitar"}).json()["degraded"] == ["price"]
    nothing = client.post("/v1/suggest/category", json={})
    assert (nothing.status_code, nothing.json()["error"]) == (422, "invalid_input")
