"""How often somebody may ask: a token bucket each, in the memory of one process.

A bucket holds `burst` tokens and gains `per_second`. It is kept as the one moment at which it will be full
again (the generic cell rate algorithm, as ATM networks count cells), so asking is a few additions.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from bowerbird.errors import BusyError

MOST_BUCKETS = 50_000  # the longest unused is dropped; it is full again within seconds anyway


class Rate:
    """One limit for each of many callers. For one thread, such as that of an event loop.

    Args:
        per_second: what a caller may use up in the long run; 0 for no limit.
        burst: how much at once.
        what: who is limited, for the message.
        clock: seconds, from anywhere.
    """

    def __init__(
        self, per_second: float, burst: float, what: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst_seconds = burst / per_second if per_second else math.inf
        self._what = what
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, caller: str, cost: float = 1.0) -> None:
        """Take `cost` tokens out of a caller's bucket.

        Raises:
            BusyError: there are not so many in it; none is taken.
        """
        if not self._per_second or not cost:
            return
        now = self._clock()
        full_at = max(self._full_at.get(caller, now), now) + cost / self._per_second
        wait = full_at - now - self._burst_seconds
        if wait > 1e-9:
            seconds = max(1, math.ceil(wait))
            raise BusyError(
                f"{self._what} may ask {self._per_second:g} times a second, and asked more often; "
                f"ask again in {seconds} s",
                retry_after=seconds,
            )
        self._full_at[caller] = full_at
        self._full_at.move_to_end(caller)
        if len(self._full_at) > MOST_BUCKETS:
            self._full_at.popitem(last=False)
