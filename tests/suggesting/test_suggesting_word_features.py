"""Words as terms: what is a term, what it weighs, and that no input breaks it."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.market.listing import Listing
from bowerbird.suggesting.word_features import (
    BLOCKS,
    CHARACTERS,
    NO_PLACE,
    TITLE_WORDS,
    WORDS,
    learn_vocabulary,
    listing_terms,
    place_key,
    terms,
)


def slow_terms(title: str, rest: str) -> list[Counter[str]]:
    """The terms of a text already plain, block by block, by loops over strings."""
    text = f"{title} {rest}"
    runs: Counter[str] = Counter()
    for word in text.split():
        padded = f" {word} "
        runs.update(padded[at : at + size] for size in (3, 4, 5) for at in range(len(padded) - size + 1))
    blocks = []
    for part in (text, title):
        words = [word for word in part.split() if len(word) > 1]
        blocks.append(Counter(words) + Counter(itertools.pairwise(words)))
    return [blocks[0], runs, blocks[1]]


@given(
    st.lists(st.text("abcé", min_size=1, max_size=7).map(lambda w: w.replace("é", "e")), max_size=12),
    st.integers(0, 12),
)
def test_terms_are_those_of_a_loop_over_words_and_characters(words, cut):
    title, rest = " ".join(words[:cut]), " ".join(words[cut:])
    keys, counts = terms(title, rest)
    slow = slow_terms(title, rest)
    for block in (WORDS, CHARACTERS, TITLE_WORDS):
        own = (keys >> np.uint64(62)) == block
        assert sorted(counts[own].tolist()) == sorted(slow[block].values())


@given(st.text(), st.text())
def test_any_text_gives_distinct_rising_keys_and_positive_counts(title, rest):
    keys, counts = terms(title, rest)
    assert (np.diff(keys.astype(object)) > 0).all()
    assert (counts > 0).all()
    again, _ = terms(title, rest)
    assert (keys == again).all()


def test_case_accents_and_lost_line_ends_do_not_matter():
    plain, _ = terms("cafe table", "good condition wheels")
    for title, rest in (("Café Table", "good condition wheels"), ("CAFE TABLE", "good conditionWheels")):
        assert (terms(title, rest)[0] == plain).all()


def test_a_listing_is_read_whole_its_title_twice():
    listing = Listing("1", "Oak table", "solid", attributes=(("colour", "brown"),))
    assert (listing_terms(listing)[0] == terms("Oak table", ". brown. solid")[0]).all()


def test_weights_are_log_count_times_idf_at_length_one_a_block():
    texts = [terms("sofa", "sofa bed"), terms("sofa", ""), terms("bed", ""), terms("lamp", "")]
    vocabulary = learn_vocabulary(texts)
    places, weights = vocabulary.weigh(*texts[0])
    for block in range(BLOCKS):
        assert np.linalg.norm(weights[vocabulary.blocks[places] == block]) == pytest.approx(1, abs=1e-5)
    own = vocabulary.blocks[places] == WORDS
    # 'sofa' twice in its text, in 2 of 4 texts, 'bed' once, in 2 of 4 texts; the pairs are in one text each.
    idf = math.log((1 + 4) / (1 + 2)) + 1
    sofa, bed = (1 + math.log(2)) * idf, 1 * idf
    length = math.hypot(sofa, bed)
    assert sorted(weights[own].tolist()) == pytest.approx([bed / length, sofa / length], rel=1e-5)


def test_terms_of_one_text_alone_and_unknown_terms_weigh_nothing():
    vocabulary = learn_vocabulary([terms("sofa", ""), terms("lamp", "")])
    assert len(vocabulary.keys) == 0
    places, weights = vocabulary.weigh(*terms("sofa", ""))
    assert len(places) == len(weights) == 0
    assert len(learn_vocabulary([]).keys) == 0


def test_a_place_is_known_however_it_is_written():
    assert place_key("Skegness, Lincolnshire") == place_key("  SKEGNESS,  Lincolnshire ") != NO_PLACE
    assert place_key("Orléans") == place_key("orleans") != place_key("Leeds")
    assert place_key(None) == place_key("  ") == NO_PLACE
