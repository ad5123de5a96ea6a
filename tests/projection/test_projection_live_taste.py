"""Taste follows the event log: at once what this process receives, within a poll what others write."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bowerbird.assembly import open_engine, open_event_stores
from bowerbird.engine import Engine
from bowerbird.errors import InputError, UnavailableError
from bowerbird.market.event import Event, EventType
from bowerbird.market.listing import Listing, Status
from bowerbird.market.query import Query
from bowerbird.projection import live_taste
from bowerbird.recommending.feed import FeedRequest, ReasonKind
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.event_stores import EventStores

NOW = datetime.now(UTC)
Log = Callable[..., list]


def event(
    kind: str, listing: str, minute: int, shopper: str | None = "ann", session: str | None = None
) -> Event:
    time = NOW - timedelta(days=1) + timedelta(minutes=minute)
    return Event(
        f"{kind}-{listing}-{shopper}-{session}-{minute}", EventType(kind), listing, time, shopper, session
    )


@pytest.fixture
def stores(settings: Settings) -> Iterator[EventStores]:
    """The logs as another process has them."""
    with closing(open_event_stores(settings)) as stores:
        yield stores


@pytest.fixture
def tell(engine: Engine, stores: EventStores) -> Log:
    """Log events and tell the engine, as the server does."""

    def told(*events: Event) -> list:
        logged = stores.log.append(events)
        engine.received([one for one in logged if one is not None])
        return logged

    return told


def ids(feed) -> list[str]:
    return [hit.listing.listing_id for hit in feed.hits]


def test_an_event_changes_the_next_answer(engine: Engine, tell: Log):
    before = engine.recommend(FeedRequest("ann", limit=12))
    assert not before.personal
    assert not engine.taste("ann", None).is_known
    tell(event("view", "red-sofa", 1), event("view", "blue-sofa", 2), event("view", "green-sofa", 3))
    taste = engine.taste("ann", None)
    assert taste.visits == ("red-sofa", "blue-sofa", "green-sofa")
    assert taste.interests[0].face in taste.visits
    assert set(taste.leaves) == {"Home & Garden / Living Room"}
    after = engine.recommend(FeedRequest("ann", limit=8))
    assert after.personal
    assert (
        sum(one.endswith("-sofa") for one in ids(after))
        >= 5
        > sum(one.endswith("-sofa") for one in ids(before)[:8])
    )
    assert not set(taste.visits) & set(ids(after))  # seen already
    assert after.hits[0].reason.kind is ReasonKind.LOOKED_AT
    assert after.hits[0].reason.text.startswith("because you looked at ")
    tell(event("view", "red-guitar", 4))
    assert engine.taste("ann", None).version == taste.version + 1
    assert "red-guitar" not in ids(engine.recommend(FeedRequest("ann", limit=30)))
    assert any(one.endswith("-guitar") for one in ids(engine.recommend(FeedRequest("ann", limit=8))))


def test_a_session_is_known_by_its_own_events_and_by_those_it_sends(engine: Engine, tell: Log):
    events = [
        event("view", f"{colour}-tent", minute, None, "s1") for minute, colour in enumerate(["red", "pink"])
    ]
    sent = engine.recommend(FeedRequest(None, "s1", tuple(events), 6))
    assert sum(one.endswith("-tent") for one in ids(sent)) >= 4
    assert not engine.taste(None, "s1").is_known  # what is sent along is not stored
    tell(*events)
    assert ids(engine.recommend(FeedRequest(None, "s1", limit=6))) == ids(sent)
    joined = engine.taste("ann", "s1")
    assert joined.visits == ("red-tent", "pink-tent")


def test_what_another_process_wrote_follows(engine: Engine, stores: EventStores):
    engine.tastes.refresh()
    assert not engine.taste("ann", None).is_known
    stores.log.append([event("view", "red-sofa", 1), event("view", "red-lamp", 2)])
    assert not engine.taste("ann", None).is_known
    assert engine.tastes.refresh() == 2
    assert engine.taste("ann", None).visits == ("red-sofa", "red-lamp")


def drawn_events(count: int, seed: int) -> list[Event]:
    """In the order of their time, as most logs are: trails then grow at their end."""
    rng = np.random.default_rng(seed)
    kinds = ["view", "view", "impression", "save", "contact", "purchase", "hide"]
    things = ("sofa", "lamp", "tent", "gone")
    return [
        event(
            str(rng.choice(kinds)),
            f"{rng.choice(['red', 'blue', 'pink'])}-{rng.choice(things)}",
            minute,
            f"shopper-{rng.integers(4)}" if rng.random() < 0.7 else None,
            f"session-{rng.integers(3)}",
        )
        for minute, _ in enumerate(range(count))
    ]


def test_counting_event_by_event_equals_fitting_all(
    engine: Engine, stores: EventStores, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(live_taste, "FOLLOWED_AT_ONCE", 7)
    events = drawn_events(150, seed=1)
    stores.log.append(events[:40])
    engine.tastes.refresh()
    for start in range(40, 150, 11):
        stores.log.append(events[start : start + 11])
        engine.tastes.refresh()
        if start % 2:
            engine.tastes.market.forget_all()  # trails are read again from the log
    with closing(open_engine(settings)) as fresh:
        fresh.tastes.refresh()
        live, fitted = engine.tastes.market, fresh.tastes.market
        assert live.numbers.ids == fitted.numbers.ids
        assert live.sequence == fitted.sequence == 150
        assert np.allclose(live.next_listing.counts.visits, fitted.next_listing.counts.visits)
        for number in range(len(live.numbers)):
            one = dict(zip(*map(np.ndarray.tolist, live.next_listing.counts.neighbours(number)), strict=True))
            other = dict(
                zip(*map(np.ndarray.tolist, fitted.next_listing.counts.neighbours(number)), strict=True)
            )
            assert one == pytest.approx(other, rel=1e-5)
        now = NOW.timestamp()
        assert np.allclose(live.trending.scores(now), fitted.trending.scores(now))


def test_far_behind_it_fits_anew(engine: Engine, stores: EventStores, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(live_taste, "REFITTED_FROM", 10)
    engine.tastes.refresh()
    first = engine.tastes.market
    assert not engine.taste("shopper-1", None).is_known
    stores.log.append(drawn_events(30, seed=2))
    assert engine.tastes.refresh() == 30
    assert engine.tastes.market is not first
    assert engine.taste("shopper-1", None).is_known


def test_others_go_on_and_what_is_looked_at_is_popular(engine: Engine, tell: Log):
    for number in range(6):
        tell(
            event("view", "red-tent", 2 * number, f"s{number}"),
            event("save", "blue-kettle", 2 * number + 1, f"s{number}"),
        )
    engine.tastes.refresh()
    tell(event("view", "red-tent", 20))
    feed = engine.recommend(FeedRequest("ann", limit=20))
    reasons = {hit.listing.listing_id: hit.reason for hit in feed.hits}
    assert reasons["blue-kettle"].kind is ReasonKind.WENT_ON
    assert reasons["blue-kettle"].text == "people who looked at Red tent went on to this"
    stranger = engine.recommend(FeedRequest("nobody", limit=5))
    assert ids(stranger)[:2] == ["blue-kettle", "red-tent"]
    assert [hit.reason.text for hit in stranger.hits[:2]] == ["popular now", "popular now"]


def test_hidden_own_sold_and_seen_listings_are_left_out(engine: Engine, tell: Log):
    tell(
        event("view", "red-sofa", 1, "seller-3"), event("view", "red-sofa", 1), event("hide", "blue-sofa", 2)
    )
    own = {hit.listing.seller_id for hit in engine.recommend(FeedRequest("seller-3", limit=100)).hits}
    assert "seller-3" not in own
    catalogue = engine.stores.catalogue
    sold, gone = catalogue.get(["green-sofa"])["green-sofa"], catalogue.get(["pink-sofa"])["pink-sofa"]
    engine.upsert([replace(sold, status=Status.SOLD), replace(gone, status=Status.HIDDEN)])
    shown = set(ids(engine.recommend(FeedRequest("ann", limit=100))))
    assert not shown & {"red-sofa", "blue-sofa", "green-sofa", "pink-sofa"}
    assert "black-sofa" in shown


def test_less_like_this_weakens_the_interest(settings: Settings, stores: EventStores):
    narrow = load_settings(settings.home, taste={"interest_likeness": 0.75})
    with closing(open_engine(narrow)) as engine:
        stores.log.append([event("view", "red-sofa", 1), event("view", "red-guitar", 2)])
        before = {one.face: one.weight for one in engine.taste("ann", None).interests}
        assert before == pytest.approx({"red-guitar": 1 / 1.9, "red-sofa": 0.9 / 1.9})
        engine.received(stores.log.append([event("hide", "brown-guitar", 3)]))
        after = {one.face: one.weight for one in engine.taste("ann", None).interests}
        assert after == pytest.approx({"red-guitar": 0.5 / 1.9, "red-sofa": 0.9 / 1.9})


def test_a_new_listing_is_recommended_and_an_edited_one_keeps_its_number(engine: Engine, tell: Log):
    tell(event("view", "red-sofa", 1))
    engine.recommend(FeedRequest("ann"))
    number = engine.tastes.market.numbers.by_id["blue-sofa"]
    blue = engine.stores.catalogue.get(["blue-sofa"])["blue-sofa"]
    engine.upsert([replace(blue, description="Now cheaper."), Listing("another-sofa", "Red sofa")])
    engine.tastes.refresh()
    market = engine.tastes.market
    assert market.numbers.by_id["blue-sofa"] == number
    assert len(market.next_listing) == len(market.trending) == len(market.numbers) == 49
    assert "another-sofa" in ids(engine.recommend(FeedRequest("ann", limit=10)))
    engine.projection.compact()
    engine.tastes.refresh()
    assert market.numbers.by_id["blue-sofa"] == number
    assert {"another-sofa", "blue-sofa"} <= set(ids(engine.recommend(FeedRequest("ann", limit=20))))


def test_pages_of_a_feed_hold_each_listing_once(engine: Engine, tell: Log):
    tell(event("view", "red-sofa", 1))
    whole = ids(engine.recommend(FeedRequest("ann", limit=100)))
    page = engine.recommend(FeedRequest("ann", limit=10))
    seen = ids(page)
    while page.next_cursor:
        page = engine.recommend(FeedRequest("ann", limit=10, cursor=page.next_cursor))
        assert page.first_position == len(seen) + 1
        seen += ids(page)
    assert seen == whole
    assert len(set(seen)) == 47
    first = engine.recommend(FeedRequest("ann", limit=10))
    other = engine.recommend(FeedRequest("ben", limit=10, cursor=first.next_cursor))
    assert not other.personal  # a cursor of somebody else's feed shows nothing of it
    tell(event("hide", ids(page)[-1], 2))
    last = engine.recommend(FeedRequest("ann", limit=100, cursor=first.next_cursor))
    assert ids(page)[-1] not in ids(last)
    with pytest.raises(InputError, match="damaged"):
        engine.recommend(FeedRequest("ann", cursor="x"))


def test_a_log_that_fails_fails_neither_search_nor_feed(engine: Engine, monkeypatch):
    engine.tastes.refresh()

    def away(*_: object, **__: object) -> None:
        raise UnavailableError("the database is away; try again")

    monkeypatch.setattr(type(engine.tastes.stores.log), "doings", away)
    with pytest.raises(UnavailableError):
        engine.taste("ann", None)
    answer = engine.search(Query(words="red sofa", shopper="ann"))
    assert answer.hits[0].listing.listing_id == "red-sofa"
    assert answer.degraded == ("taste",)
    feed = engine.recommend(FeedRequest("ann", limit=5))
    assert len(feed.hits) == 5
    assert feed.degraded == ("taste",)
    monkeypatch.undo()
    assert engine.recommend(FeedRequest("ann", limit=5)).degraded == ()


def reachable(thing: object, seen: set[int]) -> Iterator[str]:
    """Every text that can be reached from `thing` by attributes and items."""
    if id(thing) in seen or isinstance(thing, int | float | np.ndarray | type):
        return
    seen.add(id(thing))
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, dict):
        for key, value in list(thing.items()):
            yield from reachable(key, seen)
            yield from reachable(value, seen)
    elif isinstance(thing, list | tuple | set | frozenset):
        for value in list(thing):
            yield from reachable(value, seen)
    elif type(thing).__module__.startswith(("bowerbird", "collections")):
        names = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
        values = [getattr(thing, name, None) for name in names]
        for value in [*values, *vars(thing).values()] if hasattr(thing, "__dict__") else values:
            yield from reachable(value, seen)


def test_after_erasing_nothing_in_memory_or_on_disk_names_the_shopper(
    engine: Engine, stores: EventStores, tell: Log, settings: Settings
):
    from bowerbird.jobs.erase_shopper import erase_shopper

    shopper, session = "shopper-to-be-erased", "session-to-be-erased"
    engine.tastes.refresh()
    tell(
        event("view", "red-sofa", 1, shopper, session),
        event("view", "blue-sofa", 2, None, session),
        event("hide", "pink-sofa", 3, shopper, None),
        event("view", "pink-lamp", 3, "ben", None),
    )
    engine.tastes.refresh()
    engine.recommend(FeedRequest(shopper, session, limit=5))
    engine.recommend(FeedRequest(None, session, limit=5))
    engine.search(Query(words="sofa", shopper=shopper, session=session, limit=2))
    held = [text for text in reachable(engine, set()) if "to-be-erased" in text]
    assert any(shopper in text for text in held)
    assert any(session in text for text in held)
    erase_shopper(stores, shopper, forget=engine.forget, pause=lambda _: None)
    assert [text for text in reachable(engine, set()) if "to-be-erased" in text] == []
    assert engine.taste("ben", None).is_known
    assert not engine.taste(shopper, session).is_known
    engine.forget(shopper, [session])  # that they were asked for again is remembered too
    for path in settings.home.glob("catalogue.db*"):
        assert b"to-be-erased" not in path.read_bytes()


def test_who_is_erased_by_another_process_is_forgotten_too(engine: Engine, stores: EventStores, tell: Log):
    engine.tastes.refresh()
    tell(event("view", "red-sofa", 1), event("view", "red-sofa", 1, None, "s1"))
    feed = engine.recommend(FeedRequest("ann", limit=5))
    assert feed.personal
    stores.shoppers.erase("ann")
    engine.tastes.refresh()
    assert "ann" not in set(reachable(engine.tastes, set()))
    assert not any("ann" in text.split() for text in reachable(engine.feeds, set()))
    assert not engine.taste("ann", None).is_known


def test_a_started_engine_follows_by_itself(settings: Settings, stores: EventStores):
    import time

    with closing(open_engine(load_settings(settings.home, index={"poll_seconds": 0.02}))) as engine:
        engine.start()
        stores.log.append([event("view", "red-sofa", 1)])
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            market = engine.tastes.market
            if market is not None and market.sequence == 1 and engine.taste("ann", None).is_known:
                break
            time.sleep(0.02)
        assert engine.tastes.market.sequence == 1
        assert engine.taste("ann", None).visits == ("red-sofa",)
        assert engine.tastes.last_error is None
