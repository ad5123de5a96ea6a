"""The drawn market as a whole: what is written agrees with what is so, and is the same every time."""

import csv
import json
import re
from collections import Counter
from datetime import date, datetime
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from bowerbird.cleaning.column_map import load_column_map
from bowerbird.demo.dirt import spoil
from bowerbird.demo.kinds.register import KINDS
from bowerbird.demo.market import draw_market, read_truth
from bowerbird.demo.palette import SHADES, TERMS, WOODS
from bowerbird.demo.plan import COLUMNS, plan_market
from bowerbird.demo.towns import TOWNS, draw_sellers
from bowerbird.errors import InputError, NotFoundError
from bowerbird.market.listing import Status

UNTIL = date(2026, 6, 30)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    return draw_market(folder, listings=44, seed=7, workers=1)


@pytest.fixture(scope="module")
def plans():
    return spoil(plan_market(2000, 0, UNTIL), np.random.default_rng([0, 4]))


def _rows(market):
    with market.listings_path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_listing_has_a_row_and_a_truth(market):
    rows, truths = _rows(market), read_truth(market.folder)
    assert market.listings == len(rows) == len(truths) == 44
    assert [row["id"] for row in rows] == [drawn.truth.listing_id for drawn in truths]
    assert [drawn.row for drawn in truths] == rows
    assert market.photos == len(list(market.photos_path.iterdir()))


def test_the_photos_that_rows_name_are_there_but_for_the_dirt(market):
    for drawn in read_truth(market.folder):
        for name in drawn.row["photos"].split("|"):
            path = market.photos_path / name
            if drawn.truth.dirt == "missing photo" and not path.exists():
                continue
            content = path.read_bytes()
            if drawn.truth.dirt == "broken photo" and name == drawn.row["photos"].split("|")[-1]:
                with pytest.raises((OSError, UnidentifiedImageError)):
                    Image.open(BytesIO(content)).load()
                continue
            image = Image.open(BytesIO(content))
            assert min(image.size) >= 430
            assert np.asarray(image).std() > 8


def test_one_of_each_kind_of_dirt_is_in_a_small_market(market):
    dirt = Counter(drawn.truth.dirt for drawn in read_truth(market.folder))
    del dirt[None]
    assert sorted(dirt) == [
        "bad price", "broken photo", "letterboxed photo", "missing photo", "missing title", "negative price",
        "unknown status",
    ]  # fmt: skip
    assert set(dirt.values()) == {1}


def test_the_letterboxed_photo_has_black_bars(market):
    boxed = next(drawn for drawn in read_truth(market.folder) if drawn.truth.dirt == "letterboxed photo")
    image = np.asarray(Image.open(market.photos_path / boxed.row["photos"].split("|")[-1]).convert("L"))
    bar = image.shape[0] // 8
    assert image[:bar].max() < 30
    assert image[-bar:].max() < 30
    assert image[2 * bar : -2 * bar].mean() > 60


def test_the_column_map_is_one_that_import_reads(market):
    column_map = load_column_map(market.column_map_path)
    column_map.check(COLUMNS, "listings.csv")
    assert column_map.currency == "GBP"
    assert column_map.columns["attributes"] == ("brand", "colour", "material", "condition")
    mapped = {column for columns in column_map.columns.values() for column in columns}
    assert mapped == set(COLUMNS)


def test_the_same_seed_draws_the_same_bytes_in_one_process_or_two(tmp_path):
    one = draw_market(tmp_path / "one", listings=24, seed=3, workers=1)
    two = draw_market(tmp_path / "two", listings=24, seed=3, workers=2)
    names = sorted(path.relative_to(one.folder) for path in one.folder.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(two.folder) for path in two.folder.rglob("*") if path.is_file())
    for name in names:
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes(), name


def test_what_was_drawn_is_not_drawn_again(market):
    lost = sorted(market.photos_path.iterdir())[3]
    content, untouched = lost.read_bytes(), sorted(market.photos_path.iterdir())[4]
    stamp = untouched.stat().st_mtime_ns
    lost.unlink()
    told = []
    draw_market(market.folder, listings=44, seed=7, workers=1, progress=lambda *counts: told.append(counts))
    assert lost.read_bytes() == content
    assert untouched.stat().st_mtime_ns == stamp
    assert told == [(market.photos, market.photos)]


def test_another_day_changes_the_dates_alone(market):
    before, stamps = (
        _rows(market),
        {path.name: path.stat().st_mtime_ns for path in market.photos_path.iterdir()},
    )
    (market.photos_path / "cut-short.jpg.part").write_bytes(b"half")
    draw_market(market.folder, listings=44, seed=7, workers=1, until=date(2027, 1, 1))
    assert {path.name: path.stat().st_mtime_ns for path in market.photos_path.iterdir()} == stamps
    after = _rows(market)
    draw_market(market.folder, listings=44, seed=7, workers=1)
    assert _rows(market) == before
    for old, new in zip(before, after, strict=True):
        assert old.pop("created_at") < new.pop("created_at")
        assert old == new


