"""A price model learns what each kind of thing costs, honestly, and serves it from its folder."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from priced_kinds import PRICES, priced_kinds, with_listings, with_price
from told_market import direction

from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.errors import InputError, MismatchError, TrainingError
from bowerbird.evaluation.model_metrics import read_figures
from bowerbird.evaluation.predictions import read_predictions
from bowerbird.market.listing import Listing, Price
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.model_registry import active_model
from bowerbird.suggesting.comparables import NO_COMPARABLES
from bowerbird.suggesting.draft import Draft
from bowerbird.suggesting.price import PriceSuggester
from bowerbird.suggesting.price_features import GIVEN
from bowerbird.suggesting.priceable import NoPrice
from bowerbird.training.asking_prices import asking_prices, rows_to_learn_from
from bowerbird.training.kernel_ridge import group_folds
from bowerbird.training.price_evidence import collect_evidence
from bowerbird.training.price_training import PriceTraining
from bowerbird.training.priced_market import PricedMarket
from bowerbird.training.train_price import train_price
from bowerbird.training.training_data import Part, TrainingData

TRAINING = PriceTraining()
TRAINED_AT = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return priced_kinds()


@pytest.fixture(scope="module")
def trained(data: TrainingData, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, LearnedModel]:
    settings = load_settings(tmp_path_factory.mktemp("priced") / "home")
    return settings, train_price(settings, data, TRAINING, Silent(), trained_at=TRAINED_AT)


@pytest.fixture(scope="module")
def suggester(trained: tuple[Settings, LearnedModel]) -> PriceSuggester:
    return PriceSuggester(trained[1])


def figures_of(model: LearnedModel) -> dict[tuple[str, str], float]:
    return {(figure.name, figure.system): figure.value for figure in read_figures(model.metrics)}


def test_it_is_in_use_and_knows_what_each_kind_costs(trained):
    settings, model = trained
    active = active_model(settings.models, LearnedKind.PRICE)
    assert active is not None
    assert active.fingerprint == model.fingerprint
    figures = figures_of(model)
    assert figures["RMSLE", "learned"] < 0.4
    assert figures["coverage of the 80% range", "learned"] == pytest.approx(0.8, abs=0.15)
    assert (model.folder / "card.md").read_text().startswith("# Price of a listing")


def test_predictions_are_of_the_test_listings_and_give_the_figure(trained, data):
    _, model = trained
    predictions = read_predictions(model.folder)
    tested = {data.listings[row].listing_id for row in data.rows(Part.TEST)}
    assert set(predictions.items) <= tested
    mean = predictions.measures["squared_log_error"].mean()
    assert np.sqrt(mean) == pytest.approx(figures_of(model)["RMSLE", "learned"])
    frame = pl.read_parquet(model.folder / "predictions.parquet")
    assert (frame["low"] <= frame["median"]).all()
    assert (frame["median"] <= frame["high"]).all()


def draft(kind: str, *, words: bool = True, looks: bool = True, category: bool = True) -> Draft:
    kinds = ["sofa", "lamp", "tent", "bike", "piano"]
    rng = np.random.default_rng(1)
    at = kinds.index(kind)
    path = {"sofa": ("Home", "Furniture", "Sofas"), "piano": ("Music",)}[kind]
    listing = Listing("", f"{kind} red old good" if words else "", category=path if category else ())
    text = direction(at, rng)[None] if words else np.empty((0, 8))
    photos = np.abs(direction(at, rng))[None] if looks else np.empty((0, 8))
    return Draft(listing, text.astype(np.float32), photos.astype(np.float32))


@pytest.mark.parametrize("given", [*GIVEN, replace(GIVEN[-1], category=True)])
def test_any_part_of_a_draft_gives_a_price(suggester, given):
    for kind, right in (("sofa", PRICES["Sofas"]), ("piano", PRICES["Music"])):
        parts = draft(kind, words=given.words, looks=given.looks, category=given.category)
        found = suggester.suggest(parts, NO_COMPARABLES)
        assert found.priceable
        assert found.currency == "GBP"
        assert right / 3 < found.median < right * 3
        assert found.low <= found.median <= found.high


def test_nothing_and_rules_give_a_reason_instead(suggester):
    empty = suggester.suggest(draft("sofa", words=False, looks=False), NO_COMPARABLES)
    assert (empty.priceable, empty.reason) == (False, NoPrice.NOTHING_TO_GO_BY)
    sofa = draft("sofa")
    wanted = replace(sofa, listing=replace(sofa.listing, title="Wanted: a sofa"))
    found = suggester.suggest(wanted, NO_COMPARABLES)
    assert (found.priceable, found.reason, found.median) == (False, NoPrice.WANTED, None)


def test_the_same_seed_gives_the_same_model(trained, data, tmp_path):
    again = train_price(load_settings(tmp_path), data, TRAINING, Silent(), trained_at=TRAINED_AT)
    assert again.fingerprint == trained[1].fingerprint


def test_what_is_known_of_a_listing_does_not_depend_on_its_own_price(data):
    """Nor on those of its duplicates, which are in its fold and no neighbours of it."""
    row = int(data.rows(Part.TRAIN)[4])
    own = np.isin(data.groups, data.groups[row])
    before, after = (features(one, own) for one in (data, with_price(data, row, 4321.0)))
    for given in before:
        assert np.array_equal(before[given], after[given], equal_nan=True)


def features(data: TrainingData, own: np.ndarray) -> dict:
    """Cross-fitted features of the listings of `own`."""
    prices = asking_prices(data, TRAINING)
    rows = rows_to_learn_from(data, prices, TRAINING, 1000)
    folds = group_folds(data.groups[rows], 5, 0)
    evidence = collect_evidence(data, rows, prices.log(rows), prices.usable[rows], folds)
    return {given: one[own[rows]] for given, one in evidence.cross_fitted(GIVEN, Silent()).items()}


def test_a_model_remembers_what_it_was_fitted_on(data):
    """Likeness to the remembered listings, from terms' weights, equals that of the kernels."""
    prices = asking_prices(data, TRAINING)
    rows = rows_to_learn_from(data, prices, TRAINING, 1000)
    folds = group_folds(data.groups[rows], 5, 0)
    evidence = collect_evidence(data, rows, prices.log(rows), prices.usable[rows], folds)
    usable = np.flatnonzero(evidence.usable)
    regression = evidence.regression(usable)
    memory, kept = evidence.remembered(regression, usable)
    for at in (0, 5, 9):
        row = rows[at]
        found = memory.likeness(
            data.listings[row], data.texts[[row]], data.features[data.photo_owners == row]
        )
        expected = evidence.words[at] @ regression.duals[:, [0, 2]]
        assert found.terms == pytest.approx(expected, abs=1e-4)
        assert found.meaning == pytest.approx(evidence.meanings[at, usable], abs=1e-5)
        assert found.category == pytest.approx(evidence.categories[at, usable])
        if data.listings[row].photos:
            assert found.look == pytest.approx(evidence.looks[at, usable], abs=1e-5)
    assert kept.log_prices == pytest.approx(evidence.log_prices[usable])


