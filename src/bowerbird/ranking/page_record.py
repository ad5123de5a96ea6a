"""What the log keeps of how a page was ranked: by whom, whose pick each listing was, and the features seen.

The bytes are a line of JSON, then the features as little-endian float32, deflated; NaN where a listing stood
beyond the candidates that were reranked. Nothing in them names a shopper.
"""

import zlib
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray

from bowerbird.errors import MismatchError
from bowerbird.ranking.features import FEATURES, FEATURES_VERSION
from bowerbird.ranking.interleaving import NEITHER

_FLOAT = np.dtype("<f4")


@dataclass(frozen=True, slots=True, eq=False)
class PageRecord:
    """How one page was ranked; its listings from first to last."""

    rankers: tuple[str, ...]  # one name, or the two that were interleaved
    features: NDArray[np.float32]  # (n, f)
    teams: tuple[int, ...] = ()  # (n,) positions in `rankers`; empty where nothing was interleaved
    version: int = FEATURES_VERSION

    @property
    def ranker(self) -> str:
        """The name, or both joined by '+'."""
        return "+".join(self.rankers)

    def encode(self) -> bytes:
        """The bytes that `decode` takes back."""
        head = {"v": self.version, "rankers": self.rankers, "teams": self.teams, "shape": self.features.shape}
        return zlib.compress(
            orjson.dumps(head) + b"\n" + np.ascontiguousarray(self.features, _FLOAT).tobytes(), 1
        )

    @classmethod
    def decode(cls, stored: bytes) -> "PageRecord":
        """What `encode` gave.

        Raises:
            MismatchError: it is damaged.
        """
        try:
            line, _, rest = zlib.decompress(stored).partition(b"\n")
            head = orjson.loads(line)
            features = np.frombuffer(rest, _FLOAT).reshape(head["shape"]).astype(np.float32)
            names, teams = (tuple(head[name]) for name in ("rankers", "teams"))
            return cls(tuple(map(str, names)), features, tuple(map(int, teams)), int(head["v"]))
        except (zlib.error, ValueError, KeyError, TypeError) as error:
            raise MismatchError(
                f"a logged page's features are damaged ({error}); restore the log, or leave the page out"
            ) from error


def empty_features(count: int) -> NDArray[np.float32]:
    """(count, f) of unknown features."""
    return np.full((count, len(FEATURES)), np.nan, np.float32)


def teams_of(teams: NDArray[np.int8]) -> tuple[int, ...]:
    """As a record keeps them; empty where nobody's pick is known."""
    return () if not len(teams) or (teams == NEITHER).all() else tuple(map(int, teams))
