"""Served pages as arrays: features, positions and grades of every listing that a page showed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.evaluation.position_bias import LoggedImpressions
from bowerbird.ranking.features import FEATURES, FEATURES_VERSION
from bowerbird.ranking.page_record import empty_features
from bowerbird.storage.ranking_log import RankedPage

Codes = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """(n,) listings shown, page after page by time."""

    features: Floats  # (n, f); NaN throughout where nothing is known of a listing
    pages: Codes
    positions: Codes  # from 1
    grades: Codes
    questions: Codes
    listings: Codes
    shoppers: Codes  # -1 where a page was served to nobody in particular

    def __len__(self) -> int:
        return len(self.pages)

    def taken(self, chosen: NDArray[np.bool_] | Codes) -> "Examples":
        """Those that a mask or places choose."""
        return Examples(*(getattr(self, name)[chosen] for name in self.__slots__))

    @property
    def impressions(self) -> LoggedImpressions:
        """What position bias is estimated from."""
        return LoggedImpressions(self.pages, self.questions, self.listings, self.positions, self.grades > 0)

    @property
    def known(self) -> NDArray[np.bool_]:
        """(n,) whether anything is known of the listing."""
        return ~np.isnan(self.features[:, 0])

    @property
    def clicked_pages(self) -> int:
        """How many pages had a click on a listing of which something is known."""
        return len(np.unique(self.pages[(self.grades > 0) & self.known]))


def examples_of(pages: Sequence[RankedPage], replayed: Mapping[str, Floats] | None = None) -> Examples:
    """The examples of `pages`, which come by time.

    Args:
        pages: of the log.
        replayed: (n, f) features by query id that stand in for what a page was logged with.
    """
    replayed = replayed or {}
    lengths = [len(page.grades) for page in pages]
    features = [_features(page, replayed) for page in pages]
    questions: dict[bytes, int] = {}
    listings: dict[str, int] = {}
    shoppers: dict[str, int] = {}
    asked = [questions.setdefault(page.question, len(questions)) for page in pages]
    whose = [-1 if page.whose is None else shoppers.setdefault(page.whose, len(shoppers)) for page in pages]
    ids = [listings.setdefault(one, len(listings)) for page in pages for one in page.page.listing_ids]
    return Examples(
        features=np.concatenate([empty_features(0), *features]),
        pages=np.repeat(np.arange(len(pages)), lengths),
        positions=np.array(
            [page.page.first_position + i for page in pages for i in range(len(page.grades))], int
        ),
        grades=np.array([grade for page in pages for grade in page.grades], np.int64),
        questions=np.repeat(np.array(asked, np.int64), lengths),
        listings=np.array(ids, np.int64),
        shoppers=np.repeat(np.array(whose, np.int64), lengths),
    )


def _features(page: RankedPage, replayed: Mapping[str, Floats]) -> Floats:
    if page.page.query_id in replayed:
        return replayed[page.page.query_id]
    record = page.record
    if record is None or record.version != FEATURES_VERSION or record.features.shape[1] != len(FEATURES):
        return empty_features(len(page.grades))
    return record.features
