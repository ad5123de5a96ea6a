"""Hostile uploads: each is refused with a clear reason, soon, in bounded memory, and the market serves on."""

import base64
import io
import resource
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest
from fastapi.testclient import TestClient
from hostile_uploads import KINDS, hostile_uploads
from httpx import Response
from PIL import Image

from bowerbird.assembly import open_engine
from bowerbird.cleaning import pixel_budget
from bowerbird.serving.app import create_app
from bowerbird.settings import load_settings

MOST_MEMORY = 700_000_000  # bytes that any number of hostile uploads may add
SLOWEST = 10.0  # seconds, on a busy machine
# What Pillow says of damaged EXIF on its way to refusing a photo.
pytestmark = pytest.mark.filterwarnings(
    "ignore::UserWarning:PIL", "ignore::PIL.Image.DecompressionBombWarning"
)


@pytest.fixture(scope="module")
def client(tmp_path_factory, indexed_home, homes) -> Iterator[TestClient]:
    """A client of a market that may be spoilt."""
    home = homes.copy(indexed_home, tmp_path_factory.mktemp("uploads") / "home")
    market = load_settings(home)
    with closing(open_engine(market)) as engine:
        yield TestClient(create_app(engine, market), raise_server_exceptions=False)


def sent(client: TestClient, way: int, upload: bytes) -> Response:
    """The upload by one of the ways that photos come in."""
    text = base64.b64encode(upload).decode()
    named = ("../../photo.jpg\0.php", upload, "image/jpeg")
    ways = (
        lambda: client.post("/v1/embed", json={"photos": [text]}),
        lambda: client.post("/v1/search", json={"photo": text}),
        lambda: client.post("/v1/search", files={"photo": named}),
        lambda: client.put("/v1/listings/hostile", json={"title": "Harp", "photos": [text]}),
        lambda: client.patch("/v1/listings/red-sofa", json={"photos": [f"data:image/jpeg;base64,{text}"]}),
        lambda: client.post("/predict/feature_embedding", files={"image": named}),
        lambda: client.post("/predict/similar_images", files={"image": named}),
        lambda: client.post("/v1/suggest", json={"title": "Harp", "photos": [text]}),
        lambda: client.post("/v1/suggest/category", files={"photos": named}),
        lambda: client.post("/", files={"photo": named}),
        lambda: client.post("/sell", files={"photos": named}, data={"title": "Harp"}),
    )
    return ways[way % len(ways)]()


def check_all_refused(client: TestClient, count: int, seed: int) -> None:
    before, reasons = peak_bytes(), Counter()
    stored = sorted((client.app.state.front.settings.home / "photos").rglob("*"))
    for number, (kind, upload) in enumerate(hostile_uploads(count, seed)):
        way = number // len(KINDS)
        if way % 11 >= 9 and not upload:
            continue  # a form without a file is no upload
        started = time.monotonic()
        response = sent(client, way, upload)
        assert 400 <= response.status_code < 500, (kind, way, response.status_code, response.text[:300])
        assert time.monotonic() - started < SLOWEST, (kind, way)
        reasons[reason(response)] += 1
    assert all(len(said) > 20 for said in reasons), reasons
    assert peak_bytes() - before < MOST_MEMORY
    assert sorted((client.app.state.front.settings.home / "photos").rglob("*")) == stored
    assert client.get("/health/ready").status_code == 200
    assert client.post("/v1/search", json={"q": "red sofa"}).json()["total"] > 0


def reason(response: Response) -> str:
    """What the client is told: in the one shape of errors, or on a page."""
    if response.headers["content-type"].startswith("application/json"):
        assert set(response.json()) == {"error", "message", "details"}
        return response.json()["message"]
    assert "photo" in response.text
    return response.text


def peak_bytes() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_a_hundred_hostile_uploads_are_refused(client: TestClient):
    check_all_refused(client, 110, seed=1)


@pytest.mark.long
def test_two_thousand_hostile_uploads_are_refused(client: TestClient):
    check_all_refused(client, 2000, seed=2)


def jpeg(width: int, height: int, **more: object) -> bytes:
    data = io.BytesIO()
    Image.effect_noise((width, height), 50).convert("RGB").save(data, "JPEG", **more)
    return data.getvalue()


def test_a_photo_that_carries_more_than_a_photo_is_stored_without_it(client: TestClient):
    exif = Image.Exif()
    exif[0x010E] = "<script>alert(1)</script>"  # its description
    exif[0x8825] = {1: "N", 2: (51.0, 30.0, 0.0)}  # where it was taken
    carried = b"PK\x03\x04 an archive <?php system('id') ?>"
    upload = jpeg(80, 60, exif=exif, comment=b"<?php ?>") + carried
    listing = {"title": "Harp", "photos": [base64.b64encode(upload).decode()]}
    made = client.put("/v1/listings/carrying", json=listing)
    assert made.status_code == 201
    stored = client.get(made.json()["photos"][0]["url"])
    assert stored.headers["content-type"] == "image/jpeg"
    assert stored.headers["x-content-type-options"] == "nosniff"
    for part in (b"script", b"php", b"PK\x03\x04", b"Exif"):
        assert part not in stored.content


def test_many_large_photos_at_once_take_turns(client: TestClient):
    side = 6000  # 36 million pixels: two of them are over the budget
    assert 2 * side * side > pixel_budget.PIXELS_AT_ONCE
    data = io.BytesIO()
    Image.new("L", (side, side), 90).save(data, "PNG")
    upload = base64.b64encode(data.getvalue()).decode()
    before, statuses = peak_bytes(), []

    def ask() -> None:
        statuses.append(client.post("/v1/embed", json={"photos": [upload]}).status_code)

    asking = [threading.Thread(target=ask) for _ in range(6)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert statuses == 6 * [200]
    assert peak_bytes() - before < 1_200_000_000  # one photo decoded takes some 400 MB, six would take 2.4 GB


@pytest.mark.parametrize("way", range(2))
def test_nobody_is_called_on_behalf_of_a_caller(client: TestClient, way: int):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.3)
        port = listener.getsockname()[1]
        for scheme in ("http", "https", "ftp", "s3"):
            url = f"{scheme}://127.0.0.1:{port}/photo.jpg"
            listing = {"title": "Harp", "photos": [url], "attributes": {"photo": url}}
            if way:
                refused = client.put("/v1/listings/fetching", json=listing)
            else:
                refused = client.post("/v1/search", json={"photo": url})
            assert refused.status_code == 422
            assert "not base64" in refused.json()["message"]
        for path in ("file:///etc/hostname", "/etc/hostname", "\\\\127.0.0.1\\share\\photo.jpg"):
            assert client.post("/v1/embed", json={"photos": [path]}).status_code == 422
        with pytest.raises(TimeoutError):
            listener.accept()


def test_an_empty_file_is_no_photo_and_an_empty_field_no_file(client: TestClient):
    assert client.post("/v1/search", files={"photo": ("mine.jpg", b"", "image/jpeg")}).status_code == 422
    query = {"query": (None, "{}"), "photo": ("", b"", "application/octet-stream")}
    assert client.post("/v1/search", files=query).status_code == 200


def test_the_corpus_has_the_bombs_that_it_says():
    drawn = dict(hostile_uploads(len(KINDS), 3))
    assert set(drawn) == set(KINDS)
    width, height = struct.unpack(">II", drawn["bomb"][16:24])
    assert width * height > 50_000_000
    assert len(drawn["bomb"]) < 1_000_000
    assert list(hostile_uploads(30, 5)) == list(hostile_uploads(30, 5))
