"""Prices in both conventions, with signs, words and jokes."""

import datetime as dt
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.cleaning.price import parse_price
from bowerbird.cleaning.rejection import Reason
from bowerbird.errors import InputError
from bowerbird.market.listing import Price


@pytest.mark.parametrize(
    ("raw", "minor", "currency"),
    [
        ("£1,234.00", 123_400, "GBP"), ("1.234,00 €", 123_400, "EUR"), ("$5", 500, "USD"), ("5", 500, "GBP"),
        ("GBP 5", 500, "GBP"), ("5 EUR", 500, "EUR"), ("free", 0, "GBP"), ("FREE", 0, "GBP"), (12.5, 1_250,
        "GBP"),
        (7, 700, "GBP"), (Decimal("0.125"), 13, "GBP"), ("1,234", 123_400, "GBP"), ("1.234", 123_400, "GBP"),
        ("0.125", 13, "GBP"), ("1234.567", 123_457, "GBP"), ("12,5", 1_250, "GBP"),
        ("12,34,567.50 Rs", 123_456_750, "INR"),
        ("CHF 1'234.50", 123_450, "CHF"), ("1 234,50 zł", 123_450, "PLN"), ("£20 ono", 2_000, "GBP"),
        ("£20 o.n.o.", 2_000, "GBP"), ("20ono", 2_000, "GBP"), ("5,- €", 500, "EUR"), ("£1.5k", 150_000,
        "GBP"),
        ("$1,234 CAD", 123_400, "CAD"), ("US$5", 500, "USD"), ("5 euros", 500, "EUR"), ("  £ 3.99 ", 399,
        "GBP"),
        ("£0.00", 0, "GBP"), ("10,000,00", None, None), ("1.234.567,89 €", None, None),
    ],
)  # fmt: skip
def test_prices(raw, minor, currency):
    if minor is None:
        assert isinstance(parse_price(raw, "GBP"), Reason)
    else:
        assert parse_price(raw, "GBP", highest_major=10_000_000) == Price(minor, currency)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("-5", Reason.PRICE_NEGATIVE), ("£-5", Reason.PRICE_NEGATIVE), (-0.01, Reason.PRICE_NEGATIVE),
        ("£10,000,000.00", Reason.PRICE_ABSURD), (math.inf, Reason.PRICE_ABSURD),
        (1e300, Reason.PRICE_ABSURD),
        ("swap for a bike", Reason.PRICE_UNREADABLE), ("£10 - £20", Reason.PRICE_UNREADABLE),
        ("2 for £5", Reason.PRICE_UNREADABLE), ("POA", Reason.PRICE_UNREADABLE),
        ("1.2.3", Reason.PRICE_UNREADABLE),
        ("1,2,3.00", Reason.PRICE_UNREADABLE), ("5 bananas", Reason.PRICE_UNREADABLE),
        (True, Reason.PRICE_UNREADABLE),
        ({"value": 5}, Reason.PRICE_UNREADABLE), (dt.date(2022, 2, 25), Reason.PRICE_UNREADABLE),
        ("07700 900123", Reason.PRICE_UNREADABLE), ("٣٫", Reason.PRICE_UNREADABLE),
        ("5 kr", Reason.PRICE_NO_CURRENCY),
    ],
)  # fmt: skip
def test_what_is_no_price(raw, reason):
    assert parse_price(raw, "GBP") is reason


@pytest.mark.parametrize("raw", [None, "", "  ", math.nan])
def test_nothing_said_is_no_price_and_no_fault(raw):
    assert parse_price(raw, "GBP") is None


def test_a_shared_sign_means_the_default_currency_where_it_can():
    assert parse_price("$5", "AUD") == Price(500, "AUD")
    assert parse_price("$5", "EUR") == Price(500, "USD")
    assert parse_price("5 kr", "SEK") == Price(500, "SEK")


def test_without_any_currency_a_price_is_unknown():
    assert parse_price("5") is Reason.PRICE_NO_CURRENCY
    assert parse_price(5) is Reason.PRICE_NO_CURRENCY
    assert parse_price("free") is Reason.PRICE_NO_CURRENCY
    assert parse_price("£5") == Price(500, "GBP")


def test_minor_units_count_for_bare_numbers_only():
    assert parse_price(1645, "USD", unit="minor") == Price(1645, "USD")
    assert parse_price("1645", "USD", unit="minor") == Price(1645, "USD")
    assert parse_price("£16.45", "USD", unit="minor") == Price(1645, "GBP")


def test_arguments_are_checked():
    with pytest.raises(InputError, match="'major' or 'minor', but 'pence'"):
        parse_price(5, "GBP", unit="pence")
    with pytest.raises(InputError, match="'pounds' is no currency"):
        parse_price(5, "pounds")


@given(st.integers(0, 99_999_999))
def test_both_conventions_and_our_own_writing_are_read_back(minor):
    english = f"{minor / 100:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert parse_price(f"£{english}") == Price(minor, "GBP")
    assert parse_price(f"{german} €") == Price(minor, "EUR")
    assert parse_price(str(Price(minor, "GBP"))) == Price(minor, "GBP")


@given(
    st.text(max_size=20) | st.text(alphabet="0123456789.,'’ £€$k-", max_size=12) | st.floats() | st.integers()
)
def test_anything_gets_an_answer(raw):
    outcome = parse_price(raw, "GBP")
    assert outcome is None or isinstance(outcome, Reason) or 0 <= outcome.minor <= 100_000_000
