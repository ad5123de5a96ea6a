"""Simulated shoppers: their truth is plausible, their log reads as real, and both follow from the seed."""

import json
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from bowerbird.assembly import open_event_stores
from bowerbird.demo.click_model import ClickModel
from bowerbird.demo.kinds.register import KINDS
from bowerbird.demo.market_truth import KIND_NAMES, MarketTruth
from bowerbird.demo.palette import TERMS
from bowerbird.demo.plan import plan_market
from bowerbird.demo.relevance import ANY, Asked, Relevance
from bowerbird.demo.run import run_demo
from bowerbird.demo.simulate_shoppers import (
    ShopperWorld,
    Simulation,
    read_simulation,
    simulate_shoppers,
)
from bowerbird.demo.simulated_log import SimulatedLog, shopper_name
from bowerbird.demo.simulated_pages import NOTHING, Search
from bowerbird.demo.visits import draw_searches
from bowerbird.errors import InputError, NotFoundError
from bowerbird.evaluation.position_bias import estimate_position_bias
from bowerbird.market.event import EventType
from bowerbird.market.listing import Listing, Price
from bowerbird.market.listing_columns import ListingColumns
from bowerbird.progress import Silent
from bowerbird.settings import load_settings

SIMULATION = Simulation(shoppers=120, seed=3)


@pytest.fixture(scope="module")
def market() -> MarketTruth:
    """A thousand planned listings, none of them painted."""
    plans = plan_market(1000, 5, date(2026, 11, 20))
    columns = ListingColumns()
    for plan in plans:
        row = plan.listing.row
        pounds = float(row["price"].strip("£").replace(",", ""))
        columns.append(
            Listing(
                row["id"],
                row["title"],
                price=Price(round(100 * pounds), "GBP"),
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
            )
        )
    shown = np.ones(len(plans), bool)
    shown[::10] = False
    return MarketTruth.of(columns, shown, [plan.listing for plan in plans])


@pytest.fixture(scope="module")
def world(market: MarketTruth) -> ShopperWorld:
    return ShopperWorld(SIMULATION, Relevance(market, SIMULATION.tastes()))


def search_of(market: MarketTruth) -> Search:
    """Every listing of the kind whose noun ends the words, in no order that a shopper would like."""

    def search(words: str) -> list[str]:
        nouns = {name: [noun for noun in kind.nouns if noun in words] for name, kind in KINDS.items()}
        wanted = [KIND_NAMES.index(name) for name, found in nouns.items() if found]
        return [market.listing_ids[number] for number in np.flatnonzero(np.isin(market.kind, wanted))]

    return search


@pytest.fixture(scope="module")
def log(world: ShopperWorld) -> SimulatedLog:
    return world.simulate(search_of(world.market))


def asked_for(shoppers: np.ndarray, kinds: np.ndarray, colour: int = ANY) -> Asked:
    return Asked(shoppers, np.zeros_like(shoppers), kinds, np.full_like(shoppers, colour))


def test_only_listings_on_show_count(market: MarketTruth):
    assert len(market) == 900
    assert all(market.listing_ids[number] == listing_id for listing_id, number in market.numbers.items())
    with pytest.raises(NotFoundError, match="no drawn listing"):
        MarketTruth.of(ListingColumns(), np.empty(0, bool), [])


def test_relevance_follows_kind_colour_price_and_place(world: ShopperWorld):
    """Each alone, over all shoppers: the half that is better in it is liked better."""
    market, tastes = world.market, world.tastes
    shoppers = np.arange(len(tastes))
    kinds = tastes.kinds[0, :, 0]
    relevance = world.relevance.to_all(asked_for(shoppers, kinds))
    assert relevance.min() >= 0
    assert relevance.max() <= 1
    own = market.kind == kinds[:, None]
    assert relevance[own].mean() > 10 * relevance[~own].mean()
    liked = np.take_along_axis(tastes.colours[0, :, 0], np.broadcast_to(market.colour, own.shape), axis=1) > 1
    assert relevance[own & liked].mean() > 2 * relevance[own & ~liked].mean()
    usual = np.log([KINDS[name].price for name in KIND_NAMES])
    off = np.abs(market.log_price - usual[market.kind] - tastes.budget[:, None])
    assert relevance[own & (off < 0.3)].mean() > 1.5 * relevance[own & (off > 0.7)].mean()
    km = world.relevance.kilometres(shoppers, np.broadcast_to(np.arange(len(market)), own.shape))
    assert relevance[own & (km < 100)].mean() > 1.2 * relevance[own & (km > 200)].mean()


