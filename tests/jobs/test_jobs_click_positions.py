"""Clicks by position: by value, and from a drawn log whose examination is known."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bowerbird.jobs.click_positions import PositionClicks, clicks_by_position, examination_of
from bowerbird.jobs.compare_rankers import compare_rankers
from bowerbird.storage.query_log import ServedPage
from bowerbird.storage.ranking_log import RankedPage

START = datetime(2026, 1, 5, tzinfo=UTC)
IDS = tuple("abcdef")


def page(number: int, grades: tuple[int, ...], ids: tuple[str, ...] = IDS, first: int = 1) -> RankedPage:
    served = ServedPage(
        f"q{number}", "search", START + timedelta(minutes=number), ids[: len(grades)], 9, first_position=first
    )
    return RankedPage(served, None, grades)


def test_clicks_are_counted_where_a_listing_stood():
    pages = [page(1, (1, 0, 4)), page(2, (0, 0)), page(3, (2, 0), first=3)]
    assert clicks_by_position(pages, np.array([1.0, 0.5]), 3) == [
        PositionClicks(1, shown=2, clicked=1, examination=1.0),
        PositionClicks(2, shown=2, clicked=0, examination=0.5),
        PositionClicks(3, shown=2, clicked=2),
    ]
    assert clicks_by_position(pages, None, 9)[3] == PositionClicks(4, shown=1, clicked=0)
    assert clicks_by_position([], None, 9) == []
    assert PositionClicks(1, 4, 1).rate == 0.25


def test_the_examination_of_a_drawn_log_is_found():
    numbers = np.random.default_rng(3)
    looked, suits = 1 / np.arange(1, 7), dict(zip(IDS, np.linspace(0.9, 0.3, 6), strict=True))
    pages = []
    for number in range(4000):
        ids = tuple(numbers.permutation(IDS))
        clicked = numbers.random(6) < looked * [suits[one] for one in ids]
        pages.append(page(number, tuple(map(int, clicked)), ids))
    compared = compare_rankers(pages[:500])
    examination = examination_of(pages)
    assert examination == pytest.approx(looked, abs=0.05)
    assert compared.corrected
    rates = np.array([one.rate for one in clicks_by_position(pages, examination, 6)])
    # Places were drawn, so clicks fall as looks do.
    assert rates / rates[0] == pytest.approx(looked, abs=0.05)


def test_what_never_changed_places_tells_no_examination():
    assert examination_of([page(1, (1, 0)), page(2, (0, 1))]) is None
    assert examination_of([]) is None
