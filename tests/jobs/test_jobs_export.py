"""The classic forms: squares by photo id, and a row a photo with its label."""

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import known_market
from bowerbird.assembly import create_home, open_catalogue, open_photo_store
from bowerbird.cleaning.photo import clean_photo
from bowerbird.errors import InputError
from bowerbird.jobs.export_market import COLUMNS, export_photos, export_training_data
from bowerbird.market.listing import Listing
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings


@pytest.fixture
def small(tmp_path: Path) -> Settings:
    """A home with three listings, two of which have photos: one wide, one tall."""
    settings = load_settings(tmp_path / "small")
    create_home(settings)
    store = open_photo_store(settings)
    listings = []
    for listing_id, size, category in (
        ("a", (60, 20), ("Home", "Lamps")),
        ("b/2", (20, 60), ("Sport",)),
        ("c", None, ("Home", "Sofas")),
    ):
        photos = []
        if size is not None:
            path = tmp_path / "photo.png"
            Image.new("RGB", size, (250, 10, 10)).save(path)
            clean = clean_photo(path.read_bytes(), max_pixels=10**6, max_bytes=10**6)
            store.put(clean.content_hash, clean.data)
            photos = [clean.photo(f"{listing_id}-1")]
        listings.append(Listing(listing_id, "x", category=category, photos=tuple(photos)))
    open_catalogue(settings).upsert(listings)
    return settings


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image).astype(int)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_photo_becomes_a_square_padded_with_black(small: Settings, tmp_path: Path):
    folder = tmp_path / "out" / "cleaned_images"
    assert export_photos(small, folder, 64, Silent()) == 2
    wide, tall = (pixels(folder / f"{name}-1.jpg") for name in ("a", "b%2F2"))
    assert wide.shape == tall.shape == (64, 64, 3)
    for square in (wide, tall.transpose(1, 0, 2)):
        assert square[32, 32, 0] > 200
        assert square[32, 2, 0] > 200  # the long side fills the square
        assert square[4].max() < 30
        assert square[-4].max() < 30


def test_each_photo_has_a_file_of_its_own_whatever_its_id(small: Settings, tmp_path: Path):
    photo = open_catalogue(small).get(["a"])["a"].photos[0]
    ids = ["x/1", "y/1", "1", "a.b", "..", "%2F"]
    open_catalogue(small).upsert(
        [
            Listing(f"more-{n}", "x", photos=(dataclasses.replace(photo, photo_id=photo_id),))
            for n, photo_id in enumerate(ids)
        ]
    )
    folder = tmp_path / "out"
    count = export_photos(small, folder, 16, Silent())
    names = [path.name for path in folder.iterdir()]
    assert len(names) == count == 2 + len(ids)
    assert {"1.jpg", "a.b.jpg", "a-1.jpg"} <= set(names)
    assert [path.name for path in tmp_path.glob("*.jpg")] == []


def test_a_second_run_writes_nothing_anew_but_what_changed(small: Settings, tmp_path: Path):
    folder = tmp_path / "out"
    export_photos(small, folder, 64, Silent())
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    export_photos(small, folder, 64, Silent())
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    catalogue = open_catalogue(small)
    other = catalogue.get(["b/2"])["b/2"].photos[0]
    listing = catalogue.get(["a"])["a"]
    changed = dataclasses.replace(listing, photos=(dataclasses.replace(other, photo_id="a-1"),))
    catalogue.upsert([changed])
    export_photos(small, folder, 64, Silent())
    assert pixels(folder / "a-1.jpg")[32, 2, 0] < 30  # the tall photo took the place of the wide one


def test_another_size_is_another_picture(small: Settings, tmp_path: Path):
    folder = tmp_path / "out"
    for size in (64, 32):
        export_photos(small, folder, size, Silent())
        assert {pixels(path).shape for path in folder.iterdir()} == {(size, size, 3)}


def test_a_folder_that_is_a_file_is_said(small: Settings, tmp_path: Path):
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(InputError, match="out"):
        export_photos(small, tmp_path / "out", 64, Silent())


def test_training_data_has_a_row_a_photo_and_the_decoder_its_labels(indexed_home: Path, tmp_path: Path):
    settings = load_settings(indexed_home)
    path = tmp_path / "training_data.csv"
    count, decoder = export_training_data(settings, path)
    rows = rows_of(path)
    assert count == len(rows) == len(known_market.listing_ids())
    assert tuple(rows[0]) == COLUMNS
    names = dict(enumerate(json.loads(decoder.read_text())["roots"]))
    for row in rows:
        kind = row["listing_id"].split("-")[1]
        assert row["category_path"] == known_market.KINDS[kind][1]
        assert row["category"] == row["category_path"].split(" / ")[0] == names[int(row["label"])]
        assert row["photo_id"] == f"{row['listing_id']}-1"
    assert {int(row["label"]) for row in rows} == set(range(3))


def test_listings_without_a_category_are_left_out_of_the_training_data(small: Settings, tmp_path: Path):
    photo = open_catalogue(small).get(["a"])["a"].photos[0]
    open_catalogue(small).upsert([Listing("none", "x", photos=(photo,))])
    assert export_training_data(small, tmp_path / "t.csv")[0] == 2
    assert {row["listing_id"] for row in rows_of(tmp_path / "t.csv")} == {"a", "b/2"}


def test_a_market_without_categories_has_nothing_to_label(tmp_path: Path):
    settings = load_settings(tmp_path / "home")
    create_home(settings)
    open_catalogue(settings).upsert([Listing("a", "x")])
    with pytest.raises(InputError, match="no listing has a category"):
        export_training_data(settings, tmp_path / "t.csv")
    assert not (tmp_path / "t.csv").exists()


def test_a_folder_that_is_not_there_is_made_and_one_that_cannot_be_is_said(small: Settings, tmp_path: Path):
    count, decoder = export_training_data(small, tmp_path / "new" / "t.csv")
    assert (count, decoder.parent.name) == (2, "new")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="file"):
        export_training_data(small, tmp_path / "file" / "t.csv")
