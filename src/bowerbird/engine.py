"""What every front calls: one listing and one query, all the way through.

The life of a query is `Engine.search`, read top to bottom: understand, encode (while taste and keywords are
looked up), retrieve, fuse, sort, rank, page, explain.
"""

import uuid
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.errors import InputError, NotFoundError, UnavailableError
from bowerbird.market.listing import Listing, Status
from bowerbird.market.listing_columns import STATUSES
from bowerbird.market.query import Filters, Query, Sort
from bowerbird.projection.build import Stores
from bowerbird.projection.feeds import Feeds
from bowerbird.projection.live_taste import LiveTaste
from bowerbird.projection.matching import Matched, Matcher, SearchSettings
from bowerbird.projection.neighbours import neighbours
from bowerbird.projection.open_generation import OpenGeneration
from bowerbird.projection.projection import Projection
from bowerbird.ranking.answer import Answer, Hit
from bowerbird.ranking.explanation import explain
from bowerbird.ranking.features import Asking
from bowerbird.ranking.placed_taste import PlacedTaste
from bowerbird.ranking.reranking import Reranked, Reranker
from bowerbird.ranking.stage_clock import StageClock
from bowerbird.recommending.feed import Feed, FeedRequest
from bowerbird.retrieval.match_set import facet_counts
from bowerbird.retrieval.paging import Cursor, Pager, ticket_of
from bowerbird.retrieval.rank_fusion import reciprocal_rank_fusion
from bowerbird.storage.catalogue import Change
from bowerbird.storage.event_log import LoggedEvent
from bowerbird.storage.followed_model import ModelWatch
from bowerbird.storage.listing_changes import UpsertResult
from bowerbird.storage.photo_store import PhotoStore
from bowerbird.suggesting.sellers import Part, SearchedMarket, Sellers, Suggestions
from bowerbird.taste.shopper_taste import UNKNOWN_TASTE, ShopperTaste


