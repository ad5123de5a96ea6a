"""What a listing says of itself."""

import pytest

from bowerbird.errors import InputError
from bowerbird.market.listing import Listing, Price


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (Price(0, "GBP"), "£0"),
        (Price(1999, "GBP"), "£19.99"),
        (Price(120_000, "EUR"), "€1,200"),
        (Price(550, "USD"), "$5.50"),
        (Price(100, "SEK"), "SEK 1"),
    ],
)
def test_a_price_is_written_as_people_write_it(price: Price, text: str):
    assert str(price) == text


def test_a_negative_price_is_refused():
    with pytest.raises(InputError, match="-1 was given"):
        Price(-1, "GBP")


def test_a_category_has_a_root_and_a_leaf():
    listing = Listing("a", "Sofa", category=("Home", "Living Room", "Sofas"))
    assert (listing.root, listing.leaf) == ("Home", "Sofas")
    assert (Listing("a", "Sofa").root, Listing("a", "Sofa").leaf) == (None, None)


def test_an_encoder_reads_title_attributes_and_description():
    listing = Listing(
        "a", "Sofa", description="Comfy.", attributes=(("colour", "red"), ("material", "velvet"))
    )
    assert listing.text == "Sofa. red velvet. Comfy."
    assert Listing("a", "Sofa").text == "Sofa"
