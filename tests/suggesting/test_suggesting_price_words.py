"""Money is taken out of the words, and what they say of a price is measured."""

import numpy as np
import pytest

from bowerbird.suggesting.price_words import WORD_FACTS, without_money, word_facts


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Sofa £250 ono, collect", "Sofa ono, collect"),
        ("only £1,250.00, only 2 left", "only only 2 left"),
        ("asking 40 for it", "for it"),
        ("40 ono", ""),
        ("€30 or 30 euros", "or"),
        ("50p each", "each"),
        ("1080p screen, 256 GB, 14 inch", "1080p screen, 256 GB, 14 inch"),
        ("iPhone 11, size 12", "iPhone 11, size 12"),
    ],
)
def test_money_goes_and_other_numbers_stay(text: str, left: str):
    assert " ".join(without_money(text).split()) == left


def fact(name: str, title: str, rest: str = "") -> float:
    return float(word_facts(title, rest)[WORD_FACTS.index(name)])


def test_facts_by_value():
    assert fact("gigabytes", "Phone", "64 gb or 128GB") == 128
    assert fact("inches", "TV", '43" wide, 1 inch bezel') == 43
    assert fact("year", "Bike", "bought in 2019") == 2019
    assert fact("title_number", "Lego 75192 set") == 75192
    assert fact("new", "Brand new lamp", "still sealed") == 2
    assert fact("title_new", "Brand new lamp", "still sealed") == 1
    assert fact("title_capitals", "AB cd") == pytest.approx(2 / 5)
    assert np.isnan(fact("gigabytes", "Lamp"))


def test_the_asking_price_is_not_read_but_the_price_when_new_is():
    assert fact("log_price_when_new", "Chair", "rrp £120, yours for £40") == pytest.approx(np.log(121))
    assert np.array_equal(word_facts("Chair £40", "x"), word_facts("Chair £900", "x"), equal_nan=True)


def test_no_words_give_no_measures():
    facts = word_facts("", "")
    assert facts.shape == (len(WORD_FACTS),)
    assert fact("characters", "") == 1  # the gap between title and description
