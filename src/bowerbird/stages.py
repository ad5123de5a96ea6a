"""What each stage is told, in its own terms, from the settings of a home."""

from datetime import timedelta
from pathlib import Path

from bowerbird.cleaning.event_rows import EventLimits
from bowerbird.indexing.keyword_settings import KeywordSettings
from bowerbird.indexing.market_index import IndexSettings
from bowerbird.indexing.vector_index_settings import VectorIndexSettings
from bowerbird.projection.build import ProjectionSettings
from bowerbird.projection.feeds import FeedSettings
from bowerbird.projection.live_taste import LiveTasteSettings
from bowerbird.projection.market_taste import CountingWeights
from bowerbird.projection.matching import SearchSettings
from bowerbird.recommending.blending import BlendWeights
from bowerbird.recommending.diversity import Variety
from bowerbird.retrieval.cutoff import Cutoff
from bowerbird.retrieval.synonyms import default_synonyms, read_synonyms
from bowerbird.settings import Settings
from bowerbird.taste.content_likeness import ContentWeights
from bowerbird.taste.known_taste import TasteWeighing
from bowerbird.taste.next_listing import NextListingWeights
from bowerbird.taste.trail_pairs import PairWeighing


def projection_settings(settings: Settings) -> ProjectionSettings:
    """How index generations are built and followed."""
    index = settings.index
    return ProjectionSettings(
        index=IndexSettings(
            vectors=VectorIndexSettings(
                kind="auto" if index.vector_index == "milvus" else index.vector_index
            ),
            keywords=KeywordSettings(synonyms=_synonyms(index.synonyms)),
            milvus=settings.milvus_cluster,
            in_milvus=index.vector_index == "milvus",
        ),
        whitened_dimension=settings.encoders.whitened_dimension,
        found_nothing=settings.search.found_nothing,
        text_floor=settings.search.text_floor,
        compact_after=index.compact_after,
        compact_after_rows=index.compact_after_rows,
        keep_generations=index.keep_generations,
        poll_seconds=index.poll_seconds,
    )


def search_settings(settings: Settings) -> SearchSettings:
    """How queries are answered."""
    search = settings.search
    return SearchSettings(
        rrf_k=search.rrf_k,
        weights={
            "keywords": search.keyword_weight,
            "text": search.text_weight,
            "photo": search.photo_weight,
            "pictured": search.pictured_weight,
        },
        match_limit=search.match_limit,
        text_depth=search.text_depth,
        meaning_depth=search.meaning_depth,
        photo_depth=search.photo_depth,
        pictured_depth=search.pictured_depth,
        photo_cutoff=Cutoff(search.photo_strength, search.photo_floor),
        kept_rows=search.kept_rows,
    )


def event_limits(settings: Settings) -> EventLimits:
    """Which times events are taken with: none that would be deleted at once for its age."""
    events = settings.events
    days = min((days for days in (events.oldest_days, events.keep_days) if days), default=None)
    oldest = None if days is None else timedelta(days=days)
    return EventLimits(oldest, timedelta(seconds=events.future_seconds))


def live_taste_settings(settings: Settings) -> LiveTasteSettings:
    """How taste is drawn and followed."""
    taste = settings.taste
    return LiveTasteSettings(
        TasteWeighing(
            taste.interest_recency,
            taste.interest_visits,
            taste.interest_likeness,
            taste.interests,
            taste.hide_leaves,
        ),
        CountingWeights(
            NextListingWeights(recency=taste.recency, longest=taste.longest),
            PairWeighing(backward=taste.backward, neighbours=taste.neighbours),
            ContentWeights(vectors=taste.vectors_weight, words=taste.words_weight),
            86_400 * taste.trending_half_life_days,
        ),
        taste.kept_shoppers,
        settings.index.poll_seconds,
    )


def feed_settings(settings: Settings) -> FeedSettings:
    """How feeds are made."""
    how = settings.taste
    return FeedSettings(
        BlendWeights(how.feed_interests, how.feed_next, how.feed_trending, how.feed_new, how.feed_price),
        Variety(how.feed_variety, how.feed_per_seller, how.feed_one_kind, how.interest_likeness),
        how.feed_depth,
        how.feed_length,
        how.feed_heads_per_hour,
    )


def _synonyms(choice: str) -> dict[str, tuple[str, ...]]:
    if choice == "none":
        return {}
    return default_synonyms() if choice == "default" else read_synonyms(Path(choice))
