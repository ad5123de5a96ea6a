"""What a query finds in the generation that is served: understand, encode, retrieve, fuse, sort.

All of it before anything is known of who asks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
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
from bowerbird.retrieval.retriever import Candidates, Question, VectorBranch, keyword_matches
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
class Asked:
    """A query that is understood, and whose words are being encoded."""

    query: Query
    opened: OpenGeneration
    understood: Understood
    filters: Filters  # those given, and those that were understood
    allowed: NDArray[np.bool_]
    text_vector: Callable[[], Vectors]  # waits for the (d_text,) vector of the words


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
        with self.asking(query, opened, clock) as asked:
            return self.matched(asked, clock)

    @contextmanager
    def asking(self, query: Query, opened: OpenGeneration, clock: StageClock) -> Iterator[Asked]:
        """`query` understood. Its words are encoded by other threads during the block, for `matched`.

        Raises:
            InputError: a filter is on a field this market lacks.
        """
        with clock.stage("understand"):
            understood, filters = self._understood(query, opened)
        with self._text_encoder.encoding(understood.words) as text_vector:
            with clock.stage("understand"):
                allowed = opened.index.allowed(filters)
            yield Asked(query, opened, understood, filters, allowed, text_vector)

    def matched(self, asked: Asked, clock: StageClock) -> Matched:
        """The whole match set of what is asked. Keywords are looked up before the words' vector is there."""
        opened, allowed = asked.opened, asked.allowed
        with clock.stage("encode"):
            photo = asked.query.photo
            photo_vector = None if photo is None else opened.photo_embedder.encode([photo])[0]
        words = asked.understood.words
        with clock.stage("retrieve"):
            keywords = keyword_matches(opened.index, words, self._settings.match_limit, allowed)
        with clock.stage("encode"):
            text = asked.text_vector() if words else None
            question = Question(words, text, photo_vector, opened.pictured_vector(text))
        with clock.stage("retrieve"):
            found = {"keywords": keywords.ranked if keywords else RankedList.empty()}
            for branch, vector in self._branches(opened, question, asked.filters):
                found[branch.name] = branch.matches(vector, allowed)
            candidates = Candidates(found, keywords)
        with clock.stage("fuse"):
            depth, floor = self._settings.meaning_depth, self._settings.photo_cutoff.floor
            candidates = rank_by_meaning(candidates, question, opened.index, depth)
            candidates = rank_by_looks(candidates, question, opened.index, depth, floor)
            ranked = self._fused(candidates, question, allowed)
            matches = sorted_matches(ranked, opened.index.columns, asked.query.sort, asked.filters.near)
        return Matched(opened, asked.understood, asked.filters, allowed, question, candidates, matches)

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

    def _branches(
        self, opened: OpenGeneration, question: Question, filters: Filters
    ) -> Iterator[tuple[VectorBranch, Vectors | None]]:
        """Every branch of vectors, and what it is asked."""
        index, settings, background = opened.index, self._settings, opened.photo_background
        strict, pictured = opened.photo_cutoff(settings.photo_cutoff), opened.pictured_cutoff
        near_text = partial(index.search_texts, filters=filters)
        near_photo = partial(index.search_photos, filters=filters)
        texts = VectorBranch(
            "text", near_text, opened.text_background, opened.text_cutoff, settings.text_depth
        )
        photos = VectorBranch("photo", near_photo, background, strict, settings.photo_depth)
        words = VectorBranch("pictured", near_photo, background, pictured, settings.pictured_depth)
        yield texts, question.text_vector
        yield photos, question.photo_vector
        yield words, question.pictured_vector

    def _fused(self, candidates: Candidates, question: Question, allowed: NDArray[np.bool_]) -> RankedList:
        if question.words or question.photo_vector is not None:
            return reciprocal_rank_fusion(candidates.branches, self._settings.weights, self._settings.rrf_k)
        rows = np.flatnonzero(allowed)[::-1]  # nothing asked: everything, the latest arrivals first
        return RankedList(rows, np.zeros(len(rows), np.float32))
