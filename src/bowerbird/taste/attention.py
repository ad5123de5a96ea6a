"""What the events of one shopper, or of one session, come to: each listing once, with how much it says.

The same events in another order come to the same. An event costs a copy of a few hundred entries, so that
whoever reads holds a value that does not change under them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from bowerbird.market.event import Event, EventType
from bowerbird.taste.trail import STRENGTHS, Trail

Value = TypeVar("Value")
LONGEST = 200  # visits, and as many hides, that are kept of one shopper: the latest
# What takes back an earlier 'not for me'; to look again does not.
_WANTING = frozenset({EventType.SAVE, EventType.CONTACT, EventType.PURCHASE})
_NEVER = float("-inf")


# A visit as it is kept: the fields of `Visit`. The garbage collector leaves tuples of numbers alone; its
# rounds over the visits of 10,000 shoppers would stop searches for 200 ms each.
Kept = tuple[float, float, float, float]


class Visit(NamedTuple):
    """What one listing was to a shopper; times in seconds since 1970."""

    strength: float  # of the strongest event
    first: float
    latest: float
    wanted: float  # when it was last saved, asked about or bought; -inf for never


@dataclass(frozen=True, slots=True)
class Attention:
    """A shopper's visits and hides by listing. `version` is the sequence of the latest event among them."""

    kept: Mapping[str, Kept] = field(default_factory=dict)
    hides: Mapping[str, float] = field(default_factory=dict)  # when each was last hidden
    version: int = 0

    @classmethod
    def of(cls, events: Iterable[tuple[int, Event]]) -> "Attention":
        """That of (sequence, event) pairs in any order."""
        visits: dict[str, Kept] = {}
        hides: dict[str, float] = {}
        version = 0
        for sequence, event in events:
            if _noted(event, visits, hides):
                version = max(version, sequence)
        return cls(_latest_visits(visits), _latest(hides, hides), version)

    def after(self, event: Event, sequence: int) -> "Attention":
        """The attention with one event more; one that was only shown says nothing."""
        visits, hides = dict(self.kept), dict(self.hides)
        if not _noted(event, visits, hides):
            return self
        return Attention(_latest_visits(visits), _latest(hides, hides), max(self.version, sequence))

    def joined(self, other: "Attention") -> "Attention":
        """Of a shopper and of the session that they are in, together."""
        visits = dict(self.kept)
        for listing, visit in other.kept.items():
            visits[listing] = _joined(visits[listing], visit) if listing in visits else visit
        hides = dict(self.hides)
        for listing, time in other.hides.items():
            hides[listing] = max(time, hides.get(listing, _NEVER))
        return Attention(_latest_visits(visits), _latest(hides, hides), max(self.version, other.version))

    @property
    def visits(self) -> dict[str, Visit]:
        """The visits by listing."""
        return {listing: Visit(*kept) for listing, kept in self.kept.items()}

    @property
    def hidden(self) -> dict[str, float]:
        """The listings that the shopper does not want to see, and since when, the longest ago first."""
        wanted = {
            listing: Visit(*self.kept[listing]).wanted for listing in self.hides if listing in self.kept
        }
        hidden = {
            listing: time for listing, time in self.hides.items() if wanted.get(listing, _NEVER) <= time
        }
        return dict(sorted(hidden.items(), key=lambda item: (item[1], item[0])))

    @property
    def in_order(self) -> list[tuple[str, Visit]]:
        """The visits by their latest event, the latest last."""
        return sorted(self.visits.items(), key=lambda item: (item[1].latest, item[0]))

    def trail(self, numbers: Mapping[str, int]) -> Trail:
        """The visits by their first event, as pairs are counted; a listing without a number is left out."""
        firsts = sorted(self.visits.items(), key=lambda item: (item[1].first, item[0]))
        known = [(numbers[listing], visit.strength) for listing, visit in firsts if listing in numbers]
        return Trail(tuple(number for number, _ in known), tuple(strength for _, strength in known))


NO_ATTENTION = Attention()


def _noted(event: Event, visits: dict[str, Kept], hides: dict[str, float]) -> bool:
    """Whether an event says anything; what it says is put into `visits` and `hides`."""
    listing, time = event.listing_id, event.time.timestamp()
    if event.type is EventType.HIDE:
        hides[listing] = max(time, hides.get(listing, _NEVER))
        return True
    strength = STRENGTHS.get(event.type, 0.0)
    if not strength:
        return False
    visit = strength, time, time, time if event.type in _WANTING else _NEVER
    visits[listing] = _joined(visits[listing], visit) if listing in visits else visit
    return True


def _joined(kept: Kept, more: Kept) -> Kept:
    one, other = Visit(*kept), Visit(*more)
    return (
        max(one.strength, other.strength),
        min(one.first, other.first),
        max(one.latest, other.latest),
        max(one.wanted, other.wanted),
    )


def _latest_visits(visits: dict[str, Kept]) -> Mapping[str, Kept]:
    if len(visits) <= LONGEST:
        return visits
    return _latest(visits, {of: Visit(*each).latest for of, each in visits.items()})


def _latest(values: dict[str, Value], times: Mapping[str, float]) -> Mapping[str, Value]:
    """The `LONGEST` of `values` with the latest `times`."""
    if len(values) <= LONGEST:
        return values
    kept = sorted(values, key=lambda listing: (times[listing], listing))[-LONGEST:]
    return {listing: values[listing] for listing in kept}
