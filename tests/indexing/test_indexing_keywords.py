"""The keyword index against a double loop, and what shoppers type."""

import math
import resource
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bowerbird.errors import InputError, NotFoundError, UnavailableError
from bowerbird.indexing.keyword_index import KeywordIndex
from bowerbird.indexing.keyword_settings import KeywordSettings
from bowerbird.market.listing import Listing

TITLES = (
    "Red leather sofa",
    "Blue fabric sofa bed",
    "Leather office chair, black",
    "Oak dining table and four chairs",
    "Men's leather jacket",
    "Note book, A5, unused",
    "16 GB USB stick",
    "T-shirt with a red bird",
    "Mountain bicycle, red frame",
    "Wi-Fi router",
    "Laptop computer with charger",
    "Laptop sleeve",
)


def listing(row: int, title: str, **more) -> Listing:
    return Listing(listing_id=str(row), title=title, **more)


def index_of(folder: Path, titles, **options) -> KeywordIndex:
    index = KeywordIndex.create(folder, KeywordSettings(**{"least_frequency": 1} | options))
    for row, title in enumerate(titles):
        index.add(row, listing(row, title) if isinstance(title, str) else title)
    index.commit()
    return index


@pytest.fixture(scope="module")
def index(tmp_path_factory) -> KeywordIndex:
    return index_of(tmp_path_factory.mktemp("keywords"), TITLES)


def found(index: KeywordIndex, words: str, **options) -> list[int]:
    return index.search(words, **{"limit": 50} | options).ranked.rows.tolist()


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("sofa", {0, 1}),
        ("sofas", {0, 1}),
        ("RED SOFA", {0}),
        ("the sofa for me", {0, 1}),
        ("chair", {2, 3}),
        ('"leather sofa"', {0}),
        ('"sofa leather"', set()),
        ("leather -sofa", {2, 4}),
        ('leather -"office chair"', {0, 4}),
        ("-sofa", {0, 1}),
        ("mens jacket", {4}),
        ("men jacket", {4}),
        ("16gb", {6}),
        ("16-gb stick", {6}),
        ("16", set()),
        ("gb stick", {6}),
        ("notebook", {5}),
        ("tshirt", {7}),
        ("t shirt", {7}),
        ("wifi", {9}),
        ("lap top", {10, 11}),
        ("table and chairs", {3}),
        ("red leather sofa, comfortable", {0}),
        ("", set()),
        ("  ?!  ", set()),
        ("the", set()),
        ("with", {7, 10}),
        ("blorptak qwzzk", set()),
    ],
)
def test_words_find_what_a_shopper_means(index, words, rows):
    matches = index.search(words, limit=50)
    assert set(matches.ranked.rows.tolist()) == rows
    assert matches.total == len(rows)
    assert matches.did_you_mean is None


def bm25(titles: list[str], query: list[str]) -> dict[int, float]:
    """BM25 by double loop, k1 = 1.2 and b = 0.75, over titles of words that stemming leaves as they are."""
    lengths = [len(title.split()) for title in titles]
    average = sum(lengths) / len(titles)
    scores = {}
    for row, title in enumerate(titles):
        counts = Counter(title.split())
        hits = [word for word in query if word in counts]
        needed = len(query) if len(query) <= 2 else max(2, math.ceil(0.66 * len(query)))
        if len(hits) < needed:
            continue
        score = 0.0
        for word in hits:
            holders = sum(word in other.split() for other in titles)
            idf = math.log(1 + (len(titles) - holders + 0.5) / (holders + 0.5))
            tf = counts[word]
            score += idf * tf * 2.2 / (tf + 1.2 * (1 - 0.75 + 0.75 * lengths[row] / average))
        scores[row] = score
    return scores


VOCABULARY = ("red", "oak", "sofa", "lamp", "desk", "cup", "drum", "map")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_matches_and_order_are_those_of_a_double_loop(tmp_path_factory, data):
    title = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=6).map(" ".join)
    titles = data.draw(st.lists(title, min_size=1, max_size=12))
    query = data.draw(st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=4, unique=True))
    index = index_of(tmp_path_factory.mktemp("k"), titles, boosts={"title": 1.0}, adjacent_boost=0.0)
    expected = bm25(titles, query)
    matches = index.search(" ".join(query), limit=50)
    assert set(matches.ranked.rows.tolist()) == set(expected)
    assert matches.total == len(expected)
    np.testing.assert_allclose(
        matches.ranked.scores, [expected[row] for row in matches.ranked.rows.tolist()], rtol=1e-5
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=60))
def test_any_string_is_a_query(index, text):
    matches = index.search(text, limit=5)
    assert len(matches.ranked) == min(5, matches.total)
    index.matched_words(matches, matches.ranked.rows)
    index.complete(text, 5)
    index.corrected(text, index.corrections(text))


