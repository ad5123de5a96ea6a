"""The attention of those who were here last: read from the log when it is first asked for, then kept current.

At most so many are kept. To apply an event twice changes nothing, so an event that arrives while its shopper
is being read counts whichever of the two was first.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bowerbird.storage.event_log import EventLog, LoggedEvent
from bowerbird.taste.attention import LONGEST, Attention

_READ = 3 * LONGEST  # events: several are of one listing


@dataclass(frozen=True, slots=True)
class Whose:
    """A shopper, or an anonymous session."""

    id: str
    is_session: bool = False


def whose_of(shopper: str | None, session: str | None) -> tuple[Whose, ...]:
    """Those whose events speak for a shopper in a session: both, where both are named."""
    named = (Whose(shopper) if shopper else None, Whose(session, True) if session else None)
    return tuple(one for one in named if one is not None)


class Attentions:
    """What the latest shoppers and sessions did. Safe between threads."""

    def __init__(self, log: EventLog, capacity: int) -> None:
        self._log = log
        self._capacity = capacity
        self._kept: OrderedDict[Whose, Attention] = OrderedDict()
        self._reading: dict[Whose, list[LoggedEvent]] = {}  # what arrives while they are read
        self._turn = threading.Lock()

    def of(self, whose: Whose) -> Attention:
        """What they did up to now.

        Raises:
            UnavailableError: the log does not answer.
        """
        with self._turn:
            if whose in self._kept:
                self._kept.move_to_end(whose)
                return self._kept[whose]
            arriving = self._reading.setdefault(whose, [])
        try:
            read = self._log.doings(whose.id, session=whose.is_session, limit=_READ)
        except BaseException:
            with self._turn:
                self._reading.pop(whose, None)
            raise
        with self._turn:
            attention = Attention.of((one.sequence, one.event) for one in [*read, *arriving])
            # Gone from there where they were forgotten meanwhile: what was read is then kept by nobody.
            if self._reading.pop(whose, None) is arriving:
                self._kept[whose] = attention
                while len(self._kept) > self._capacity:
                    self._kept.popitem(last=False)
            return attention

    def received(self, events: Sequence[LoggedEvent]) -> None:
        """Apply events to whom they are kept of; the others are read from the log when they are asked for."""
        with self._turn:
            for logged in events:
                for whose in whose_of(logged.event.shopper, logged.event.session):
                    if whose in self._reading:
                        self._reading[whose].append(logged)
                    if whose in self._kept:
                        self._kept[whose] = self._kept[whose].after(logged.event, logged.sequence)

    def forget(self, whose: Iterable[Whose]) -> None:
        """Keep nothing of them."""
        with self._turn:
            for one in whose:
                self._kept.pop(one, None)
                self._reading.pop(one, None)

    def clear(self) -> None:
        """Keep nothing of anybody."""
        with self._turn:
            self._kept.clear()
            self._reading.clear()
