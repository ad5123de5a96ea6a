"""How served pages fared, told from the log: was what was clicked near the top, and is attention spread?

Only pages of the later part of the log are judged, so that what was popular is known from before them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.evaluation.log_metrics import PageFigures, coverage, earlier, gini, novelty, page_figures
from bowerbird.evaluation.position_bias import LoggedImpressions
from bowerbird.evaluation.report import Figure, measure, table
from bowerbird.jobs.click_positions import asked_by, impressions_of
from bowerbird.storage.ranking_log import RankedPage

SERVED, SHUFFLED = "as served", "shuffled"


@dataclass(frozen=True, slots=True, eq=False)
class LogReport:
    """Figures of the judged pages, each beside the same pages shuffled."""

    surface: str
    earlier_pages: int
    pages: int  # that were judged
    clicked_share: float  # of them
    figures: tuple[Figure, ...]  # means over pages with a click, with intervals by shopper
    coverage: float  # share of the market that was shown at all
    novelty: float  # bits; log2 of the market's size where all that is shown is as unknown as the rest
    concentration: float  # Gini of how often each listing was shown; 0 is even

    def payload(self) -> dict[str, Any]:
        """For a program to read."""
        return {
            "surface": self.surface,
            "earlier_pages": self.earlier_pages,
            "pages": self.pages,
            "pages_with_a_click": self.clicked_share,
            "figures": [figure.as_json() for figure in self.figures],
            "coverage": self.coverage,
            "novelty_bits": self.novelty,
            "gini": self.concentration,
        }

    def lines(self) -> list[str]:
        """For people."""
        judged = f"{self.pages:,} pages of {self.surface} after {self.earlier_pages:,} earlier ones"
        spread = f"novelty {self.novelty:.1f} bits, concentration (Gini) {self.concentration:.2f}"
        return [
            f"{judged}; {self.clicked_share:.1%} got a click",
            *table(self.figures).split("\n"),
            f"shown: {self.coverage:.1%} of the market, {spread}",
        ]


def report_log(
    pages: Sequence[RankedPage], *, surface: str, size: int, k: int, later: float, seed: int
) -> LogReport:
    """The later part of the logged `pages`.

    Args:
        pages: of one surface.
        surface: its name.
        size: how many listings the market has.
        k: how far down a page counts.
        later: the share of the pages, the latest, that are judged.
        seed: of the shuffling and of the intervals.

    Raises:
        InputError: there are no pages, or none of those that are judged was clicked.
    """
    if not pages:
        raise InputError(f"the log holds no page of {surface}; serve some, with events.log_queries on")
    log = impressions_of(pages)
    times = np.array([page.page.time.timestamp() for page in pages])
    first = earlier(times, 1 - later) if times.min() < times.max() else np.zeros(len(times), np.bool_)
    before, judged = log.taken(first[log.page]), log.taken(~first[log.page])
    found = page_figures(judged, k)
    size = max(size, int(log.listing.max(initial=0)) + 1)
    visits = np.bincount(before.listing[before.clicked], minlength=size)
    return LogReport(
        surface=surface,
        earlier_pages=int(first.sum()),
        pages=int((~first).sum()),
        clicked_share=found.clicked_share,
        figures=tuple(_figures(found, _shuffled(judged, seed), asked_by(pages), k, seed)),
        coverage=coverage(judged.listing, size),
        novelty=novelty(judged.listing, visits),
        concentration=gini(np.bincount(judged.listing, minlength=size)),
    )


def _figures(
    found: PageFigures, log: LoggedImpressions, whose: NDArray[np.int64], k: int, seed: int
) -> list[Figure]:
    by_chance = page_figures(log, k)
    figures = []
    for name, field in ((f"nDCG@{k}", "ndcg"), ("MRR", "reciprocal_rank"), (f"hit rate@{k}", "hit")):
        for system, values in ((SERVED, found), (SHUFFLED, by_chance)):
            baseline = (SHUFFLED, getattr(by_chance, field)) if system == SERVED else None
            of_page = getattr(values, field)
            groups = whose[values.pages]
            figures.append(measure(name, system, of_page, seed=seed, groups=groups, baseline=baseline))
    return figures


def _shuffled(log: LoggedImpressions, seed: int) -> LoggedImpressions:
    """The same pages with their positions drawn anew."""
    order = np.lexsort((np.random.default_rng(seed).random(len(log.page)), log.page))
    by_page = np.lexsort((log.position, log.page))
    positions = np.empty_like(log.position)
    positions[order] = log.position[by_page]
    return LoggedImpressions(log.page, log.question, log.listing, positions, log.clicked)
