"""What is said of two texts: the same, almost, of one template, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.market.listing import Listing
from bowerbird.suggesting.text_matches import TextRelation, Words, resemblance, text_relation

SOFA = "A red sofa in good order, from a smoke free home. Collection only, cash please."


def words(title: str, description: str = "") -> Words:
    return Words.of(Listing("", title, description))


@pytest.mark.parametrize(
    ("title", "description", "expected"),
    [
        ("Red sofa bed", SOFA, TextRelation.SAME_WORDS),
        ("RED sofa-bed!", SOFA.upper(), TextRelation.SAME_WORDS),
        ("Settee", SOFA, TextRelation.SAME_DESCRIPTION),
        ("Red sofa bed", SOFA.replace("good order", "great shape"), TextRelation.ALMOST_SAME),
        ("Large red sofa", SOFA.replace("Collection only", "Pick up today"), TextRelation.ALMOST_SAME),
        ("Garden spade", SOFA.replace("sofa", "spade"), None),  # a template, but another thing
        ("Red sofa bed", "Like new.", None),
        ("Garden spade", "Hardly used, ash handle, stainless steel blade, for light soils.", None),
    ],
)
def test_two_texts(title: str, description: str, expected: TextRelation | None):
    assert text_relation(words("Red sofa bed", SOFA), words(title, description)) is expected


def test_a_number_that_differs_makes_it_another_thing():
    text = "Unlocked to all networks, box and charger, three months of warranty, trusted seller."
    eleven, twelve = words("iPhone 11 64GB", text + " 11"), words("iPhone 12 64GB", text + " 12")
    assert text_relation(eleven, twelve) is None
    assert text_relation(eleven, words("iPhone 64GB", text)) is TextRelation.ALMOST_SAME


def test_few_words_say_nothing():
    assert text_relation(words("Sofa for sale"), words("Sofa for sale")) is None


def test_resemblance_by_value():
    assert resemblance({1, 2, 3}, {2, 3, 4, 5}) == 2 / 5
    assert resemblance(set(), set()) == 0


@given(*[st.text("abc 12", max_size=80)] * 4)
def test_it_is_the_same_both_ways(one: str, text: str, other: str, their_text: str):
    mine, theirs = words(one, text), words(other, their_text)
    assert text_relation(mine, theirs) == text_relation(theirs, mine)
