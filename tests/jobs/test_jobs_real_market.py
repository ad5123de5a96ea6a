"""The classic set as people have it: every row and photo of it is accounted for."""

from collections import Counter
from pathlib import Path

import pytest

from bowerbird.assembly import open_catalogue
from bowerbird.cleaning.rejection import Part, Reason
from bowerbird.jobs.import_market import import_market
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings

ROWS, PHOTOS = 6095, 10_757

pytestmark = pytest.mark.real


@pytest.fixture
def marketplace(shared_data: Path) -> Path:
    folder = shared_data / "marketplace"
    if not (folder / "Products.csv").is_file():
        pytest.skip(f"the classic set is not here: {folder} holds no Products.csv")
    return folder


@pytest.fixture
def home_settings(tmp_path: Path) -> Settings:
    """An empty home."""
    return load_settings(tmp_path / "home")


def refused(settings: Settings) -> Counter[Part]:
    log = open_catalogue(settings).imports
    return Counter(one.part for one in log.rejections(log.runs(1)[0].run_id, limit=100_000))


def test_rows_alone(home_settings: Settings, marketplace: Path, tmp_path: Path):
    """Without its archive every photo is refused as missing, and is counted all the same."""
    for name in ("Products.csv", "Images.csv"):
        (tmp_path / name).symlink_to(marketplace / name)
    report = import_market(home_settings, str(tmp_path / "Products.csv"), Silent())
    parts = refused(home_settings)
    assert (report.rows_read, report.photos_read, report.photos_accepted) == (ROWS, PHOTOS, 0)
    assert report.rows_read == report.rows_accepted + parts[Part.ROW]
    assert report.photos_read == parts[Part.PHOTO]
    assert report.rows_accepted == len(open_catalogue(home_settings)) == report.created
    assert report.rows_accepted > 0.99 * ROWS
    assert report.reasons[Reason.PHOTO_MISSING] > 0.9 * PHOTOS
    listings = [listing for batch in open_catalogue(home_settings).scan() for listing in batch]
    assert not any("Gumtree" in listing.title for listing in listings)
    assert not any("Posted by " in listing.description for listing in listings)
    assert len({listing.root for listing in listings if listing.root}) == 13
    assert all(listing.status is listing.seller_id is listing.created_at is None for listing in listings)


@pytest.mark.long
def test_rows_and_photos_and_the_same_again(home_settings: Settings, marketplace: Path):
    source, photos = str(marketplace / "Products.csv"), str(marketplace / "images.zip")
    first = import_market(home_settings, source, Silent(), photos=photos)
    parts = refused(home_settings)
    assert (first.rows_read, first.photos_read) == (ROWS, PHOTOS)
    assert first.rows_accepted + parts[Part.ROW] == ROWS
    assert first.photos_accepted + parts[Part.PHOTO] == PHOTOS
    assert first.photos_accepted > 0.98 * PHOTOS
    again = import_market(home_settings, source, Silent(), photos=photos)
    assert (again.created, again.changed, again.unchanged) == (0, 0, first.created)
    assert again.reasons == first.reasons