@given(st.text(alphabet='"-+():*~^[]{}\\/ sofa', max_size=30))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_query_signs_never_raise(index, text):
    index.search(text, limit=5)


def test_a_very_long_query_is_answered(index):
    assert 0 in found(index, "red leather sofa " * 5000)
    assert found(index, " ".join(f"word{i}" for i in range(5000))) == []


@pytest.mark.parametrize(
    ("typed", "corrected", "rows"),
    [
        ("labtop", "laptop", {10, 11}),
        ("lether chair", "leather chair", {2}),
        ("bicylce", "bicycle", {8}),
        ("Moutnain bicylce", "mountain bicycle", {8}),
        ("rde", None, set()),
        ("sofb", "sofa", {0, 1}),
        ("16hb", None, set()),
    ],
)
def test_typos_are_corrected(index, typed, corrected, rows):
    matches = index.search(typed, limit=50)
    assert matches.did_you_mean == corrected
    assert set(matches.ranked.rows.tolist()) == rows
    assert bool(matches.corrections) == bool(corrected)


def test_exact_matches_outrank_corrected_ones(tmp_path: Path):
    described = Listing("0", "Something else", description="labtop " + "and many more words " * 50)
    titled = [Listing(str(row), "Laptop laptop laptop") for row in range(1, 40)]
    index = index_of(tmp_path, [described, *titled])
    matches = index.search("labtop -chair", limit=50)
    assert matches.ranked.rows.tolist() == [0]  # a word that occurs is taken at its word
    titled.append(Listing("40", "Red box", description="labtop"))
    (tmp_path / "more").mkdir()
    index = index_of(tmp_path / "more", [described, *titled])
    matches = index.search("labtop red", limit=50)
    assert matches.ranked.rows.tolist() == [40]


def test_a_sellers_own_misspelling_comes_before_the_correction(tmp_path: Path):
    titles = ["Laptop bag"] * 30 + ["Old labtop", "Red bag"]
    index = index_of(tmp_path, titles)
    matches = index.search("labtop bag", limit=50)
    assert matches.did_you_mean == "laptop bag"
    assert matches.total == 30
    assert index.search("labtop", limit=50).ranked.rows.tolist() == [30]


def test_allowed_acts_before_the_cut(index):
    allowed = np.ones(len(TITLES), bool)
    best = found(index, "leather")[0]
    allowed[best] = False
    matches = index.search("leather", limit=1, allowed=allowed)
    assert matches.total == 2
    assert len(matches.ranked) == 1
    assert best not in matches.ranked.rows
    assert found(index, "leather", allowed=np.ones(3, bool)) == [
        row for row in found(index, "leather") if row < 3
    ]
    assert found(index, "leather", allowed=np.zeros(len(TITLES), bool)) == []


def test_synonyms_match_at_a_discount(tmp_path: Path):
    titles = ["Grey couch", "Grey sofa", "Grey seat for two", "Grey lamp"]
    index = index_of(tmp_path, titles, synonyms={"sofa": ("couch", "seat for two")})
    rows = found(index, "sofa")
    assert rows[0] == 1
    assert set(rows) == {0, 1, 2}
    assert found(index, "couch") == [0]


VACUUMS = {"vacuum cleaner": ("hoover", "vacuum"), "hoover": ("vacuum cleaner",), "sofa bed": ("futon",)}


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("vacuum cleaner", [0, 1]),
        ("hoover", [1, 0]),
        ("cleaner vacuum", [0]),
        ("red vacuum cleaner", [0, 1, 4]),  # two of three words will do
        ("blue vacuum cleaner", [0, 1]),
        ("cheap red vacuum cleaner", [1]),  # three of four
        ("vacuum", [0, 2]),
        ("vacum cleaner", [0, 1]),
        ("futon", [6]),
        ("sofa bed", [6]),
        ("sofa bed vacuum cleaner", []),  # three of four, and a futon is but two of them
    ],
)
def test_words_that_stand_for_something_together_find_it(tmp_path: Path, words, rows):
    titles = [
        "Vacuum cleaner",
        "Red hoover",
        "Vacuum flask",
        "Window cleaner",
        "Red cleaner",
        "Sofa",
        "Futon",
    ]
    index = index_of(tmp_path, titles, synonyms=VACUUMS)
    assert found(index, words) == rows


