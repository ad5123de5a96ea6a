"""How listings fare: fading counts equal a slow sum, and a place at the top is no merit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.taste.popularity import BANDS, Popularity

HOUR = 3600.0
ALL = np.arange(3)


def told(popularity: Popularity, listings: np.ndarray) -> np.ndarray:
    popularity.settle()
    return popularity.counts(listings)


def test_counts_fade_as_a_slow_sum_says():
    popularity = Popularity(3, half_life_seconds=HOUR)
    popularity.show([0, 0, 1], [1, 5, 2], [0.0, HOUR, HOUR])
    popularity.look([0, 1], [1, 0], [HOUR, 2 * HOUR])
    popularity.save([1], [2 * HOUR])
    impressions, views, saves, _ = told(popularity, ALL).T
    assert impressions == pytest.approx([0.25 + 0.5, 0.5, 0])
    assert views == pytest.approx([0.5, 1, 0])
    assert saves == pytest.approx([0, 1, 0])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 300), st.floats(0, 1e9)), min_size=1), st.data())
def test_the_order_of_counting_makes_no_difference(shown: list[tuple[int, int, float]], data: st.DataObject):
    together, singly = Popularity(3, 30 * 24 * HOUR), Popularity(3, 30 * 24 * HOUR)
    together.show(*zip(*shown, strict=True))
    for number, place, time in data.draw(st.permutations(shown)):
        singly.show([number], [place], [time])
    assert told(singly, ALL)[:, 0] == pytest.approx(told(together, ALL)[:, 0], rel=1e-4, abs=1e-4)


def test_many_half_lives_overflow_nothing():
    popularity = Popularity(1, half_life_seconds=1.0)
    for second in range(0, 5000, 50):
        popularity.show([0], [1], [float(second)])
    assert told(popularity, np.array([0]))[0, 0] == pytest.approx(1.0)


def test_a_place_at_the_top_is_no_merit():
    """One is clicked half as often as another, where everything is clicked a quarter as often."""
    popularity = Popularity(102, half_life_seconds=np.inf)
    others = np.arange(2, 102)
    for place, number, clicks, of_others in ((1, 0, 400, 40), (20, 1, 200, 10)):
        for numbers, shown, clicked in ((number, 10_000, clicks), (others, 1000, of_others)):
            for count, counted in ((popularity.show, shown), (popularity.look, clicked)):
                each = np.repeat(numbers, counted)
                count(each, np.full_like(each, place), np.zeros(len(each)))
    attraction = popularity.attraction()
    assert attraction[0] == 1
    assert attraction[4] == pytest.approx(1200 / 4400, rel=0.02)
    rates = told(popularity, np.arange(102))[:, 3]
    assert rates[0] == pytest.approx(1)
    assert rates[1] > 1.25
    assert rates[2:] == pytest.approx(np.ones(100))


def drawn(rates: np.ndarray, shown: int) -> Popularity:
    """Listings that are clicked at these rates, by chance."""
    popularity = Popularity(len(rates), half_life_seconds=np.inf)
    everything = np.arange(len(rates)).repeat(shown)
    popularity.show(everything, np.ones_like(everything), np.zeros(len(everything)))
    clicked = np.arange(len(rates)).repeat(np.random.default_rng(5).binomial(shown, rates))
    popularity.look(clicked, np.ones_like(clicked), np.zeros(len(clicked)))
    return popularity


def test_what_was_hardly_shown_fares_as_all_do():
    assert np.isnan(told(Popularity(3, np.inf), ALL)[:, 3]).all()  # nothing was ever clicked
    popularity = drawn(np.array([0.05, 0.1, 0.3] * 100), 400)
    popularity.append(2)
    popularity.show([300], [1], [0.0])
    rates = told(popularity, np.array([0, 1, 2, 300, 301, -1, 777]))[:, 3]
    assert rates[:3] == pytest.approx([1 / 3, 2 / 3, 2], rel=0.45)
    assert rates[3:] == pytest.approx(np.ones(4))


def test_listings_that_are_alike_are_not_told_apart_by_chance():
    alike = told(drawn(np.full(300, 0.1), 30), np.arange(300))[:, 3]
    assert (alike == 1).mean() > 0.95
    different = told(drawn(np.geomspace(0.02, 0.5, 300), 30), np.arange(300))[:, 3]
    assert (different == 1).mean() < 0.4
    assert np.corrcoef(different, np.geomspace(0.02, 0.5, 300))[0, 1] > 0.8


def test_a_view_of_no_page_is_no_click():
    popularity = Popularity(1, half_life_seconds=np.inf)
    popularity.show([0] * 100, [1] * 100, [0.0] * 100)
    popularity.look([0] * 10, [1] * 10, [0.0] * 10)
    clicked = told(popularity, np.array([0]))
    popularity.look([0] * 30, [0] * 30, [0.0] * 30)
    after = told(popularity, np.array([0]))
    assert after[0, 3] == clicked[0, 3] == 1
    assert after[0, 1] == 4 * clicked[0, 1]


def test_clicks_that_few_places_speak_for_say_nothing_of_places():
    popularity = Popularity(1, half_life_seconds=np.inf)
    assert popularity.attraction() == pytest.approx(np.ones(BANDS))
    popularity.show([0], [3], [0.0])
    popularity.look([0], [3], [0.0])
    assert popularity.attraction() == pytest.approx(np.ones(BANDS), abs=0.01)


def test_listings_are_added_and_a_half_life_is_above_0():
    popularity = Popularity(0, HOUR)
    popularity.append(2)
    popularity.show([1], [1], [0.0])
    assert len(popularity) == 2
    assert told(popularity, ALL)[:, 0] == pytest.approx([0, 1, 0])
    with pytest.raises(InputError, match="half-life must be above 0"):
        Popularity(1, 0)
