"""The demo's shoppers: drawn from a seed, let loose on the indexed market, written to its logs as if real.

What they are after is never written down: it follows from the seed that `shoppers.json` in the drawn folder
names, so that an experiment can draw the truth again (`open_world`).
"""

import json
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bowerbird.assembly import open_engine, open_event_stores
from bowerbird.demo.click_model import ClickModel
from bowerbird.demo.market import LAST_DAY, read_truth
from bowerbird.demo.market_truth import MarketTruth
from bowerbird.demo.relevance import Relevance
from bowerbird.demo.shopper_tastes import ShopperTastes, draw_shoppers
from bowerbird.demo.simulated_log import SimulatedLog
from bowerbird.demo.simulated_pages import NOTHING, Search, Serving
from bowerbird.demo.visits import Visits, draw_visits
from bowerbird.engine import Engine
from bowerbird.errors import InputError, NotFoundError
from bowerbird.market.query import Filters, Query
from bowerbird.progress import Progress
from bowerbird.ranking.page_record import PageRecord, empty_features
from bowerbird.ranking.ranker import FusionRanker
from bowerbird.settings import Settings
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.ranking_log import events_of, read_ranking_log
from bowerbird.training.replayed_features import replay_features

SIMULATION = 1  # goes up when the same arguments would give other events
_MARKER = "shoppers.json"


@dataclass(frozen=True, slots=True)
class Simulation:
    """What is simulated; the same gives the same log on the same market."""

    shoppers: int = 300
    seed: int = 0
    days: float = 28.0  # up to the last day of the drawn market
    serving: Serving = field(default_factory=Serving)
    clicks: ClickModel = field(default_factory=ClickModel)

    @property
    def start(self) -> float:
        """Seconds since 1970."""
        end = datetime.combine(LAST_DAY, time(), UTC)
        return (end - timedelta(days=self.days)).timestamp()

    def tastes(self) -> ShopperTastes:
        """The truth of the shoppers."""
        return draw_shoppers(self.shoppers, self.numbers(1))

    def visits(self, tastes: ShopperTastes) -> Visits:
        """Who comes when and asks for what."""
        return draw_visits(tastes, self.start, self.days, self.numbers(2))

    def numbers(self, purpose: int) -> np.random.Generator:
        """A generator for one purpose, the same every time."""
        return np.random.default_rng([self.seed, 20 + purpose])


@dataclass(frozen=True, slots=True, eq=False)
class ShopperWorld:
    """A market, its simulated shoppers, and the truth of how they like each listing."""

    simulation: Simulation
    relevance: Relevance

    @property
    def market(self) -> MarketTruth:
        """The listings."""
        return self.relevance.market

    @property
    def tastes(self) -> ShopperTastes:
        """The shoppers."""
        return self.relevance.tastes

    def simulate(self, search: Search) -> SimulatedLog:
        """Serve every visit by `search` and let the shoppers act."""
        simulation = self.simulation
        visits = simulation.visits(self.tastes)
        shown = simulation.serving.pages(visits, search, self.market, simulation.numbers(3))
        relevance = np.where(shown == NOTHING, 0.0, self.relevance.of(visits.asked, shown))
        done = simulation.clicks.act(relevance, visits.asked.kinds < 0, simulation.numbers(4))
        there: NDArray[np.bool_] = shown != NOTHING
        return SimulatedLog(
            visits, shown, {kind: mask & there for kind, mask in done.items()}, simulation.seed
        )


def simulate_shoppers(settings: Settings, progress: Progress, simulation: Simulation) -> str:
    """Let shoppers loose on the drawn, indexed market of a home, once; what was done, in words.

    Raises:
        InputError: other shoppers were simulated there.
        NotFoundError: no market was drawn there.
        UnavailableError: it is not indexed.
    """
    marker = settings.home / "drawn" / _MARKER
    if marker.exists():
        found = read_simulation(settings.home)
        if found != simulation:
            raise InputError(
                f"{settings.home} holds {found.shoppers} simulated shoppers of seed {found.seed}, not "
                f"{simulation.shoppers} of seed {simulation.seed}; give --shoppers {found.shoppers}, or "
                "another --home"
            )
        return f"{simulation.shoppers:,} shoppers were simulated already"
    progress.step("simulating shoppers", None)
    with closing(open_engine(settings)) as engine, closing(open_event_stores(settings)) as stores:
        world = world_of(settings.home, engine, simulation)
        log = world.simulate(unpersonal_search(engine, 4 * simulation.serving.page_size))
        pages, events = log.write(stores, world.market)
        _record_rankings(log, engine, stores, settings.ranking.depth, progress)
    made_by = {"simulation": SIMULATION, **asdict(simulation)}
    marker.write_text(json.dumps(made_by), encoding="utf-8")
    sessions = len(np.unique(log.visits.sessions))
    return (
        f"simulated {sessions:,} sessions of {simulation.shoppers:,} shoppers: {pages:,} pages and "
        f"{events:,} events"
    )


def _record_rankings(
    log: SimulatedLog, engine: Engine, stores: EventStores, depth: int, progress: Progress
) -> None:
    """Write to the pages of search who ranked them, and what a ranker saw of each listing at that time.

    They are in the order of rank fusion, which the untrained ranker leaves as it is for nobody.
    """
    ours = {log.query_id(page) for page in range(len(log.visits))}
    pages = [page for page in read_ranking_log(stores) if page.page.query_id in ours]
    features = replay_features(engine, pages, events_of(stores), depth, progress)
    rankers = (FusionRanker().name,)
    records = {
        page.page.query_id: PageRecord(
            rankers, features.get(page.page.query_id, empty_features(len(page.grades)))
        )
        for page in pages
        if page.record is None
    }
    stores.queries.record({query_id: record.encode() for query_id, record in records.items()})


def read_simulation(home: Path) -> Simulation:
    """What was simulated in a home.

    Raises:
        NotFoundError: nothing was.
        InputError: another version did it.
    """
    marker = home / "drawn" / _MARKER
    if not marker.is_file():
        raise NotFoundError(f"no shoppers were simulated in {home}; run `bowerbird demo --home {home}`")
    made_by = json.loads(marker.read_text(encoding="utf-8"))
    if (version := made_by.pop("simulation")) != SIMULATION:
        raise InputError(
            f"{marker} was written by version {version} of the simulation and this is {SIMULATION}; "
            "make the demo again in another --home"
        )
    serving, clicks = Serving(**made_by.pop("serving")), ClickModel(**made_by.pop("clicks"))
    return Simulation(**made_by, serving=serving, clicks=clicks)


def world_of(home: Path, engine: Engine, simulation: Simulation) -> ShopperWorld:
    """The truth of the market that `engine` has open, and of the shoppers of `simulation`.

    Raises:
        NotFoundError: no market was drawn there.
    """
    index = engine.projection.current.index
    market = MarketTruth.of(index.columns, index.allowed(Filters()), read_truth(home / "drawn"))
    return ShopperWorld(simulation, Relevance(market, simulation.tastes()))


def unpersonal_search(engine: Engine, deep: int) -> Search:
    """The engine's answers to words, whoever asks."""

    def search(words: str) -> list[str]:
        if not words:
            return []
        return [hit.listing.listing_id for hit in engine.search(Query(words=words, limit=deep)).hits]

    return search
