"""The popularity of listings as it was: both logs counted by time, up to a moment and no further."""

from bowerbird.projection.listing_numbers import ListingNumbers
from bowerbird.projection.popularity_counts import PopularityCounts
from bowerbird.storage.popularity_log import Done, PopularityLog, Shown


class ReplayedPopularity:
    """What had been counted of the listings of `numbers` before a moment that only moves on.

    Raises:
        UnavailableError: the logs do not answer.
    """

    def __init__(self, numbers: ListingNumbers, log: PopularityLog) -> None:
        self.counted = PopularityCounts(numbers)
        self.counted.ready = True
        pages, doings = log.upto()
        self._coming: list[Shown | Done] = [*log.pages(0, pages, pages), *log.doings(0, doings, doings)]
        self._coming.sort(key=_time)
        self._place = 0

    def until(self, time: float) -> None:
        """Count what came before `time`, in seconds since 1970."""
        first = self._place
        while self._place < len(self._coming) and self._coming[self._place].time < time:
            self._place += 1
        past = self._coming[first : self._place]
        self.counted.note(
            [one for one in past if isinstance(one, Shown)], [one for one in past if isinstance(one, Done)]
        )


def _time(one: Shown | Done) -> float:
    return one.time
