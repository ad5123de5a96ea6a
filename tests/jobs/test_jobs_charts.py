"""Charts and the tree map: geometry by value, markup well formed and escaped."""

import math
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.jobs.charts import Bar, Span, Tick, bars, columns, frames, spans, tree_map
from bowerbird.jobs.price_charts import PriceAxis, favourite_prices, price_columns, short_price
from bowerbird.jobs.treemap import Rectangle, squarify

NASTY = "<b>\"Bath' & Body</b>"


def drawn(markup):
    """The elements of a chart by class; it must be one well-formed SVG."""
    root = ET.fromstring(str(markup))  # noqa: S314 - our own markup
    assert root.tag == "svg"
    found = {}
    for element in root.iter():
        for name in (element.get("class") or "").split():
            found.setdefault(name, []).append(element)
    return found


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=40), st.floats(50, 2000), st.floats(50, 2000))
def test_a_tree_map_tiles_its_box_in_proportion(values, width, height):
    values = sorted(values, reverse=True)
    tiles = squarify(values, Rectangle(10, 20, width, height))
    assert len(tiles) == len(values)
    for value, tile in zip(values, tiles, strict=True):
        assert tile.width * tile.height == pytest.approx(width * height * value / sum(values), rel=1e-6)
        assert tile.x >= 10 - 1e-6
        assert tile.y >= 20 - 1e-6
        assert tile.x + tile.width <= 10 + width + 1e-3
        assert tile.y + tile.height <= 20 + height + 1e-3
    for first, second in pairwise(tiles):
        across = min(first.x + first.width, second.x + second.width) - max(first.x, second.x)
        down = min(first.y + first.height, second.y + second.height) - max(first.y, second.y)
        assert min(across, down) <= 1e-3  # neighbours in order never overlap


def test_the_example_of_the_squarified_paper():
    # Bruls et al. (2000), figure 4: a 6 x 4 box; the two sixes fill a left column of width 3.
    tiles = squarify([6, 6, 4, 3, 2, 2, 1], Rectangle(0, 0, 6, 4))
    assert tiles[0] == pytest.approx((0, 0, 3, 2))
    assert tiles[1] == pytest.approx((0, 2, 3, 2))
    assert tiles[2] == pytest.approx((3, 0, 12 / 7, 7 / 3))


def test_bars_are_as_long_as_their_share():
    found = drawn(bars([Bar("a", 10, "ten"), Bar("b", 5, "five"), Bar("c", 0, "none")], "t"))
    assert [bar.get("width") for bar in found["bar"]] == ["100.00%", "50.00%", "0.00%"]
    assert [note.text for note in found["note"]] == ["ten", "five", "none"]
    assert drawn(bars([Bar("a", 5, "")], "t", most=20))["bar"][0].get("width") == "25.00%"


def test_columns_stand_on_one_line_and_the_tallest_reaches_the_top():
    chart = columns([Bar("a", 2, "2"), Bar("b", 4, "4")], [Tick(0.5, "x")], "t", Tick(0.25, "median"))
    found = drawn(chart)
    feet = [float(bar.get("y")) + float(bar.get("height")) for bar in found["bar"]]
    low, high = (float(bar.get("height")) for bar in found["bar"])
    assert feet[0] == feet[1]
    assert high == pytest.approx(2 * low)
    assert found["marker"][0].get("x1") == "25.00%"
    assert found["tick"][0].get("x") == "50.00%"


def test_spans_put_quantiles_where_they_are():
    found = drawn(spans([Span("a", (0.0, 0.25, 0.5, 0.75, 1.0), "£5")], [Tick(0, "£1")], "t"))
    assert (found["whisker"][0].get("x1"), found["whisker"][0].get("x2")) == ("0.00%", "100.00%")
    assert (found["span"][0].get("x1"), found["span"][0].get("x2")) == ("25.00%", "75.00%")
    assert found["median"][0].get("cx") == "50.00%"


def test_a_tree_map_has_a_tile_a_member_and_labels_only_what_fits():
    tree = {"Home": [Bar("Beds & Bedroom", 90, "90 listings"), Bar("Lamps", 1, "1 listing")]}
    found = drawn(tree_map(tree, "t", 400, 300))
    assert len(found["tile"]) == 2
    assert [label.text for label in found["tile-label"]] == ["Beds & Bedroom"]
    assert [title.text for tile in found["tile"] for title in tile] == [
        "Home / Beds & Bedroom: 90 listings",
        "Home / Lamps: 1 listing",
    ]


def test_frames_share_one_centre():
    found = drawn(frames([(300, 200, 0.9), (100, 300, 0.1)], "t"))
    for frame in found["frame"]:
        assert float(frame.get("x")) + float(frame.get("width")) / 2 == pytest.approx(150, abs=0.01)
        assert float(frame.get("y")) + float(frame.get("height")) / 2 == pytest.approx(150, abs=0.01)


@pytest.mark.parametrize(
    "chart",
    [
        lambda name: bars([Bar(name, 1, name)], name),
        lambda name: columns([Bar(name, 1, name)], [Tick(0.5, name)], name, Tick(0, name)),
        lambda name: spans([Span(name, (0, 0, 0, 0, 0), name)], [Tick(0.5, name)], name),
        lambda name: tree_map({name: [Bar(name, 1, name)]}, name, 900, 300),
    ],
)
def test_what_people_wrote_is_escaped(chart):
    markup = chart(NASTY)
    assert "<b>" not in markup
    assert NASTY in ET.fromstring(str(markup)).get("aria-label")  # noqa: S314 - our own markup


@pytest.mark.parametrize("chart", [bars([], "t"), columns([], [], "t"), spans([], [], "t"), frames([], "t")])
def test_a_chart_of_nothing_is_still_a_chart(chart):
    drawn(chart)


def test_the_price_axis_spans_whole_decades():
    axis = PriceAxis.over(np.array([0, 500, 1_234_500]), "GBP")  # up to £12,345, so up to £100,000
    assert (axis.low_minor, axis.high_minor, axis.decades) == (100, 10_000_000, 5)
    assert axis.position(100) == 0
    assert axis.position(0) == 0
    assert axis.position(1000) == pytest.approx(math.log10(1000 / 100) / 5)
    assert axis.position(10**9) == 1
    assert [tick.label for tick in axis.ticks()] == ["£1", "£10", "£100", "£1k", "£10k", "£100k"]


def test_every_paid_price_stands_in_one_column():
    prices = np.array([0, 1, 99, 100, 5000, 5000, 1_000_000])
    axis = PriceAxis.over(prices, "GBP")
    titles = [title.text for bar in drawn(price_columns(prices, axis))["bar"] for title in bar]
    assert sum(int(title.rpartition(": ")[2]) for title in titles) == 6


def test_amounts_are_shortened_and_favourites_counted():
    assert [short_price(minor, "GBP") for minor in (150, 10_000, 1_500_000, 10**9)] == [
        "£1.50",
        "£100",
        "£15k",
        "£10m",
    ]
    found = drawn(favourite_prices(np.array([0, 1000, 1000, 1000, 250, 250]), "GBP"))
    assert [label.text for label in found["label"]] == ["£10", "£2.50", "free"]
    assert [note.text for note in found["note"]] == ["3", "2", "1"]
