"""What two listings' words are to each other: the same, almost the same, or of one template.

Sellers with much to sell write one text around many things, so equal words are not enough: the titles must
agree too, and a number that differs ('iPhone 11', 'iPhone 12') makes it another thing. Likeness of texts is
the resemblance of their sets of three words in a row (Broder, 1997), and of titles that of their words.
"""

import re
from collections.abc import Set
from dataclasses import dataclass
from enum import IntEnum

from bowerbird.cleaning.duplicates import SHORTEST_TEXT
from bowerbird.market.listing import Listing

_WORDS = re.compile(r"\w+")
_SHINGLE = 3  # words
_SAME_RESEMBLANCE, _SAME_TITLES = 0.4, 0.5
_RELATED_RESEMBLANCE, _RELATED_TITLES = 0.3, 0.3


class TextRelation(IntEnum):
    """What a text is to another; the greater says more."""

    RELATED = 1  # of one template perhaps: says nothing by itself
    ALMOST_SAME = 2  # a few words changed
    SAME_DESCRIPTION = 3  # word for word, under another title
    SAME_WORDS = 4  # title and description


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a listing in lower case, in order."""

    title: tuple[str, ...]
    description: tuple[str, ...]

    @classmethod
    def of(cls, listing: Listing) -> "Words":
        """Those of `listing`."""
        return cls(
            tuple(_WORDS.findall(listing.title.casefold())),
            tuple(_WORDS.findall(listing.description.casefold())),
        )

    @property
    def tell(self) -> bool:
        """Whether there are enough of them to be told from others'; 'sofa for sale' twice is no duplicate."""
        return len(" ".join((*self.title, *self.description))) >= SHORTEST_TEXT


def text_relation(mine: Words, theirs: Words) -> TextRelation | None:
    """What the words of one listing are to those of another; None where they have little to do with it."""
    if not (mine.tell and theirs.tell):
        return None
    if mine == theirs:
        return TextRelation.SAME_WORDS
    if mine.description == theirs.description and len(" ".join(mine.description)) >= SHORTEST_TEXT:
        return TextRelation.SAME_DESCRIPTION
    if _contradict(mine.title, theirs.title):
        return None
    titles = resemblance(set(mine.title), set(theirs.title))
    if titles < _RELATED_TITLES:
        return None
    texts = resemblance(_shingles(mine), _shingles(theirs))
    if titles >= _SAME_TITLES and texts >= _SAME_RESEMBLANCE:
        return TextRelation.ALMOST_SAME
    return TextRelation.RELATED if texts >= _RELATED_RESEMBLANCE else None


def resemblance(one: Set[object], other: Set[object]) -> float:
    """The share of what either has that both have (Jaccard); 0 where both are empty."""
    return len(one & other) / max(1, len(one | other))


def _contradict(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether each title has a number that the other lacks."""
    numbers = [
        {word for word in title if any(letter.isdigit() for letter in word)} for title in (mine, theirs)
    ]
    return bool(numbers[0] - numbers[1]) and bool(numbers[1] - numbers[0])


def _shingles(words: Words) -> set[tuple[str, ...]]:
    whole = (*words.title, "/", *words.description)
    return {whole[at : at + _SHINGLE] for at in range(max(1, len(whole) - _SHINGLE + 1))}
