"""Which ranker a shopper meets: several may share the traffic, and each shopper keeps to one.

A share's name is a ranker's, or two joined by '+' to be interleaved. A shopper is drawn by the hash of their
id, so every process draws the same, and a share that grows keeps those it had.
"""

import hashlib
from collections.abc import Mapping

from bowerbird.errors import InputError

JOIN = "+"
_SALT = b"bowerbird-ranking:"


class TrafficShares:
    """Draws the rankers for a shopper.

    Args:
        shares: of the traffic, by name; they are taken relative to their sum.

    Raises:
        InputError: there is none, one is negative or not finite, all are 0, or more than two are joined.
    """

    def __init__(self, shares: Mapping[str, float]) -> None:
        total = sum(shares.values())
        if not shares or not 0 < total < float("inf") or any(not share >= 0 for share in shares.values()):
            raise InputError(
                f"ranking.shares needs shares of 0 or more that are not all 0, but is {dict(shares)}; give "
                'such as {"learned": 0.9, "untrained": 0.1}'
            )
        self._shares = [(_rankers(name), share / total) for name, share in shares.items()]

    @property
    def rankers(self) -> tuple[str, ...]:
        """Every ranker that is named, each once."""
        return tuple(dict.fromkeys(name for names, _ in self._shares for name in names))

    def drawn(self, whose: str | None) -> tuple[str, ...]:
        """One ranker, or two to interleave, for a shopper or a session; the largest share for nobody."""
        if whose is None:
            return max(self._shares, key=_share)[0]
        digest = hashlib.blake2b(_SALT + whose.encode("utf-8", "replace"), digest_size=8).digest()
        place = int.from_bytes(digest, "big") / 2**64
        for names, share in self._shares:
            place -= share
            if place < 0:
                return names
        return self._shares[-1][0]  # shares that sum to a little less than 1


def _share(one: tuple[tuple[str, ...], float]) -> float:
    return one[1]


def _rankers(name: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in name.split(JOIN))
    if not all(names) or len(names) > 2 or len(set(names)) < len(names):
        raise InputError(
            f"ranking.shares names {name!r}; a share is a ranker's, or two different ones joined by {JOIN!r}"
        )
    return names
