"""Why a listing is among the matches: which branches found it, by which words, by which photo."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.ranked_list import Rows, among
from bowerbird.retrieval.retriever import Candidates, Question


@dataclass(frozen=True, slots=True)
class BranchHit:
    """A listing's place in the list of one branch; ranks count from 1."""

    branch: str
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Why:
    """The reasons for one hit.

    `photo` is the content hash of the photo that looks like the question's, or shows what its words say.
    """

    branches: tuple[BranchHit, ...] = ()
    words: tuple[str, ...] = ()
    photo: str | None = None

    @property
    def text(self) -> str:
        """The reasons in a line."""
        names = {hit.branch for hit in self.branches}
        reasons = []
        if self.words:
            reasons.append("has " + ", ".join(f"‘{word}’" for word in self.words))
        elif "text" in names:
            reasons.append("similar in meaning")
        if "photo" in names:
            reasons.append("looks alike")
        elif "pictured" in names:
            reasons.append("its photo shows it")
        return "; ".join(reasons)


def explain(
    rows: Sequence[int], candidates: Candidates, question: Question, index: MarketIndex
) -> dict[int, Why]:
    """The reasons for each of the few `rows` of a page."""
    shown = np.array(rows, np.int64)
    places = {branch: _places(ranked.rows, shown) for branch, ranked in candidates.branches.items()}
    words = index.keywords.matched_words(candidates.keywords, rows) if candidates.keywords else {}
    reasons = {}
    for row in rows:
        hits = tuple(
            BranchHit(branch, place[row] + 1, float(candidates.branches[branch].scores[place[row]]))
            for branch, place in places.items()
            if row in place
        )
        reasons[row] = Why(hits, tuple(words.get(row, ())), _telling_photo(hits, row, question, index))
    return reasons


def _telling_photo(hits: Sequence[BranchHit], row: int, question: Question, index: MarketIndex) -> str | None:
    """The photo of a listing that a branch of photos found it by."""
    asked = {"photo": question.photo_vector, "pictured": question.pictured_vector}
    for branch, vector in asked.items():
        if vector is not None and any(hit.branch == branch for hit in hits):
            best = index.best_photo(vector, row)
            return best[0] if best else None
    return None


def _places(ranked: Rows, rows: Rows) -> dict[int, int]:
    """Where each of `rows` stands in `ranked`, counted from 0."""
    found = np.flatnonzero(among(ranked, rows))
    return dict(zip(ranked[found].tolist(), found.tolist(), strict=True))
