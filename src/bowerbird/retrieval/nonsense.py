"""Queries whose answer is known: nonsense must find nothing, words of a title must find their listing.

Both serve to calibrate and to check a market's cut-offs. Real nonsense comes in kinds that tokenisers treat
differently, so three are made in equal shares: random letters ('xqzvk'), pronounceable syllables
('bramovi') and mashed keys ('asdfjk').
"""

import re
from collections.abc import Callable, Sequence

import numpy as np

from bowerbird.errors import InputError

_MOST_WORDS = 4
_MOST_ATTEMPTS = 1000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ONSETS = (*"bdfghjklmnprstvwyz", "br", "fl", "gl", "kr", "pl", "sk", "st")
_VOWELS = ("a", "e", "i", "o", "u", "oo", "ai")
_CODAS = ("", "", "", "b", "k", "l", "m", "n", "p", "r", "sh", "t", "x")
_KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_STOP_WORDS = frozenset(
    """a an and any are as at be brand but by can for free from good great has have i in is it item like
    lovely my new no not now of off on only or our out sale set size some the this to two up used very was we
    with you your""".split()  # noqa: SIM905  a list literal of these would take a page
)


def nonsense_queries(n: int, known: Callable[[str], bool], rng: np.random.Generator) -> list[str]:
    """`n` queries of one to four made-up words, none of which is `known` (asked in lower case).

    Raises:
        InputError: no unknown word could be made.
    """
    families = (_random_letters, _syllables, _mashed_keys)
    return [
        " ".join(
            _unknown_word(families[index % len(families)], known, rng)
            for _ in range(rng.integers(1, _MOST_WORDS + 1))
        )
        for index in range(n)
    ]


def title_queries(titles: Sequence[str], n: int, rng: np.random.Generator) -> list[tuple[int, str]]:
    """`n` pairs of a title's position and a query of one to four of its words, in lower case.

    The words are consecutive in the title once its stop words, numbers and single letters are left out.

    Raises:
        InputError: no title has an informative word.
    """
    queries: list[tuple[int, str]] = []
    while len(queries) < n:
        found = 0
        for position in rng.permutation(len(titles)):
            words = _informative_words(titles[position])
            if words and len(queries) < n:
                count = int(rng.integers(1, min(_MOST_WORDS, len(words)) + 1))
                start = int(rng.integers(len(words) - count + 1))
                queries.append((int(position), " ".join(words[start : start + count])))
                found += 1
        if not found:
            raise InputError(
                f"none of the {len(titles)} titles has a word to search for; import listings that have titles"
            )
    return queries


def _informative_words(title: str) -> list[str]:
    words = (match.group().casefold() for match in _TOKEN.finditer(title))
    return [
        word
        for word in words
        if len(word) > 1 and word not in _STOP_WORDS and any(character.isalpha() for character in word)
    ]


def _unknown_word(
    family: Callable[[np.random.Generator], str], known: Callable[[str], bool], rng: np.random.Generator
) -> str:
    for _ in range(_MOST_ATTEMPTS):
        word = family(rng)
        if not known(word):
            return word
    raise InputError(
        f"{_MOST_ATTEMPTS} made-up words in a row, the last '{word}', are all known; "
        "check that `known` does not say yes to everything"
    )


def _random_letters(rng: np.random.Generator) -> str:
    return "".join(rng.choice(list(_LETTERS), rng.integers(4, 11)))


def _syllables(rng: np.random.Generator) -> str:
    parts = [
        str(rng.choice(choices)) for _ in range(rng.integers(2, 5)) for choices in (_ONSETS, _VOWELS, _CODAS)
    ]
    return "".join(parts)


def _mashed_keys(rng: np.random.Generator) -> str:
    """Runs along a keyboard row, now and then jumping to another."""
    word = ""
    for _ in range(rng.integers(2, 4)):
        row = _KEY_ROWS[rng.integers(len(_KEY_ROWS))]
        start = int(rng.integers(len(row) - 2))
        run = row[start : start + int(rng.integers(2, 5))]
        word += run if rng.random() < 0.5 else run[::-1]
    return word
