"""Settings become a wired engine: the only file that names concrete parts."""

from datetime import UTC, datetime
from pathlib import Path

from bowerbird.encoding.artefact import Kind, find_artefact
from bowerbird.encoding.learned_model import LearnedKind
from bowerbird.encoding.photo_encoder import PhotoEncoder
from bowerbird.encoding.text_encoder import TextEncoder
from bowerbird.engine import Engine
from bowerbird.errors import InputError, NotFoundError
from bowerbird.projection.build import Stores
from bowerbird.projection.feeds import Feeds
from bowerbird.projection.live_taste import LiveTaste
from bowerbird.projection.projection import Projection
from bowerbird.ranking.learned_ranker import LearnedRanker
from bowerbird.ranking.listing_facts import UsualPrices
from bowerbird.ranking.ranker import UntrainedRanker
from bowerbird.ranking.reranking import RankingSettings, Reranker
from bowerbird.settings import Settings
from bowerbird.stages import feed_settings, live_taste_settings, projection_settings, search_settings
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.database import Database, open_database, sqlite_url
from bowerbird.storage.embedding_store import EmbeddingStore
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.followed_model import FollowedModel, ModelWatch
from bowerbird.storage.generations import Generations
from bowerbird.storage.listing_encoders import ListingEncoders
from bowerbird.storage.listing_vectors import ListingVectors
from bowerbird.storage.photo_store import PhotoStore
from bowerbird.storage.rankers import Rankers
from bowerbird.suggesting.category import CategorySuggester
from bowerbird.suggesting.draft_photos import DraftPhotoReader
from bowerbird.suggesting.price import PriceSuggester
from bowerbird.suggesting.sellers import Sellers


def create_home(settings: Settings) -> None:
    """Make the workspace folder; one that is there is fine.

    Raises:
        InputError: it cannot be made there.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"no home can be made at {settings.home}: {error}; give another --home") from error


def open_catalogue(settings: Settings) -> Catalogue:
    """The catalogue of an existing home.

    Raises:
        NotFoundError: there is no such home.
    """
    return Catalogue(_open_database(settings))


def open_event_stores(settings: Settings) -> EventStores:
    """The logs of what shoppers did and were served, of an existing home.

    Raises:
        NotFoundError: there is no such home.
    """
    return EventStores.on(_open_database(settings))


def database_url(settings: Settings) -> str:
    """Where the catalogue and the logs of a home are."""
    return settings.database or sqlite_url(settings.home / "catalogue.db")


def open_photo_store(settings: Settings) -> PhotoStore:
    """The photos of a home.

    Raises:
        InputError: nothing that is installed can keep them where `photos.url` says.
    """
    return PhotoStore(settings.photos.url or settings.home / "photos")


def open_generations(settings: Settings) -> Generations:
    """The index generations of a home."""
    return Generations(settings.home / "index")


def open_stores(settings: Settings) -> Stores:
    """Catalogue, encoders, embedding stores and generations.

    Raises:
        NotFoundError: there is no such home.
        UnavailableError: the backbones were not exported yet.
    """
    catalogue = open_catalogue(settings)
    encoders = settings.encoders
    text = TextEncoder(
        find_artefact(settings.models, Kind.TEXT, encoders.text_backbone),
        encoders.precision,
        max_length=encoders.max_tokens or None,
    )
    photo = PhotoEncoder(
        find_artefact(settings.models, Kind.PHOTO, encoders.photo_backbone), encoders.precision
    )
    folder = settings.home / "embeddings"
    vectors = ListingVectors(
        text_encoder=text,
        photo_encoder=photo,
        text_store=EmbeddingStore(folder, text.fingerprint, text.dimension),
        feature_store=EmbeddingStore(folder, photo.fingerprint, photo.dimension),
        photo_store=open_photo_store(settings),
    )
    fingerprints = {"text": text.fingerprint, "photo": photo.fingerprint}
    listing_encoders = ListingEncoders(settings.models, fingerprints)
    return Stores(catalogue, vectors, open_generations(settings), listing_encoders)


def open_engine(settings: Settings) -> Engine:
    """The engine of a home, its index loaded and replayed.

    Raises:
        NotFoundError: there is no such home.
        UnavailableError: the backbones were not exported yet.
        MismatchError: the index was made by other encoders.
    """
    stores = open_stores(settings)
    try:
        return engine_over(stores, settings)
    except BaseException:
        stores.close()
        raise


def engine_over(stores: Stores, settings: Settings) -> Engine:
    """The engine over stores that are open; closing it closes them.

    Raises:
        MismatchError: the index was made by other encoders.
    """
    projection = Projection(stores, projection_settings(settings))
    encoders = stores.encoders
    category = FollowedModel(
        settings.models, LearnedKind.CATEGORY, encoders, lambda model: CategorySuggester(model, encoders)
    )
    price = FollowedModel(settings.models, LearnedKind.PRICE, encoders, PriceSuggester)
    ranker = FollowedModel(settings.models, LearnedKind.RANKER, encoders, LearnedRanker.open)
    tastes = _live_taste(stores, settings, projection)
    return Engine(
        stores,
        projection,
        search_settings(settings),
        _sellers(stores, settings, category, price),
        ModelWatch([category, price, ranker]),
        _reranker(settings, ranker, tastes),
        tastes,
        _feeds(stores, settings, projection, tastes),
    )


def _live_taste(stores: Stores, settings: Settings, projection: Projection) -> LiveTaste:
    return LiveTaste(
        open_event_stores(settings),
        stores.catalogue,
        lambda: projection.current.index,
        live_taste_settings(settings),
    )


def _feeds(stores: Stores, settings: Settings, projection: Projection, tastes: LiveTaste) -> Feeds:
    return Feeds(
        tastes,
        stores.catalogue,
        lambda: projection.current.index,
        feed_settings(settings),
        lambda: datetime.now(UTC),
    )


def _reranker(settings: Settings, learned: FollowedModel[LearnedRanker], tastes: LiveTaste) -> Reranker:
    ranking = settings.ranking
    untrained = UntrainedRanker(settings.search.rrf_k, ranking.taste_weight)
    return Reranker(
        RankingSettings(ranking.shares, ranking.depth, ranking.swap_probability),
        Rankers(settings.models, learned, untrained).get,
        untrained,
        UsualPrices(),
        lambda: datetime.now(UTC),
        tastes,
    )


def _sellers(
    stores: Stores,
    settings: Settings,
    category: FollowedModel[CategorySuggester],
    price: FollowedModel[PriceSuggester],
) -> Sellers:
    vectors, limits = stores.vectors, settings.photos
    return Sellers(
        vectors.text_encoder,
        DraftPhotoReader(vectors.photo_encoder, max_pixels=limits.max_pixels, max_bytes=limits.max_bytes),
        stores.catalogue.get,
        vectors.photo_store.read,
        category.get,
        price.get,
    )


def _open_database(settings: Settings) -> Database:
    _check_home(settings.home)
    return open_database(database_url(settings))


def _check_home(home: Path) -> None:
    if not home.is_dir():
        raise NotFoundError(
            f"there is no market at {home}; run `bowerbird import FILE --home {home}`, or `bowerbird demo`"
        )
