"""What events come to: each listing once, whatever the order they arrive in."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bowerbird.market.event import Event, EventType
from bowerbird.taste.attention import LONGEST, NO_ATTENTION, Attention
from bowerbird.taste.trail import Trail

START = datetime(2026, 5, 1, tzinfo=UTC)


def event(kind: EventType, listing: str, minute: int = 0) -> Event:
    return Event(
        f"{kind}-{listing}-{minute}", kind, listing, START + timedelta(minutes=minute), shopper="ann"
    )


def attention(*events: Event) -> Attention:
    return Attention.of(list(enumerate(events, 1)))


def test_a_listing_counts_once_by_its_strongest_event():
    seen = attention(
        event(EventType.VIEW, "sofa", 1),
        event(EventType.SAVE, "lamp", 2),
        event(EventType.PURCHASE, "sofa", 3),
        event(EventType.VIEW, "lamp", 4),
        event(EventType.IMPRESSION, "tent", 5),
    )
    assert [(listing, visit.strength) for listing, visit in seen.in_order] == [("sofa", 1.0), ("lamp", 0.5)]
    assert seen.trail({"sofa": 7, "lamp": 2}) == Trail((7, 2), (1.0, 0.5))
    assert seen.trail({"lamp": 2}) == Trail((2,), (0.5,))
    assert seen.version == 4


def test_what_is_hidden_stays_hidden_until_it_is_wanted():
    hidden = attention(event(EventType.SAVE, "sofa", 1), event(EventType.HIDE, "sofa", 2))
    assert list(hidden.hidden) == ["sofa"]
    assert list(hidden.after(event(EventType.VIEW, "sofa", 3), 3).hidden) == ["sofa"]
    assert not hidden.after(event(EventType.SAVE, "sofa", 3), 3).hidden


KINDS = st.sampled_from(list(EventType))


@given(st.lists(st.tuples(KINDS, st.sampled_from("abc"), st.integers(0, 9)), max_size=12), st.randoms())
def test_the_order_of_arrival_does_not_matter(rows, random):
    events = list(enumerate((event(*row) for row in rows), 1))
    shuffled = list(events)
    random.shuffle(shuffled)
    one, other = Attention.of(events), Attention.of(shuffled)
    assert (one.in_order, one.hidden, one.version) == (other.in_order, other.hidden, other.version)
    half = len(events) // 2
    joined = Attention.of(events[:half]).joined(Attention.of(events[half:]))
    assert (joined.in_order, joined.hidden, joined.version) == (one.in_order, one.hidden, one.version)


def test_no_more_than_the_latest_are_kept():
    long = NO_ATTENTION
    for minute in range(LONGEST + 5):
        long = long.after(event(EventType.VIEW, f"v{minute}", minute), minute)
        long = long.after(event(EventType.HIDE, f"h{minute}", minute), minute)
    assert len(long.visits) == len(long.hidden) == LONGEST
    assert "v4" not in long.visits
    assert "v5" in long.visits
