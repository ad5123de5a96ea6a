"""The experiments read the truth where they should: what is better by it comes out better."""

import csv
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from bowerbird.assembly import open_engine
from bowerbird.demo.feed_experiment import try_feeds
from bowerbird.demo.market import LAST_DAY
from bowerbird.demo.personalisation import measure_shoppers
from bowerbird.demo.plan import COLUMNS, plan_market
from bowerbird.demo.search_experiment import GROUPS, SearchTrial, try_search
from bowerbird.demo.simulate_shoppers import (
    ShopperWorld,
    Simulation,
    read_simulation,
    simulate_shoppers,
    unpersonal_search,
    world_of,
)
from bowerbird.engine import Engine
from bowerbird.errors import NotFoundError, TrainingError
from bowerbird.jobs.compare_rankers import compare_rankers
from bowerbird.jobs.import_market import import_market
from bowerbird.jobs.index_market import index_market
from bowerbird.market.query import Query
from bowerbird.progress import Silent
from bowerbird.ranking.features import FEATURES
from bowerbird.ranking.page_record import PageRecord
from bowerbird.ranking.ranker import FusionRanker, UntrainedRanker
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.ranking_log import read_ranking_log
from bowerbird.training.ranker_examples import examples_of

LISTINGS, SHOPPERS = 120, 40


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, exported_models: Path) -> Settings:
    """A planned market by its words alone, since painting it takes long, and its shoppers."""
    home = tmp_path_factory.mktemp("experiment") / "home"
    drawn = home / "drawn"
    drawn.mkdir(parents=True)
    (home / "models").symlink_to(exported_models)
    settings = load_settings(home, encoders={"precision": "f32"})
    listings = [plan.listing for plan in plan_market(LISTINGS, 1, LAST_DAY)]
    truth = "\n".join(json.dumps(asdict(listing)) for listing in listings)
    (drawn / "truth.jsonl").write_text(truth, encoding="utf-8")
    with (drawn / "listings.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [name for name in COLUMNS if name != "photos"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(listing.row for listing in listings)
    import_market(settings, str(drawn / "listings.csv"), Silent())
    index_market(settings, Silent())
    simulate_shoppers(settings, Silent(), Simulation(SHOPPERS, 1))
    return settings


@pytest.fixture(scope="module")
def engine(home: Settings) -> Iterator[Engine]:
    with closing(open_engine(home)) as engine:
        yield engine


@pytest.fixture(scope="module")
def world(home: Settings, engine: Engine) -> ShopperWorld:
    return world_of(home.home, engine, read_simulation(home.home))


def test_the_log_says_who_ranked_each_page(engine: Engine):
    pages = read_ranking_log(engine.tastes.stores)
    assert {page.record.ranker for page in pages if page.record} == {"fusion"}
    examples = examples_of(pages)
    assert examples.known.mean() > 0.9  # so `train ranker` needs no --replay
    read = [FEATURES.index(name) for name in ("visits", "impressions")]
    assert (examples.features[examples.known][:, read].max(axis=0) > 0).all()
    first = examples.features[(examples.pages == 0) & examples.known]
    assert (first[:, read] == 0).all()  # nothing came before
    compared = compare_rankers(pages)
    assert set(compared.pages) == {"fusion"}
    assert compared.corrected


def test_who_is_not_known_gets_what_nobody_gets(engine: Engine, world: ShopperWorld):
    """A shopper without events: each ranker's order for them is its order for nobody, search by search."""
    stranger = ShopperWorld(replace(world.simulation, seed=77), world.relevance)
    trial = try_search(
        engine,
        stranger,
        np.zeros(SHOPPERS, np.int64),
        [FusionRanker(), UntrainedRanker(60, 1.0)],
        searches=1,
        seed=0,
        progress=Silent(),
    )
    for name in ("fusion", "untrained"):
        np.testing.assert_array_equal(trial.gains[name, True], trial.gains[name, False])
    assert 0.2 < trial.gains["fusion", False].mean() <= 1


def test_what_is_measured_is_what_the_engine_serves(engine: Engine, home: Settings):
    """The untrained ranker over the logged features gives the very order of the answer."""
    answer = engine.search(Query(words="chair", shopper="sim1-shopper-00003", limit=50))
    assert answer.hits
    features = PageRecord.decode(answer.features).features
    scores = UntrainedRanker(home.search.rrf_k, home.ranking.taste_weight).order(features)
    assert np.all(np.diff(scores) <= 0)


def test_groups_hold_each_shopper_once():
    events = np.arange(12)
    trial = SearchTrial(events, events, {("a", True): np.ones(12), ("b", True): np.zeros(12)})
    found = [trial.compare(group, ("a", True), ("b", True), 0) for group in GROUPS]
    assert [one.shoppers for one in found] == [1, 4, 7]
    assert found[2].value == 1
    assert found[2].baseline_value == 0
    assert (found[2].low, found[2].high) == (1, 1)
    nobody = SearchTrial(events[:1], events[:1], {("a", True): np.ones(1)})
    assert nobody.compare("5 or more events", ("a", True), ("a", True), 0) is None


def test_three_clicks_move_a_feed(engine: Engine, world: ShopperWorld):
    figures = try_feeds(
        engine,
        world,
        unpersonal_search(engine, 40),
        sessions=20,
        seed=0,
        now=datetime(2026, 11, 20, tzinfo=UTC),
        progress=Silent(),
    )
    kind = figures[1]
    assert kind.sessions
    assert kind.after > 2 * kind.before
    assert kind.low > 0


def test_the_report_says_every_group(home: Settings):
    report = measure_shoppers(home, Silent(), searches=1, sessions=5, learn=False, seed=0)
    assert len(report.comparisons) == 3
    assert len(report.lines()) == 5
    assert report.payload()["search"][0]["baseline"] == "fusion for nobody"


def test_a_log_too_small_to_learn_from_is_refused(home: Settings):
    with pytest.raises(TrainingError):
        measure_shoppers(home, Silent(), searches=1, sessions=5, learn=True, seed=0)


def test_a_home_without_shoppers_cannot_be_measured(indexed_home: Path):
    with pytest.raises(NotFoundError, match="bowerbird demo"):
        measure_shoppers(load_settings(indexed_home), Silent(), searches=1, sessions=5, learn=False, seed=0)
