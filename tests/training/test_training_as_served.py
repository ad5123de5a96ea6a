"""Models asked as a server asks them answer as they did when they were published."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from priced_kinds import priced_kinds
from told_market import told_market

from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.errors import InputError
from bowerbird.evaluation.cross_modal import found_within
from bowerbird.evaluation.model_metrics import model_metrics, read_figures
from bowerbird.evaluation.report import Figure
from bowerbird.jobs.category_as_served import category_as_served
from bowerbird.jobs.held_out import HeldOut, held_out
from bowerbird.jobs.price_as_served import price_as_served
from bowerbird.jobs.retrieval_as_served import retrieval_as_served
from bowerbird.progress import Silent
from bowerbird.settings import load_settings
from bowerbird.storage.model_registry import publish_model, staged_model
from bowerbird.suggesting.category_model import write_tables
from bowerbird.training.category_figures import answers_on, category_figures
from bowerbird.training.category_learning import learn_categories
from bowerbird.training.category_training import CategoryTraining
from bowerbird.training.listing_figures import same_listing
from bowerbird.training.listing_looks import fit_looks_of
from bowerbird.training.listing_network import FeatureStatistics, ListingNetwork
from bowerbird.training.listing_publishing import export_listing_space
from bowerbird.training.listing_space import ListingSpace
from bowerbird.training.listing_training import ListingTraining
from bowerbird.training.price_training import PriceTraining
from bowerbird.training.train_price import train_price
from bowerbird.training.training_data import Part, TrainingData

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def by_name(figures) -> dict[tuple[str, str], Figure]:
    return {(figure.name, figure.system): figure for figure in figures}


def unseen(data: TrainingData, folder: Path) -> HeldOut:
    held = held_out(folder, data, data.fingerprint)
    assert held is not None
    return held


@pytest.fixture(scope="module")
def category(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingData, LearnedModel, list[Figure]]:
    """A market, the model that was learned from it, and the figures that its trainer measured."""
    data = told_market()
    model, _ = learn_categories(data, CategoryTraining(folds=4), Silent())
    published = category_figures(model, data, answers_on(model, data, data.rows(Part.TEST)), (0, 0))
    models = tmp_path_factory.mktemp("as-served")
    with staged_model(models, LearnedKind.CATEGORY) as staged:
        learned = publish_model(
            staged,
            LearnedKind.CATEGORY,
            config=write_tables(model, staged),
            encoders=data.encoders,
            data=data.fingerprint,
            metrics=model_metrics(published),
            card="",
            trained_at=NOON,
        )
    return data, learned, published


def test_categories_are_as_published_and_beside_the_nearest_listings(category, tmp_path: Path):
    data, model, published = category
    figures, plots = category_as_served(model, unseen(data, tmp_path))
    served, before = by_name(figures), by_name(published)
    common = [name for name in served if name in before]
    assert {system for _, system in common} == {"words and photos", "words", "photos"}
    assert {name for name, _ in common} >= {
        "root accuracy",
        "root macro-F1",
        "root calibration error",
        "leaf top-3",
    }
    for name in common:
        # The tables are kept in half precision, which may turn a close call.
        assert served[name].value == pytest.approx(before[name].value, abs=0.02), name
    accuracy = served["root accuracy", "words and photos"]
    assert accuracy.baseline == "nearest listings"
    assert accuracy.baseline_value is not None
    assert accuracy.baseline_value > 0.6  # a baseline that knows something
    assert sum(row["count"] for row in plots["reliability"]) == accuracy.queries
    assert np.trace(plots["confusion"]["counts"]) == round(accuracy.value * accuracy.queries)
    model_metrics(figures, plots)  # holds to the contract


def test_categories_that_nobody_knows_cannot_be_measured(category):
    data, model, _ = category
    nothing = HeldOut(data, np.empty(0, np.int64), data.rows(Part.TRAIN), 0)
    with pytest.raises(InputError, match="no test listing has a category"):
        category_as_served(model, nothing)


@pytest.fixture(scope="module")
def price(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingData, LearnedModel]:
    data = priced_kinds()
    settings = load_settings(tmp_path_factory.mktemp("priced") / "home")
    return data, train_price(settings, data, PriceTraining(), Silent(), trained_at=NOON)


def test_prices_are_as_published_and_beside_the_leaf_median(price, tmp_path: Path):
    data, model = price
    figures, plots = price_as_served(model, unseen(data, tmp_path))
    served, before = by_name(figures), by_name(read_figures(model.metrics))
    assert {name for name, _ in served} >= {"RMSLE", "coverage of the 80% range"}
    for name in ("RMSLE", "mean absolute log error"):
        assert served[name, "learned"].value == pytest.approx(before[name, "learned"].value, abs=1e-9), name
    # A server fits the range to what a draft holds, such as no photo; the figures of the trainer do not.
    assert served["coverage of the 80% range", "learned"].value == pytest.approx(0.8, abs=0.1)
    assert served["median range width, high / low", "learned"].value > 1
    rmsle = served["RMSLE", "learned"]
    assert rmsle.baseline == "leaf median"
    assert rmsle.baseline_value == pytest.approx(before["RMSLE", "leaf median"].value, abs=0.02)
    assert plots["coverage"][0]["covered"] == served["coverage of the 80% range", "learned"].value
    model_metrics(figures, plots)


def test_prices_that_nobody_asks_cannot_be_measured(price):
    data, model = price
    with pytest.raises(InputError, match="0 test listings"):
        price_as_served(model, HeldOut(data, np.empty(0, np.int64), data.rows(Part.TRAIN), 0))


def test_retrieval_is_what_the_served_encoder_finds(tmp_path: Path):
    data = told_market(300)
    training = ListingTraining()
    network = ListingNetwork(8, 8, training, FeatureStatistics.fit(data.features))
    space = ListingSpace(network, fit_looks_of(data.features, data.photo_owners, (8,), training)).eval()
    with staged_model(tmp_path / "models", LearnedKind.LISTING) as staged:
        export_listing_space(space, staged)
        model = publish_model(
            staged,
            LearnedKind.LISTING,
            config={
                "dimension": training.looks + network.meaning_width,
                "features": 8,
                "text": 8,
                "looks": training.looks,
            },
            encoders=data.encoders,
            data=data.fingerprint,
            metrics=model_metrics([]),
            card="",
            trained_at=NOON,
        )
    held = unseen(data, tmp_path)
    figures, plots = retrieval_as_served(model, held)
    served = by_name(figures)
    photos = space.photo_vectors(data.features)  # by torch, which a server has not
    expected = same_listing(data, {"torch": photos}, Part.TEST)
    for k in (1, 5, 10):
        found = served[f"same-listing photo R@{k}", "listing encoder"]
        assert found.value == pytest.approx(found_within(expected.ranks["torch"], k).mean(), abs=0.02)
        assert (found.baseline, found.queries) == ("whitened", len(expected.items))
    assert served["words to photo R@1", "listing encoder"].baseline == "random vectors"
    assert served["photo to words R@10", "listing encoder"].queries > 0
    for curve in plots["recall_at_k"].values():
        assert list(curve.values()) == sorted(curve.values())
    model_metrics(figures, plots)
    with pytest.raises(InputError, match="no test listing has a photo"):
        retrieval_as_served(model, HeldOut(data, np.empty(0, np.int64), held.known, 0))
