"""What shoppers asked and did lately, what found nothing, where they clicked, and how each ranker fared.

Made for a page that anyone may reload: only the latest part of the logs is read, whatever their length.
"""

from dataclasses import dataclass
from datetime import date

from bowerbird.jobs.click_positions import PositionClicks, clicks_by_position
from bowerbird.jobs.compare_rankers import RankerComparison, compare_rankers
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.log_tally import AskedWords, DayTally, LogTally, SearchTally, start_of
from bowerbird.storage.ranking_log import read_ranking_log

DAYS = 28  # with anything logged
SHOWN_WORDS = 12
SHOWN_POSITIONS = 24
# A reply is large, as it holds what the ranker saw; reading one whole takes about as long as counting ten.
COUNTED_REPLIES, COUNTED_EVENTS = 50_000, 200_000
RANKED_REPLIES, RANKED_EVENTS = 5_000, 50_000


@dataclass(frozen=True, slots=True, eq=False)
class MarketActivity:
    """The latest days of both logs; everything is empty where nothing was logged."""

    days: tuple[DayTally, ...]  # the earliest first; those without anything are left out
    searches: SearchTally
    asked: tuple[AskedWords, ...]
    poorly_answered: tuple[AskedWords, ...]
    positions: tuple[PositionClicks, ...]
    rankers: RankerComparison
    cut: bool  # whether older rows of these days were left out, being too many
    ranked: int  # searches that positions and rankers are told from

    @property
    def first_day(self) -> date | None:
        """None where nothing was logged."""
        return self.days[0].day if self.days else None

    @property
    def last_day(self) -> date | None:
        """None where nothing was logged."""
        return self.days[-1].day if self.days else None


def read_activity(stores: EventStores, seed: int = 0) -> MarketActivity:
    """The activity in the logs of a market; `seed` is of the intervals.

    Raises:
        UnavailableError: the database does not answer.
    """
    tally = LogTally(stores.database)
    window = tally.window(COUNTED_REPLIES, COUNTED_EVENTS)
    days = tally.days(window, DAYS)
    window = start_of(days, window)
    ranked = start_of(days, tally.window(RANKED_REPLIES, RANKED_EVENTS))
    pages = read_ranking_log(stores, window=ranked)
    rankers = compare_rankers(pages, seed)
    return MarketActivity(
        days=tuple(days),
        searches=tally.searches(window),
        asked=tuple(tally.asked(window, SHOWN_WORDS)),
        poorly_answered=tuple(tally.poorly_answered(window, SHOWN_WORDS)),
        positions=tuple(clicks_by_position(pages, rankers.examination, SHOWN_POSITIONS)),
        rankers=rankers,
        cut=window.cut and len(days) < DAYS,
        ranked=len(pages),
    )
