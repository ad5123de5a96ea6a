"""Which ranker shoppers click on: told from the log of replies and of events, each ranker by itself.

Shares of traffic give each ranker pages of its own, whose figures are set side by side with their intervals;
interleaved pages set two against each other on one page (Chapelle et al., 'Large-scale validation and
analysis of interleaved search evaluation', TOIS 2012), which tells them apart on far fewer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.evaluation.click_gain import click_gains
from bowerbird.evaluation.report import Figure, measure, table
from bowerbird.jobs.click_positions import asked_by, examination_of, positions_of
from bowerbird.ranking.interleaving import FIRST, NEITHER, winner
from bowerbird.ranking.page_record import PageRecord
from bowerbird.storage.ranking_log import RankedPage

UNRECORDED = "not recorded"
EVEN = "even"
CLIP = 10.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RankerComparison:
    """Figures of each ranker, and how likely each position was looked at where the log tells it."""

    pages: Mapping[str, int]  # by ranker
    figures: tuple[Figure, ...]
    examination: Floats | None = None  # (positions,) relative to position 1

    @property
    def corrected(self) -> bool:
        """Whether nDCG weighs clicks by position."""
        return self.examination is not None

    def payload(self) -> dict[str, Any]:
        """For a program to read."""
        return {
            "pages": dict(self.pages),
            "position_bias_corrected": self.corrected,
            "figures": [figure.as_json() for figure in self.figures],
        }

    def lines(self) -> list[str]:
        """For people."""
        if not self.pages:
            return ["the log holds no page of search yet; serve some, with events.log_queries on"]
        counts = ", ".join(f"{ranker}: {count:,}" for ranker, count in self.pages.items())
        how = (
            "nDCG weighs each click by how unlikely its position was looked at"
            if self.corrected
            else "nDCG takes clicks as they are: no listing stood at two positions for one question"
        )
        return [f"pages by ranker: {counts}", *table(self.figures).split("\n"), how]


def compare_rankers(pages: Sequence[RankedPage], seed: int = 0) -> RankerComparison:
    """The rankers of the logged `pages` of search."""
    by_ranker: dict[str, list[RankedPage]] = {}
    for page in pages:
        by_ranker.setdefault(page.record.ranker if page.record else UNRECORDED, []).append(page)
    by_ranker = dict(sorted(by_ranker.items(), key=lambda item: (-len(item[1]), item[0])))
    examination = examination_of(pages)
    figures: list[Figure] = []
    for ranker, theirs in by_ranker.items():
        figures += _figures(ranker, theirs, examination, seed)
    for theirs in by_ranker.values():
        figures += _interleaved(theirs, seed)
    counts = {ranker: len(theirs) for ranker, theirs in by_ranker.items()}
    return RankerComparison(counts, tuple(figures), examination)


def _figures(ranker: str, pages: Sequence[RankedPage], examination: Floats | None, seed: int) -> list[Figure]:
    groups = asked_by(pages)
    clicked = np.array([page.clicks > 0 for page in pages], np.float64)
    figures = [measure("pages with a click", ranker, clicked, seed=seed, groups=groups)]
    first = np.array([_reciprocal_rank(page) for page in pages])
    figures.append(measure("reciprocal rank of the first click", ranker, first, seed=seed, groups=groups))
    some = [page for page in pages if page.clicks]
    if some:
        gains = _served_gains(some, examination)
        figures.append(measure("nDCG of clicks", ranker, gains, seed=seed, groups=asked_by(some)))
    return figures


def _interleaved(pages: Sequence[RankedPage], seed: int) -> list[Figure]:
    """The share of the decided first pages that the first of two rankers won; 0.5 where they are equal."""
    decided = [(page, won) for page in pages if (won := _winner(page)) != NEITHER]
    record = next((page.record for page in pages if page.record), None)
    if not decided or record is None or len(record.rankers) < 2:
        return []
    first, second = record.rankers
    wins = np.array([won == FIRST for _, won in decided], np.float64)
    even = np.full(len(wins), 0.5)
    groups = asked_by([page for page, _ in decided])
    name = f"interleaved pages won against {second}"
    return [measure(name, first, wins, seed=seed, groups=groups, baseline=(EVEN, even))]


def _winner(page: RankedPage) -> int:
    record: PageRecord | None = page.record
    if record is None or not record.teams or page.page.first_position > 1:
        return NEITHER
    return winner(record.teams, [grade > 0 for grade in page.grades])


def _served_gains(pages: Sequence[RankedPage], examination: Floats | None) -> Floats:
    positions = np.concatenate([positions_of(page) for page in pages])
    grades = np.array([grade for page in pages for grade in page.grades], np.float64)
    numbers = np.repeat(np.arange(len(pages)), [len(page.grades) for page in pages])
    weights = grades
    if examination is not None:
        theta = examination[np.minimum(positions, len(examination)) - 1]
        weights = grades * np.minimum(1 / np.maximum(theta, 1e-9), CLIP)
    return click_gains(-positions.astype(np.float64), numbers, weights)


def _reciprocal_rank(page: RankedPage) -> float:
    places = np.flatnonzero(np.array(page.grades) > 0)
    return 1 / float(page.page.first_position + places[0]) if len(places) else 0.0
