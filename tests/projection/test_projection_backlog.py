"""What a process itself changes is searchable at once, however much it has still to follow or to build."""

import dataclasses
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest

from bowerbird.engine import Engine
from bowerbird.errors import NotFoundError, UnavailableError
from bowerbird.market.listing import Listing, Photo, Status
from bowerbird.market.query import Query
from bowerbird.projection.projection import FOLLOWED_AT_ONCE
from bowerbird.settings import Settings, load_settings, write_settings

OpenHome: TypeAlias = Callable[[Settings], Engine]
# A photo that no store has: whoever follows the catalogue can go no further than its listing.
LOST = Listing("lost", "Bronze drum", photos=(Photo("p", "a" * 64, "0" * 16, 10, 10),))


def found(engine: Engine, words: str) -> list[str]:
    engine.projection.current.commit()
    return engine.matching_ids(Query(words=words))


def test_own_changes_do_not_wait_for_those_of_others(engine: Engine):
    engine.stores.catalogue.upsert([LOST])
    engine.upsert([Listing("harp", "Golden harp")])
    assert found(engine, "harp")[:1] == ["harp"]
    engine.upsert([Listing("harp", "Golden harp", status=Status.SOLD)])
    engine.delete(["red-sofa"])
    assert "harp" not in engine.matching_ids(Query())
    assert "red-sofa" not in engine.matching_ids(Query())
    with pytest.raises(NotFoundError):
        engine.projection.refresh()
    assert "harp" not in engine.matching_ids(Query())


def test_what_was_taken_ahead_is_passed_over_in_its_turn(engine: Engine):
    catalogue, current = engine.stores.catalogue, engine.projection.current
    catalogue.upsert([Listing("drum", "Bronze drum")])
    engine.upsert([Listing("harp", "Golden harp")])
    assert current.ahead.keys() == {"harp"}
    rows = current.index.fresh_rows
    assert engine.projection.refresh() == 2
    assert current.ahead == {}
    assert current.index.fresh_rows == rows + 1  # the drum's alone
    assert current.revision == catalogue.revision()
    assert found(engine, "drum")[:1] == ["drum"]


def test_a_state_that_was_read_before_a_change_does_not_undo_it(engine: Engine):
    catalogue, current = engine.stores.catalogue, engine.projection.current
    catalogue.upsert([Listing("harp", "Golden harp")])
    read = catalogue.changes_since(current.revision, 10)
    engine.upsert([Listing("harp", "Golden harp", status=Status.SOLD)])
    current.follow(read, engine.stores)  # as a tail that had read it and was slow
    assert "harp" not in engine.matching_ids(Query())
    engine.projection.refresh()
    assert current.ahead == {}
    assert "harp" not in engine.matching_ids(Query())


def test_a_change_by_another_process_on_top_of_an_own_one_counts(engine: Engine):
    catalogue = engine.stores.catalogue
    catalogue.upsert([Listing("drum", "Bronze drum")])
    engine.upsert([Listing("harp", "Golden harp")])
    catalogue.delete(["harp"])
    engine.projection.refresh()
    assert engine.projection.current.ahead == {}
    assert "harp" not in engine.matching_ids(Query())


def test_while_a_generation_is_built_changes_are_searchable_within_a_second(home: Path, open_home: OpenHome):
    write_settings(
        load_settings(home), index={"poll_seconds": 0.05, "compact_after_rows": 1, "compact_after": 0.01}
    )
    with closing(open_home(load_settings(home))) as engine:
        stalled, going_on = threading.Event(), threading.Event()

        class Stalling(type(engine.stores.generations)):
            """A disk that takes its time to publish."""

            def publish(self, *given, **named):
                stalled.set()
                assert going_on.wait(20)
                return super().publish(*given, **named)

        engine.stores.generations.__class__ = Stalling
        first = engine.projection.current.generation.name
        engine.projection.start()
        try:
            engine.upsert([Listing("lute", "Golden lute")])
            assert stalled.wait(20)
            engine.stores.catalogue.upsert([Listing("harp", "Golden harp")])  # by another process
            end = time.monotonic() + 5
            while engine.matching_ids(Query(words="harp"))[:1] != ["harp"]:
                assert time.monotonic() < end
                time.sleep(0.02)
            assert engine.projection.current.generation.name == first
        finally:
            going_on.set()
        end = time.monotonic() + 20
        while engine.projection.current.generation.name == first:
            assert time.monotonic() < end
            time.sleep(0.02)
        assert {"harp", "lute"} <= set(engine.matching_ids(Query()))


def test_a_generation_that_cannot_be_opened_leaves_no_working_copy_behind(engine: Engine, settings: Settings):
    engine.projection.compact()
    before = sorted(path.name for path in (settings.home / "index").glob(".working-*"))
    engine.stores.catalogue.upsert([LOST])
    newest = engine.stores.generations.newest()
    for _ in range(3):
        with pytest.raises(NotFoundError):
            engine.projection._opened(newest)
    columns = newest.folder / "columns.npz"
    columns.rename(columns.with_name("mislaid"))
    with pytest.raises(FileNotFoundError):
        engine.projection._opened(newest)
    assert sorted(path.name for path in (settings.home / "index").glob(".working-*")) == before


def test_closing_ends_a_build(engine: Engine, settings: Settings):
    engine.projection._stopping.set()
    with pytest.raises(UnavailableError, match="closed while a generation was built"):
        engine.projection.compact()
    assert not list((settings.home / "index").glob(".staging-*"))
    engine.projection._stopping.clear()


def test_a_long_backlog_is_searchable_piece_by_piece(engine: Engine):
    crowd = [Listing(f"crowd-{number}", f"Chipboard shelf {number}") for number in range(200)]
    engine.stores.catalogue.upsert([*crowd, LOST])
    with pytest.raises(NotFoundError):
        engine.projection.refresh()
    whole_pieces = len(crowd) - len(crowd) % FOLLOWED_AT_ONCE
    assert len(_having(engine, "chipboard")) == whole_pieces
    engine.upsert([dataclasses.replace(LOST, photos=())])
    assert engine.projection.refresh() == len(crowd) + 1 - whole_pieces
    assert len(_having(engine, "chipboard")) == len(crowd)


def _having(engine: Engine, word: str) -> list[int]:
    return list(engine.projection.current.index.keywords.search(word, limit=1000).ranked.rows)
