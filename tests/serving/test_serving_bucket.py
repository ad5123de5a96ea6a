"""Photos kept in a bucket: imported there, encoded from there, and served from there in both ways."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient

from bowerbird.assembly import open_engine, open_photo_store
from bowerbird.engine import Engine
from bowerbird.errors import InputError
from bowerbird.jobs.import_market import import_market
from bowerbird.progress import Silent
from bowerbird.serving.app import create_app
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.photo_store import PhotoStore


@pytest.fixture
def bucketed(home: Path, bucket: str) -> Settings:
    """A home whose photos are in a bucket and no more in its folder."""
    local, shared = PhotoStore(home / "photos"), PhotoStore(bucket)
    for content_hash in local.hashes():
        shared.put(content_hash, local.read(content_hash))
    shutil.rmtree(home / "photos")
    return load_settings(home, photos={"url": bucket})


@pytest.fixture
def engine(bucketed: Settings) -> Iterator[Engine]:
    with closing(open_engine(bucketed)) as engine:
        yield engine


def client_of(engine: Engine, settings: Settings) -> TestClient:
    return TestClient(create_app(engine, settings), raise_server_exceptions=False, follow_redirects=False)


def photo_of(client: TestClient, listing_id: str) -> str:
    return client.get(f"/v1/listings/{listing_id}").json()["photos"][0]["url"]


def test_a_photo_of_a_bucket_passes_through_and_is_kept_by_the_client(engine: Engine, bucketed: Settings):
    client = client_of(engine, bucketed)
    url = photo_of(client, "red-sofa")
    whole, small = client.get(url), client.get(url, params={"size": 320})
    assert whole.status_code == small.status_code == 200
    assert whole.content == open_photo_store(bucketed).read(Path(url).stem)
    assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert whole.headers["etag"] != small.headers["etag"]
    for reply in (whole, small):
        kept = client.get(reply.request.url, headers={"If-None-Match": f'W/"x", {reply.headers["etag"]}'})
        assert (kept.status_code, kept.content, kept.headers["etag"]) == (304, b"", reply.headers["etag"])
    assert client.get(url, headers={"If-None-Match": small.headers["etag"]}).status_code == 200
    unknown = f"/photos/{'0' * 64}.jpg"
    assert client.get(unknown, headers={"If-None-Match": f'"{"0" * 64}"'}).status_code == 404
    assert "photos" not in client.get("/").headers["content-security-policy"]


def test_a_whole_photo_may_be_read_from_the_bucket_itself(engine: Engine, bucketed: Settings, bucket: str):
    settings = load_settings(bucketed.home, photos={"url": bucket, "signed_seconds": 600})
    client = client_of(engine, settings)
    url = photo_of(client, "red-sofa")
    reply = client.get(url)
    assert reply.status_code == 307
    assert reply.headers["cache-control"] == "private, max-age=300"
    signed = reply.headers["location"]
    assert httpx.get(signed).content == open_photo_store(settings).read(Path(url).stem)
    assert client.get(url, params={"size": 320}).status_code == 200
    origin = f"{urlsplit(signed).scheme}://{urlsplit(signed).netloc}"
    assert f"img-src 'self' data: blob: {origin};" in client.get("/").headers["content-security-policy"]


def test_addresses_of_a_folder_cannot_be_signed(known_engine: Engine, indexed_home: Path):
    settings = load_settings(indexed_home, photos={"signed_seconds": 600})
    with pytest.raises(InputError, match="cannot be signed"):
        create_app(known_engine, settings)


def test_an_import_writes_to_the_bucket_and_a_new_photo_is_encoded_from_it(
    known_source: Path, bucket: str, engine: Engine, tmp_path: Path
):
    settings = load_settings(tmp_path / "imported", photos={"url": bucket})
    import_market(settings, str(known_source), Silent(), photos=str(known_source.parent / "photos"))
    assert not (settings.home / "photos").exists()
    assert set(open_photo_store(settings).hashes()) == set(PhotoStore(bucket).hashes()) != set()
    hashes = sorted(PhotoStore(bucket).hashes())[:3]
    vectors = engine.stores.vectors
    fetched = vectors.photo_store.read_many(hashes)
    again = np.concatenate([rows for _, rows in vectors.photo_encoder.encode_stream(fetched)])
    np.testing.assert_allclose(again, vectors.features(hashes), rtol=2e-3, atol=2e-3)  # kept as float16
