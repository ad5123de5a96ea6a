"""Rows become listings; what is left out is kept with its reason, and the accounts balance."""

import datetime as dt
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.cleaning.clean import CleanRow, RepeatedIds, clean_row
from bowerbird.cleaning.column_map import CLASSIC_MAP, column_map_of
from bowerbird.cleaning.photo_list import PhotoList
from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.cleaning.rejection import Part, PhotoReference, Reason, Rejection, reject_photo, shown
from bowerbird.errors import InputError, NotFoundError, TooLargeError
from bowerbird.market.listing import Listing, Price, Status
from bowerbird.storage.listing_row import row_of

FULL_MAP = column_map_of(
    {
        "id": "id", "title": ["brand", "model"], "description": ["text", "more"], "category": ["root",
        "leaf"],
        "price": "price", "currency": "money", "place": ["town", "county"], "latitude": "lat",
        "longitude": "lon",
        "status": "state", "seller": "who", "created_at": "when", "photos": "files",
        "attributes": ["colour", "specification"], "status_values": {"Gone": "sold"},
    }
)  # fmt: skip
FULL_ROW = {
    "id": 12.0, "brand": "Ercol", "model": "757 😀", "text": "Oak.\rOld.", "more": "Heavy",
    "root": "Home / Chairs",
    "leaf": "Rocking", "price": "20", "money": "eur", "town": "Ayr", "county": "Fife", "lat": "55.5",
    "lon": -4.6,
    "state": "gone", "who": 7, "when": "2022-02-25T10:00:00+01:00", "files": "a.jpg|b c.jpg|a.jpg",
    "colour": "brown", "specification": {"wood": "oak", "size": {"height": 90.0, "arms": True}, "note": None},
}  # fmt: skip


def test_every_field_is_filled_from_its_columns():
    cleaned = clean_row(RawRow(3, FULL_ROW), FULL_MAP)
    assert cleaned == CleanRow(
        row=3,
        listing=Listing(
            listing_id="12",
            title="Ercol 757",
            description="Oak.\nOld.\nHeavy",
            category=("Home", "Chairs", "Rocking"),
            price=Price(2000, "EUR"),
            place="Ayr, Fife",
            latitude=55.5,
            longitude=-4.6,
            status=Status.SOLD,
            seller_id="7",
            created_at=dt.datetime(2022, 2, 25, 9, tzinfo=dt.UTC),
            attributes=(("colour", "brown"), ("wood", "oak"), ("size.height", "90"), ("size.arms", "yes")),
        ),
        photos=(PhotoReference("12-1", "a.jpg", "12", 3), PhotoReference("12-2", "b c.jpg", "12", 3)),
        notes=(Rejection(Part.PHOTO, 3, "12", "photos", "a.jpg", Reason.PHOTO_REPEATED),),
    )
    assert pickle.loads(pickle.dumps(cleaned)) == cleaned  # noqa: S301 - rows are cleaned in other processes


def test_what_the_source_lacks_stays_unknown():
    cleaned = clean_row(RawRow(1, {"id": "1", "model": "Chair", "price": " ", "lat": None}), FULL_MAP)
    assert cleaned == CleanRow(1, Listing("1", "Chair"))


@pytest.mark.parametrize(
    ("changes", "field", "value", "reason"),
    [
        ({"price": "ten"}, "price", "ten", Reason.PRICE_UNREADABLE),
        ({"price": "9999999999"}, "price", "9999999999", Reason.PRICE_ABSURD),
        ({"money": "shells"}, "currency", "shells", Reason.PRICE_NO_CURRENCY),
        ({"lat": "0", "lon": 0}, "latitude", "0, 0", Reason.COORDINATES_UNUSABLE),
        ({"lat": 91}, "latitude", "91, -4.6", Reason.COORDINATES_UNUSABLE),
        ({"lon": None}, "latitude", "55.5, None", Reason.COORDINATES_UNUSABLE),
        ({"lat": "north"}, "latitude", "north, -4.6", Reason.COORDINATES_UNUSABLE),
        ({"state": "maybe"}, "status", "maybe", Reason.STATUS_UNKNOWN),
        ({"when": "25/02/2022"}, "created_at", "['25/02/2022']", Reason.DATE_UNREADABLE),
    ],
)
def test_an_unusable_value_is_noted_and_its_listing_stays(changes, field, value, reason):
    row = {**FULL_ROW, "files": "", **changes}
    cleaned = clean_row(RawRow(5, row), FULL_MAP)
    assert cleaned.notes == (Rejection(Part.VALUE, 5, "12", field, value, reason),)
    unknown = {"currency": "price"}.get(field, field)
    assert getattr(cleaned.listing, unknown) is None


