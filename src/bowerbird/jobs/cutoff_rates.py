"""Is the cut-off right for this market? Nonsense must find nothing, and a title's words their listing."""

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from bowerbird.assembly import open_engine
from bowerbird.engine import Engine
from bowerbird.market.query import Query
from bowerbird.progress import Progress
from bowerbird.retrieval.nonsense import nonsense_queries, title_queries
from bowerbird.settings import Settings

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class CutoffRates:
    """Both rates, with examples of what went wrong."""

    queries: int
    found_nothing: float  # of nonsense queries
    kept_listing: float  # of queries made from titles
    found_something: tuple[str, ...]
    lost_listing: tuple[str, ...]

    def payload(self) -> dict[str, Any]:
        """The rates as JSON."""
        return {name: getattr(self, name) for name in self.__slots__}

    def lines(self) -> list[str]:
        """The rates for a person."""
        lines = [
            f"nonsense that finds nothing:            {self.found_nothing:7.1%} of {self.queries:,} queries",
            f"words of a title that keep its listing: {self.kept_listing:7.1%} of {self.queries:,} queries",
        ]
        if self.found_something:
            lines.append("found something: " + ", ".join(map(repr, self.found_something)))
        if self.lost_listing:
            lines.append("lost their listing: " + ", ".join(map(repr, self.lost_listing)))
        return lines


def cutoff_rates(settings: Settings, queries: int, seed: int, progress: Progress) -> CutoffRates:
    """Ask `queries` of each kind, other ones than those the cut-off was calibrated on."""
    progress.step("loading", None)
    with contextlib.closing(open_engine(settings)) as engine:
        return _measured(engine, queries, np.random.default_rng(seed), progress)


def _measured(engine: Engine, queries: int, rng: np.random.Generator, progress: Progress) -> CutoffRates:
    keywords = engine.projection.current.index.keywords
    progress.step("nonsense", queries)
    found = []
    for words in nonsense_queries(queries, keywords.knows, rng):
        if engine.matching_ids(Query(words=words)):
            found.append(words)
        progress.advance(1)
    shown = set(engine.matching_ids(Query()))  # what was sold is not found, by design
    listings = [
        listing
        for batch in engine.stores.catalogue.scan()
        for listing in batch
        if listing.listing_id in shown
    ]
    asked = title_queries([listing.title for listing in listings], queries, rng)
    progress.step("titles", queries)
    lost = []
    for position, words in asked:
        if listings[position].listing_id not in engine.matching_ids(Query(words=words)):
            lost.append(words)
        progress.advance(1)
    return CutoffRates(
        queries=queries,
        found_nothing=1 - len(found) / queries,
        kept_listing=1 - len(lost) / queries,
        found_something=tuple(found[:EXAMPLES]),
        lost_listing=tuple(lost[:EXAMPLES]),
    )