def test_a_folder_with_another_market_is_refused(market):
    with pytest.raises(InputError, match="another folder"):
        draw_market(market.folder, listings=44, seed=8, workers=1)
    assert json.loads((market.folder / "market.json").read_text())["seed"] == 7


def test_a_market_of_nothing_is_refused(tmp_path):
    with pytest.raises(InputError, match="at least one listing"):
        draw_market(tmp_path / "none", listings=0)


def test_truth_is_asked_of_a_drawn_market_only(tmp_path):
    with pytest.raises(NotFoundError, match="draw a market"):
        read_truth(tmp_path)


def test_another_seed_plans_another_market():
    titles = [[plan.listing.row["title"] for plan in plan_market(60, seed, UNTIL)] for seed in (0, 1)]
    assert titles[0] != titles[1]


def _words_of(text):
    return set(re.findall(r"[a-z]+", text.casefold()))


def test_words_say_what_is_so(plans):
    for plan in plans:
        truth, row = plan.listing.truth, plan.listing.row
        if truth.dirt == "missing title":
            continue
        text = f"{row['title']} {row['description']}".casefold()
        kind = KINDS[truth.kind]
        assert any(noun.casefold() in text for noun in kind.nouns), row
        assert any(word in text for word in (truth.colour, truth.shade, truth.material)), row
        if truth.material not in WOODS:
            assert truth.colour in text or truth.shade in text, row


def test_no_title_names_a_colour_that_the_thing_does_not_have(plans):
    shades = {word for shade in SHADES.values() if " " not in shade.name for word in [shade.name]} | set(
        TERMS
    )
    for plan in plans:
        truth = plan.listing.truth
        own = {truth.colour, *truth.shade.split()}
        assert not (_words_of(plan.listing.row["title"]) & shades) - own, plan.listing.row["title"]


def test_most_titles_name_the_colour_and_some_do_not(plans):
    told = [
        plan.listing.truth.colour in plan.listing.row["title"].casefold()
        or plan.listing.truth.shade in plan.listing.row["title"].casefold()
        for plan in plans
    ]
    assert 0.6 < np.mean(told) < 0.95


def test_two_thousand_listings_are_spread_as_a_market_is(plans):
    rows = [plan.listing.row for plan in plans]
    assert len(plans) == 2000
    assert len({row["id"] for row in rows}) == 2000
    kinds = Counter(plan.listing.truth.kind for plan in plans)
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) >= 30
    assert set(TERMS) == {plan.listing.truth.colour for plan in plans}
    statuses = Counter(row["status"] for row in rows)
    assert statuses["active"] > 1700
    assert statuses["sold"] > 50
    assert statuses["reserved"] > 40
    assert {status for status in statuses if statuses[status] > 3} <= {status.value for status in Status}
    assert len({row["place"] for row in rows}) >= 35
    assert 150 < len({row["seller"] for row in rows}) < 320
    photos = Counter(len(row["photos"].split("|")) for row in rows)
    assert set(photos) == {1, 2, 3}
    assert 1.5 < sum(count * n for count, n in photos.items()) / 2000 < 1.9


def test_dates_lie_in_the_half_year_before(plans):
    dates = [datetime.fromisoformat(plan.listing.row["created_at"]) for plan in plans]
    assert max(dates).date() < UNTIL
    assert (UNTIL - min(dates).date()).days <= 202


def test_prices_follow_kind_and_condition(plans):
    prices = {}
    for plan in plans:
        truth = plan.listing.truth
        if truth.dirt is None:
            pounds = float(plan.listing.row["price"].replace("£", "").replace(",", ""))
            assert pounds >= 1
            prices.setdefault(truth.condition, []).append(pounds / KINDS[truth.kind].price)
    medians = [np.median(prices[name]) for name in ("new", "like new", "good", "used", "worn")]
    assert medians == sorted(medians, reverse=True)
    assert medians[0] > 2 * medians[-1]


def test_a_relisting_shows_the_photos_of_the_first(plans):
    by_id = {plan.listing.truth.listing_id: plan for plan in plans}
    again = [plan for plan in plans if plan.listing.truth.duplicate_of]
    assert 30 < len(again) < 100
    for plan in again:
        first = by_id[plan.listing.truth.duplicate_of]
        assert first.listing.truth.kind == plan.listing.truth.kind
        assert first.listing.truth.shade == plan.listing.truth.shade
        if plan.photos:
            assert plan.photos[0].treatment in ("recompressed", "cropped")
            assert plan.photos[0].view == first.photos[0].view
        else:
            assert plan.listing.row["photos"] == first.photos[0].name


def test_towns_lie_where_they_lie():
    assert len({town.name for town in TOWNS}) == len(TOWNS)
    for town in TOWNS:
        assert 49.9 < town.latitude < 58.7
        assert -8.2 < town.longitude < 1.8


def test_sellers_have_names_of_their_own_and_live_in_their_towns():
    sellers = draw_sellers(400, np.random.default_rng(0))
    assert len({seller.seller_id for seller in sellers}) == 400
    for seller in sellers:
        assert abs(seller.latitude - seller.town.latitude) < 0.07
        assert abs(seller.longitude - seller.town.longitude) < 0.11
