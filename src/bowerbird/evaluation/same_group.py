"""How well vectors find the other members of an item's own group: photos of one listing, say.

In: (n, d) unit vectors, the group of each and the content of each. Out: the rank of the first other member
of the query's group, which gives Recall@K as metric learning reports it (a query counts as found if any
member is among the first K: Jégou et al., TPAMI 2011, doi:10.1109/TPAMI.2010.57; Oh Song et al., CVPR 2016,
arXiv:1511.06452). Exact: every query meets the whole gallery, a block of queries at a time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError


@dataclass(frozen=True, slots=True, eq=False)
class SameGroupRanks:
    """Where each query's first group member stands."""

    queries: NDArray[np.int64]  # (q,) rows that were asked
    ranks: NDArray[np.int64]  # (q,) from 1

    def found(self, k: int) -> NDArray[np.float64]:
        """(q,) 1 where the rank is at most `k`, else 0; their mean is Recall@k."""
        return (self.ranks <= k).astype(np.float64)


def same_group_ranks(
    vectors: NDArray[np.float32],
    groups: NDArray[np.integer],
    contents: NDArray[np.integer],
    block: int = 512,
    asked: NDArray[np.bool_] | None = None,
) -> SameGroupRanks:
    """The rank of the first other member of each query's group, by inner product.

    A query is every row whose group has another member of other content. Its gallery is every row of other
    content than its own, so neither the query nor a byte-identical copy of it, in whatever group, can answer.
    Equal scores put the lower row first.

    Args:
        vectors: (n, d) unit vectors.
        groups: (n,) the group of each row.
        contents: (n,) equal where two rows are byte-identical.
        block: queries at a time; memory is block x n floats.
        asked: (n,) True for the rows that may be queries; None asks all.

    Raises:
        InputError: the three differ in length.
    """
    if not len(vectors) == len(groups) == len(contents):
        raise InputError(
            f"{len(vectors)} vectors, {len(groups)} groups and {len(contents)} contents were given; "
            "each row needs all three"
        )
    members = _members(groups)
    rows = np.arange(len(vectors)) if asked is None else np.flatnonzero(asked)
    queries, ranks = [], []
    for start in range(0, len(rows), block):
        chosen = rows[start : start + block]
        scores = vectors[chosen] @ vectors.T  # (b, n)
        for query, query_scores in zip(chosen.tolist(), scores, strict=True):
            own = members[int(groups[query])]
            targets = own[contents[own] != contents[query]]
            if len(targets):
                queries.append(query)
                ranks.append(_rank(query_scores, targets, contents == contents[query]))
    return SameGroupRanks(np.array(queries, np.int64), np.array(ranks, np.int64))


def _members(groups: NDArray[np.integer]) -> dict[int, NDArray[np.int64]]:
    order = np.argsort(groups, kind="stable")
    values, starts = np.unique(groups[order], return_index=True)
    return dict(zip(values.tolist(), np.split(order, starts[1:]), strict=True))


def _rank(scores: NDArray[np.float32], targets: NDArray[np.int64], excluded: NDArray[np.bool_]) -> int:
    best = targets[np.argmax(scores[targets])]  # the first of the best
    before = scores > scores[best]
    before[:best] |= scores[:best] == scores[best]
    return 1 + int(np.count_nonzero(before & ~excluded))
