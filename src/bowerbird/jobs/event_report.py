"""What is in a log of events, and what is wrong with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bowerbird.cleaning.rejection import Reason

BAR = 30  # characters of the longest bar


@dataclass(frozen=True, slots=True)
class PositionCount:
    """How many impressions and clicks (anything that is done with a listing shown) some positions had."""

    positions: str
    impressions: int
    clicks: int


@dataclass(frozen=True, slots=True)
class EventReport:
    """What is in a log, and what is wrong with it."""

    source: str
    rows: int
    rejected: dict[Reason, int]
    events: int
    duplicates: int
    by_type: dict[str, int]
    shoppers: int
    sessions: int
    first: datetime | None
    last: datetime | None
    out_of_order: int
    clicks: int
    clicks_without_query: int
    clicks_without_impression: int
    events_of_unknown_listings: int | None  # None where there is no catalogue to ask
    unknown_listings: int | None
    unknown_examples: tuple[str, ...]
    positions: tuple[PositionCount, ...]

    @property
    def problems(self) -> list[str]:
        """What is wrong, each with what to do about it."""
        found = {
            "rows are no events; the reasons stand above": sum(self.rejected.values()),
            "events have an id that came before; only the first counts": self.duplicates,
            f"events name one of {self.unknown_listings or 0:,} listings that the catalogue lacks (such as "
            f"{', '.join(self.unknown_examples)}); check that the ids are those of the import": (
                self.events_of_unknown_listings or 0
            ),
            "clicks name a reply that did not show their listing; send its impressions, or the query_id "
            "of the reply that did": self.clicks_without_impression,
            "clicks name no query_id; a ranking cannot learn from them what was passed over": (
                self.clicks_without_query
            ),
            "events stand after a later one of the same shopper or session": self.out_of_order,
        }
        return [f"{count:,} {what}" for what, count in found.items() if count]

    def payload(self) -> dict[str, Any]:
        """The report as JSON."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {
            **fields,
            "rejected": {reason.value: count for reason, count in self.rejected.items()},
            "first": self.first and self.first.isoformat(),
            "last": self.last and self.last.isoformat(),
            "positions": [
                {"positions": one.positions, "impressions": one.impressions, "clicks": one.clicks}
                for one in self.positions
            ],
            "problems": self.problems,
        }

    def lines(self) -> list[str]:
        """The report for a person."""
        if not self.rows:
            return [f"{self.source} holds no events"]
        problems = self.problems
        shares = [
            f"  {kind:12} {count:10,}  {count / self.events:6.1%}" for kind, count in self.by_type.items()
        ]
        span = [f"from {self.first:%Y-%m-%d %H:%M} to {self.last:%Y-%m-%d %H:%M} UTC"] if self.first else []
        refused = [f"  {count:10,}  {reason.text}" for reason, count in self.rejected.items()]
        whose = f"of {self.shoppers:,} shoppers in {self.sessions:,} sessions"
        return [
            f"{self.rows:,} rows, {self.events:,} events {whose}",
            *span,
            *shares,
            *(["rejected:", *refused] if refused else []),
            *self._histogram(),
            *(
                ["what is wrong:", *(f"  {problem}" for problem in problems)]
                if problems
                else ["nothing is wrong"]
            ),
        ]

    def _histogram(self) -> list[str]:
        most = max((one.impressions or one.clicks for one in self.positions), default=0)
        if not most:
            return ["no event has a position"]
        lines = ["position  impressions      clicks  clicked"]
        for one in self.positions:
            shown = one.impressions or one.clicks
            rate = f"{one.clicks / one.impressions:7.2%}" if one.impressions else "      ?"
            bar = "█" * -(-BAR * shown // most)
            lines.append(
                f"{one.positions:>8}  {one.impressions:11,} {one.clicks:11,}  {rate}  {bar}".rstrip()
            )
        return lines
