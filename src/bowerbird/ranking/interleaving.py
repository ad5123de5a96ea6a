"""Two rankers in one list, to see which of them shoppers click on: team-draft interleaving.

Radlinski, Kurup and Joachims, 'How does clickthrough data reflect retrieval quality?', CIKM 2008: in each
round a coin says who picks first, and each picks the best candidate that is not picked yet. A click credits
the team whose pick it was on; over many pages the better ranker is credited more often.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

FIRST, SECOND, NEITHER = 0, 1, -1


def team_draft(
    first: NDArray[np.int64], second: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """One order of n candidates, and whose pick stands at each place of it.

    Args:
        first: (n,) the candidates 0 to n - 1 as one ranker orders them.
        second: (n,) the same candidates as the other does.
        rng: of the coins.

    Returns:
        (n,) the order, and (n,) teams: FIRST or SECOND.
    """
    count = len(first)
    picked = np.zeros(count, np.bool_)
    order = np.empty(count, np.int64)
    teams = np.empty(count, np.int8)
    choices, place_in = (first.tolist(), second.tolist()), [0, 0]
    coins = rng.integers(0, 2, (count + 1) // 2).tolist()
    for place in range(count):
        team = coins[place // 2] if place % 2 == 0 else 1 - teams[place - 1]
        at = place_in[team]
        while picked[choices[team][at]]:
            at += 1
        order[place], teams[place] = choices[team][at], team
        picked[order[place]] = True
        place_in[team] = at + 1
    return order, teams


def winner(teams: Collection[int], clicked: Collection[bool]) -> int:
    """FIRST or SECOND, whose picks were clicked on more often; NEITHER on a tie, or without a click."""
    pairs = [team for team, was in zip(teams, clicked, strict=True) if was]
    first, second = pairs.count(FIRST), pairs.count(SECOND)
    return NEITHER if first == second else FIRST if first > second else SECOND
