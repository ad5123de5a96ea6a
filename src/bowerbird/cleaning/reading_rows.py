"""What every kind of source reads into: numbered raw rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from bowerbird.cleaning.rejection import Reason


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as the source has it. Rows count from 1, the header and blank lines left out.

    A row that could not be read has a `fault` and its raw `text`, and no values.
    """

    number: int
    values: dict[str, object] = field(default_factory=dict)
    fault: Reason | None = None
    text: str = ""


class RowSource(Protocol):
    """Rows in a fixed order, so that a stopped import goes on from a row number."""

    @property
    def name(self) -> str:
        """The file or table, for messages; never a password."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in order; of JSON lines, those of the first 1,000."""

    def rows(self, after: int = 0) -> Iterator[RawRow]:
        """The rows numbered above `after`."""

    def count(self) -> int:
        """How many rows there are; reads the whole source, without building values."""
