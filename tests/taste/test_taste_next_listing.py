"""The recommender in worlds whose right answers are known, and against its formula as a double loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError, MismatchError, NotFoundError
from bowerbird.market.event import EventType
from bowerbird.market.interactions import EVENT_TYPES, Interactions
from bowerbird.taste.content_likeness import ContentLikeness, ContentWeights
from bowerbird.taste.next_listing import NextListing, NextListingWeights
from bowerbird.taste.pair_counts import PairCounts
from bowerbird.taste.saved_next_listing import CONFIG_FILE, load_next_listing, save_next_listing
from bowerbird.taste.title_words import TitleWords
from bowerbird.taste.trail import Trail, Trails
from bowerbird.taste.trail_pairs import PairWeighing

PHONE, CHARGER, SOFA, LAMP = range(4)
TITLES = ("galaxy phone", "phone charger", "grey sofa", "grey lamp")


def purchases(sequences) -> Interactions:
    listings = np.array([listing for sequence in sequences for listing in sequence], np.int64)
    return Interactions(
        np.repeat(np.arange(len(sequences)), [len(sequence) for sequence in sequences]).astype(np.int64),
        listings,
        np.full(len(listings), EVENT_TYPES.index(EventType.PURCHASE), np.int8),
        np.arange(len(listings), dtype=np.float64),
    )


def random_market(seed: int) -> NextListing:
    """12 listings, of which the last has never been met."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(12, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    titles = [" ".join(rng.choice(["red", "blue", "sofa", "lamp", "phone"], 2)) for _ in range(12)]
    content = ContentLikeness(vectors.astype(np.float32), TitleWords.fit(titles))
    return NextListing.fit(purchases([rng.permutation(11)[:4] for _ in range(9)]), 12, content)


def test_on_a_checkerboard_even_shoppers_get_the_even_listings_they_lack():
    # implicit's test world: even shoppers like even listings, odd ones odd.
    size = 20
    sequences = [[row for row in range(shopper % 2, size, 2) if row != shopper] for shopper in range(size)]
    market = NextListing.fit(purchases(sequences), size)
    for shopper, sequence in enumerate(sequences):
        ranked = market.recommend(sequence, size)
        assert ranked.rows.tolist() == [shopper]


def test_a_charger_comes_after_a_phone_rather_than_before():
    market = NextListing.fit(purchases([[PHONE, CHARGER, SOFA]] * 5 + [[LAMP, PHONE, CHARGER]] * 5), 4)
    assert market.recommend([PHONE], 1).rows.tolist() == [CHARGER]
    after_charger = market.recommend([CHARGER], 3)
    assert after_charger.rows.tolist() == [SOFA, PHONE, LAMP]
    one_way = PairWeighing(backward=0.0)
    assert (
        NextListing.fit(purchases([[PHONE, CHARGER]]), 4, weighing=one_way).recommend([CHARGER], 4).rows.size
        == 0
    )


def test_the_latest_listing_says_most():
    market = NextListing.fit(purchases([[PHONE, CHARGER], [SOFA, LAMP]]), 4)
    assert market.recommend([PHONE, SOFA], 1).rows.tolist() == [LAMP]
    assert market.recommend([SOFA, PHONE], 1).rows.tolist() == [CHARGER]
    # Looked at again, it is the latest.
    assert market.recommend([SOFA, PHONE, SOFA], 1).rows.tolist() == [LAMP]
    assert market.recommend([PHONE, SOFA], 1, strengths=[1.0, 0.25]).rows.tolist() == [CHARGER]


def test_an_event_changes_the_next_answer():
    market = NextListing.fit(purchases([[PHONE, CHARGER]]), 4)
    trail = Trail().after(PHONE, 1.0)
    for _ in range(3):
        market.update(trail, LAMP, 1.0)
    assert market.recommend([PHONE], 2).rows.tolist() == [LAMP, CHARGER]


@pytest.mark.parametrize("by", ["words", "vectors"])
def test_a_listing_that_nobody_has_met_is_recommended_for_its_content(by):
    vectors = np.eye(4, dtype=np.float32)
    words = TitleWords.fit(TITLES) if by == "words" else None
    content = ContentLikeness(vectors if by == "vectors" else None, words)
    market = NextListing.fit(purchases([[PHONE, CHARGER]]), 4, content)
    new = market.append("galaxy phone case", vectors[PHONE] if by == "vectors" else None)
    assert new in market.recommend([PHONE], 2).rows
    # And from it to others.
    assert market.recommend([new], 1).rows.tolist() == [PHONE]


def test_what_was_seen_or_is_not_allowed_is_left_out():
    market = random_market(0)
    history = [3, 4]
    allowed = np.arange(12) % 2 == 1
    rows = market.recommend(history, 12, allowed=allowed).rows
    assert set(rows) <= {1, 5, 7, 9, 11}
    long = list(range(11))
    market.weights = NextListingWeights(longest=2)  # what is too long ago to be read stays seen
    assert set(market.recommend(long, 12).rows) <= {11}


