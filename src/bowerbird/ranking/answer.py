"""The reply to a query: a page of hits with their reasons, and what the whole match set holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bowerbird.market.listing import Listing
from bowerbird.ranking.explanation import Why
from bowerbird.retrieval.understanding import Understood


@dataclass(frozen=True, slots=True)
class Hit:
    """One listing of an answer.

    `parts` is what each feature adds to the ranker's score; None where nobody asked, or no ranker saw it.
    """

    listing: Listing
    score: float
    why: Why
    parts: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to a query.

    `stages` are milliseconds by stage of the query's life. `ranker` names what ordered it, two names joined
    by '+' where they are interleaved; `features` is what the log of replies keeps of that.
    """

    query_id: str
    hits: tuple[Hit, ...]
    total: int
    total_is_exact: bool
    took_ms: float
    stages: dict[str, float]
    facets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    next_cursor: str | None = None
    understood: Understood | None = None
    did_you_mean: str | None = None
    degraded: tuple[str, ...] = ()
    ranker: str | None = None
    features: bytes | None = None