def test_an_asked_colour_counts_before_the_liked_one(world: ShopperWorld):
    market, tastes = world.market, world.tastes
    shoppers, kinds = np.arange(len(tastes)), tastes.kinds[0, :, 0]
    red = TERMS.index("red")
    relevance = world.relevance.to_all(asked_for(shoppers, kinds, red))
    own = market.kind == kinds[:, None]
    is_red = np.broadcast_to(market.colour == red, own.shape)
    assert relevance[own & is_red].mean() > 4 * relevance[own & ~is_red].mean()


def test_a_feed_is_liked_for_any_interest(world: ShopperWorld):
    tastes, market = world.tastes, world.market
    shoppers = np.flatnonzero(tastes.kinds[0, :, 1] >= 0)
    feed = world.relevance.to_all(asked_for(shoppers, np.full(len(shoppers), ANY)))
    for place in (0, 1):
        own = market.kind == tastes.kinds[0, shoppers, place][:, None]
        assert feed[own].mean() > 5 * feed.mean()


def test_one_page_is_judged_as_all_are(world: ShopperWorld):
    """Relevance of a few listings equals the same places of relevance to all, for searches amid feeds."""
    rng = np.random.default_rng(0)
    shoppers = rng.integers(len(world.tastes), size=30)
    kinds = np.where(rng.random(30) < 0.3, ANY, rng.integers(len(KIND_NAMES), size=30))
    asked = asked_for(shoppers, kinds)
    listings = rng.integers(len(world.market), size=(30, 7))
    few = world.relevance.of(asked, listings)
    np.testing.assert_allclose(few, np.take_along_axis(world.relevance.to_all(asked), listings, axis=1))


def test_drift_keeps_an_interest_and_changes_others(world: ShopperWorld):
    tastes = world.tastes
    drifting = tastes.changes_at < 1
    assert 0.1 < drifting.mean() < 0.45
    before, after = tastes.kinds
    assert np.array_equal(before[~drifting], after[~drifting])
    assert not np.array_equal(before[drifting], after[drifting])
    shoppers = np.arange(len(tastes))
    assert np.array_equal(tastes.epochs(shoppers, np.full(len(tastes), 0.99)), drifting.astype(int))
    np.testing.assert_allclose(tastes.weights.sum(axis=2), 1)
    assert np.all((tastes.weights > 0) == (tastes.kinds >= 0))


def test_words_name_the_kind_and_often_nothing_else(world: ShopperWorld):
    shoppers = np.arange(len(world.tastes))
    asked, words = draw_searches(world.tastes, shoppers, np.zeros_like(shoppers), np.random.default_rng(1))
    bare = [text in KINDS[KIND_NAMES[kind]].nouns for text, kind in zip(words, asked.kinds, strict=True)]
    coloured = asked.colours != ANY
    assert 0.35 < np.mean(bare) < 0.75
    assert all(words[page].startswith(TERMS[asked.colours[page]]) for page in np.flatnonzero(coloured))
    assert set(world.tastes.interests_in(asked.epochs, shoppers, asked.kinds)) <= {0, 1, 2}


def test_the_log_reads_as_real(log: SimulatedLog, world: ShopperWorld):
    visits = log.visits
    assert np.all(np.diff(visits.times) >= 0)
    assert 0.02 < np.mean(~visits.named) < 0.3
    viewed = log.done[EventType.VIEW]
    shown = log.shown != NOTHING
    assert not np.any(viewed & ~shown)
    for later in (EventType.SAVE, EventType.CONTACT, EventType.PURCHASE):
        assert np.all(viewed[log.done[later]])
    assert viewed[:, 0].sum() > 3 * viewed[:, 9].sum()
    created = world.market.created[log.shown]
    assert np.all((created <= visits.times[:, None]) | ~shown)
    clicks = np.bincount(visits.asked.shoppers, viewed.sum(axis=1), len(world.tastes))
    assert (clicks == 0).sum() > 2  # cold starts
    assert (clicks >= 5).sum() > 20


