"""How well words find photos, and photos words, where some pairs belong together.

In: unit vectors of queries and of a gallery, and the group (the listing) of each. Out: the rank of the best
member of the query's group, from which Recall@k follows. Exact: every query meets the whole gallery.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError

_BLOCK = 512


def group_ranks(
    queries: NDArray[np.float32],
    query_groups: NDArray[np.integer],
    gallery: NDArray[np.float32],
    gallery_groups: NDArray[np.integer],
) -> NDArray[np.int64]:
    """(q,) from 1: where the first gallery row of each query's own group stands, by inner product.

    Of equal scores the other groups' stand first, so that equal vectors earn nothing.

    Raises:
        InputError: a query's group has no row in the gallery.
    """
    lacking = np.setdiff1d(query_groups, gallery_groups)
    if len(lacking):
        raise InputError(
            f"{len(lacking)} queries, of group {lacking[0]} first, have nothing to find in the gallery; "
            "ask only those that have"
        )
    ranks = np.empty(len(queries), np.int64)
    for start in range(0, len(queries), _BLOCK):
        rows = slice(start, start + _BLOCK)
        scores = queries[rows] @ gallery.T  # (b, n)
        own = query_groups[rows, None] == gallery_groups[None]
        best = np.where(own, scores, -np.inf).max(axis=1, keepdims=True)
        ranks[rows] = 1 + np.count_nonzero((scores >= best) & ~own, axis=1)
    return ranks


def found_within(ranks: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """(q,) 1 where the rank is at most `k`, else 0; their mean is Recall@k."""
    return (ranks <= k).astype(np.float64)


def thinned_by_group(names: Sequence[str], counts: Sequence[int], most: int) -> NDArray[np.int64]:
    """Positions of whole groups, in the order of their names' SHA-256, until `most` members are reached.

    The choice follows from the names alone: no seed, no order of the source. The first group that would pass
    `most` ends it.

    Args:
        names: (n,) of the groups.
        counts: (n,) members of each.
        most: members in all.
    """
    order = sorted(range(len(names)), key=lambda row: hashlib.sha256(names[row].encode()).hexdigest())
    chosen: list[int] = []
    total = 0
    for row in order:
        total += counts[row]
        if total > most:
            break
        chosen.append(row)
    return np.array(sorted(chosen), np.int64)
