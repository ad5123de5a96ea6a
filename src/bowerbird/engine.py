"""What every front calls: one listing and one query, all the way through.

The life of a query is `Engine.search`, read top to bottom: understand, encode, retrieve, fuse, sort, page,
explain.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.errors import InputError, NotFoundError
from bowerbird.market.listing import Listing, Status
from bowerbird.market.listing_columns import STATUSES
from bowerbird.market.query import Filters, Query
from bowerbird.market.ranked_list import RankedList
from bowerbird.projection.build import Stores
from bowerbird.projection.neighbours import neighbours
from bowerbird.projection.open_generation import OpenGeneration
from bowerbird.projection.projection import Projection
from bowerbird.ranking.answer import Answer, Hit
from bowerbird.ranking.explanation import explain
from bowerbird.ranking.stage_clock import StageClock
from bowerbird.retrieval.cutoff import Cutoff
from bowerbird.retrieval.looks import rank_by_looks
from bowerbird.retrieval.match_set import MatchSet, facet_counts, sorted_matches
from bowerbird.retrieval.meaning import rank_by_meaning
from bowerbird.retrieval.paging import Cursor, Pager
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
from bowerbird.storage.catalogue import Change
from bowerbird.storage.followed_model import ModelWatch
from bowerbird.storage.listing_changes import UpsertResult
from bowerbird.storage.photo_store import PhotoStore
from bowerbird.suggesting.sellers import Part, SearchedMarket, Sellers, Suggestions


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
class _Matched:
    """Everything a query found, before it is cut into pages."""

    opened: OpenGeneration
    understood: Understood
    allowed: NDArray[np.bool_]
    question: Question
    candidates: Candidates
    matches: MatchSet


class Engine:
    """One market, open for searching and for changes."""

    def __init__(
        self,
        stores: Stores,
        projection: Projection,
        settings: SearchSettings,
        sellers: Sellers,
        models: ModelWatch,
    ) -> None:
        self.stores = stores
        self.projection = projection
        self.settings = settings
        self.sellers, self.models = sellers, models
        self._pager = Pager(settings.kept_rows)
        self._vocabulary: tuple[tuple[str, int, int, int], Vocabulary] | None = None
        projection.on_swap = self._pager.let_go_of

    @property
    def photo_store(self) -> PhotoStore:
        """Where stored photos are read from."""
        return self.stores.vectors.photo_store

    def search(self, query: Query) -> Answer:
        """The page of the market that answers `query`.

        Raises:
            InputError: a filter is on a field this market lacks, or the cursor is not this query's.
        """
        clock = StageClock()
        cursor = Cursor.parse(query.cursor, query) if query.cursor else None
        matched = self._matched(query, clock)
        opened, candidates = matched.opened, matched.candidates
        with clock.stage("page"):
            page = self._pager.page(query, cursor, matched.matches, opened.index, matched.allowed)
            listings = self._listings(page.rows, opened)
        with clock.stage("explain"):
            reasons = explain(page.rows, candidates, matched.question, opened.index)
            facets = facet_counts(matched.matches.rows, opened.index.columns, query.facets)
        hits = zip(page.rows, page.scores, strict=True)
        keywords = candidates.keywords
        return Answer(
            query_id=uuid.uuid4().hex,
            hits=tuple(Hit(listings[row], score, reasons[row]) for row, score in hits if row in listings),
            total=len(matched.matches.rows),
            total_is_exact=keywords is None or keywords.total <= self.settings.match_limit,
            took_ms=clock.total_ms,
            stages=clock.stages,
            facets=facets,
            next_cursor=page.next_cursor,
            understood=matched.understood,
            did_you_mean=keywords.did_you_mean if keywords else None,
            degraded=("index",) if self.projection.last_error else (),
        )

    def matching_ids(self, query: Query) -> list[str]:
        """The whole match set of a query, in its order: what `search` reads its pages from."""
        matched = self._matched(query, StageClock())
        ids = matched.opened.index.columns.listing_ids
        return [ids[row] for row in matched.matches.rows]

    def similar(self, listing_id: str, limit: int = 12) -> Answer:
        """The listings most like one, by its words and by its photos; itself left out.

        Raises:
            NotFoundError: there is no such listing, or it is not shown.
        """
        clock = StageClock()
        opened = self.projection.current
        row = opened.index.row(listing_id)
        allowed = opened.index.allowed(Filters())
        hidden = STATUSES.index(Status.HIDDEN)
        if row is None or row >= len(allowed) or opened.index.columns.status[row] == hidden:
            raise NotFoundError(f"listing {listing_id!r} does not exist")
        allowed[row] = False
        with clock.stage("retrieve"):
            depths = {"text_depth": self.settings.text_depth, "photo_depth": self.settings.photo_depth}
            candidates, question = neighbours(row, opened, self.stores, allowed, **depths)
        with clock.stage("fuse"):
            ranked = reciprocal_rank_fusion(candidates.branches, {}, self.settings.rrf_k)
        with clock.stage("explain"):
            page = ranked.head(limit)
            rows = page.rows.tolist()
            reasons = explain(rows, candidates, question, opened.index)
            listings = self._listings(rows, opened)
        scored = zip(rows, page.scores.tolist(), strict=True)
        hits = tuple(Hit(listings[row], score, reasons[row]) for row, score in scored if row in listings)
        return Answer(uuid.uuid4().hex, hits, len(ranked), True, clock.total_ms, clock.stages)

    def suggest(
        self, listing: Listing, uploads: Sequence[bytes] | None, parts: Collection[Part] = tuple(Part)
    ) -> Suggestions:
        """What a seller is told of `listing` and its photos; `Sellers.suggest` says more."""
        opened = self.projection.current
        market = SearchedMarket(opened.index, opened.photo_embedder.of_features)
        return self.sellers.suggest(listing, uploads, market, parts)

    def listing(self, listing_id: str) -> Listing:
        """One listing, of whatever status but hidden.

        Raises:
            NotFoundError: there is no such listing.
        """
        listing = self.stores.catalogue.get([listing_id]).get(listing_id)
        if listing is None or listing.status is Status.HIDDEN:
            raise NotFoundError(f"listing {listing_id!r} does not exist")
        return listing

    def upsert(self, listings: Sequence[Listing]) -> UpsertResult:
        """Create or change listings; when this returns they are stored, and searchable within a second.

        Raises:
            InputError: an id is given twice.
        """
        ids = [listing.listing_id for listing in listings]
        if len(set(ids)) != len(ids):
            raise InputError("a listing id is given twice in one call; send each id once")
        # Encoded before the catalogue knows it, so that a listing that cannot be encoded is not acknowledged.
        self.stores.vectors.encode_missing(listings)
        result = self.stores.catalogue.upsert(listings)
        self.projection.apply(ids)
        return result

    def replace(self, read: Change, new: Listing) -> bool:
        """Put `new` in the place of what was `read`, as `upsert` does; False where it changed in between."""
        self.stores.vectors.encode_missing([new])
        if self.stores.catalogue.replace(read, new) is None:
            return False
        self.projection.apply([new.listing_id])
        return True

    def delete(self, listing_ids: Sequence[str]) -> int:
        """Remove listings; when this returns no answer holds them. How many there were."""
        present = len(self.stores.catalogue.get(listing_ids))
        self.stores.catalogue.delete(listing_ids)
        self.projection.apply(listing_ids)
        return present

    def embed_texts(self, texts: Sequence[str], opened: OpenGeneration | None = None) -> Vectors:
        """(n, d) unit vectors, in the photos' space where a listing encoder made that of the generation."""
        vectors = self.stores.vectors.text_encoder.encode(texts)
        listing = (opened or self.projection.current).listing_encoder
        return listing.texts(vectors) if listing else vectors

    def embed_photos(self, photos: Sequence[NDArray[np.uint8]]) -> Vectors:
        """(n, d_photo) unit vectors of (h, w, 3) RGB images, in the space of the current generation."""
        return self.projection.current.photo_embedder.encode(photos)

    def start(self) -> None:
        """Begin to follow the catalogue and the models in use, in threads."""
        self.projection.start()
        self.models.start()

    def close(self) -> None:
        """Stop following; let go of the index and of the databases."""
        self.models.close()
        self.sellers.close()
        self.projection.close()
        self.stores.close()

    def _matched(self, query: Query, clock: StageClock) -> "_Matched":
        opened = self.projection.current
        with clock.stage("understand"):
            understood, filters = self._understood(query, opened)
            allowed = opened.index.allowed(filters)
        with clock.stage("encode"):
            question = self._question(understood.words, query.photo, opened)
        with clock.stage("retrieve"):
            candidates = retrieve_all(self._retrievers(opened), question, allowed)
        with clock.stage("fuse"):
            depth, floor = self.settings.meaning_depth, self.settings.photo_cutoff.floor
            candidates = rank_by_meaning(candidates, question, opened.index, depth)
            candidates = rank_by_looks(candidates, question, opened.index, depth, floor)
            ranked = self._fused(candidates, question, allowed)
            matches = sorted_matches(ranked, opened.index.columns, query.sort, filters.near)
        return _Matched(opened, understood, allowed, question, candidates, matches)

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
        text = self.stores.vectors.text_encoder.encode([words])[0] if words else None
        photo_vector = None if photo is None else opened.photo_embedder.encode([photo])[0]
        return Question(words, text, photo_vector, opened.pictured_vector(text))

    def _retrievers(self, opened: OpenGeneration) -> tuple[Retriever, ...]:
        index, settings, background = opened.index, self.settings, opened.photo_background
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
            return reciprocal_rank_fusion(candidates.branches, self.settings.weights, self.settings.rrf_k)
        rows = np.flatnonzero(allowed)[::-1]  # nothing asked: everything, the latest arrivals first
        return RankedList(rows, np.zeros(len(rows), np.float32))

    def _listings(self, rows: list[int], opened: OpenGeneration) -> dict[int, Listing]:
        ids = opened.index.columns.listing_ids
        found = self.stores.catalogue.get([ids[row] for row in rows])
        return {row: found[ids[row]] for row in rows if ids[row] in found}