@given(st.integers(0, 20), st.lists(st.integers(0, 11), max_size=6), st.integers(1, 12))
def test_scores_are_those_of_the_formula(seed, listings, k):
    market = random_market(seed)
    assert market.content is not None
    history = list(dict.fromkeys(reversed(listings)))  # the latest first
    weights, visits = market.weights, market.counts.visits
    slow = np.zeros(12)
    for place, listing in enumerate(history):
        neighbours, counts = market.counts.neighbours(listing)
        for j in range(12):
            n = dict(zip(neighbours.tolist(), counts.tolist(), strict=True)).get(j, 0.0)
            shrunk = (visits[listing] + weights.smoothing) ** weights.followed
            shrunk *= (visits[j] + weights.smoothing) ** weights.following
            alike = market.content.scores(np.array([listing]), np.ones(1), np.array([j]))[0]
            slow[j] += weights.recency**place * (n / shrunk + alike)
    ranked = market.recommend(listings, k)
    np.testing.assert_allclose(ranked.scores, slow[ranked.rows], rtol=1e-5)
    left = [j for j in range(12) if j not in listings and slow[j] > 1e-9]
    assert len(ranked) == (min(k, len(left)) if listings else 0)
    if len(ranked):
        best_left_out = max((slow[j] for j in left if j not in ranked.rows), default=-np.inf)
        assert slow[ranked.rows].min() >= best_left_out - 1e-6


@given(st.integers(0, 20), st.lists(st.integers(0, 11), min_size=1, max_size=6))
def test_the_parts_of_a_score_add_up_to_it(seed, listings):
    market = random_market(seed)
    ranked = market.recommend(listings, 5)
    read, parts = market.parts(listings, ranked.rows)
    assert sorted(read) == sorted(set(listings))
    np.testing.assert_allclose(parts.sum(axis=0), ranked.scores, rtol=1e-5)


@given(st.integers(0, 20), st.lists(st.integers(0, 11), min_size=1, max_size=4))
def test_scoring_what_is_similar_scores_as_scoring_all(seed, listings):
    market = random_market(seed)
    every = market.recommend(listings, 12)
    some = market.recommend(listings, 12, similar=np.arange(12))
    assert some.rows.tolist() == every.rows.tolist()
    assert some.scores.tolist() == every.scores.tolist()
    followers = {int(row) for listing in listings for row in market.counts.neighbours(listing)[0]}
    fewer = market.recommend(listings, 12, similar=np.array([11]))
    assert set(fewer.rows) <= followers | {11}


def test_equal_scores_put_the_lower_listing_first():
    market = NextListing.fit(purchases([[9, row] for row in (7, 3, 5, 1)]), 10)
    assert market.recommend([9], 2).rows.tolist() == [1, 3]


def test_saved_and_loaded_it_answers_the_same(tmp_path):
    market = random_market(1)
    market.update(Trail((1, 2), (1.0, 0.5)), 11, 0.25)
    vector = np.full(5, 5**-0.5, np.float32)
    market.append("purple sofa", vector)
    save_next_listing(market, tmp_path)
    content = market.content
    assert content is not None
    vectors = np.concatenate([content.profile(np.array([row]), np.ones(1))[None] for row in range(13)])
    again = load_next_listing(tmp_path, vectors)
    for history in ([1, 2], [11], [12, 0]):
        ours, theirs = market.recommend(history, 13), again.recommend(history, 13)
        assert ours.rows.tolist() == theirs.rows.tolist()
        np.testing.assert_allclose(ours.scores, theirs.scores, rtol=1e-6)
    with pytest.raises(MismatchError, match="with vectors of shape"):
        load_next_listing(tmp_path)
    (tmp_path / CONFIG_FILE).write_text("{}")
    with pytest.raises(MismatchError, match="damaged"):
        load_next_listing(tmp_path, vectors)
    with pytest.raises(NotFoundError, match="holds no whole recommender"):
        load_next_listing(tmp_path / "elsewhere")


def test_without_content_it_is_saved_without(tmp_path):
    market = NextListing.fit(purchases([[PHONE, CHARGER]]), 4)
    save_next_listing(market, tmp_path)
    assert load_next_listing(tmp_path).recommend([PHONE], 4).rows.tolist() == [CHARGER]


def test_nothing_known_recommends_nothing():
    assert len(NextListing.fit(purchases([[0, 1]]), 4).recommend([], 4)) == 0
    assert len(NextListing.fit(purchases([]), 0)) == 0


def test_what_cannot_be_is_refused():
    market = NextListing.fit(purchases([[0, 1]]), 4)
    with pytest.raises(InputError, match="k must be"):
        market.recommend([0], 0)
    for wrong in ([4], [-1]):
        with pytest.raises(InputError, match="of a market of 4"):
            market.recommend(wrong, 1)
    with pytest.raises(InputError, match="strengths"):
        market.recommend([0, 1], 1, strengths=[1.0])
    with pytest.raises(InputError, match="recency 0"):
        NextListingWeights(recency=0)
    with pytest.raises(InputError, match="vectors -1"):
        ContentWeights(vectors=-1)
    words = TitleWords.fit(TITLES)
    with pytest.raises(MismatchError, match="4 listings, but counts are of 3"):
        NextListing(PairCounts.fit(Trails.of(purchases([])), 3), ContentLikeness(None, words))
    with pytest.raises(MismatchError, match="3 vectors for 4 titles"):
        ContentLikeness(np.eye(3, dtype=np.float32), words)
    with pytest.raises(MismatchError, match="vectors of None numbers, but this one of 3"):
        ContentLikeness(None, words).append("lamp", np.ones(3, np.float32))
