"""Search in a personal order: what a shopper's events move, what stays, and what is kept of it."""

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from bowerbird.assembly import open_engine
from bowerbird.engine import Engine
from bowerbird.errors import InputError
from bowerbird.market.event import Event, EventType
from bowerbird.market.query import Query, Sort
from bowerbird.ranking.answer import Answer
from bowerbird.ranking.features import FEATURES
from bowerbird.ranking.page_record import PageRecord
from bowerbird.settings import load_settings

NOW = datetime(2026, 2, 1, tzinfo=UTC)
RED = Query(words="red", limit=8)


def ids(answer: Answer) -> list[str]:
    return [hit.listing.listing_id for hit in answer.hits]


def pages(engine: Engine, query: Query) -> Iterator[list[str]]:
    while True:
        answer = engine.search(query)
        yield ids(answer)
        if answer.next_cursor is None:
            return
        query = dataclasses.replace(query, cursor=answer.next_cursor)


def look(engine: Engine, shopper: str, *listings: str, kind: EventType = EventType.VIEW) -> None:
    events = [Event(f"{shopper}-{kind}-{one}", kind, one, NOW, shopper=shopper) for one in listings]
    engine.received([one for one in engine.tastes.stores.log.append(events) if one is not None])


@pytest.fixture
def fan(engine: Engine) -> str:
    """A shopper who looks at guitars of every colour but red."""
    look(engine, "fan", "blue-guitar", "green-guitar", "pink-guitar", "white-guitar", "black-guitar")
    return "fan"


def test_an_unknown_shopper_finds_what_nobody_in_particular_finds(engine: Engine):
    nobody = engine.search(RED)
    stranger = engine.search(dataclasses.replace(RED, shopper="stranger", session="new"))
    assert ids(nobody) == ids(stranger)
    assert [hit.score for hit in nobody.hits] == [hit.score for hit in stranger.hits]
    assert nobody.ranker == "untrained"


def test_what_a_shopper_looks_at_comes_further_up_at_once(engine: Engine):
    query = dataclasses.replace(RED, shopper="fan")
    before = ids(engine.search(query)).index("red-guitar")
    look(engine, "fan", "blue-guitar", "green-guitar", "pink-guitar", "white-guitar", "black-guitar")
    after = engine.search(query)
    assert ids(after).index("red-guitar") < before
    assert after.total == engine.search(RED).total
    scores = [hit.score for hit in after.hits]
    assert scores == sorted(scores, reverse=True)


def test_what_is_hidden_comes_last(engine: Engine):
    first = ids(engine.search(RED))[0]
    look(engine, "fan", first, kind=EventType.HIDE)
    everything = [one for page in pages(engine, dataclasses.replace(RED, shopper="fan")) for one in page]
    assert everything[-1] == first


def test_pages_in_a_personal_order_are_disjoint_and_whole_while_taste_moves(engine: Engine, fan: str):
    query = dataclasses.replace(RED, shopper=fan, limit=3)
    expected = engine.matching_ids(query)
    found: list[str] = []
    for page in pages(engine, query):
        found += page
        look(engine, fan, page[-1])  # moves the order of a new search, not of this one
    assert found == expected


def test_a_cursor_belongs_to_its_shopper(engine: Engine, fan: str):
    cursor = engine.search(dataclasses.replace(RED, shopper=fan, limit=3)).next_cursor
    assert cursor is not None
    for other in (None, "somebody"):
        with pytest.raises(InputError, match="another shopper's"):
            engine.search(dataclasses.replace(RED, shopper=other, limit=3, cursor=cursor))
    by_price = dataclasses.replace(RED, shopper=fan, limit=3, sort=Sort.PRICE_ASC)
    cursor = engine.search(by_price).next_cursor
    assert engine.search(dataclasses.replace(by_price, shopper=None, cursor=cursor)).hits


@pytest.mark.parametrize("query", [Query(), Query(words="red", sort=Sort.PRICE_ASC), Query(sort=Sort.NEWEST)])
def test_another_order_and_no_question_are_nobodys_to_rank(engine: Engine, fan: str, query: Query):
    personal = engine.search(dataclasses.replace(query, shopper=fan))
    assert ids(personal) == ids(engine.search(query))
    assert (personal.ranker, personal.features) == (None, None)


def test_an_explanation_adds_up_to_the_score(engine: Engine, fan: str):
    answer = engine.search(dataclasses.replace(RED, shopper=fan, explain=True))
    for hit in answer.hits:
        assert hit.parts is not None
        assert sum(hit.parts.values()) == pytest.approx(hit.score, rel=1e-4)
        assert set(hit.parts) == {"fusion_score", "taste"}
    assert all(hit.parts is None for hit in engine.search(RED).hits)


def test_the_features_served_are_kept_for_the_log(engine: Engine, fan: str):
    answer = engine.search(dataclasses.replace(RED, shopper=fan))
    assert answer.features is not None
    record = PageRecord.decode(answer.features)
    assert record.ranker == answer.ranker == "untrained"
    assert record.features.shape == (len(answer.hits), len(FEATURES))
    shares = record.features[:, FEATURES.index("leaf_share")]
    assert shares[ids(answer).index("red-guitar")] == 1.0


def test_shares_and_interleaving_are_settings(home):
    settings = load_settings(home, ranking={"shares": {"untrained+fusion": 1.0}, "swap_probability": 0.5})
    with closing(open_engine(settings)) as engine:
        look(engine, "fan", "blue-guitar", "green-guitar", "pink-guitar")
        query = dataclasses.replace(RED, shopper="fan", limit=3)
        answer = engine.search(query)
        assert answer.ranker == "untrained+fusion"
        assert answer.features is not None
        assert set(PageRecord.decode(answer.features).teams) == {0, 1}
        found = [one for page in pages(engine, query) for one in page]
        assert sorted(found) == sorted(engine.matching_ids(query))
        assert len(set(found)) == len(found)


def test_a_ranker_that_is_not_there_degrades_the_answer(home):
    with closing(open_engine(load_settings(home, ranking={"shares": {"0123abcd": 1.0}}))) as engine:
        answer = engine.search(RED)
    assert answer.degraded == ("ranking",)
    assert answer.ranker == "untrained"


def test_shares_that_cannot_be_used_are_refused_at_the_start(home):
    with pytest.raises(InputError, match=r"ranking\.shares"):
        open_engine(load_settings(home, ranking={"shares": {}}))
