"""What feeds keep in memory: heads for an hour, feeds for paging; both forget."""

import pytest

from bowerbird.errors import InputError
from bowerbird.recommending.exposure import WINDOW_SECONDS, Exposure
from bowerbird.recommending.kept_feeds import FeedCursor, KeptFeed, KeptFeeds
from bowerbird.taste.shopper_taste import UNKNOWN_TASTE


def test_a_listing_heads_the_feeds_of_so_many_others_an_hour():
    exposure = Exposure(most=2)
    exposure.note(["sofa", "lamp"], "ann", 0.0)
    exposure.note(["sofa"], "ann", 10.0)
    assert exposure.spent("eve", 20.0) == set()
    exposure.note(["sofa"], "ben", 20.0)
    assert exposure.spent("eve", 30.0) == {"sofa"}
    assert exposure.spent("ann", 30.0) == set()  # who sees it already goes on seeing it
    assert exposure.spent("eve", 15.0 + WINDOW_SECONDS) == set()  # ann's look is too long ago
    exposure.note(["lamp"], "eve", 30.0 + 2 * WINDOW_SECONDS)
    assert list(exposure._heads) == ["lamp"]


def test_exposure_forgets():
    exposure = Exposure(most=1)
    exposure.note(["sofa"], "ann", 0.0)
    exposure.note(["sofa"], "ben", 0.0)
    exposure.forget(["ann"])
    assert "ann" not in repr(vars(exposure))
    exposure.clear()
    assert exposure.spent("eve", 1.0) == set()


def test_a_feed_is_kept_for_whom_it_was_made():
    kept = KeptFeeds(capacity=2)
    feeds = {name: KeptFeed(name, (), UNKNOWN_TASTE, None) for name in ("ann", "ben", "eve")}
    for name, feed in feeds.items():
        kept.keep(f"feed of {name}", feed)
    assert kept.get("feed of ann", "ann") is None  # the oldest made room
    assert kept.get("feed of ben", "ben") is feeds["ben"]
    assert kept.get("feed of ben", "eve") is None
    kept.forget(["ben"])
    assert kept.get("feed of ben", "ben") is None
    kept.clear()
    assert kept.get("feed of eve", "eve") is None


def test_cursors_come_back_and_damaged_ones_are_refused():
    cursor = FeedCursor("0123456789abcdef" * 2, 24)
    assert FeedCursor.parse(str(cursor)) == cursor
    with pytest.raises(InputError, match="damaged"):
        FeedCursor.parse("' or 1=1")
