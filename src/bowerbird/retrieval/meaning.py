"""Keyword matches are ranked by meaning too: the cut-off decides what is in the match set, not its order.

The text branch answers only what lies above its cut-off, which is few; most keyword matches would then have
no rank by meaning at all, and rank fusion would leave them in BM25's order. So the first keyword matches get
their exact cosine and join the branch's list. (docs/experiments.md has the figures.)
"""

import numpy as np

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.ranked_list import RankedList, among
from bowerbird.retrieval.retriever import Candidates, Question


def rank_by_meaning(candidates: Candidates, question: Question, index: MarketIndex, depth: int) -> Candidates:
    """`candidates` with the first `depth` keyword matches in the list of the text branch, by their cosine."""
    if question.text_vector is None:
        return candidates
    text = candidates.branches["text"]
    matched = candidates.branches["keywords"].rows[:depth]
    rows = matched[~among(matched, text.rows)]
    scores = index.texts.scores(question.text_vector, rows)
    joined = RankedList.of(np.concatenate([text.rows, rows]), np.concatenate([text.scores, scores]))
    return Candidates({**candidates.branches, "text": joined}, candidates.keywords)
