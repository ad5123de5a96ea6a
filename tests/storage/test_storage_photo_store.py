"""Photos by content, in a folder and behind a URL."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import httpx
import pytest

from bowerbird.errors import InputError, MismatchError, NotFoundError, UnavailableError
from bowerbird.storage.photo_store import PhotoStore

PHOTO = b"\xff\xd8 the bytes of a photo"
HASH = hashlib.sha256(PHOTO).hexdigest()


@pytest.fixture(params=["folder", "url", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> PhotoStore:
    """A local folder, a file system of fsspec that has no folders of its own, and a bucket of S3."""
    if request.param == "folder":
        return PhotoStore(tmp_path / "photos")
    if request.param == "bucket":
        return PhotoStore(request.getfixturevalue("bucket"))
    fsspec.filesystem("memory").store.clear()
    return PhotoStore("memory://bucket/photos")


def test_what_was_put_is_read(store: PhotoStore):
    assert HASH not in store
    assert list(store.hashes()) == []
    store.put(HASH, PHOTO)
    store.put(HASH, PHOTO)
    assert HASH in store
    assert store.read(HASH) == PHOTO
    assert list(store.hashes()) == [HASH]
    assert store.path(HASH).endswith(f"/{HASH[:2]}/{HASH[2:4]}/{HASH}.jpg")


def test_a_photo_must_hash_to_its_name(store: PhotoStore):
    with pytest.raises(MismatchError, match="hash the very bytes"):
        store.put(HASH, PHOTO + b" changed")
    assert HASH not in store


def test_a_photo_that_is_not_here_is_told(store: PhotoStore):
    with pytest.raises(NotFoundError, match=f"photo {HASH} is not in .*--photos"):
        store.read(HASH)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", HASH.upper(), HASH[:-1], f"{HASH}\n"])
def test_only_a_hash_names_a_photo(store: PhotoStore, name: str):
    for use in (store.path, store.read, store.__contains__, lambda name: store.put(name, PHOTO)):
        with pytest.raises(InputError, match="is no content hash"):
            use(name)


def test_many_are_read_in_the_order_asked(store: PhotoStore):
    photos = {hashlib.sha256(data).hexdigest(): data for data in (b"photo %d" % n for n in range(40))}
    for content_hash, data in photos.items():
        store.put(content_hash, data)
    asked = [*reversed(photos), next(iter(photos))]
    assert list(store.read_many(asked)) == [(content_hash, photos[content_hash]) for content_hash in asked]
    with pytest.raises(NotFoundError, match=f"photo {HASH} is not in"):
        list(store.read_many([*photos, HASH]))


def test_what_another_process_stored_is_seen(bucket: str):
    mine, other = PhotoStore(bucket), PhotoStore(bucket)
    assert (list(mine.hashes()), HASH in mine) == ([], False)
    other.put(HASH, PHOTO)
    assert (list(mine.hashes()), HASH in mine, mine.read(HASH)) == ([HASH], True, PHOTO)


def test_a_signed_address_opens_a_photo_to_anybody(bucket: str):
    store = PhotoStore(bucket)
    store.put(HASH, PHOTO)
    url = store.signed_url(HASH, 60)
    assert httpx.get(url).content == PHOTO
    assert "Expires=" in url


def test_a_folder_has_no_addresses_to_sign(tmp_path: Path):
    with pytest.raises(InputError, match=r"cannot be signed; set photos\.signed_seconds to 0"):
        PhotoStore(tmp_path).signed_url(HASH, 60)


def test_a_bucket_that_does_not_answer_is_told(bucket: str, monkeypatch: pytest.MonkeyPatch):
    store = PhotoStore(bucket)
    nowhere = {"endpoint_url": "http://127.0.0.1:9", "key": "a", "secret": "b"}
    monkeypatch.setattr(store, "_files", fsspec.filesystem("s3", **nowhere))
    with pytest.raises(
        UnavailableError, match=r"reading a photo at .* failed: .*; check that the store answers"
    ):
        store.read(HASH)


def test_a_local_path_is_the_file(tmp_path: Path):
    store = PhotoStore(tmp_path / "photos")
    store.put(HASH, PHOTO)
    assert Path(store.path(HASH)).read_bytes() == PHOTO
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [f"{HASH}.jpg"]


def test_what_a_kill_left_unfinished_is_no_photo(tmp_path: Path):
    store = PhotoStore(tmp_path)
    store.put(HASH, PHOTO)
    Path(store.path(HASH)).with_name(f".{HASH}.jpg.0a1b2c3d.tmp").write_bytes(PHOTO[:5])
    assert list(store.hashes()) == [HASH]


def test_many_threads_may_store_the_same_photo(tmp_path: Path):
    store = PhotoStore(tmp_path)
    photos = [b"photo %d" % (n % 10) for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda data: store.put(hashlib.sha256(data).hexdigest(), data), photos))
    assert {store.read(content_hash) for content_hash in store.hashes()} == set(photos)


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path):
    (tmp_path / HASH[:2]).write_text("a file where a folder should be")
    with pytest.raises(UnavailableError, match=r"storing a photo .* check the disk"):
        PhotoStore(tmp_path).put(HASH, PHOTO)


def test_a_url_that_no_driver_knows_is_refused():
    with pytest.raises(InputError, match="photos cannot be kept at nowhere://bucket"):
        PhotoStore("nowhere://bucket/photos")