def test_the_same_seed_gives_the_same_log_and_another_another(world: ShopperWorld, log: SimulatedLog):
    again = ShopperWorld(SIMULATION, Relevance(world.market, SIMULATION.tastes()))
    same = again.simulate(search_of(world.market))
    assert same.visits.words == log.visits.words
    assert np.array_equal(same.shown, log.shown)
    assert all(np.array_equal(same.done[kind], log.done[kind]) for kind in EventType if kind in log.done)
    other = replace(SIMULATION, seed=4)
    assert other.visits(other.tastes()).words != log.visits.words


def test_position_bias_is_told_from_the_simulated_log(world: ShopperWorld):
    """Without reading the click model: eta 0.8 from pages whose shoppers differ."""
    simulation = replace(SIMULATION, shoppers=1500)
    large = ShopperWorld(simulation, Relevance(world.market, simulation.tastes()))
    log = large.simulate(search_of(world.market))
    estimate = estimate_position_bias(log.impressions(), 20)
    truth = ClickModel().examination(20)
    np.testing.assert_allclose(estimate[:10], truth[:10], rtol=0.3)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, exported_models: Path) -> tuple[Path, list[str]]:
    """A tiny demo with shoppers, and what it said."""
    home = tmp_path_factory.mktemp("shoppers") / "home"
    home.mkdir()
    (home / "models").symlink_to(exported_models)
    settings = load_settings(home, encoders={"precision": "f32"})
    return home, list(run_demo(settings, Silent(), listings=24, seed=2, shoppers=20))


def test_the_demo_writes_pages_and_events_that_join(demo: tuple[Path, list[str]]):
    home, said = demo
    assert said[-1].startswith("simulated ")
    assert "sessions of 20 shoppers" in said[-1]
    with closing(open_event_stores(load_settings(home))) as stores:
        events = [logged.event for logged in stores.log.since(0, 10_000)]
        pages = {logged.page.query_id: logged.page for logged in stores.queries.since(0, 10_000)}
    assert events
    assert {page.surface for page in pages.values()} == {"search", "feed"}
    for event in events:
        page = pages[event.query_id]
        assert page.listing_ids[event.position - 1] == event.listing_id
        assert (page.shopper, page.session) == (event.shopper, event.session)
        assert event.time > page.time
    assert f"{len(pages):,} pages and {len(events):,} events" in said[-1]
    assert Counter(event.type for event in events).most_common(1)[0][0] is EventType.VIEW


def test_shoppers_come_once(demo: tuple[Path, list[str]]):
    home, _ = demo
    settings = load_settings(home)
    said = simulate_shoppers(settings, Silent(), Simulation(20, 2))
    assert said == "20 shoppers were simulated already"
    with pytest.raises(InputError, match="give --shoppers 20"):
        simulate_shoppers(settings, Silent(), Simulation(21, 2))


def test_the_truth_is_in_no_log(demo: tuple[Path, list[str]]):
    """The marker says how to draw the shoppers again, not what they like."""
    home, _ = demo
    assert read_simulation(home) == Simulation(20, 2)
    marker = json.loads((home / "drawn" / "shoppers.json").read_text())
    assert set(marker) == {"simulation", "shoppers", "seed", "days", "serving", "clicks"}
    with closing(open_event_stores(load_settings(home))) as stores:
        named = {logged.event.shopper for logged in stores.log.since(0, 10_000)} - {None}
    assert named <= {shopper_name(2, number) for number in range(20)}


def test_a_home_without_shoppers_is_told_what_to_run(tmp_path: Path):
    with pytest.raises(NotFoundError, match="bowerbird demo"):
        read_simulation(tmp_path)
