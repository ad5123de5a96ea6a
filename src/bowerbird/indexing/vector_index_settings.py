"""Which kind of approximate index suits how many vectors, and how far it looks: plain numbers, no FAISS."""

from dataclasses import dataclass
from math import log2
from typing import Literal, get_args

from bowerbird.errors import InputError

Kind = Literal["auto", "flat", "hnsw", "ivf"]


@dataclass(frozen=True, slots=True)
class VectorIndexSettings:
    """How a `FaissIndex` is built and searched.

    Raises:
        InputError: a number is below 1 or the kind is unknown.
    """

    kind: Kind = "auto"
    flat_limit: int = 20_000  # 'auto' scans up to this many rows, and takes 'ivf' above
    codes: str = "RaBitQfs"  # what an inverted list keeps of a vector, as the FAISS index factory writes it
    lists: int | None = None  # inverted lists; None: a power of two near four times the root of the rows
    training_rows_per_list: int = 40  # sampled rows that the lists are learned from
    nprobe: int = 32  # inverted lists read by an unfiltered query
    nprobe_cap: int = 512  # and by the narrowest filter
    hnsw_links: int = 32
    hnsw_build_width: int = 80  # efConstruction
    hnsw_search_width: int = 64  # efSearch of an unfiltered query
    rerank: int = 200  # candidates beyond k that are scored exactly
    gather_limit: int = 4_000  # a filter that leaves at most this many rows has them all scored exactly
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InputError(f"unknown vector index kind {self.kind!r}; the kinds are {get_args(Kind)}")
        for name in ("training_rows_per_list", "nprobe", "nprobe_cap", "hnsw_links", "hnsw_search_width"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be 1 or more, but {getattr(self, name)} was given")

    def kind_for(self, count: int) -> str:
        """'flat', 'hnsw' or 'ivf' for `count` rows."""
        if count == 0:
            return "flat"
        if self.kind != "auto":
            return self.kind
        return "flat" if count <= self.flat_limit else "ivf"

    def lists_for(self, count: int) -> int:
        """How many inverted lists `count` rows are spread over; never more than there are rows."""
        wanted = self.lists or int(2 ** round(log2(4 * max(count, 1) ** 0.5)))
        return max(1, min(wanted, count))

    def nprobe_for(self, *, count: int, allowed: int, lists: int, width: int) -> int:
        """Inverted lists to read for `width` candidates where `allowed` of `count` rows may be answered."""
        for_filter = min(self.nprobe_cap, self.nprobe * count // allowed)
        # A list holds allowed / lists rows; reading four times as many as wanted leaves a choice.
        for_width = 4 * width * lists // allowed
        return min(lists, max(self.nprobe, for_filter, for_width))

    def search_width_for(self, *, count: int, allowed: int) -> int:
        """The efSearch of an HNSW graph where `allowed` of `count` rows may be answered."""
        return self.hnsw_search_width * min(16, count // allowed)