def test_neighbours_are_the_nearest_of_other_groups(data):
    prices = asking_prices(data, TRAINING)
    known = np.flatnonzero(prices.usable)
    market = PricedMarket.of(data, known, prices.major[known])
    found = market.neighbours(data, int(known[3]))
    twins = {data.listings[row].listing_id for row in np.flatnonzero(data.groups == data.groups[known[3]])}
    assert not twins & set(found.listing_ids)
    cosines = {
        data.listings[row].listing_id: float(data.texts[row] @ data.texts[known[3]])
        for row in known.tolist()
        if data.groups[row] != data.groups[known[3]]
    }
    nearest = sorted(cosines, key=cosines.__getitem__, reverse=True)[:20]
    assert set(nearest) <= set(found.listing_ids)


def test_other_encoders_other_kinds_and_damage_are_refused(trained, tmp_path):
    _, model = trained
    with pytest.raises(MismatchError, match="but other is running"):
        PriceSuggester(model, {"text": "other", "photo": "photo-encoder"})
    with pytest.raises(MismatchError, match="not one of prices"):
        PriceSuggester(replace(model, kind=LearnedKind.CATEGORY))
    wide = replace(draft("sofa"), text=np.ones((1, 9), np.float32))
    with pytest.raises(MismatchError, match="numbers, but the"):
        PriceSuggester(model).suggest(wide, NO_COMPARABLES)
    for name in ("memory.safetensors", "tables.json"):
        copy = tmp_path / name
        copy.mkdir()
        for path in model.folder.iterdir():
            content = path.read_bytes()
            (copy / path.name).write_bytes(content[: len(content) // 2] if path.name == name else content)
        with pytest.raises(MismatchError, match="no whole price model"):
            PriceSuggester(replace(model, folder=copy))


def test_tables_are_json_for_anyone(trained):
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    json.loads((trained[1].folder / "tables.json").read_text(), parse_constant=refuse)


def test_without_prices_it_says_so(data):
    unpriced = with_listings(data, [replace(one, price=None) for one in data.listings])
    with pytest.raises(TrainingError, match="no listing has a price"):
        asking_prices(unpriced, TRAINING)
    dear = with_listings(data, [replace(one, price=Price(10_000_000, "JPY")) for one in data.listings])
    with pytest.raises(TrainingError, match="--lowest and --highest"):
        asking_prices(dear, TRAINING)


def test_only_the_most_frequent_currency_is_learned(data):
    euros = [
        replace(one, price=Price(100, "EUR")) if row < 9 else one for row, one in enumerate(data.listings)
    ]
    prices = asking_prices(with_listings(data, euros), TRAINING)
    assert (prices.currency, prices.elsewhere) == ("GBP", 9)
    assert np.isnan(prices.major[:9]).all()


@pytest.mark.parametrize("wrong", [{"lowest": 0}, {"lowest": 10, "highest": 10}, {"folds": 1}])
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(InputError):
        PriceTraining(**wrong)
