"""A kept taste equals the one drawn anew, and goes when its shopper, their listings or the index change."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bowerbird.assembly import open_event_stores
from bowerbird.engine import Engine
from bowerbird.market.event import Event, EventType
from bowerbird.projection.attentions import Whose
from bowerbird.projection.kept_tastes import DrawnFrom, KeptTastes
from bowerbird.settings import Settings
from bowerbird.taste.shopper_taste import UNKNOWN_TASTE

YESTERDAY = datetime.now(UTC) - timedelta(days=1)
ANN, BOB, HERE = Whose("ann"), Whose("bob"), Whose("here", True)


def look(listing: str, minute: int, shopper: str | None = "ann", session: str | None = None) -> Event:
    time = YESTERDAY + timedelta(minutes=minute)
    return Event(f"{listing}-{shopper}-{session}-{minute}", EventType.VIEW, listing, time, shopper, session)


@pytest.fixture
def tell(engine: Engine, settings: Settings):
    """Log events and tell the engine, as the server does."""
    with closing(open_event_stores(settings)) as stores:

        def told(*events: Event) -> None:
            engine.received([one for one in stores.log.append(events) if one is not None])

        yield told


def test_a_taste_is_drawn_once(engine: Engine, tell):
    tell(look("red-sofa", 1), look("blue-guitar", 2), look("red-tent", 3, None, "here"))
    for shopper, session in (("ann", None), ("ann", "here"), (None, "here")):
        taste = engine.taste(shopper, session)
        assert engine.taste(shopper, session) is taste
        drawn = engine.tastes.taste_of(engine.tastes.attention(shopper, session))
        assert (drawn.visits, drawn.strengths) == (taste.visits, taste.strengths)
        assert [one.face for one in drawn.interests] == [one.face for one in taste.interests]
    assert engine.taste("bob", None) is UNKNOWN_TASTE


def test_it_changes_with_what_is_done_and_with_the_listings(engine: Engine, tell):
    tell(look("red-sofa", 1), look("blue-sofa", 2))
    before = engine.taste("ann", None)
    tell(look("red-guitar", 3))
    more = engine.taste("ann", None)
    assert more.visits == (*before.visits, "red-guitar")
    sofa = engine.listing("red-sofa")
    engine.upsert([replace(sofa, category=("Garden", "Benches"))])
    moved = engine.taste("ann", None)
    assert "Garden / Benches" in moved.leaves
    assert "Garden / Benches" not in more.leaves


def test_it_goes_with_its_shopper(engine: Engine, tell):
    tell(look("red-sofa", 1), look("red-tent", 2, None, "here"))
    both = engine.taste("ann", "here")
    engine.forget("ann", ["here"])
    assert engine.taste("ann", "here") is not both


def test_nothing_is_kept_of_whom_was_forgotten_meanwhile(engine: Engine):
    tastes, drawn = KeptTastes(2), DrawnFrom.of(engine.projection.current.index, ())
    forgotten = tastes.forgotten
    tastes.forget([ANN])
    tastes.keep((ANN,), drawn, UNKNOWN_TASTE, forgotten)
    assert tastes.get((ANN,), drawn) is None
    tastes.keep((ANN, HERE), drawn, UNKNOWN_TASTE, tastes.forgotten)
    tastes.forget([HERE])
    assert tastes.get((ANN, HERE), drawn) is None


def test_the_latest_are_kept(engine: Engine):
    tastes, drawn = KeptTastes(2), DrawnFrom.of(engine.projection.current.index, ())
    for whose in (ANN, BOB):
        tastes.keep((whose,), drawn, UNKNOWN_TASTE, tastes.forgotten)
    assert tastes.get((ANN,), drawn) is UNKNOWN_TASTE
    tastes.keep((HERE,), drawn, UNKNOWN_TASTE, tastes.forgotten)
    assert tastes.get((BOB,), drawn) is None
    assert tastes.get((ANN,), drawn) is UNKNOWN_TASTE
    tastes.clear()
    assert tastes.get((ANN,), drawn) is None