def test_a_listing_is_not_found_by_one_of_the_words_that_stand_for_something_together(tmp_path: Path):
    index = index_of(tmp_path, ["Vacuum flask", "Vacuum cleaner"], synonyms=VACUUMS)
    assert found(index, "vacuum cleaner") == [1]


def test_stop_words_in_a_synonym_are_no_hindrance(tmp_path: Path):
    synonyms = {"chest of drawers": ("tallboy",), "tallboy": ("chest of drawers",), "not in": ("away",)}
    index = index_of(tmp_path, ["Oak tallboy", "Oak chest of drawers"], synonyms=synonyms)
    assert found(index, "chest of drawers") == [1, 0]
    assert found(index, "tallboy") == [0, 1]


def test_a_rare_synonym_never_outranks_what_was_typed(tmp_path: Path):
    titles = [*["Red vacuum cleaner"] * 30, "Red cordless hoover", *["Blue cordless hoover"] * 2]
    index = index_of(tmp_path, titles, synonyms=VACUUMS | {"red": ("cordless",)})
    assert found(index, "vacuum cleaner")[:30] == list(range(30))
    assert set(found(index, "vacuum cleaner")) == set(range(33))
    assert found(index, "red")[:31] == list(range(31))


RUNS = {"oak sofa": ("lamp",), "sofa desk lamp": ("drum", "map"), "cup": ("red oak",)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_synonyms_of_several_words_match_as_those_words_do(tmp_path_factory, data):
    """A word is had if the title has it, or what it, or the run it is in, stands for; enough must be had."""
    title = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=4).map(" ".join)
    titles = data.draw(st.lists(title, min_size=1, max_size=12))
    query = data.draw(st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=5, unique=True))
    index = index_of(tmp_path_factory.mktemp("k"), titles, synonyms=RUNS, least_frequency=1000)
    text = " ".join(query)
    expected = set()
    for row, title in enumerate(titles):
        had = {word for word in query if word in title.split()}
        for phrase, synonyms in RUNS.items():
            if phrase in text and any(f" {synonym} " in f" {title} " for synonym in synonyms):
                had |= set(phrase.split())
        if len(had) >= (len(query) if len(query) <= 2 else max(2, math.ceil(0.66 * len(query)))):
            expected.add(row)
    assert set(found(index, text)) == expected


def test_words_side_by_side_in_a_title_come_first(tmp_path: Path):
    index = index_of(tmp_path, ["Table for a lamp", "Lamp on a table", "Table lamp for all", "Oak desk"])
    assert found(index, "table lamp")[0] == 2
    assert set(found(index, "table lamp")) == {0, 1, 2}


def test_a_title_outweighs_a_description(tmp_path: Path):
    listings = [
        Listing("0", "Radio", description="Not a lamp, a lamp it is not: lamp lamp"),
        Listing("1", "Lamp", description="It gives light"),
        Listing("2", "Desk", attributes=(("goes with", "lamp"),)),
    ]
    assert found(index_of(tmp_path, listings), "lamp")[0] == 1


def test_a_place_counts_only_beside_other_words(tmp_path: Path):
    listings = [
        Listing("0", "Garden chair", place="Bath, Somerset"),
        Listing("1", "Enamel bath"),
        Listing("2", "Garden chair", place="Leeds"),
    ]
    index = index_of(tmp_path, listings)
    assert found(index, "bath") == [1]
    assert found(index, "chair bath") == [0]


def test_a_page_is_told_which_words_it_has(index):
    matches = index.search("red lether sofa", limit=50)
    rows = [0, 1, 8]
    words = index.matched_words(matches, rows)
    assert words == {0: ("red", "leather", "sofa"), 1: ("sofa",), 8: ("red",)}
    assert index.matched_words(matches, []) == {}


def test_completions_know_the_words_before(index):
    assert index.complete("lea", 5) == [("leather", 3)]
    assert index.complete("red lea", 5) == [("red leather", 1)]
    assert index.complete("ofice", 5) == [("office", 1)]
    assert index.complete("ch", 5) == [("chair", 1), ("charger", 1)]
    assert index.complete("lpto", 5) == [("laptop", 2)]
    assert index.complete("qqqq", 5) == []
    assert index.complete(" ", 5) == []


def test_completions_follow_misspelt_words_corrected(index):
    assert index.complete("lether so", 5) == [("leather sofa", 1)]
    assert index.complete("lether ofic", 5) == [("leather office", 1)]
    assert index.complete("lether sofb", 5) == [("leather sofa", 1)]


