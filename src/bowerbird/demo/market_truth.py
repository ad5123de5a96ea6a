"""What is so of every listing on show, as arrays: what simulated shoppers see when they look at one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.demo.kinds.register import KINDS
from bowerbird.demo.palette import TERMS
from bowerbird.demo.plan import DrawnListing
from bowerbird.demo.words import CONDITIONS
from bowerbird.errors import NotFoundError
from bowerbird.market.listing_columns import ListingColumns

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
KIND_NAMES = tuple(KINDS)
_BULKY_METRES = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class MarketTruth:
    """(n,) listings on show that were drawn; places in these arrays are the numbers of listings."""

    listing_ids: tuple[str, ...]
    numbers: Mapping[str, int]  # by listing id
    kind: Codes  # positions in KIND_NAMES
    colour: Codes  # positions in TERMS
    condition: Codes  # positions in CONDITIONS
    log_price: Floats  # natural, of pounds; NaN where unknown
    latitude: Floats  # degrees; NaN where unknown, as is the next
    longitude: Floats
    created: Floats  # seconds since 1970; -inf where unknown

    def __len__(self) -> int:
        return len(self.listing_ids)

    @classmethod
    def of(
        cls, columns: ListingColumns, shown: NDArray[np.bool_], drawn: Sequence[DrawnListing]
    ) -> "MarketTruth":
        """The truth of the rows of `columns` that are `shown` and were `drawn`.

        Raises:
            NotFoundError: none was.
        """
        truths = {listing.truth.listing_id: listing.truth for listing in drawn}
        ids = columns.listing_ids
        rows = [row for row in np.flatnonzero(shown).tolist() if ids[row] in truths]
        if not rows:
            raise NotFoundError("no drawn listing is on show; run `bowerbird demo` to draw a market")
        told = [truths[ids[row]] for row in rows]
        prices = columns.price_minor[rows].astype(np.float64)
        created = columns.created[rows].astype(np.float64)
        return cls(
            tuple(ids[row] for row in rows),
            {ids[row]: number for number, row in enumerate(rows)},
            np.array([KIND_NAMES.index(truth.kind) for truth in told]),
            np.array([TERMS.index(truth.colour) for truth in told]),
            np.array([CONDITIONS.index(truth.condition) for truth in told]),
            np.log(np.where(prices > 0, prices / 100, np.nan)),
            columns.latitude[rows].astype(np.float64),
            columns.longitude[rows].astype(np.float64),
            np.where(created > 0, created, -np.inf),
        )


def kind_likeness() -> Floats:
    """(kinds, kinds) how far one kind does for another: 1 itself, less for its shelf, little for the rest."""
    paths = [kind.category for kind in KINDS.values()]
    table = np.full((len(paths), len(paths)), 0.01)
    for i, one in enumerate(paths):
        for j, other in enumerate(paths):
            if one[0] == other[0]:
                table[i, j] = 0.25 if one[:2] == other[:2] else 0.03
    np.fill_diagonal(table, 1.0)
    return table


def usual_log_prices() -> Floats:
    """(kinds,) the natural logarithm of what each usually costs, in pounds."""
    return np.log([kind.price for kind in KINDS.values()])


def bulky_kinds() -> NDArray[np.bool_]:
    """(kinds,) True for what must be fetched by car."""
    return np.array([max(kind.size) > _BULKY_METRES for kind in KINDS.values()])