class Engine:
    """One market, open for searching and for changes."""

    def __init__(
        self,
        stores: Stores,
        projection: Projection,
        settings: SearchSettings,
        sellers: Sellers,
        models: ModelWatch,
        reranker: Reranker | None,
        tastes: LiveTaste,
        feeds: Feeds,
    ) -> None:
        self.stores = stores
        self.projection = projection
        self.settings = settings
        self.sellers, self.models = sellers, models
        self._reranker = reranker  # None leaves matches as rank fusion ordered them
        self.tastes, self.feeds = tastes, feeds
        self._matcher = Matcher(settings, stores.vectors.text_encoder)
        self._pager = Pager(settings.kept_rows)
        projection.on_swap = self._pager.let_go_of
        tastes.on_erasure.append(self._pager.clear)

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
        ticket = ticket_of(cursor)
        with self._matcher.asking(query, self.projection.current, clock) as asked:
            with clock.stage("taste"):
                taste = self._taste_if_known(query)
                placed = self._placed(query, taste, asked.opened)
            matched = self._matcher.matched(asked, clock)
        opened, candidates = matched.opened, matched.candidates
        with clock.stage("rank"):
            reranked = self._ranked(query, matched, ticket, placed)
            matches = reranked.matches if reranked else matched.matches
        with clock.stage("page"):
            page = self._pager.page(query, cursor, matches, opened.index, matched.allowed, ticket)
            listings = self._listings(page.rows, opened)
        shown = [row for row in page.rows if row in listings]
        with clock.stage("explain"):
            reasons = explain(page.rows, candidates, matched.question, opened.index)
            parts = reranked.parts(shown) if reranked and query.explain else {}
            record = reranked.record(shown) if reranked else None
            facets = facet_counts(matches.rows, opened.index.columns, query.facets)
        hits = zip(page.rows, page.scores, strict=True)
        keywords = candidates.keywords
        return Answer(
            query_id=uuid.uuid4().hex,
            hits=tuple(
                Hit(listings[row], score, reasons[row], parts.get(row))
                for row, score in hits
                if row in listings
            ),
            total=len(matches.rows),
            total_is_exact=keywords is None or keywords.total <= self.settings.match_limit,
            took_ms=clock.total_ms,
            stages=clock.stages,
            facets=facets,
            next_cursor=page.next_cursor,
            understood=matched.understood,
            did_you_mean=keywords.did_you_mean if keywords else None,
            degraded=self._degraded(reranked, taste),
            ranker=record.ranker if record else None,
            features=record.encode() if record else None,
        )

    def matching_ids(self, query: Query) -> list[str]:
        """The whole match set of a query, in its order: what `search` reads its pages from."""
        matched = self._matcher.match(query, self.projection.current, StageClock())
        placed = self._placed(query, self._taste_if_known(query), matched.opened)
        reranked = self._ranked(query, matched, ticket_of(None), placed)
        ids = matched.opened.index.columns.listing_ids
        return [ids[row] for row in (reranked or matched).matches.rows]

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

    def taste(self, shopper: str | None, session: str | None) -> ShopperTaste:
        """What a shopper, in a session, may want after their latest event; of a session alone, its own.

        Raises:
            UnavailableError: the event log does not answer.
        """
        return self.tastes.taste(shopper, session)

    def recommend(self, request: FeedRequest) -> Feed:
        """Listings for whoever asks, each with its reason: what `Feeds.recommend` says.

        Raises:
            InputError: the cursor is damaged.
        """
        return self.feeds.recommend(request)

    def received(self, events: Sequence[LoggedEvent]) -> None:
        """These events were logged by this process: the next answer to their shoppers knows them."""
        self.tastes.received(events)

    def forget(self, shopper: str, sessions: Sequence[str]) -> None:
        """Keep nothing of this shopper, nor of the sessions that were theirs: taste, feeds, found matches."""
        self.tastes.forget(shopper, sessions)
        self.feeds.forget(shopper, sessions)
        self._pager.clear()  # match sets are in a personal order, and do not say whose

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
        """Begin to follow the catalogue, the event log and the models in use, in threads."""
        self.projection.start()
        self.tastes.start()
        self.models.start()

    def close(self) -> None:
        """Stop following; let go of the index and of the databases."""
        self.models.close()
        self.sellers.close()
        self.tastes.close()
        self.projection.close()
        self.stores.close()

    def _degraded(self, reranked: Reranked | None, taste: ShopperTaste | None) -> tuple[str, ...]:
        parts = {
            "index": self.projection.last_error is not None,
            "ranking": reranked is not None and reranked.degraded,
            "taste": taste is None,
        }
        return tuple(part for part, lacks in parts.items() if lacks)

    def _taste_if_known(self, query: Query) -> ShopperTaste | None:
        """The taste of whoever asks; None where the log fails, which must not fail a search."""
        try:
            return self.taste(query.shopper, query.session)
        except UnavailableError:
            return None

    def _placed(self, query: Query, taste: ShopperTaste | None, opened: OpenGeneration) -> PlacedTaste | None:
        """The taste that the first matches are ranked by; None where another order is asked for."""
        if self._reranker is None or query.sort is not Sort.RELEVANCE:
            return None
        if not query.words and query.photo is None:
            return None  # nothing was asked: the latest arrivals stay first
        return self._reranker.placed(taste or UNKNOWN_TASTE, opened.index)

    def _ranked(
        self, query: Query, matched: Matched, ticket: str, placed: PlacedTaste | None
    ) -> Reranked | None:
        """The first matches in the order of whoever asks; None where another order is asked for."""
        if self._reranker is None or placed is None:
            return None
        asking = Asking(matched.understood.words, matched.candidates, placed, matched.filters.near)
        whose = query.shopper or query.session
        index = matched.opened.index
        return self._reranker.rerank(matched.matches, asking, index, whose=whose, ticket=ticket)

    def _listings(self, rows: list[int], opened: OpenGeneration) -> dict[int, Listing]:
        ids = opened.index.columns.listing_ids
        found = self.stores.catalogue.get([ids[row] for row in rows])
        return {row: found[ids[row]] for row in rows if ids[row] in found}
