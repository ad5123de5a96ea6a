"""Imports account for every row and photo, and a second one changes only what changed."""

import csv
import io
import json
import os
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from bowerbird.assembly import open_catalogue
from bowerbird.cleaning.rejection import Part, Reason, Rejection
from bowerbird.errors import InputError, NotFoundError
from bowerbird.jobs.import_market import BATCH, ImportReport, import_market
from bowerbird.market.listing import Listing, Price, Status
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings

LEAK = "Posted by Ann in Sofas, Armchairs, Couches & Suites in Leeds. 25 February 2022"
# One row of each fate. Rows end in a newline; a bare carriage return is part of its field.
PRODUCTS = (
    ",id,product_name,category,product_description,price,location\n"
    '0,p1,"Sofa | in Leeds, West Yorkshire | Gumtree",Home & Garden / Sofas,"Comfy.\rTwo seats.",'
    '£20.00,"Leeds, West Yorkshire"\n'
    f'1,p2,Armchair,"Home & Garden / Sofas, Armchairs, Couches & Suites","Soft chair. {LEAK}",'
    '£5.00,"Leeds, West Yorkshire"\n'
    "2,p3,Lamp,Home & Garden / Lamps,A lamp,ask me,Truro\n"
    "3,p4,,Home & Garden / Lamps,No title,£1.00,Truro\n"
    "4,,Nameless,Home & Garden / Lamps,No id,£1.00,Truro\n"
    "5,p1,Sofa again,Home & Garden / Sofas,Replaces the first,£25.00,Truro\n"
    "6,p5,Too few columns\n"
    '7,p6,Kettle,Home & Garden / Kitchen,Whistles,"£1,250.00",N/A\n'
)
IMAGES = (
    ",id,product_id,image_ref,create_time\n"
    "0,i1,p1,r,26/02/2022\n"
    "1,i2,p2,r,26/02/2022\n"
    "2,i3,p2,r,26/02/2022\n"  # not in the folder
    "3,i4,p3,r,26/02/2022\n"  # no photo at all
    "4,i5,nobody,r,26/02/2022\n"
    "5,,p3,r,26/02/2022\n"
    "6,i2,p2,r,26/02/2022\n"  # the same again
    "7,i6,p4,r,26/02/2022\n"  # its listing was refused
    "8,i7,p6,r,26/02/2022\n"
)


