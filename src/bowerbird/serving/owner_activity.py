"""What the owner's page shows of shoppers: what they ask, what finds nothing, where they click, each ranker.

Counting takes about a second, so it is done once a minute at most, by one request at a time: others are shown
what was counted before. What was counted before a shopper was erased is shown no more.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bowerbird.errors import BowerbirdError
from bowerbird.evaluation.report import Figure
from bowerbird.jobs.charts import Bar, Tick, columns
from bowerbird.jobs.click_positions import PositionClicks
from bowerbird.jobs.curve_charts import Curve, Range, curves, nice_range
from bowerbird.jobs.market_activity import MarketActivity, read_activity
from bowerbird.jobs.model_charts import Plot, intervals
from bowerbird.market.event import EventType
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.log_tally import DayTally, LogTally

KEPT_SECONDS = 60.0
DOINGS = tuple(kind for kind in EventType if kind is not EventType.IMPRESSION)
_POSITION_TICKS = (1, 4, 8, 12, 16, 20, 24)


@dataclass(frozen=True, slots=True, eq=False)
class ActivityPanel:
    """What was counted, with its charts; or why there is nothing to show."""

    activity: MarketActivity | None = None
    days: Plot | None = None
    positions: Plot | None = None
    rankers: Plot | None = None
    problem: str = ""


class ActivityPanels:
    """The activity of one market, counted anew where it is a minute old. Safe between threads."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        count: Callable[[EventStores], MarketActivity] = read_activity,
    ) -> None:
        self._clock = clock
        self._count = count
        self._counting = threading.Lock()
        self._kept: tuple[float, int, ActivityPanel] | None = None  # when, after how many erasures, what

    def latest(self, stores: EventStores) -> ActivityPanel:
        """What was counted last; waits only where nobody else is counting."""
        try:
            erasures = LogTally(stores.database).erasures()
        except BowerbirdError as error:
            return ActivityPanel(problem=error.message)
        kept = self._kept if self._kept is not None and self._kept[1] == erasures else None
        if kept is not None and self._clock() - kept[0] <= KEPT_SECONDS:
            return kept[2]
        if not self._counting.acquire(blocking=False):
            if kept is not None:
                return kept[2]
            return ActivityPanel(problem="the logs are being counted; load this page again in a moment")
        try:
            self._kept = self._clock(), erasures, _drawn(self._count(stores))
            return self._kept[2]
        except BowerbirdError as error:
            return ActivityPanel(problem=error.message)
        finally:
            self._counting.release()


def _drawn(activity: MarketActivity) -> ActivityPanel:
    return ActivityPanel(
        activity,
        days=_days(activity.days),
        positions=_positions(activity.positions),
        rankers=_rankers(activity.rankers.figures),
    )


def _rankers(figures: Sequence[Figure]) -> Plot | None:
    """One figure of every ranker below the other; their baselines stand in the table."""
    if not figures:
        return None
    names = list(dict.fromkeys(figure.name for figure in figures))
    bare = [replace(figure, baseline=None, baseline_value=None) for figure in figures]
    bare.sort(key=lambda figure: names.index(figure.name))
    return Plot("Figures with their intervals", "", intervals(bare, "Figures of each ranker"))


def _days(days: Sequence[DayTally]) -> Plot | None:
    counts = [sum(day.events.get(kind, 0) for kind in DOINGS) for day in days]
    if not any(counts):
        return None
    bars = [Bar(f"{day.day:%a %-d %b %Y}", n, f"{n:,}") for day, n in zip(days, counts, strict=True)]
    ticks = [Tick(0.0, f"{days[0].day:%-d %b}")]
    if len(days) > 1:
        ticks.append(Tick(1.0, f"{days[-1].day:%-d %b}"))
    return Plot(
        "Views, saves, contacts, purchases and hides a day",
        f"At most {max(counts):,}; days on which nothing was logged are left out.",
        columns(bars, ticks, "Events a day"),
    )


def _positions(positions: Sequence[PositionClicks]) -> Plot | None:
    """Both lines relative to the first position, where they meet; nothing before it was clicked."""
    if len(positions) < 2 or not positions[0].clicked:
        return None
    first = positions[0].rate
    lines = [Curve("clicked", tuple((one.position, one.rate / first) for one in positions))]
    looked = tuple((one.position, one.examination) for one in positions if one.examination is not None)
    if looked:
        lines.append(Curve("looked at, as estimated", looked))
    across = Range(1, positions[-1].position)
    up, marks = nice_range([0.0, *(share for line in lines for _, share in line.points)])
    return Plot(
        "By position, relative to the first",
        "Both fall down the page; where clicks fall faster than looks, what stands there also suits less.",
        curves(
            lines,
            (across, across.ticks([one for one in _POSITION_TICKS if one <= across.high])),
            (up, up.ticks(marks, "{:.0%}")),
            "Clicks by position",
        ),
    )
