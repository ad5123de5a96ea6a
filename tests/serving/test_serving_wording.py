"""Numbers as a person reads them."""

from datetime import UTC, datetime, timedelta

import pytest

from bowerbird.serving.wording import age, count, milliseconds, money, plural, size

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "text"),
    [(None, "–"), (512, "512 B"), (1400, "1.4 kB"), (412e6, "412 MB"), (2.5e9, "2.5 GB"), (3e12, "3.0 TB")],
)
def test_sizes_in_decimal_units(number, text):
    assert size(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(None, "–"), (0.341, "0.34 ms"), (8.14, "8.1 ms"), (120.4, "120 ms"), (4210, "4.2 s")],
)
def test_durations_keep_two_figures(number, text):
    assert milliseconds(number) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0, "today"),
        (1, "yesterday"),
        (3, "3 days ago"),
        (15, "2 weeks ago"),
        (59, "8 weeks ago"),
        (90, "3 months ago"),
        (400, "3 Feb 2025"),
        (-2, "12 Mar 2026"),
    ],
)
def test_ages_from_today_to_a_date(days, text):
    then = NOW - timedelta(days=days)
    assert age(then, NOW) == age(then.isoformat(), NOW) == text


def test_prices_and_counts():
    assert money(1250, "GBP") == "£1,250"
    assert money(4.5, "EUR") == "€4.50"
    assert count(12345) == "12,345"
    assert [plural(1, "listing"), plural(2, "listing")] == ["1 listing", "2 listings"]
