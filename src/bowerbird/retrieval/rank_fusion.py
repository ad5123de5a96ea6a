"""Several ranked lists become one, by rank alone: BM25 and cosine scores are never added.

Reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009), with a weight a list.
"""

from collections.abc import Mapping

import numpy as np

from bowerbird.market.ranked_list import RankedList


def reciprocal_rank_fusion(
    lists: Mapping[str, RankedList], weights: Mapping[str, float], k: float = 60.0
) -> RankedList:
    """Every row of any list, scored by the sum over lists of weight / (k + rank), rank counted from 1.

    Args:
        lists: ranked lists by the name of their branch.
        weights: by the same names; a name that is missing weighs 1.
        k: a larger one flattens the difference between the first ranks.
    """
    present = {name: ranked for name, ranked in lists.items() if len(ranked)}
    if not present:
        return RankedList.empty()
    rows, positions = np.unique(
        np.concatenate([ranked.rows for ranked in present.values()]), return_inverse=True
    )
    parts = np.concatenate(
        [weights.get(name, 1.0) / (k + 1 + np.arange(len(ranked))) for name, ranked in present.items()]
    )
    return RankedList.of(rows, np.bincount(positions, parts, len(rows)).astype(np.float32))