@pytest.mark.parametrize(
    ("typed", "corrections", "corrected"),
    [
        ("labtop", [("labtop", "laptop")], "laptop"),
        ("Lether, sof", [("lether", "leather")], "leather, sof"),
        ("the lether bicylce", [("lether", "leather"), ("bicylce", "bicycle")], "the leather bicycle"),
        ("red leath", [], "red leath"),  # not finished, so not misspelt
        ("leath red", [], "leath red"),  # no word is this near
        ("sofaa lea", [("sofaa", "sofa")], "sofa lea"),
        ("qqqqq", [], "qqqqq"),
        (" ", [], " "),
    ],
)
def test_what_is_being_typed_is_corrected(index, typed, corrections, corrected):
    assert index.corrections(typed) == tuple(corrections)
    assert index.corrected(typed, corrections) == corrected


def test_a_warm_index_has_read_its_terms(tmp_path: Path):
    index = index_of(tmp_path, TITLES)
    assert index._dictionary._stored is None
    index.warm()
    read = index._dictionary._stored
    assert index.search("labtop", limit=5).did_you_mean == "laptop"
    assert index._dictionary._stored is read is not None


def test_live_additions_are_found_after_a_commit_and_corrected_to(tmp_path: Path):
    index = index_of(tmp_path, TITLES)
    assert index.search("trumqet", limit=5).did_you_mean is None
    index.add(12, listing(12, "Brass trumpet"))
    assert found(index, "trumpet") == []
    index.commit()
    assert found(index, "trumpet") == [12]
    assert index.search("trumqet", limit=5).did_you_mean == "trumpet"
    assert len(index) == 13


def test_many_additions_are_corrected_to_as_well(tmp_path: Path):
    index = index_of(tmp_path, TITLES)
    assert index.search("labtop", limit=5).did_you_mean == "laptop"
    for row in range(12, 5_500):
        index.add(row, listing(row, "Brass trumpet" if row == 13 else "Plain thing"))
    assert index.search("trumqet", limit=5).did_you_mean is None
    index.commit()
    assert index.search("trumqet", limit=5).did_you_mean == "trumpet"


def test_searches_go_on_while_listings_are_added(tmp_path: Path):
    index = index_of(tmp_path, TITLES)
    before = found(index, "leather")

    def write() -> None:
        for row in range(12, 42):
            index.add(row, listing(row, "Leather belt"))
            index.commit()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not writing.done():
            rows = found(index, "leather")
            assert set(before) <= set(rows)
            assert index.search("lether", limit=50).did_you_mean == "leather"
        writing.result()
    assert len(found(index, "leather")) == 33


def test_an_index_opens_beside_its_writer_and_one_process_writes(tmp_path: Path):
    writing = index_of(tmp_path, TITLES)
    reading = KeywordIndex.open(tmp_path)
    assert found(reading, "sofa") == found(writing, "sofa")
    with pytest.raises(UnavailableError, match="stop the other process"):
        reading.add(12, listing(12, "Sofa"))
    writing.add(12, listing(12, "Trombone"))
    writing.close()
    reading.commit()
    assert found(reading, "trombone") == [12]
    reading.add(13, listing(13, "Trombone case"))
    reading.close()
    assert set(found(KeywordIndex.open(tmp_path), "trombone")) == {12, 13}


@contextmanager
def no_room() -> Iterator[None]:
    """No file of this process can grow, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_a_full_disk_did_not_take_is_written_once_there_is_room(tmp_path: Path):
    index_of(tmp_path, TITLES).close()
    index = KeywordIndex.open(tmp_path)
    before = found(index, "sofa")
    index.add(12, listing(12, "Trombone"))
    with no_room():
        for row in (13, 14):
            with pytest.raises(UnavailableError, match="check the disk"):
                index.commit()
            index.add(row, listing(row, "Trombone case"))
        assert found(index, "sofa") == before
        assert found(index, "trombone") == []
    with suppress(UnavailableError):  # a writer that was begun meanwhile may have died, and says so now
        index.commit()
    index.commit()
    assert set(found(index, "trombone")) == {12, 13, 14}
    assert found(index, "sofa") == before
    index.close()
    assert set(found(KeywordIndex.open(tmp_path), "trombone")) == {12, 13, 14}


def test_what_cannot_be_used_is_refused(tmp_path: Path):
    with pytest.raises(NotFoundError, match="run `bowerbird index`"):
        KeywordIndex.open(tmp_path / "absent")
    with pytest.raises(InputError, match="limit must be 1 or more"):
        index_of(tmp_path, TITLES).search("sofa", limit=0)
    with pytest.raises(InputError, match="no such fields"):
        KeywordSettings(boosts={"titel": 1.0})
    with pytest.raises(InputError, match="share must lie between 0 and 1"):
        KeywordSettings(share=1.5)