@pytest.mark.parametrize(
    ("row", "listing_id", "field", "reason"),
    [
        (RawRow(2, {}), None, "row", Reason.EMPTY_ROW),
        (
            RawRow(2, {"": "17", "id": " ", "product_name": None, "price": float("nan")}),
            None,
            "row",
            Reason.EMPTY_ROW,
        ),
        (RawRow(2, {"id": "", "product_name": "Lamp"}), None, "id", Reason.MISSING_ID),
        (RawRow(2, {"id": "null", "product_name": "Lamp"}), None, "id", Reason.MISSING_ID),
        (RawRow(2, {"id": "7", "product_name": ""}), "7", "title", Reason.MISSING_TITLE),
        (RawRow(2, {"id": "7", "product_name": "😀 | in Ayr | Gumtree"}), "7", "title", Reason.MISSING_TITLE),
        (RawRow(2, fault=Reason.NOT_JSON, text="[3]"), None, "row", Reason.NOT_JSON),
    ],
)
def test_rows_that_are_no_listing(row, listing_id, field, reason):
    rejection = clean_row(row, CLASSIC_MAP)
    assert isinstance(rejection, Rejection)
    found = (rejection.part, rejection.row, rejection.listing_id, rejection.field, rejection.reason)
    assert found == (Part.ROW, 2, listing_id, field, reason)
    assert rejection.value == shown(
        row.text or row.values.get("product_name" if field == "title" else "?", row.values)
    )


def test_a_rejection_reads_as_a_sentence():
    rejection = Rejection(Part.VALUE, 5, "12", "price", "ten", Reason.PRICE_UNREADABLE, "why")
    assert str(rejection) == "row 5, price of listing 12: the price is not one amount of money (why): 'ten'"
    assert shown("x" * 600) == "x" * 499 + "…"
    assert Reason("price_absurd").text == "the price is too high to be meant"


SINGLE = st.none() | st.text(max_size=12) | st.integers() | st.floats() | st.booleans()
FORMS = st.sampled_from(["[1, 2", '{"a": [1, {"b": 2}]}', '["x.jpg", null]', "£5", "1645700000", "NaN"])
LISTS = st.lists(st.text(max_size=4), max_size=3)
TABLES = st.dictionaries(st.text(max_size=3), SINGLE, max_size=3)
VALUES = SINGLE | st.dates() | st.datetimes() | LISTS | TABLES | FORMS


@given(st.dictionaries(st.sampled_from(sorted(FULL_ROW)), VALUES))
def test_any_row_is_accepted_or_rejected_never_an_error(row):
    outcome = clean_row(RawRow(1, row), FULL_MAP)
    assert isinstance(outcome, CleanRow | Rejection)
    if isinstance(outcome, CleanRow):
        assert outcome.listing.title
        assert len({photo.photo_id for photo in outcome.photos}) == len(outcome.photos)


@pytest.mark.parametrize(
    ("raw", "locations"),
    [
        ("a.jpg, b.jpg", ["a.jpg", "b.jpg"]), ("a.jpg b.jpg\nc.jpg", ["a.jpg", "b.jpg", "c.jpg"]),
        ("my photo, 1.jpg|b.jpg", ["my photo, 1.jpg", "b.jpg"]), ('["x y.jpg", null]', ["x y.jpg"]),
        (["a.jpg", "", None, "b.jpg"], ["a.jpg", "b.jpg"]), ("a.jpg", ["a.jpg"]), (7, ["7"]),
    ],
)  # fmt: skip
def test_photo_columns(raw, locations):
    cleaned = clean_row(RawRow(1, {"id": "1", "model": "x", "files": raw}), FULL_MAP)
    assert [photo.location for photo in cleaned.photos] == locations


@pytest.mark.parametrize(
    ("raw", "date_format", "moment"),
    [
        ("2022-02-25", None, (2022, 2, 25)), ("2022-02-25 10:30", None, (2022, 2, 25, 10, 30)),
        ("2022-02-25T10:30:00Z", None, (2022, 2, 25, 10, 30)), (1645785000, None, (2022, 2, 25, 10, 30)),
        ("1645785000000", None, (2022, 2, 25, 10, 30)), ("25/02/2022", "%d/%m/%Y", (2022, 2, 25)),
        (dt.date(2022, 2, 25), None, (2022, 2, 25)),
        (dt.datetime(2022, 2, 25, 10, tzinfo=dt.UTC), None, (2022, 2, 25, 10)),
        ("20220225", None, (2022, 2, 25)), ("20220225", "%Y%m%d", (2022, 2, 25)),
    ],
)  # fmt: skip
def test_dates(raw, date_format, moment):
    options = {"date_format": date_format} if date_format else {}
    column_map = column_map_of({"id": "id", "title": "t", "created_at": "when", **options})
    cleaned = clean_row(RawRow(1, {"id": "1", "t": "x", "when": raw}), column_map)
    assert cleaned.listing.created_at == dt.datetime(*moment, tzinfo=dt.UTC)


