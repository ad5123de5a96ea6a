"""Photos in folders, archives and buckets; tables in buckets."""

import io
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from moto.server import ThreadedMotoServer

from bowerbird.cleaning.photo_source import open_photos
from bowerbird.cleaning.reading import open_source
from bowerbird.cleaning.reading_files import locate
from bowerbird.errors import InputError, NotFoundError, TooLargeError, UnavailableError

PHOTOS = {"images/a.jpg": b"one", "images/deep/b.PNG": b"two", "c.webp": b"three", "images/c.webp": b"four"}
OTHERS = {"notes.txt": b"no photo", "images/list.csv": b"id\n"}


@pytest.fixture
def folder(tmp_path):
    for name, data in (PHOTOS | OTHERS).items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "photos"


@pytest.fixture
def archive(tmp_path):
    return zipped(tmp_path / "photos.zip")


def zipped(path):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (PHOTOS | OTHERS | {"__MACOSX/images/a.jpg": b"fork"}).items():
            archive.writestr(name, data)
    return path


@pytest.fixture(params=["folder", "archive"])
def photos(request):
    return open_photos(str(request.getfixturevalue(request.param)), max_bytes=10)


def test_photos_are_listed_and_nothing_else(photos):
    assert photos.names() == sorted(PHOTOS)


@pytest.mark.parametrize(
    ("reference", "data"),
    [
        ("images/a.jpg", b"one"), ("a.jpg", b"one"), ("a", b"one"), ("/srv/uploads/a.jpg", b"one"),
        ("C:\\photos\\a.jpg", b"one"), ("./images/deep/b.PNG", b"two"), ("b", b"two"), ("c.webp", b"three"),
        ("images/c.webp", b"four"), ("photos/images/c.webp", b"four"), ("photos/c.webp", b"three"),
    ],
)  # fmt: skip
def test_references_are_paths_names_or_stems(photos, reference, data):
    assert photos.read(reference) == data


@pytest.mark.parametrize("reference", ["", "d.jpg", "../../etc/passwd", "notes.txt", "images"])
def test_other_references_are_not_found(photos, reference):
    with pytest.raises(NotFoundError, match=r"holds no photo .* among 4"):
        photos.read(reference)


def test_a_name_that_fits_two_files_fits_none(photos):
    with pytest.raises(
        NotFoundError, match=r"'c' fits 2 photos .* c.webp and images/c.webp; name it by its path"
    ):
        photos.read("c")


def test_a_photo_over_the_limit_is_not_read_whole(archive):
    with pytest.raises(TooLargeError, match="is over 4 bytes"):
        open_photos(str(archive), max_bytes=4).read("c.webp")


def test_many_threads_read_at_once(photos):
    wanted = [*PHOTOS] * 200
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(photos.read, wanted)) == [PHOTOS[name] for name in wanted]


def test_damaged_and_encrypted_members_are_refused(tmp_path, archive):
    encrypted = bytearray(archive.read_bytes())
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.index(header) + flags] |= 1
    (tmp_path / "encrypted.zip").write_bytes(encrypted)
    with pytest.raises(InputError, match=r"images/a.jpg in .* cannot be unpacked: .* is encrypted"):
        open_photos(str(tmp_path / "encrypted.zip"), max_bytes=10).read("a")
    data = bytearray(archive.read_bytes())
    at = data.index(b"one")
    data[at : at + 3] = b"eno"
    (tmp_path / "damaged.zip").write_bytes(data)
    with pytest.raises(InputError, match=r"images/a.jpg in .*damaged.zip is damaged: Bad CRC"):
        open_photos(str(tmp_path / "damaged.zip"), max_bytes=10).read("a")


def test_places_that_hold_no_photos(tmp_path):
    with pytest.raises(NotFoundError, match=r"nothing at .*; give a folder, a zip archive or an s3:// URL"):
        open_photos(str(tmp_path / "nowhere"), max_bytes=10)
    (tmp_path / "x.zip").write_bytes(b"nothing")
    with pytest.raises(InputError, match="no whole zip archive"):
        open_photos(str(tmp_path / "x.zip"), max_bytes=10)


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)  # as where the extra is not installed
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    with pytest.raises(UnavailableError, match=r"run pip install 'bowerbird\[s3\]'"):
        locate("s3://bucket/photos")


@pytest.fixture(scope="module")
def bucket():
    """A bucket on moto's server with the photos, their archive and a table; its client options."""
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    credentials = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=endpoint, **credentials)
    client.create_bucket(Bucket="market")
    for name, data in (PHOTOS | OTHERS).items():
        client.put_object(Bucket="market", Key=f"photos/{name}", Body=data)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in PHOTOS.items():
            archive.writestr(name, data)
    client.put_object(Bucket="market", Key="photos.zip", Body=stream.getvalue())
    client.put_object(Bucket="market", Key="things.csv", Body=b"id,title\n1,Oak table\n")
    client.close()
    yield {"key": "a", "secret": "b", "endpoint_url": endpoint}
    server.stop()


@pytest.mark.parametrize("place", ["s3://market/photos", "s3://market/photos/", "s3://market/photos.zip"])
def test_photos_in_a_bucket(bucket, place):
    photos = open_photos(place, max_bytes=10, storage_options=bucket)
    assert photos.names() == sorted(PHOTOS)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(photos.read, ["a", "b", "images/c.webp"])) == [b"one", b"two", b"four"]
    with pytest.raises(NotFoundError, match=r"holds no photo 'd'"):
        photos.read("d")


def test_the_environment_says_where_the_store_is(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket["endpoint_url"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    source = open_source("s3://market/things.csv")
    assert [row.values for row in source.rows.rows()] == [{"id": "1", "title": "Oak table"}]
    with pytest.raises(NotFoundError, match=r"there is nothing at s3://market/other.csv"):
        open_source("s3://market/other.csv")


def test_a_store_that_does_not_answer(bucket):
    nobody = {
        **bucket,
        "endpoint_url": "http://127.0.0.1:9",
        "config_kwargs": {"retries": {"max_attempts": 0}},
    }
    with pytest.raises(UnavailableError, match=r"s3://market/photos cannot be read: Could not connect"):
        open_photos("s3://market/photos", max_bytes=10, storage_options=nobody)


def test_a_bucket_that_is_not_there(bucket):
    with pytest.raises(NotFoundError, match="s3://elsewhere"):
        open_photos("s3://elsewhere/photos", max_bytes=10, storage_options=bucket)
