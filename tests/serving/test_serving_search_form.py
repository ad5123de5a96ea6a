"""The address of a search page is what it asks, both ways."""

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.market.listing import Status
from bowerbird.market.query import FACETS, Near, Sort
from bowerbird.serving.search_form import SearchForm


def fields_of(url):
    return dict(parse_qsl(urlsplit(url).query))


def understood(*spans):
    return {"spans": [{"text": text, "field": field, "value": value} for text, field, value in spans]}


def test_an_address_becomes_a_query():
    address = {
        "q": " red sofa ",
        "category": "Home / Sofas",
        "price_min": "10",
        "price_max": "£1,200.50",
        "place": "Leeds",
        "status": "reserved",
        "seller": "ann",
        "near": "53.8,-1.55,25",
        "sort": "distance",
        "cursor": "abc",
        "unheard": "of",
    }
    query = SearchForm.read(address).query()
    assert (query.words, query.sort, query.cursor) == ("red sofa", Sort.DISTANCE, "abc")
    assert query.facets == FACETS
    filters = query.filters
    assert (filters.category, filters.place, filters.seller) == ("Home / Sofas", "Leeds", "ann")
    assert (filters.price_min, filters.price_max) == (10, 1200.5)
    assert filters.status is Status.RESERVED
    assert filters.near == Near(53.8, -1.55, 25)


def test_blank_fields_are_left_out():
    assert SearchForm.read({"q": "  ", "price_min": "", "place": " "}) == SearchForm()
    assert SearchForm.read({"sort": "newest"}).is_blank
    assert not SearchForm.read({"like": "ab"}).is_blank


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ({"price_min": "ten"}, "price_min must be a number, but 'ten' was given"),
        ({"near": "here"}, "near takes 'latitude,longitude,kilometres'"),
        ({"sort": "best"}, "sort 'best' is unknown; it may be relevance, price_asc"),
        ({"status": "gone"}, "status 'gone' is unknown; it may be active"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_value(address, message):
    with pytest.raises(InputError, match=message):
        SearchForm.read(address).query()


texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=12)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("q", "category", "place", "seller", "like", "cursor"), texts),
            "price_min": st.integers(0, 10**8).map(lambda pence: f"{pence / 100:.2f}"),
            "sort": st.sampled_from(["relevance", "newest", "price_desc"]),
        },
    )
)
def test_an_address_written_is_the_address_read(address):
    form = SearchForm.read(address)
    assert SearchForm.read(fields_of(form.url(cursor=form.cursor))) == form


def test_a_change_starts_at_the_first_page():
    form = SearchForm(q="sofa", cursor="abc", price_max=99.99)
    assert fields_of(form.url(place="Leeds")) == {"q": "sofa", "price_max": "99.99", "place": "Leeds"}
    assert "cursor" not in parse_qs(form.url())


def test_nearest_first_goes_with_the_place_it_is_near_to():
    form = SearchForm(q="sofa", near="53.8,-1.5,25", sort="distance")
    assert fields_of(form.url(near=None)) == {"q": "sofa"}


def test_chips_name_what_narrows_and_link_to_the_search_without_it():
    form = SearchForm(q="sofa", category="Home / Sofas", price_min=20, price_max=49.99, status="reserved")
    chips = {chip.label: fields_of(chip.href) for chip in form.chips(None, "GBP")}
    assert set(chips) == {"Sofas", "£20 to £49.99", "status: reserved"}
    assert "category" not in chips["Sofas"]
    assert chips["£20 to £49.99"] == {"q": "sofa", "category": "Home / Sofas", "status": "reserved"}


def test_understood_chips_link_to_the_words_without_them():
    form = SearchForm(q="Sofa under 100 in Leeds")
    read = understood(("under 100", "price_max", 100.0), ("in leeds", "place", "Leeds"))
    chips = form.chips(read, "GBP")
    assert [(chip.label, chip.understood) for chip in chips] == [("up to £100", True), ("in Leeds", True)]
    assert [fields_of(chip.href)["q"] for chip in chips] == ["Sofa in Leeds", "Sofa under 100"]


def test_a_range_said_in_one_phrase_is_one_chip():
    read = understood(("between 10 and 50", "price_min", 10.0), ("between 10 and 50", "price_max", 50.0))
    (chip,) = SearchForm(q="lamp between 10 and 50").chips(read, "GBP")
    assert (chip.label, fields_of(chip.href)) == ("£10 to £50", {"q": "lamp"})


def test_clearing_keeps_the_question():
    form = SearchForm(q="sofa", like="ab", place="Leeds", price_min=3.0)
    assert fields_of(form.cleared()) == {"q": "sofa", "like": "ab"}
