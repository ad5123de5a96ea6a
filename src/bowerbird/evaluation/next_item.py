"""Whether a recommender names the listing that a shopper really took next.

Leave-one-out: the last listing of a shopper's sequence is hidden and the recommender is asked after the
others. Every listing of the market competes, the shopper's own seen ones left out; sampled competitors would
order systems differently (Krichene and Rendle, KDD 2020, doi:10.1145/3394486.3403226). With one right answer
at rank r, HR@k is 1 where r <= k, and NDCG@k is 1 / log2(1 + r) there and 0 elsewhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.market.ranked_list import RankedList

Listings = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class NextItemRanks:
    """Where each shopper's hidden listing stood."""

    ranks: NDArray[np.int64]  # (s,) from 1; 0 where it was not among the recommended

    def hits(self, k: int) -> NDArray[np.float64]:
        """(s,) 1 where it was among the first `k`, else 0; their mean is HR@k."""
        return ((self.ranks > 0) & (self.ranks <= k)).astype(np.float64)

    def gains(self, k: int) -> NDArray[np.float64]:
        """(s,) 1 / log2(1 + rank) where it was among the first `k`, else 0; their mean is NDCG@k."""
        return np.asarray(self.hits(k) / np.log2(1 + np.maximum(self.ranks, 1)), np.float64)


def leave_out(sequences: Sequence[Listings], back: int = 1) -> tuple[list[Listings], Listings]:
    """Each sequence up to its `back`-th last listing, and that listing.

    The last is the test (1), the one before it the validation (2), on which anything is chosen.

    Raises:
        InputError: a sequence has too few listings to leave one before the hidden.
    """
    short = min((len(sequence) for sequence in sequences), default=0)
    if short <= back:
        raise InputError(
            f"hiding the {back}. last listing needs {back + 1} or more, but a sequence has {short}"
        )
    return [sequence[:-back] for sequence in sequences], np.array([s[-back] for s in sequences], np.int64)


def next_item_ranks(
    recommend: Callable[[Listings, int], RankedList],
    histories: Sequence[Listings],
    hidden: Listings,
    k: int,
) -> NextItemRanks:
    """The rank of each hidden listing among the `k` that `recommend` gives after the history.

    Raises:
        InputError: there are not as many histories as hidden listings, or `recommend` names one of a
            history.
    """
    if len(histories) != len(hidden):
        raise InputError(f"{len(histories)} histories were given for {len(hidden)} hidden listings")
    ranks = np.zeros(len(hidden), np.int64)
    for place, (history, wanted) in enumerate(zip(histories, hidden.tolist(), strict=True)):
        rows = recommend(history, k).rows[:k]
        if set(rows.tolist()) & set(history.tolist()):
            raise InputError("a recommender named a listing of the history; leave out what was seen")
        found = np.flatnonzero(rows == wanted)
        if len(found):
            ranks[place] = 1 + found[0]
    return NextItemRanks(ranks)