def test_of_one_id_the_last_accepted_row_counts():
    ids = RepeatedIds()
    assert ids.accept("a", 1) is None
    assert ids.accept("b", 2) is None
    assert ids.accept("a", 2 + 3) == Rejection(
        Part.ROW, 1, "a", "id", "a", Reason.REPEATED_ID, "row 5 replaces it"
    )
    assert ids.accept("a", 5) is None  # the same row again, as where an import resumes
    assert ids.accept("a", 9).row == 5
    assert ("a" in ids, "c" in ids, len(ids)) == (True, False, 2)


class Table:
    """Rows in memory."""

    name = "Images.csv"
    columns = ("id", "product_id")

    def __init__(self, rows):
        self._rows = rows

    def rows(self, after=0):
        return iter(self._rows[after:])

    def count(self):
        return len(self._rows)


def test_the_photo_list_accounts_for_every_row():
    rows = [{"id": "i1", "product_id": "p1"}, {"id": "i2", "product_id": "p2"}, {"id": "i3",
    "product_id": "p1"},
            {"id": "", "product_id": "p1"}, {"id": "i4", "product_id": None}, {"id": "i1",
            "product_id": "p2"}]  # fmt: skip
    table = [RawRow(n, row) for n, row in enumerate(rows, 1)]
    photos = PhotoList(Table([*table, RawRow(7, fault=Reason.MALFORMED_ROW, text="x")]))
    assert photos.of("p1") == (PhotoReference("i1", "i1", "p1", 1), PhotoReference("i3", "i3", "p1", 3))
    assert photos.of("p9") == ()
    unknown = list(photos.of_unknown({"p1"}))
    assert [(r.row, r.reason) for r in [*photos.rejections, *unknown]] == [
        (4, Reason.PHOTO_WITHOUT_ID),
        (5, Reason.PHOTO_WITHOUT_ID),
        (6, Reason.PHOTO_REPEATED),
        (7, Reason.MALFORMED_ROW),
        (2, Reason.PHOTO_UNKNOWN_LISTING),
    ]
    assert {r.part for r in [*photos.rejections, *unknown]} == {Part.PHOTO}
    assert photos.rows == len(photos.of("p1")) + len(photos.rejections) + len(unknown)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NotFoundError("gone"), Reason.PHOTO_MISSING),
        (TooLargeError("huge"), Reason.PHOTO_TOO_LARGE),
        (InputError("torn"), Reason.PHOTO_BROKEN),
    ],
)
def test_a_photo_that_fails_is_kept_with_its_reason(error, reason):
    reference = PhotoReference("i1", "images/i1.jpg", "p1", 4)
    expected = Rejection(Part.PHOTO, 4, "p1", "photos", "images/i1.jpg", reason, error.message)
    assert reject_photo(reference, error) == expected


def test_a_json_column_of_a_table_is_flattened_like_a_dictionary():
    row = {"id": "1", "model": "x", "specification": json.dumps({"wood": "oak", "sizes": [1, 2]})}
    cleaned = clean_row(RawRow(1, row), FULL_MAP)
    assert cleaned.listing.attributes == (("wood", "oak"), ("sizes", "1, 2"))


raw_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(("a\0b", "x\ud800")),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text(max_size=3) | st.just("k\0"), inner, max_size=2)
        | inner.map(json.dumps)
    ),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(sorted(FULL_ROW)), raw_values))
def test_whatever_a_row_holds_its_listing_can_be_stored(odd):
    cleaned = clean_row(RawRow(1, {**FULL_ROW, **odd}), FULL_MAP)
    if isinstance(cleaned, CleanRow):
        row_of(cleaned.listing)


@pytest.mark.parametrize("column", ["id", "who", "colour", "root", "town"])
def test_nul_is_taken_out_of_every_text(column):
    cleaned = clean_row(RawRow(1, {**FULL_ROW, column: "a\0b"}), FULL_MAP)
    assert isinstance(cleaned, CleanRow)
    assert "ab" in repr(cleaned.listing)
    row_of(cleaned.listing)
