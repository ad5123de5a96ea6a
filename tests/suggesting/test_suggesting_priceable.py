"""What can be priced at all, by rule."""

import pytest

from bowerbird.market.listing import Listing
from bowerbird.suggesting.priceable import NoPrice, no_price_by_rule


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("WANTED: broken consoles", NoPrice.WANTED),
        ("Looking for a sofa", NoPrice.WANTED),
        ("FREE filing cabinet", NoPrice.FREE),
        ("Pine table - free to collector", NoPrice.FREE),
        ("Small desk, free", NoPrice.FREE),
        ("Swap for a road bike", NoPrice.SWAP),
        ("Drycleaning business for sale", NoPrice.BUSINESS),
        ("Gazebo heaters for hire", NoPrice.SERVICE),
        ("Man and van", NoPrice.SERVICE),
    ],
)
def test_these_are_not_priced(title: str, reason: NoPrice):
    assert no_price_by_rule(Listing("1", title)) is reason


@pytest.mark.parametrize(
    "title",
    [
        "Unwanted gift, silver ring",
        "Free standing cooker",
        "Freeview box",
        "Lamp, free delivery",
        "Free-standing mirror",
        "Wanted dead or alive film poster",
        "Rental story book",
        "Exchange server handbook",
        "Smoke free home, cot",
        "Handbag",
    ],
)
def test_these_are(title: str):
    assert no_price_by_rule(Listing("1", title)) is None


def test_the_description_settles_gifts_and_lists_of_prices():
    assert no_price_by_rule(Listing("1", "Chair", "This item is free.")) is NoPrice.FREE
    assert no_price_by_rule(Listing("1", "Records", "All priced individually")) is NoPrice.MANY_PRICES
    assert no_price_by_rule(Listing("1", "Records", "wanted by many")) is None