def jpeg(colour: tuple[int, int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(buffer, "JPEG")
    return buffer.getvalue()


PHOTOS = {
    "i1.jpg": jpeg((200, 0, 0)),
    "i2.jpg": jpeg((0, 200, 0)),
    "i4.jpg": b"no photo",
    "i5.jpg": jpeg((9, 9, 9)),
    "i6.jpg": jpeg((1, 1, 1)),
    "i7.jpg": jpeg((0, 0, 200)),
}


@pytest.fixture
def home_settings(tmp_path: Path) -> Settings:
    """An empty home of the test's own."""
    return load_settings(tmp_path / "home")


@pytest.fixture
def classic(tmp_path: Path) -> Path:
    """The classic pair of tables with photos beside it."""
    folder = tmp_path / "classic"
    (folder / "images").mkdir(parents=True)
    (folder / "Products.csv").write_bytes(PRODUCTS.encode())
    (folder / "Images.csv").write_bytes(IMAGES.encode())
    for name, data in PHOTOS.items():
        (folder / "images" / name).write_bytes(data)
    return folder / "Products.csv"


def run(settings: Settings, source: Path, **options) -> ImportReport:
    return import_market(settings, str(source), Silent(), **options)


def stored(settings: Settings) -> dict[str, Listing]:
    return {listing.listing_id: listing for batch in open_catalogue(settings).scan() for listing in batch}


def rejections(settings: Settings) -> list[Rejection]:
    log = open_catalogue(settings).imports
    return log.rejections(log.runs(1)[0].run_id, limit=10_000)


def write_csv(path: Path, rows: list[dict[str, object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_every_row_and_photo_of_the_classic_pair_is_accounted_for(home_settings: Settings, classic: Path):
    report = run(home_settings, classic)
    by_part = Counter(rejection.part for rejection in rejections(home_settings))
    assert (report.rows_read, report.rows_accepted) == (8, 4)
    assert by_part[Part.ROW] == 4
    assert (report.photos_read, report.photos_accepted) == (9, 3)
    assert by_part[Part.PHOTO] == 6
    assert report.reasons == {
        Reason.REPEATED_ID: 1,
        Reason.MISSING_TITLE: 1,
        Reason.MISSING_ID: 1,
        Reason.MALFORMED_ROW: 1,
        Reason.PRICE_UNREADABLE: 1,
        Reason.PHOTO_MISSING: 1,
        Reason.PHOTO_BROKEN: 1,
        Reason.PHOTO_WITHOUT_ID: 1,
        Reason.PHOTO_REPEATED: 1,
        Reason.PHOTO_UNKNOWN_LISTING: 2,
    }
    assert (report.created, report.changed, report.unchanged, report.deleted) == (4, 0, 0, 0)


def test_a_rejection_says_where_what_and_why(home_settings: Settings, classic: Path):
    run(home_settings, classic)
    found = {(one.part, one.row, one.listing_id, one.reason) for one in rejections(home_settings)}
    assert {
        (Part.ROW, 1, "p1", Reason.REPEATED_ID),
        (Part.VALUE, 3, "p3", Reason.PRICE_UNREADABLE),
        (Part.ROW, 4, "p4", Reason.MISSING_TITLE),
        (Part.ROW, 5, None, Reason.MISSING_ID),
        (Part.ROW, 7, None, Reason.MALFORMED_ROW),
        (Part.PHOTO, 3, "p2", Reason.PHOTO_MISSING),
        (Part.PHOTO, 4, "p3", Reason.PHOTO_BROKEN),
        (Part.PHOTO, 5, "nobody", Reason.PHOTO_UNKNOWN_LISTING),
        (Part.PHOTO, 8, "p4", Reason.PHOTO_UNKNOWN_LISTING),
    } <= found
    price = next(one for one in rejections(home_settings) if one.part is Part.VALUE)
    assert price.value == "ask me"


def test_what_is_stored_is_clean(home_settings: Settings, classic: Path):
    run(home_settings, classic)
    listings = stored(home_settings)
    assert set(listings) == {"p1", "p2", "p3", "p6"}
    assert listings["p1"].title == "Sofa again"
    assert listings["p2"].description == "Soft chair."
    assert listings["p2"].category == ("Home & Garden", "Sofas, Armchairs, Couches & Suites")
    assert listings["p3"].price is None
    assert listings["p6"].price == Price(125_000, "GBP")
    assert listings["p6"].place is None
    assert [photo.photo_id for photo in listings["p2"].photos] == ["i2"]
    assert listings["p1"].status is listings["p1"].seller_id is listings["p1"].created_at is None
    labels = json.loads((home_settings.home / "categories.json").read_text())
    assert "Home & Garden" in json.dumps(labels, ensure_ascii=False)


def test_a_bare_carriage_return_splits_no_row(home_settings: Settings, classic: Path):
    classic.write_bytes("\n".join(PRODUCTS.split("\n")[:2]).encode())
    run(home_settings, classic)
    assert stored(home_settings)["p1"].description == "Comfy.\nTwo seats."


def test_a_second_import_changes_nothing(home_settings: Settings, classic: Path):
    first = run(home_settings, classic)
    revision = open_catalogue(home_settings).revision()
    again = run(home_settings, classic)
    assert (again.created, again.changed, again.unchanged) == (0, 0, first.created)
    assert again.reasons == first.reasons
    assert open_catalogue(home_settings).revision() == revision


def test_an_import_is_an_upsert_by_id(home_settings: Settings, tmp_path: Path):
    rows = [{"id": n, "title": f"Shelf {n}", "price": f"£{n}"} for n in range(5)]
    run(home_settings, write_csv(tmp_path / "rows.csv", rows))
    rows[1]["price"] = "£99"
    source = write_csv(tmp_path / "rows.csv", [*rows[:3], {"id": 9, "title": "New", "price": ""}])
    report = run(home_settings, source)
    assert (report.created, report.changed, report.unchanged, report.deleted) == (1, 1, 2, 0)
    assert set(stored(home_settings)) == {"0", "1", "2", "3", "4", "9"}
    assert stored(home_settings)["1"].price == Price(9900, "GBP")


def test_delete_missing_removes_the_rest_but_not_what_the_source_still_names(
    home_settings: Settings, tmp_path: Path
):
    rows = [{"id": n, "title": f"Shelf {n}"} for n in range(5)]
    run(home_settings, write_csv(tmp_path / "rows.csv", rows))
    rows[1]["title"] = ""  # a broken row of a listing that is there
    report = run(home_settings, write_csv(tmp_path / "rows.csv", rows[:3]), delete_missing=True)
    assert report.deleted == 2
    assert set(stored(home_settings)) == {"0", "1", "2"}


def test_delete_missing_of_an_empty_source_does_not_empty_the_market(home_settings: Settings, tmp_path: Path):
    run(home_settings, write_csv(tmp_path / "rows.csv", [{"id": 1, "title": "Shelf"}]))
    empty = tmp_path / "empty.csv"
    empty.write_text("id,title\n")
    with pytest.raises(InputError, match="would empty the catalogue"):
        run(home_settings, empty, delete_missing=True)
    assert set(stored(home_settings)) == {"1"}


def test_repeated_ids_over_many_batches_leave_the_last(home_settings: Settings, tmp_path: Path):
    count = 2 * BATCH + 10
    rows = [{"id": n % 100, "title": f"Shelf {n}"} for n in range(count)]
    report = run(home_settings, write_csv(tmp_path / "rows.csv", rows), delete_missing=True)
    assert (report.rows_read, report.rows_accepted) == (count, 100)
    assert report.reasons == {Reason.REPEATED_ID: count - 100}
    titles = {listing_id: listing.title for listing_id, listing in stored(home_settings).items()}
    assert titles == {
        row["id"]: row["title"] for row in ({"id": str(r["id"]), "title": r["title"]} for r in rows)
    }


def test_the_photos_of_a_row_that_is_replaced_are_accounted_for(home_settings: Settings, tmp_path: Path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name, data in PHOTOS.items():
        (photos / name).write_bytes(data)
    rows = [
        {"id": "a", "title": "First", "photos": "i1.jpg|i2.jpg|gone.jpg"},
        {"id": "b", "title": "Other", "photos": "i7.jpg"},
        {"id": "a", "title": "Second", "photos": "i6.jpg"},
    ]
    report = run(home_settings, write_csv(tmp_path / "rows.csv", rows), photos=str(photos))
    assert report.photos_read == 5
    assert report.photos_accepted == 2
    assert sum(len(listing.photos) for listing in stored(home_settings).values()) == 2


def test_a_photo_of_the_classic_pair_is_counted_once_though_its_listing_comes_twice(
    home_settings: Settings, classic: Path
):
    (classic.parent / "images" / "i1.jpg").unlink()
    report = run(home_settings, classic)
    assert (report.photos_read, report.photos_accepted) == (9, 2)
    assert report.reasons[Reason.PHOTO_MISSING] == 2


def test_photos_come_out_of_a_zip(home_settings: Settings, classic: Path, tmp_path: Path):
    archive = tmp_path / "images.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name, data in PHOTOS.items():
            file.writestr(f"images/{name}", data)
    for path in (classic.parent / "images").iterdir():
        path.unlink()
    (classic.parent / "images").rmdir()
    without = run(home_settings, classic)
    assert (without.photos_read, without.photos_accepted) == (9, 0)
    report = run(home_settings, classic, photos=str(archive))
    assert (report.photos_read, report.photos_accepted) == (9, 3)
    assert report.changed == 3  # p1, p2 and p6 have a photo each


def test_photos_are_stored_once_by_content(home_settings: Settings, tmp_path: Path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("x.jpg", "y.jpg"):
        (photos / name).write_bytes(jpeg((50, 60, 70)))
    rows = [{"id": "a", "title": "A", "photos": "x.jpg"}, {"id": "b", "title": "B", "photos": "y.jpg"}]
    run(home_settings, write_csv(tmp_path / "rows.csv", rows), photos=str(photos))
    one, other = stored(home_settings).values()
    assert one.photos[0].content_hash == other.photos[0].content_hash
    assert len(list((home_settings.home / "photos").rglob("*.jpg"))) == 1


def test_a_column_map_says_which_column_is_what(home_settings: Settings, tmp_path: Path):
    source = write_csv(
        tmp_path / "ads.csv",
        [{"sku": 7, "make": "Acme", "model": "Kettle", "pence": 1250, "state": "gone", "colour": "red"}],
    )
    map_file = tmp_path / "map.toml"
    map_file.write_text(
        'id = "sku"\ntitle = ["make", "model"]\nprice = "pence"\nprice_unit = "minor"\ncurrency = "EUR"\n'
        'status = "state"\nstatus_values = { gone = "sold" }\nattributes = ["colour"]\n'
    )
    run(home_settings, source, map_file=map_file)
    listing = stored(home_settings)["7"]
    assert (listing.title, listing.price, listing.status) == ("Acme Kettle", Price(1250, "EUR"), Status.SOLD)
    assert listing.attributes == (("colour", "red"),)


def test_a_price_without_a_currency_takes_the_home_s(tmp_path: Path):
    settings = load_settings(tmp_path / "home", currency="SEK")
    run(settings, write_csv(tmp_path / "rows.csv", [{"id": 1, "title": "Shelf", "price": "200"}]))
    assert stored(settings)["1"].price == Price(20_000, "SEK")


class _Stopped(Exception):  # noqa: N818  not an error: it stands for a kill
    pass


class _StopAt:
    """A display that ends the import after so many rows."""

    def __init__(self, rows: int) -> None:
        self.left = rows

    def step(self, name: str, total: int | None) -> None:
        pass

    def advance(self, units: int) -> None:
        self.left -= units
        if self.left <= 0:
            raise _Stopped


def test_an_import_that_was_stopped_goes_on_and_reports_the_same(tmp_path: Path):
    rows = [
        {"id": n % 450, "title": f"Shelf {n}" if n % 9 else "", "price": "x" if n % 7 else "£3"}
        for n in range(3 * BATCH)
    ]
    source = write_csv(tmp_path / "rows.csv", rows)
    whole = run(load_settings(tmp_path / "whole"), source)
    settings = load_settings(tmp_path / "stopped")
    for batches in (1, 2):
        with pytest.raises(_Stopped):
            import_market(settings, str(source), _StopAt(batches * BATCH))
    resumed = run(settings, source)
    assert resumed.resumed_at == 2 * BATCH
    assert f"taken up at row {2 * BATCH}" in resumed.lines()[0]
    for field in ("rows_read", "rows_accepted", "photos_read", "photos_accepted", "reasons"):
        assert getattr(resumed, field) == getattr(whole, field)
    assert stored(settings) == stored(load_settings(tmp_path / "whole"))


def test_a_source_that_changed_is_read_from_its_start(home_settings: Settings, tmp_path: Path):
    rows = [{"id": n, "title": f"Shelf {n}"} for n in range(2 * BATCH)]
    source = write_csv(tmp_path / "rows.csv", rows)
    with pytest.raises(_Stopped):
        import_market(home_settings, str(source), _StopAt(1))
    rows[0]["title"] = "Changed"
    write_csv(source, rows)
    os.utime(source, (1, 1))
    report = run(home_settings, source)
    assert report.resumed_at == 0
    assert stored(home_settings)["0"].title == "Changed"


def test_the_report_reads_as_a_person_would_add_it_up(home_settings: Settings, classic: Path):
    report = run(home_settings, classic)
    lines = report.lines()
    assert lines[0] == "rows: 8 = 4 accepted + 4 rejected"
    assert lines[1] == "photos: 9 = 3 kept + 6 rejected"
    assert any(Reason.PHOTO_BROKEN.text in line for line in lines)
    payload = json.loads(json.dumps(report.payload()))
    assert payload["reasons"]["repeated_id"] == 1
    assert payload["rows_read"] == 8


def test_what_is_not_there_makes_no_home(home_settings: Settings, tmp_path: Path):
    with pytest.raises(NotFoundError, match="nothing at"):
        run(home_settings, tmp_path / "nowhere.csv")
    assert not home_settings.home.exists()
