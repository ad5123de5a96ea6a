"""A taste becomes candidates: what is near its interests, what others went on to, what is popular or new.

Each source is a ranked list of rows; a listing may be in several. All lists hold allowed rows only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.indexing.vector_index import Mask
from bowerbird.market.ranked_list import RankedList, Rows
from bowerbird.taste.shopper_taste import Interest
from bowerbird.taste.visited_listings import mean_photos, whole_vectors


@dataclass(frozen=True, slots=True, eq=False)
class NearInterests:
    """What the index holds near each interest, and near whatever else was asked along with them."""

    rows: Rows  # (m,) of all interests, unique
    similar: Rows  # (s,) whose words are near the other vector


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """(m,) rows that compete, with what the blend reads of each.

    `sources` are scores by source over the same rows, 0 where a source does not hold the row. `likeness` is
    to each interest, (i, m); `wholes` are the (m, d) vectors of words and looks.
    """

    rows: Rows
    sources: Mapping[str, NDArray[np.float64]]
    likeness: NDArray[np.float32]
    wholes: Vectors = field(repr=False)


def near_interests(
    interests: Sequence[Interest],
    index: MarketIndex,
    allowed: Mask,
    depth: int,
    beside: Vectors | None = None,
) -> NearInterests:
    """The allowed listings nearest each interest by words, and as many by looks, in two searches.

    Args:
        interests: what is looked for.
        index: the market.
        allowed: (n,) True where a row may be answered.
        depth: how many of each where there is one interest; several share twice as many.
        beside: (d,) a unit vector of words that is looked for in the same search; None looks for none.
    """
    texts = [interest.text for interest in interests if interest.text is not None]
    photos = [interest.photo for interest in interests if interest.photo is not None]
    found = [np.empty(0, np.int64)]
    each = min(depth, max(1, 2 * depth // max(1, len(interests))))
    similar = np.empty(0, np.int64)
    asked = texts if beside is None else [*texts, beside]
    if asked:
        _, rows = index.texts.search(np.stack(asked), depth, allowed)
        found.append(rows[: len(texts), :each].ravel())
        similar = rows[len(texts) :].ravel()
    owners = index.photo_owners.rows(len(allowed))
    if photos and len(owners):
        # Twice as many photos as listings are wanted, since one listing may own several of them.
        _, rows = index.photos.search(np.stack(photos), min(2 * each, len(owners)), allowed[owners])
        found.append(owners[rows[rows >= 0]])
    joined = np.unique(np.concatenate(found))
    return NearInterests(joined[joined >= 0], similar[similar >= 0])


def pooled(
    near: Rows,
    interests: Sequence[Interest],
    sources: Mapping[str, RankedList],
    index: MarketIndex,
) -> Candidates:
    """All of them together, each row once, ascending."""
    rows = np.unique(np.concatenate([near, *(ranked.rows for ranked in sources.values())]))
    scores: dict[str, NDArray[np.float64]] = {}
    for source, ranked in sources.items():
        scores[source] = np.zeros(len(rows))
        scores[source][np.searchsorted(rows, ranked.rows)] = ranked.scores
    wholes = whole_vectors(index.texts.vectors(rows), mean_photos(index, rows))
    return Candidates(rows, scores, _likeness(interests, wholes, index), wholes)


def _likeness(interests: Sequence[Interest], wholes: Vectors, index: MarketIndex) -> NDArray[np.float32]:
    """(i, m) of each interest's words and looks to those of each candidate; each counts half."""
    no_text = np.zeros(index.texts.dimension, np.float32)
    no_photo = np.zeros(index.photos.dimension, np.float32)
    texts = [no_text if one.text is None else one.text for one in interests]
    photos = [no_photo if one.photo is None else one.photo for one in interests]
    if not interests:
        return np.empty((0, len(wholes)), np.float32)
    return np.asarray(whole_vectors(np.stack(texts), np.stack(photos)) @ wholes.T, np.float32)
