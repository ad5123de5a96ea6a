"""How words are matched and weighed: plain numbers and a synonym table."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bowerbird.errors import InputError
from bowerbird.indexing.keyword_document import MATCHED_FIELDS


def _boosts() -> dict[str, float]:
    return {"title": 4.0, "category": 1.0, "attributes": 0.5, "place": 0.5, "description": 0.25}


@dataclass(frozen=True, slots=True)
class KeywordSettings:
    """How a `KeywordIndex` matches and scores.

    Raises:
        InputError: a boost names no field or a share lies outside 0 to 1.
    """

    boosts: Mapping[str, float] = field(default_factory=_boosts)  # BM25 weight by field; 0 leaves it out
    adjacent_boost: float = 2.0  # for two words of the query that are neighbours in the title, too
    all_of: int = 2  # a query of up to this many words needs every one
    share: float = 0.66  # and a longer one this share of them, rounded up
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # word -> words or phrases
    synonym_discount: float = 0.6
    compound_discount: float = 0.8  # 'notebook' for 'note book' and the reverse
    correction_discount: float = 0.5
    least_frequency: int = 2  # a correction occurs in at least this many listings
    writer_bytes: int = 64_000_000

    def __post_init__(self) -> None:
        if unknown := set(self.boosts) - set(MATCHED_FIELDS):
            raise InputError(f"no such fields: {sorted(unknown)}; boosts are for {', '.join(MATCHED_FIELDS)}")
        for name in ("share", "synonym_discount", "compound_discount", "correction_discount"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name} must lie between 0 and 1, but {getattr(self, name)} was given")
