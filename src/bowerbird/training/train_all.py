"""Everything that a market can teach, one model after the other, frozen backbones throughout.

A market may lack what a model needs (photos, categories, prices): that model is left out and said so. What
was learned from the same listings with the same encoders already is not learned again, so a run that was cut
short goes on with the model it had reached.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from bowerbird.assembly import open_event_stores
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.errors import InputError, TrainingError
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.storage.model_registry import active_model
from bowerbird.storage.ranking_log import read_ranking_log
from bowerbird.training.category_training import CategoryTraining
from bowerbird.training.listing_training import ListingTraining
from bowerbird.training.photo_runs import PhotoRunOptions, run_photo_training
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.price_training import PriceTraining
from bowerbird.training.ranker_examples import examples_of
from bowerbird.training.ranker_training import RankerTraining
from bowerbird.training.text_training import TextTraining
from bowerbird.training.train_category import train_category
from bowerbird.training.train_listing_encoder import train_listing_encoder
from bowerbird.training.train_price import train_price
from bowerbird.training.train_ranker import LEAST_CLICKED_PAGES, log_fingerprint, train_ranker
from bowerbird.training.train_text_classifier import train_text
from bowerbird.training.training_data import TrainingData, load_training_data

Train = Callable[[Settings, TrainingData, Progress, datetime], LearnedModel]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one model; exactly one of `model` and `lacking` is there."""

    kind: LearnedKind
    seconds: float
    model: LearnedModel | None = None
    learned: bool = False  # now, rather than before
    lacking: str | None = None  # why this market cannot teach it


def train_all(
    settings: Settings, progress: Progress, *, seed: int, fresh: bool, now: datetime
) -> Iterator[Outcome]:
    """Train every model with its default settings and put it in use, yielding each as it is done.

    Args:
        settings: of the home.
        progress: told of every step.
        seed: of the split and of every model.
        fresh: also what was learned from these listings already.
        now: written into the models.

    Raises:
        NotFoundError: there is no such home.
        TrainingError: there are fewer than 40 listings.
    """
    progress.step("reading the market", None)
    data = load_training_data(settings, seed=seed)
    for kind, train in trainers(seed).items():
        began = time.monotonic()
        known = None if fresh else active_model(settings.models, kind)
        if known is not None and known.data == data.fingerprint and dict(known.encoders) == data.encoders:
            yield Outcome(kind, 0.0, known)
            continue
        try:
            model = train(settings, data, progress, now)
        except (TrainingError, InputError) as error:
            yield Outcome(kind, time.monotonic() - began, lacking=error.message)
        else:
            yield Outcome(kind, time.monotonic() - began, model, learned=True)
    yield from _ranker(settings, progress, seed=seed, fresh=fresh, now=now)


def _ranker(
    settings: Settings, progress: Progress, *, seed: int, fresh: bool, now: datetime
) -> Iterator[Outcome]:
    """The ranker learns from the log, not from listings; where few clicked it is left out."""
    with closing(open_event_stores(settings)) as stores:
        pages = read_ranking_log(stores)
    if examples_of(pages).clicked_pages < LEAST_CLICKED_PAGES:
        return
    began = time.monotonic()
    known = None if fresh else active_model(settings.models, LearnedKind.RANKER)
    if known is not None and known.data == log_fingerprint(pages):
        yield Outcome(LearnedKind.RANKER, 0.0, known)
        return
    try:
        model = train_ranker(settings, pages, RankerTraining(seed=seed), progress, trained_at=now)
    except TrainingError as error:
        yield Outcome(LearnedKind.RANKER, time.monotonic() - began, lacking=error.message)
    else:
        yield Outcome(LearnedKind.RANKER, time.monotonic() - began, model, learned=True)


def trainers(seed: int) -> Mapping[LearnedKind, Train]:
    """How each kind is trained with its default settings, in the order of training."""

    def photo(settings: Settings, data: TrainingData, progress: Progress, now: datetime) -> LearnedModel:  # noqa: ARG001 - it reads the photos itself
        return run_photo_training(
            settings, PhotoTraining(seed=seed), progress, PhotoRunOptions(), now=now
        ).model

    def text(settings: Settings, data: TrainingData, progress: Progress, now: datetime) -> LearnedModel:
        return train_text(settings, data, TextTraining(seed=seed), progress, resume=None, trained_at=now)

    def category(settings: Settings, data: TrainingData, progress: Progress, now: datetime) -> LearnedModel:
        return train_category(settings, data, CategoryTraining(seed=seed), progress, trained_at=now)

    def listing(settings: Settings, data: TrainingData, progress: Progress, now: datetime) -> LearnedModel:
        return train_listing_encoder(settings, data, ListingTraining(seed=seed), progress, trained_at=now)

    def price(settings: Settings, data: TrainingData, progress: Progress, now: datetime) -> LearnedModel:
        return train_price(settings, data, PriceTraining(seed=seed), progress, trained_at=now)

    return {
        LearnedKind.PHOTO_CLASSIFIER: photo,
        LearnedKind.TEXT_CLASSIFIER: text,
        LearnedKind.CATEGORY: category,
        LearnedKind.LISTING: listing,
        LearnedKind.PRICE: price,
    }
