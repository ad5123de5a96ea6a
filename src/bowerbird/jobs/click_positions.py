"""Where on a page shoppers click, and how likely they are to look there, told from the logged pages."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.evaluation.position_bias import LoggedImpressions, estimate_position_bias
from bowerbird.storage.ranking_log import RankedPage

_POSITIONS = 100

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PositionClicks:
    """One position, from 1: how many listings stood there, how many of them were clicked.

    `examination` is how likely it is looked at, relative to position 1; None where the log does not tell.
    """

    position: int
    shown: int
    clicked: int
    examination: float | None = None

    @property
    def rate(self) -> float:
        """Clicks a listing shown."""
        return self.clicked / self.shown if self.shown else 0.0


def clicks_by_position(
    pages: Sequence[RankedPage], examination: Floats | None, most: int
) -> list[PositionClicks]:
    """The first `most` positions, without those behind the last at which anything was shown."""
    if not pages:
        return []
    positions = np.concatenate([positions_of(page) for page in pages])
    clicked = np.array([grade > 0 for page in pages for grade in page.grades], np.bool_)
    near = positions <= most
    shown = np.bincount(positions[near])
    clicks = np.bincount(positions[near & clicked], minlength=len(shown))
    known = 0 if examination is None else len(examination)
    return [
        PositionClicks(
            position,
            int(shown[position]),
            int(clicks[position]),
            float(examination[position - 1]) if examination is not None and position <= known else None,
        )
        for position in range(1, len(shown))
    ]


def asked_by(pages: Sequence[RankedPage]) -> NDArray[np.int64]:
    """(n,) equal for pages of one shopper, which hang together; one served to nobody stands alone."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(page.whose or page.page.query_id, len(numbers)) for page in pages])


def impressions_of(pages: Sequence[RankedPage]) -> LoggedImpressions:
    """Every listing shown; pages are numbered as given, questions and listings as they first come."""
    questions: dict[bytes, int] = {}
    listings: dict[str, int] = {}
    asked = [questions.setdefault(page.question, len(questions)) for page in pages]
    lengths = [len(page.grades) for page in pages]
    ids = [listings.setdefault(one, len(listings)) for page in pages for one in page.page.listing_ids]
    return LoggedImpressions(
        page=np.repeat(np.arange(len(pages)), lengths),
        question=np.repeat(np.array(asked, np.int64), lengths),
        listing=np.array(ids, np.int64),
        position=np.concatenate([np.empty(0, np.int64), *(positions_of(page) for page in pages)]),
        clicked=np.array([grade > 0 for page in pages for grade in page.grades], np.bool_),
    )


def examination_of(pages: Sequence[RankedPage]) -> Floats | None:
    """(positions,) None where no clicked listing stood at two positions for one question."""
    log = impressions_of(pages)
    deepest = int(log.position.max(initial=1))
    if deepest < 2:
        return None
    try:
        return estimate_position_bias(log, min(deepest, _POSITIONS))
    except InputError:
        return None


def positions_of(page: RankedPage) -> NDArray[np.int64]:
    """(n,) where the listings of a page stood, from 1."""
    return page.page.first_position + np.arange(len(page.grades))
