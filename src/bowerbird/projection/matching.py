"""What a query finds in the generation that is served: understand, encode, retrieve, fuse, sort.

All of it before anything is known of who asks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.text_encoder import TextEncoder
from bowerbird.market.query import Filters, Query
from bowerbird.market.ranked_list import RankedList
from bowerbird.projection.open_generation import OpenGeneration
from bowerbird.ranking.stage_clock import StageClock
from bowerbird.retrieval.cutoff import Cutoff
from bowerbird.retrieval.looks import rank_by_looks
from bowerbird.retrieval.match_set import MatchSet, sorted_matches
from bowerbird.retrieval.meaning import rank_by_meaning
from bowerbird.retrieval.rank_fusion import reciprocal_rank_fusion
from bowerbird.retrieval.retriever import (
    Candidates,
    KeywordRetriever,
    PhotoRetriever,
    PicturedRetriever,
    Question,
    Retriever,
    TextRetriever,
    retrieve_all,
)
from bowerbird.retrieval.understanding import Understood, Vocabulary, merged_filters, understand


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How a query is answered; settings.py says what each means."""

    rrf_k: float
    weights: dict[str, float]  # by branch: keywords, text, photo, pictured
    match_limit: int
    text_depth: int
    meaning_depth: int
    photo_depth: int
    pictured_depth: int
    photo_cutoff: Cutoff
    kept_rows: int


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """Everything a query found, in the order asked for, before it is cut into pages."""

    opened: OpenGeneration
    understood: Understood
    filters: Filters  # those given, and those that were understood
    allowed: NDArray[np.bool_]
    question: Question
    candidates: Candidates
    matches: MatchSet


class Matcher:
    """Finds what matches queries. Safe between threads.

    Args:
        settings: how.
        text_encoder: of the words.
    """

    def __init__(self, settings: SearchSettings, text_encoder: TextEncoder) -> None:
        self._settings = settings
        self._text_encoder = text_encoder
        self._vocabulary: tuple[tuple[str, int, int, int], Vocabulary] | None = None

    def match(self, query: Query, opened: OpenGeneration, clock: StageClock) -> Matched:
        """The whole match set of `query`.

        Raises:
            InputError: a filter is on a field this market lacks.
        """
        with clock.stage("understand"):
            understood, filters = self._understood(query, opened)
            allowed = opened.index.allowed(filters)
        with clock.stage("encode"):
            question = self._question(understood.words, query.photo, opened)
        with clock.stage("retrieve"):
            candidates = retrieve_all(self._retrievers(opened), question, allowed)
        with clock.stage("fuse"):
            depth, floor = self._settings.meaning_depth, self._settings.photo_cutoff.floor
            candidates = rank_by_meaning(candidates, question, opened.index, depth)
            candidates = rank_by_looks(candidates, question, opened.index, depth, floor)
            ranked = self._fused(candidates, question, allowed)
            matches = sorted_matches(ranked, opened.index.columns, query.sort, filters.near)
        return Matched(opened, understood, filters, allowed, question, candidates, matches)

    def _understood(self, query: Query, opened: OpenGeneration) -> tuple[Understood, Filters]:
        """What the words say; a filter that the caller gave outright wins over one that is read from them."""
        if not query.understand:
            return Understood(words=query.words), query.filters
        understood = understand(query.words, self._vocabulary_of(opened))
        return understood, merged_filters(query.filters, understood)

    def _vocabulary_of(self, opened: OpenGeneration) -> Vocabulary:
        """Built again only when the market learned a new name, or another generation is served."""
        known = opened.index.columns.vocabularies
        state = opened.generation.name, len(known["place"]), len(known["category"]), len(known["currency"])
        kept = self._vocabulary
        if kept is None or kept[0] != state:
            self._vocabulary = kept = (state, Vocabulary.of(opened.index.columns))
        return kept[1]

    def _question(self, words: str, photo: NDArray[np.uint8] | None, opened: OpenGeneration) -> Question:
        text = self._text_encoder.encode([words])[0] if words else None
        photo_vector = None if photo is None else opened.photo_embedder.encode([photo])[0]
        return Question(words, text, photo_vector, opened.pictured_vector(text))

    def _retrievers(self, opened: OpenGeneration) -> tuple[Retriever, ...]:
        index, settings, background = opened.index, self._settings, opened.photo_background
        return (
            KeywordRetriever(index, settings.match_limit),
            TextRetriever(index, opened.text_background, opened.text_cutoff, settings.text_depth),
            PhotoRetriever(
                index, background, opened.photo_cutoff(settings.photo_cutoff), settings.photo_depth
            ),
            PicturedRetriever(index, background, opened.pictured_cutoff, settings.pictured_depth),
        )

    def _fused(self, candidates: Candidates, question: Question, allowed: NDArray[np.bool_]) -> RankedList:
        if question.words or question.photo_vector is not None:
            return reciprocal_rank_fusion(candidates.branches, self._settings.weights, self._settings.rrf_k)
        rows = np.flatnonzero(allowed)[::-1]  # nothing asked: everything, the latest arrivals first
        return RankedList(rows, np.zeros(len(rows), np.float32))
