"""Words and a photo together: what has the words and looks somewhat like the photo belongs to both.

Alone, a photo needs a strict cut-off. Where the words agree already, the floor of that cut-off is enough: so
the first keyword matches are held against the photo, and those above the floor join the branch's list.
"""

import numpy as np

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.ranked_list import RankedList, among
from bowerbird.retrieval.retriever import Candidates, Question


def rank_by_looks(
    candidates: Candidates, question: Question, index: MarketIndex, depth: int, floor: float
) -> Candidates:
    """`candidates` with the first `depth` keyword matches that look like the photo in its branch's list."""
    if question.photo_vector is None:
        return candidates
    photo = candidates.branches["photo"]
    matched = candidates.branches["keywords"].rows[:depth]
    rows = matched[~among(matched, photo.rows)]
    scores = index.photo_scores(question.photo_vector, rows)
    alike = scores >= floor
    joined = RankedList.of(
        np.concatenate([photo.rows, rows[alike]]), np.concatenate([photo.scores, scores[alike]])
    )
    return Candidates({**candidates.branches, "photo": joined}, candidates.keywords)
