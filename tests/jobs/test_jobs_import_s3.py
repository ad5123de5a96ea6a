"""Imports of tables and photos out of a bucket on moto's server, which the environment names."""

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from PIL import Image

from bowerbird.assembly import open_catalogue, open_photo_store
from bowerbird.cleaning.rejection import Reason
from bowerbird.errors import NotFoundError
from bowerbird.jobs.import_market import import_market
from bowerbird.market.listing import Listing
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings

COLOURS = {"red": (200, 0, 0), "green": (0, 200, 0), "blue": (0, 0, 200)}


def photo(colour: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), COLOURS[colour]).save(data, "PNG")
    return data.getvalue()


def table(*rows: tuple[str, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def archive(photos: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        for name, content in photos.items():
            packed.writestr(name, content)
    return data.getvalue()


OBJECTS = {
    "shop/listings.csv": table(
        ("id", "title", "price", "photos"),
        ("1", "Red lamp", "£5", "photos/a/front.png photos/b/front.png"),
        ("2", "Blue lamp", "£6", "photos/none.png"),
        ("3", "", "£7", ""),
    ),
    "shop/photos/a/front.png": photo("red"),
    "shop/photos/b/front.png": photo("green"),
    "classic/Products.csv": table(
        ("", "id", "product_name", "category", "product_description", "price", "location"),
        ("0", "p1", "Sofa | in Leeds | Gumtree", "Home / Sofas", "Comfy", "£20.00", "Leeds"),
    ),
    "classic/Images.csv": table(("", "id", "product_id"), ("0", "i1", "p1")),
    "photos.zip": archive({"images/i1.png": photo("blue")}),
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a store whose bucket 'market' holds `OBJECTS`."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    credentials = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=endpoint, **credentials)
    client.create_bucket(Bucket="market")
    for name, data in OBJECTS.items():
        client.put_object(Bucket="market", Key=name, Body=data)
    client.close()
    yield endpoint
    server.stop()


@pytest.fixture
def settings(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty home, and an environment that says where the store is."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    return load_settings(tmp_path / "home")


def listings(settings: Settings) -> dict[str, Listing]:
    return {listing.listing_id: listing for batch in open_catalogue(settings).scan() for listing in batch}


def stored_colours(settings: Settings, listing: Listing) -> list[tuple[int, ...]]:
    store = open_photo_store(settings)
    images = [Image.open(io.BytesIO(store.read(photo.content_hash))) for photo in listing.photos]
    return [image.getpixel((5, 5)) for image in images]


def near(colour: tuple[int, ...], name: str) -> bool:
    return all(abs(a - b) <= 6 for a, b in zip(colour, COLOURS[name], strict=True))


def test_a_table_in_a_bucket_takes_the_photos_beside_it(settings: Settings):
    report = import_market(settings, "s3://market/shop/listings.csv", Silent())
    assert (report.rows_read, report.rows_accepted) == (3, 2)
    assert (report.photos_read, report.photos_accepted) == (3, 2)
    assert report.reasons == {Reason.MISSING_TITLE: 1, Reason.PHOTO_MISSING: 1}
    kept = listings(settings)
    assert {listing_id: str(listing.price) for listing_id, listing in kept.items()} == {"1": "£5", "2": "£6"}
    front, back = stored_colours(settings, kept["1"])
    assert near(front, "red")
    assert near(back, "green")
    again = import_market(settings, "s3://market/shop/listings.csv", Silent())
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)


def test_the_classic_pair_and_an_archive_of_photos_in_a_bucket(settings: Settings):
    report = import_market(settings, "s3://market/classic", Silent(), photos="s3://market/photos.zip")
    assert (report.rows_accepted, report.photos_accepted, report.reasons) == (1, 1, {})
    sofa = listings(settings)["p1"]
    assert (sofa.title, sofa.place, sofa.category) == ("Sofa", "Leeds", ("Home", "Sofas"))
    assert [near(colour, "blue") for colour in stored_colours(settings, sofa)] == [True]


def test_a_bucket_without_the_photos_named_makes_no_home(settings: Settings):
    with pytest.raises(NotFoundError, match="there is nothing at s3://market/pictures"):
        import_market(settings, "s3://market/classic", Silent(), photos="s3://market/pictures")
    assert not settings.home.exists()
