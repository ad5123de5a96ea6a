"""The classic set and the electronics catalogue, read, cleaned and accounted for."""

import hashlib
import itertools
from collections import Counter

import pytest

from bowerbird.cleaning.category import SELLER_LEVELS, CategoryLabels, parse_category
from bowerbird.cleaning.clean import CleanRow, RepeatedIds, clean_row
from bowerbird.cleaning.column_map import column_map_of
from bowerbird.cleaning.duplicates import duplicate_listing_groups, duplicate_photo_groups
from bowerbird.cleaning.photo import clean_photo
from bowerbird.cleaning.photo_list import PhotoList
from bowerbird.cleaning.photo_source import open_photos
from bowerbird.cleaning.reading import open_source
from bowerbird.cleaning.rejection import Part, Reason

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def classic(shared_data):
    return open_source(str(shared_data / "marketplace" / "Products.csv"))


@pytest.fixture(scope="module")
def raw(classic):
    return {row.values["id"]: row.values for row in classic.rows.rows()}


@pytest.fixture(scope="module")
def cleaned(classic):
    return [clean_row(row, classic.column_map) for row in classic.rows.rows()]


@pytest.fixture(scope="module")
def listings(cleaned):
    return [row.listing for row in cleaned if isinstance(row, CleanRow)]


def test_every_row_and_photo_is_accounted_for(classic, cleaned):
    assert classic.rows.count() == len(cleaned) == 6_095
    ids = RepeatedIds()
    accepted = [row for row in cleaned if isinstance(row, CleanRow)]
    replaced = [ids.accept(row.listing.listing_id, row.row) for row in accepted]
    assert len(accepted) == len(ids) == 6_095
    assert not any(replaced)
    photos = PhotoList(classic.images)
    assert classic.images.count() == photos.rows == 10_757
    named = [photo for row in accepted for photo in photos.of(row.listing.listing_id)]
    assert len(named) == 10_757
    assert photos.rejections == list(photos.of_unknown(ids)) == []
    source = open_photos(classic.photos, max_bytes=10_000_000)
    assert {source.resolve(photo.location) for photo in named} == set(source.names())


def test_the_label_leak_is_gone_and_the_words_around_it_stay(listings, raw):
    leaking = [
        listing for listing in listings if "Posted by " in raw[listing.listing_id]["product_description"]
    ]
    assert len(leaking) == 457
    assert not [listing for listing in listings if "osted by Seller" in listing.description]
    assert not [listing for listing in listings if "Posted by" in listing.description]
    for listing in leaking:
        before, _, after = raw[listing.listing_id]["product_description"].partition("Posted by ")
        words = listing.description.split()
        kept = [word for word in before.split() if word.isascii() and "&" not in word]
        assert [word for word in words if word in kept][: len(kept)] == kept
        tail = after.rpartition("2022")[2].split() if "2022" in after else []
        assert words[len(words) - len(tail) :] == tail or not tail
    towns = [(listing, listing.place.split(",")[0]) for listing in listings]
    assert not [listing for listing, town in towns if f"{listing.leaf} in {town}" in listing.description]


def test_titles_end_before_the_site_and_hold_no_emoji(listings, raw):
    assert not [
        listing.title for listing in listings if "Gumtree" in listing.title or "| in " in listing.title
    ]
    titles = {listing.title for listing in listings}
    assert "Watch Dogs Legion | PS4 Game" in titles
    assert raw["243809c0-9cfc-4486-ad12-3b7a16605ba9"]["product_name"].startswith("Mirror wall art | in")
    assert "Mirror wall art" in titles
    assert not [title for title in titles if any(0x1F300 <= ord(character) <= 0x1FAFF for character in title)]


def test_prices_are_read_and_three_jokes_are_noted(cleaned, listings):
    notes = [note for row in cleaned for note in row.notes]
    assert {(note.part, note.reason) for note in notes} == {(Part.VALUE, Reason.PRICE_ABSURD)}
    assert sorted(note.value for note in notes) == ["£1,111,111.00", "£1,234,567.00", "£10,000,000.00"]
    prices = [listing.price for listing in listings if listing.price is not None]
    assert len(prices) == 6_092
    assert {price.currency for price in prices} == {"GBP"}
    assert max(price.minor for price in prices) == 39_990_000


def test_categories_have_13_roots_and_lose_only_levels_that_say_who_sells(listings, raw):
    labels = CategoryLabels.of(listing.category for listing in listings)
    assert len(labels.roots) == 13
    assert len(labels.leaves) == 411
    dropped = Counter()
    for listing in listings:
        path = parse_category(raw[listing.listing_id]["category"])
        if path != listing.category:
            assert path[:-1] == listing.category
            dropped[path[-1]] += 1
    assert dropped == {"Private": 196, "Business": 17, "Not specified": 2}
    assert set(dropped) <= SELLER_LEVELS


def test_what_the_classic_set_does_not_say_stays_unknown(listings):
    for listing in listings:
        assert (listing.seller_id, listing.status, listing.latitude, listing.created_at) == (None,) * 4
        assert listing.place


def test_photos_are_clean_and_their_duplicates_found(classic):
    source = open_photos(classic.photos, max_bytes=10_000_000)
    names = source.names()[:600]
    raw_bytes = [source.read(name) for name in names]
    photos = [clean_photo(data, max_pixels=1_000_000, max_bytes=1_000_000) for data in raw_bytes]
    kept = sum(photo.data == data for photo, data in zip(photos, raw_bytes, strict=True))
    assert kept == 581  # the others had bars, as one in thirty of the whole set has
    groups = duplicate_photo_groups([photo.photo(name) for photo, name in zip(photos, names, strict=True)])
    digests = [hashlib.sha256(data).digest() for data in raw_bytes]
    for one, other in itertools.pairwise(sorted(range(len(names)), key=lambda at: digests[at])):
        assert digests[one] != digests[other] or groups[one] == groups[other]
    assert 590 < groups.max() + 1 <= len(set(digests)) == 599


def test_repeated_adverts_are_found_by_their_text(listings):
    groups = Counter(duplicate_listing_groups(listings).tolist())
    assert sum(size > 1 for size in groups.values()) == 60
    assert max(groups.values()) == 27  # one shop's appliances, with one text under 27 titles


def test_the_electronics_catalogue_reads_with_a_small_map(shared_data):
    column_map = column_map_of(
        {"id": "id", "title": "title", "description": "description", "price": "price_cents",
        "price_unit": "minor",
         "currency": "USD", "created_at": "released", "attributes": ["brand", "attributes"]}
    )  # fmt: skip
    source = open_source(str(shared_data / "electronics" / "products.jsonl.gz"), column_map=column_map)
    assert source.rows.count() == 19_406
    cleaned = [clean_row(row, column_map) for row in itertools.islice(source.rows.rows(), 4_000)]
    listings = [row.listing for row in cleaned if isinstance(row, CleanRow)]
    assert len(listings) == len(cleaned)
    first = listings[0]
    assert (first.listing_id, first.title) == ("1001369", "Linksys Power Supply for Small Business VoIP")
    assert (first.price.minor, str(first.created_at.date())) == (1645, "2007-08-09")
    assert first.attributes[:2] == (("brand", "Linksys"), ("purpose", "IP phone"))
