"""One question, several branches (keywords, text, photo, pictured), each with listing rows by falling score.

The branches' lists are what rank fusion joins and what an explanation quotes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bowerbird.encoding.encoder import Vectors
from bowerbird.indexing.keyword_index import KeywordMatches
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.indexing.vector_index import Mask
from bowerbird.market.ranked_list import RankedList
from bowerbird.retrieval.cutoff import Background, Cutoff


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What the branches are asked: words left after understanding, and the vectors of words and photo."""

    words: str = ""
    text_vector: Vectors | None = None  # (d_text,)
    photo_vector: Vectors | None = None  # (d_photo,)
    pictured_vector: Vectors | None = None  # (d_photo,) the words, in the space of the photos


@dataclass(frozen=True, slots=True, eq=False)
class VectorBranch:
    """A branch of retrieval by cosine: the listings whose words, or whose best photo, are near a vector."""

    name: str  # in weights, replies and explanations
    search: Callable[[Vectors, int, Mask], RankedList]  # of the index: by vector, depth and allowed rows
    background: Background
    cutoff: Cutoff
    depth: int

    def matches(self, vector: Vectors | None, allowed: Mask) -> RankedList:
        """At most `depth` of the (n,) `allowed` listings above the cut-off; none where nothing is asked."""
        if vector is None:
            return RankedList.empty()
        return self.background.keep(vector, self.search(vector, self.depth, allowed), self.cutoff)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What all branches answered, by branch."""

    branches: Mapping[str, RankedList] = field(default_factory=dict)
    keywords: KeywordMatches | None = None


def keyword_matches(index: MarketIndex, words: str, limit: int, allowed: Mask) -> KeywordMatches | None:
    """The best `limit` of the (n,) `allowed` listings that hold the words, by BM25; None without words."""
    return index.keywords.search(words, limit=limit, allowed=allowed) if words else None
