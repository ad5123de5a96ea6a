"""Queries as people type them, what they must be read as, and what must be left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.market.listing import Listing, Price
from bowerbird.market.listing_columns import ListingColumns
from bowerbird.market.query import Filters
from bowerbird.retrieval.understanding import Span, Understood, Vocabulary, understand

MARKET = Vocabulary.from_names(
    [
        "Leeds, West Yorkshire",
        "Headingley, Leeds, West Yorkshire",
        "York",
        "Bath",
        "Reading",
        "King's Lynn",
        "Stoke-on-Trent",
        "St. Albans",
        "Lake District",
    ],
    ["Home & Garden / Sofas", "Cars, Vans & Motorbikes", "Books / Reading", "Home & Garden / Batteries"],
)


@pytest.mark.parametrize(
    ("words", "left", "low", "high"),
    [
        ("sofa under 100", "sofa", None, 100),
        ("sofa under £100", "sofa", None, 100),
        ("sofa Under £ 100", "sofa", None, 100),
        ("under 100 sofa", "sofa", None, 100),
        ("sofa for under 100", "sofa", None, 100),
        ("sofa, under 100, red", "sofa red", None, 100),
        ("desk below 50", "desk", None, 50),
        ("desk less than 50", "desk", None, 50),
        ("desk up to 50", "desk", None, 50),
        ("desk max 50", "desk", None, 50),
        ("desk max £50 oak", "desk oak", None, 50),
        ("desk maximum price 50 oak", "desk oak", None, 50),
        ("desk budget of 50", "desk", None, 50),
        ("desk cheaper than 50", "desk", None, 50),
        ("desk no more than 50", "desk", None, 50),
        ("desk within £50", "desk", None, 50),
        ("desk < 100", "desk", None, 100),
        ("desk <=£100", "desk", None, 100),
        ("desk ≤ 100", "desk", None, 100),
        ("desk 100 or less", "desk", None, 100),
        ("desk £100 and under", "desk", None, 100),
        ("desk 100 max", "desk", None, 100),
        ("£50-£100 desk", "desk", 50, 100),
        ("£100 - £50 desk", "desk", 50, 100),
        ("£50–100 desk", "desk", 50, 100),
        ("desk between 50 and 100", "desk", 50, 100),
        ("desk between £50 to £100", "desk", 50, 100),
        ("desk 50 to 100 pounds", "desk", 50, 100),
        ("desk from £50 to £100", "desk", 50, 100),
        ("desk over 50", "desk", 50, None),
        ("desk at least 50", "desk", 50, None),
        ("desk from £50", "desk", 50, None),
        ("desk > 50", "desk", 50, None),
        ("desk £50+", "desk", 50, None),
        ("desk 50 or more", "desk", 50, None),
        ("desk over 50 under 100", "desk", 50, 100),
        ("desk under 100 under 50", "desk", None, 50),
        ("car under 1k", "car", None, 1000),
        ("car under 1.5k", "car", None, 1500),
        ("car £1-2k", "car", 1000, 2000),
        ("car between 500 and 1k", "car", 500, 1000),
        ("car under 1,200", "car", None, 1200),
        ("car under 1,234,567.50", "car", None, 1_234_567.5),
        ("car under 2000", "car", None, 2000),
        ("ring under 20 quid", "ring", None, 20),
        ("ring under 20 euros", "ring", None, 20),
        ("ring under 20€", "ring", None, 20),
        ("ring under 20 gbp", "ring", None, 20),
        ("hire under £50 per person", "hire per person", None, 50),
        ("tv under 50 in leeds", "tv", None, 50),
        ("kids bike under 50", "kids bike", None, 50),
        ("4k tv under 4k", "4k tv", None, 4000),
    ],
)
def test_a_price_limit_is_read(words, left, low, high):
    understood = understand(words, MARKET)
    assert (understood.words, understood.price_min, understood.price_max) == (left, low, high)


@pytest.mark.parametrize(
    "words",
    [
        "iphone 11",
        "seat 500",
        "playstation 5",
        "desk under 120 cm",
        "desk under 120cm",
        "desk under 120-cm",
        'tv under 50"',
        "tv under 50 in",
        "car under 50 miles",
        "car under 50,000 miles",
        "over 16gb",
        "over 16 gb ram",
        "age over 18",
        "kids under 5",
        "5 years",
        "between 2 and 4 people",
        "tent for up to 4 people",
        "20 inch",
        "size 10 to 12",
        "jeans size under 12",
        "car between 1990 and 2000",
        "car from 2015",
        "cot for 0 to 6 months",
        "battery over 50%",
        "rug under 100 x 50",
        "rug 120 x 60",
        "1080p tv",
        "nike air max 90",
        "iphone 13 pro max 256",
        "iphone 13 max",
        "airpods max 2 silver",
        "video 30 min",
        "lego 18+",
        "50-100",
        "under 1,20",
        "thunder 50",
        "over the rainbow",
        "under",
        "in good condition",
        "in box",
        "in the bath",  # Bath is a place of this market, a bath is not
        "boots in nowhere",
        "leeds",  # no preposition
        "category 6 cable",
        "in sofabeds",
        "audio cable 1->2",
        "cable > 75 dB",
        "jeans 34/31- £25",
        "42-in sofa",
        "table with built in reading",
    ],
)
def test_words_are_left_alone_when_in_doubt(words):
    assert understand(words, MARKET) == Understood(words)


@pytest.mark.parametrize(
    ("words", "left", "place"),
    [
        ("sofa in Leeds", "sofa", "Leeds"),
        ("sofa near leeds under 50", "sofa", "Leeds"),
        ("sofa around LEEDS please", "sofa please", "Leeds"),
        ("sofa close to york", "sofa", "York"),
        ("in West Yorkshire", "", "West Yorkshire"),
        ("sofa in leeds, west yorkshire", "sofa", "Leeds, West Yorkshire"),
        ("sofa in headingley leeds", "sofa", "Headingley"),
        ("in good condition in leeds", "in good condition", "Leeds"),
        ("flat in kings lynn", "flat", "King's Lynn"),
        ("flat in stoke on trent", "flat", "Stoke-on-Trent"),
        ("flat in st albans", "flat", "St. Albans"),
        ("boat in the lake district", "boat", "Lake District"),
        ("books in reading", "books", "Reading"),  # also a category: a place after 'in' and 'near'
        ("books near reading", "books", "Reading"),
        ("mat in bath", "mat", "Bath"),
    ],
)
def test_a_known_place_is_read_after_a_preposition(words, left, place):
    understood = understand(words, MARKET)
    assert (understood.words, understood.place, understood.category) == (left, place, None)


@pytest.mark.parametrize(
    ("words", "left", "category"),
    [
        ("lamp in Home & Garden", "lamp", "Home & Garden"),
        ("lamp in home and garden", "lamp", "Home & Garden"),
        ("lamp in the home & garden section", "lamp", "Home & Garden"),
        ("red category: sofas", "red", "Sofas"),
        ("red category:sofa", "red", "Sofas"),
        ("category: battery", "", "Batteries"),
        ("category: Home & Garden / Sofas", "", "Home & Garden / Sofas"),
        ("books category: reading", "books", "Reading"),
        ("wheels in cars, vans & motorbikes", "wheels", "Cars, Vans & Motorbikes"),
    ],
)
def test_a_known_category_is_read(words, left, category):
    understood = understand(words, MARKET)
    assert (understood.words, understood.category, understood.place) == (left, category, None)


@pytest.mark.parametrize(
    "words", ["sofa in leeds in york", "sofa over 100 under 50", "in leeds under 9 in york"]
)
def test_what_contradicts_itself_stays_words(words):
    assert understand(words, MARKET) == Understood(words)


def test_spans_quote_the_query_in_its_order():
    understood = understand("sofa in leeds for £50-£100", MARKET)
    assert understood.spans == (
        Span("in leeds", "place", "Leeds"),
        Span("for £50-£100", "price_min", 50.0),
        Span("for £50-£100", "price_max", 100.0),
    )


def test_a_market_without_prices_or_places_keeps_the_words():
    columns = ListingColumns()
    columns.append(Listing("1", "Sofa"))
    words = "sofa under 100 in leeds"
    assert understand(words, Vocabulary.of(columns)) == Understood(words)


def test_what_is_read_filters_the_market_it_was_read_with():
    columns = ListingColumns()
    sofas = ("Home & Garden", "Sofas")
    columns.extend(
        [
            Listing("a", "Sofa", category=sofas, price=Price(9900, "GBP"), place="Leeds, UK"),
            Listing("b", "Sofa", category=sofas, price=Price(10100, "GBP"), place="Leeds"),
            Listing("c", "Sofa", category=("Toys",), price=Price(100, "GBP"), place="Leeds"),
            Listing("d", "Sofa", category=sofas, price=Price(100, "GBP"), place="Ely"),
        ]
    )
    understood = understand("under 100 in leeds category: sofa", Vocabulary.of(columns))
    filters = Filters(category=understood.category, price_max=understood.price_max, place=understood.place)
    assert filters.mask(columns).tolist() == [True, False, False, False]


PIECES = """under over between and from to max min or less £ 100 50 5 1k , - in near leeds york west yorkshire
    category: home & garden sofa sofas the reading < > + cm"""
phrases = st.sampled_from(PIECES.split())


@given(st.lists(phrases, max_size=14).map(" ".join) | st.text())
def test_what_is_left_says_nothing_more(words):
    understood = understand(words, MARKET)
    assert understand(understood.words, MARKET) == Understood(understood.words)


@given(st.text(), st.lists(st.text(), max_size=5), st.lists(st.text(), max_size=5))
def test_any_text_and_any_market_are_understood(words, places, categories):
    understood = understand(words, Vocabulary.from_names(places, categories))
    low, high = understood.price_min, understood.price_max
    assert low is None or high is None or low <= high


@given(st.text(alphabet="abcdefghij ", min_size=1))
def test_words_that_say_nothing_else_come_back_whole(words):
    assert understand(words, MARKET).words == " ".join(words.split())


def test_a_query_that_says_too_much_is_left_alone():
    words = " ".join(["under 50"] * 8)
    assert understand(words, MARKET) == Understood(words)
    assert understand(" ".join(["under 50"] * 7), MARKET).price_max == 50
