"""One question, several branches, each answering with listing rows by falling score.

The branches' lists are what rank fusion joins and what an explanation quotes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

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
class Retrieved:
    """What one branch answered; `keywords` only from the branch of words."""

    ranked: RankedList
    keywords: KeywordMatches | None = None


class Retriever(Protocol):
    """A branch of retrieval."""

    @property
    def branch(self) -> str:
        """Its name in weights, replies and explanations."""

    def retrieve(self, question: Question, allowed: Mask) -> Retrieved:
        """Its matches above its cut-off among the (n,) `allowed` rows; none if its part is not asked."""


@dataclass(frozen=True, slots=True, eq=False)
class KeywordRetriever:
    """Every listing that holds the words, by BM25."""

    index: MarketIndex
    limit: int
    branch: str = "keywords"

    def retrieve(self, question: Question, allowed: Mask) -> Retrieved:
        """All keyword matches, at most `limit`."""
        if not question.words:
            return Retrieved(RankedList.empty())
        matches = self.index.keywords.search(question.words, limit=self.limit, allowed=allowed)
        return Retrieved(matches.ranked, matches)


@dataclass(frozen=True, slots=True, eq=False)
class TextRetriever:
    """The listings whose words mean what the question means, by cosine."""

    index: MarketIndex
    background: Background
    cutoff: Cutoff
    depth: int
    branch: str = "text"

    def retrieve(self, question: Question, allowed: Mask) -> Retrieved:
        """At most `depth` listings above the cut-off."""
        if question.text_vector is None:
            return Retrieved(RankedList.empty())
        ranked = self.index.search_texts(question.text_vector, self.depth, allowed)
        return Retrieved(self.background.keep(question.text_vector, ranked, self.cutoff))


@dataclass(frozen=True, slots=True, eq=False)
class PhotoRetriever:
    """The listings with the photo that looks most like the question's, by cosine."""

    index: MarketIndex
    background: Background
    cutoff: Cutoff
    depth: int
    branch: str = "photo"

    def retrieve(self, question: Question, allowed: Mask) -> Retrieved:
        """At most `depth` listings above the cut-off."""
        if question.photo_vector is None:
            return Retrieved(RankedList.empty())
        ranked = self.index.search_photos(question.photo_vector, self.depth, allowed)
        return Retrieved(self.background.keep(question.photo_vector, ranked, self.cutoff))


@dataclass(frozen=True, slots=True, eq=False)
class PicturedRetriever:
    """The listings with the photo that shows best what the words say, by cosine."""

    index: MarketIndex
    background: Background
    cutoff: Cutoff
    depth: int
    branch: str = "pictured"

    def retrieve(self, question: Question, allowed: Mask) -> Retrieved:
        """At most `depth` listings above the cut-off; none where words and photos share no space."""
        if question.pictured_vector is None:
            return Retrieved(RankedList.empty())
        ranked = self.index.search_photos(question.pictured_vector, self.depth, allowed)
        return Retrieved(self.background.keep(question.pictured_vector, ranked, self.cutoff))


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What all branches answered, by branch."""

    branches: Mapping[str, RankedList] = field(default_factory=dict)
    keywords: KeywordMatches | None = None


def retrieve_all(retrievers: Sequence[Retriever], question: Question, allowed: Mask) -> Candidates:
    """Ask every branch the same question."""
    answers = {retriever.branch: retriever.retrieve(question, allowed) for retriever in retrievers}
    keywords = next((answer.keywords for answer in answers.values() if answer.keywords is not None), None)
    return Candidates({branch: answer.ranked for branch, answer in answers.items()}, keywords)
