"""Usual prices: a listing that came later is compared with what was usual before it, as the others are."""

from pathlib import Path

import numpy as np
import pytest

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.listing import Listing, Price
from bowerbird.ranking.listing_facts import LEAST_SPREAD, UsualPrices
from small_index import encoded, open_index

POUNDS = (20, 40, 45, 50, 60, 80, None) * 4


def priced(name: str, pounds: int | None, category: str = "Sofas") -> Listing:
    price = None if pounds is None else Price(100 * pounds, "GBP")
    return Listing(name, f"sofa {name}", category=(category,), price=price)


@pytest.fixture
def index(tmp_path: Path):
    opened = open_index(tmp_path / "index", [priced(str(row), each) for row, each in enumerate(POUNDS)])
    yield opened
    opened.close()


def gap(pounds: int) -> float:
    known = np.log1p([each for each in POUNDS if each is not None])
    spread = 1.4826 * np.median(np.abs(known - np.median(known)))
    return float((np.log1p(pounds) - np.median(known)) / max(spread, LEAST_SPREAD))


def test_prices_stand_so_many_spreads_above_the_middle_of_their_category(index: MarketIndex):
    found = UsualPrices().price_in_category(np.arange(len(POUNDS)), index)
    expected = [np.nan if each is None else gap(each) for each in POUNDS]
    assert found.tolist() == pytest.approx(expected, rel=1e-4, nan_ok=True)


def test_a_listing_that_came_later_is_held_against_what_was_usual(index: MarketIndex):
    usual = UsualPrices()
    usual.price_in_category(np.arange(1), index)
    late = index.add(encoded(priced("late", 70)))
    elsewhere = index.add(encoded(priced("elsewhere", 70, "Lamps")))
    found = usual.price_in_category(np.array([late, elsewhere, 1]), index)
    assert [found[0], found[2]] == pytest.approx([gap(70), gap(40)], rel=1e-4)
    assert np.isnan(found[1])
    assert usual.price_in_category(np.array([], np.int64), index).tolist() == []
