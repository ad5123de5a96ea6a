"""Facets as links: what they count is what they lead to."""

from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

from bowerbird.serving.facet_links import CHART_HEIGHT, CHART_WIDTH, category_links, price_bars, value_links
from bowerbird.serving.search_form import SearchForm

CATEGORIES = [
    {"value": path[-1], "path": path, "count": count}
    for path, count in (
        (["Home"], 9),
        (["Cars"], 12),
        (["Home", "Sofas"], 4),
        (["Home", "Tables"], 5),
        (["Home", "Sofas", "Corner"], 1),
    )
]


def fields_of(link):
    return dict(parse_qsl(urlsplit(link.href).query))


def test_the_roots_stand_by_falling_count():
    links = category_links(CATEGORIES, SearchForm(q="red"), None)
    assert [(link.label, link.count, link.depth) for link in links] == [("Cars", 12, 0), ("Home", 9, 0)]
    assert fields_of(links[1]) == {"q": "red", "category": "Home"}


def test_a_chosen_category_shows_its_ancestors_itself_and_its_children():
    links = category_links(CATEGORIES, SearchForm(category="Home / Sofas"), None)
    assert [(link.label, link.depth, link.selected) for link in links] == [
        ("All categories", 0, False),
        ("Home", 0, False),
        ("Sofas", 1, True),
        ("Corner", 2, False),
    ]
    assert fields_of(links[0]) == {}
    assert fields_of(links[3]) == {"category": "Home / Sofas / Corner"}


def test_a_category_by_its_name_alone_is_found_at_its_depth():
    for form, read in ((SearchForm(category="sofas"), None), (SearchForm(q="sofas"), "Sofas")):
        links = category_links(CATEGORIES, form, read)
        assert [link.label for link in links if link.selected] == ["Sofas"]


def test_picking_a_chosen_value_again_drops_it():
    values = [{"value": "Leeds", "count": 3}, {"value": "York", "count": 1}]
    leeds, york = value_links("place", values, SearchForm(place="Leeds"))
    assert (leeds.selected, fields_of(leeds)) == (True, {})
    assert (york.selected, fields_of(york)) == (False, {"place": "York"})


def test_price_bars_stand_side_by_side_and_as_high_as_their_counts():
    buckets = [
        {"from": 0, "to": 20, "count": 5},
        {"from": 20, "to": 50, "count": 10},
        {"from": 50, "to": None, "count": 0},
    ]
    bars = price_bars(buckets, SearchForm(), "GBP")
    assert [bar.height for bar in bars] == [CHART_HEIGHT / 2, CHART_HEIGHT, 0]
    assert all(bar.y + bar.height == CHART_HEIGHT for bar in bars)
    assert all(left.x + left.width < right.x for left, right in pairwise(bars))
    assert bars[-1].x + bars[-1].width <= CHART_WIDTH
    assert [bar.label for bar in bars] == ["£0 to £20", "£20 to £50", "£50 and more"]


def test_a_price_bar_links_to_what_it_counts():
    """A bucket ends before its upper edge: a listing at exactly £20 belongs to the next."""
    first, second = price_bars(
        [{"from": 0, "to": 20, "count": 5}, {"from": 20, "to": None, "count": 1}], SearchForm(), "GBP"
    )
    assert fields_of(first) == {"price_min": "0", "price_max": "19.99"}
    assert fields_of(second) == {"price_min": "20"}


def test_no_prices_draw_no_chart():
    assert price_bars([], SearchForm(), "GBP") == []
    assert price_bars([{"from": 0, "to": 20, "count": 0}], SearchForm(), "GBP") == []
