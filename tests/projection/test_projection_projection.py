"""What a process serves equals what a rebuild would serve, whatever changed and whoever published."""

import dataclasses
import logging
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest
from sqlalchemy import text

import known_market
from bowerbird.assembly import database_url, open_engine
from bowerbird.engine import Engine
from bowerbird.errors import MismatchError, UnavailableError
from bowerbird.jobs.index_market import IndexReport, index_market
from bowerbird.market.listing import Listing, Price, Status
from bowerbird.market.query import Query, Sort
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings, write_settings
from bowerbird.storage.database import open_database
from bowerbird.storage.listing_vectors import EncodedCounts

OpenHome: TypeAlias = Callable[[Settings], Engine]
RED_SOFA_PHOTO = np.asarray(known_market.draw("red-sofa", seed=3))
QUERIES = (
    Query(words="red sofa"),
    Query(words="guitar"),
    Query(words="something to sleep in outdoors"),
    Query(words="walnut cabinet", sort=Sort.PRICE_ASC),
    Query(photo=RED_SOFA_PHOTO),
    Query(words="sofa", photo=RED_SOFA_PHOTO),
)
WORDS = ("Red velvet sofa", "Walnut cabinet", "Blue guitar with case", "Camping stove", "Brass kettle")


def answers(engine: Engine) -> list[list[str]]:
    """The whole match set of each query, in an order that no row number decides.

    Listings with equal scores come in the order of their rows, which a rebuild gives anew.
    """
    found = []
    for query in QUERIES:
        limited = dataclasses.replace(query, limit=200)
        hits = engine.search(limited).hits
        keys = [(-round(hit.score, 6), hit.listing.listing_id) for hit in hits]
        found.append(
            [listing_id for _, listing_id in (sorted(keys) if query.sort is Sort.RELEVANCE else keys)]
        )
    return found


def change_at_random(engine: Engine, rng: np.random.Generator, changes: int) -> None:
    """Upserts of new, changed, sold and unchanged listings, and deletes."""
    photos = engine.listing("blue-lamp").photos
    for _ in range(changes):
        listing_id = str(rng.choice([*known_market.listing_ids()[::3], *(f"new-{n}" for n in range(6))]))
        if rng.random() < 0.25:
            engine.delete([listing_id])
            continue
        listing = Listing(
            listing_id,
            str(rng.choice(WORDS)),
            price=Price(int(rng.integers(1000)), "GBP"),
            status=Status.SOLD if rng.random() < 0.2 else None,
            photos=photos if rng.random() < 0.5 else (),
        )
        engine.upsert([listing])


def test_replay_equals_rebuild(settings: Settings, open_home: OpenHome):
    with closing(open_home(settings)) as engine:
        change_at_random(engine, np.random.default_rng(1), 30)
        engine.projection.refresh()
        live = _exact_sets(engine)
        with closing(open_home(settings)) as replayed:
            assert replayed.projection.current.generation.name == engine.projection.current.generation.name
            assert _exact_sets(replayed) == live
        engine.projection.compact()
        assert engine.projection.current.index.fresh_rows == 0
        rebuilt = _exact_sets(engine)
        assert rebuilt == live
    with closing(open_home(settings)) as reopened:
        assert _exact_sets(reopened) == rebuilt


def _exact_sets(engine: Engine) -> list[set[str]]:
    """What is there, what the keywords and the vectors answer: none of it depends on the calibration."""
    opened = engine.projection.current
    index = opened.index
    allowed = index.allowed(Query().filters)
    ids = index.columns.listing_ids
    vectors = engine.embed_texts([query.words for query in QUERIES if query.words])
    photo = opened.photo_embedder.encode([RED_SOFA_PHOTO])[0]
    lists = [index.search_texts(vector, 10_000, allowed) for vector in vectors]
    lists.append(index.search_photos(photo, 10_000, allowed))
    found = [
        {f"{ids[row]} {score:.3f}" for row, score in zip(one.rows, one.scores, strict=True)} for one in lists
    ]
    for query in QUERIES:
        matched = index.keywords.search(query.words, limit=10_000, allowed=allowed).ranked
        found.append({ids[row] for row in matched.rows})
    found.append({ids[row] for row in np.flatnonzero(allowed)})
    return found


def test_two_processes_that_replay_the_same_answer_the_same(settings: Settings, open_home: OpenHome):
    with closing(open_home(settings)) as one, closing(open_home(settings)) as other:
        change_at_random(one, np.random.default_rng(5), 15)
        one.projection.refresh()
        other.projection.refresh()
        assert answers(one) == answers(other)


def test_a_newer_generation_of_another_process_is_taken_up(settings: Settings, open_home: OpenHome):
    with closing(open_home(settings)) as engine:
        assert not engine.projection.swap_if_newer()
        first = engine.search(Query(words="red", limit=3))
        engine.upsert([Listing("harp", "Golden harp")])
        with closing(open_home(settings)) as other:
            published = other.projection.compact().name
        assert engine.projection.current.generation.name != published
        assert engine.projection.swap_if_newer()
        assert engine.projection.current.generation.name == published
        assert not engine.projection.swap_if_newer()
        assert engine.projection.current.index.fresh_rows == 0
        assert engine.matching_ids(Query(words="harp"))[0] == "harp"
        rest = engine.search(Query(words="red", limit=200, cursor=first.next_cursor))
        whole = engine.matching_ids(Query(words="red"))
        shown = [hit.listing.listing_id for hit in (*first.hits, *rest.hits)]
        assert sorted(shown) == sorted(whole)


def test_an_import_by_another_process_shows_up(engine: Engine, settings: Settings, open_home: OpenHome):
    with closing(open_home(settings)) as other:
        other.upsert([Listing("harp", "Golden harp")])
        other.delete(["red-sofa"])
    assert engine.projection.refresh() == 2
    assert engine.projection.refresh() == 0
    assert engine.matching_ids(Query(words="harp"))[0] == "harp"
    assert "red-sofa" not in engine.matching_ids(Query(words="red sofa"))


@pytest.fixture
def index_with_another_encoder(home: Path) -> Callable[[], IndexReport]:
    """Gives the text network another preparation, hence another fingerprint, and indexes the home."""

    def index() -> IndexReport:
        config = next((home / "models" / "text").iterdir()) / "config.json"
        config.write_text(config.read_text().replace('"max_length": 128', '"max_length": 64'))
        return index_market(load_settings(home), Silent())

    return index


def test_an_index_of_other_encoders_is_refused_and_the_message_says_what_to_run(
    home: Path, index_with_another_encoder: Callable[[], IndexReport]
):
    models = shutil.copytree(home / "models" / "text", home / "kept")
    report = index_with_another_encoder()
    assert report.encoded == EncodedCounts(texts=len(known_market.listing_ids()), photos=0)
    shutil.rmtree(home / "models" / "text")
    models.rename(home / "models" / "text")
    with pytest.raises(MismatchError, match=r"made by encoders .*run `bowerbird index`"):
        open_engine(load_settings(home))
    assert index_market(load_settings(home), Silent()).encoded == EncodedCounts()
    with closing(open_engine(load_settings(home))) as engine:
        assert engine.matching_ids(Query(words="red sofa"))[0] == "red-sofa"


def test_a_generation_of_other_encoders_is_refused_once_and_the_old_one_served_on(
    engine: Engine, index_with_another_encoder: Callable[[], IndexReport]
):
    served = engine.projection.current.generation.name
    index_with_another_encoder()
    with pytest.raises(MismatchError, match="made by encoders"):
        engine.projection.swap_if_newer()
    assert not engine.projection.swap_if_newer()
    assert engine.projection.current.generation.name == served
    engine.upsert([Listing("harp", "Golden harp")])
    engine.projection.refresh()
    assert engine.matching_ids(Query(words="harp"))[0] == "harp"


@pytest.mark.parametrize("victim", ["texts/vectors.npy", "manifest.json"])
def test_a_broken_newest_generation_gives_way_to_the_one_before(
    settings: Settings, victim: str, open_home: OpenHome
):
    with closing(open_home(settings)) as engine:
        older = engine.projection.current.generation.name
        engine.upsert([Listing("harp", "Golden harp")])
        engine.delete(["red-sofa"])
        newer = engine.projection.compact()
    broken = newer.folder / victim
    broken.write_bytes(broken.read_bytes()[:-7])
    with closing(open_home(settings)) as engine:
        assert engine.projection.current.generation.name == older
        assert engine.matching_ids(Query(words="harp"))[0] == "harp"
        assert "red-sofa" not in engine.matching_ids(Query())


def test_a_broken_generation_is_looked_at_once_and_not_at_every_poll(
    settings: Settings, caplog: pytest.LogCaptureFixture, open_home: OpenHome
):
    with closing(open_home(settings)) as engine:
        newer = engine.projection.compact()
    (newer.folder / "columns.json").write_bytes(b"{}")
    with closing(open_home(settings)) as engine:
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert not any(engine.projection.swap_if_newer() for _ in range(5))
        assert len(caplog.records) <= 1
        # What is published after the broken one is taken up all the same.
        with closing(open_home(settings)) as other:
            published = other.projection.compact().name
        assert engine.projection.swap_if_newer()
        assert engine.projection.current.generation.name == published


def test_a_home_that_was_never_indexed_is_indexed_at_the_first_start(settings: Settings, open_home: OpenHome):
    shutil.rmtree(settings.home / "index")
    with closing(open_home(settings)) as engine:
        assert engine.matching_ids(Query(words="red sofa"))[0] == "red-sofa"


def test_an_empty_market_is_served_and_fills(settings: Settings, open_home: OpenHome):
    with closing(open_home(settings)) as engine:
        engine.delete(known_market.listing_ids())
        engine.projection.compact()
    with closing(open_home(settings)) as engine:
        assert engine.search(Query(words="red sofa", facets=("category", "price"))).total == 0
        assert engine.search(Query(photo=RED_SOFA_PHOTO)).total == 0
        engine.upsert([Listing("harp", "Golden harp")])
        engine.projection.refresh()
        assert engine.matching_ids(Query(words="harp")) == ["harp"]


def test_compaction_is_due_once_both_the_rows_and_their_share_are_large(home: Path, open_home: OpenHome):
    write_settings(load_settings(home), index={"compact_after_rows": 6, "compact_after": 0.2})
    with closing(open_home(load_settings(home))) as engine:
        due = []
        for number in range(14):
            engine.upsert([Listing(f"new-{number}", "Walnut cabinet")])
            due.append(engine.projection.compaction_is_due)
        # 48 listings were built in: n new ones are a fifth of 48 + n from 12 on.
        assert due == [number + 1 >= 12 for number in range(14)]
        engine.projection.compact()
        assert not engine.projection.compaction_is_due


def test_a_few_rows_are_not_compacted_however_large_their_share(home: Path, open_home: OpenHome):
    write_settings(load_settings(home), index={"compact_after_rows": 6, "compact_after": 0.001})
    with closing(open_home(load_settings(home))) as engine:
        for number in range(6):
            assert not engine.projection.compaction_is_due
            engine.upsert([Listing(f"new-{number}", "Walnut cabinet")])
        assert engine.projection.compaction_is_due


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether `condition` came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_the_tail_follows_the_catalogue_and_compacts_when_due(home: Path, open_home: OpenHome):
    write_settings(
        load_settings(home), index={"poll_seconds": 0.05, "compact_after_rows": 2, "compact_after": 0.01}
    )
    settings = load_settings(home)
    with closing(open_home(settings)) as engine, closing(open_home(settings)) as other:
        first = engine.projection.current.generation.name
        engine.projection.start()
        other.upsert([Listing("harp", "Golden harp")])
        assert until(lambda: engine.matching_ids(Query(words="harp"))[:1] == ["harp"])
        other.upsert([Listing("lute", "Golden lute"), Listing("lyre", "Golden lyre")])
        assert until(lambda: engine.projection.current.generation.name != first)
        assert engine.matching_ids(Query(words="lyre"))[:1] == ["lyre"]
        assert engine.projection.last_error is None


@contextmanager
def without_listings(settings: Settings) -> Iterator[None]:
    """The catalogue's table of listings is away, as after a botched restore."""

    def rename(name: str, to: str) -> None:
        with closing(open_database(database_url(settings))) as database, database.writing() as connection:
            connection.execute(text(f"ALTER TABLE {name} RENAME TO {to}"))

    rename("listings", "mislaid")
    try:
        yield
    finally:
        rename("mislaid", "listings")


def test_the_tail_outlives_a_catalogue_that_is_away_and_answers_say_so(home: Path, open_home: OpenHome):
    write_settings(load_settings(home), index={"poll_seconds": 0.05})
    settings = load_settings(home)
    with closing(open_home(settings)) as engine:
        engine.projection.start()
        assert engine.projection.last_error is None
        with without_listings(settings):
            assert until(lambda: engine.projection.last_error is not None)
            assert re.search("no such table|does not exist", engine.projection.last_error)
        assert engine.search(Query(words="red sofa")).degraded in ((), ("index",))
        assert until(lambda: engine.projection.last_error is None)
        assert engine.search(Query(words="red sofa")).degraded == ()
        engine.upsert([Listing("harp", "Golden harp")])
        assert until(lambda: engine.matching_ids(Query(words="harp"))[:1] == ["harp"])


def test_an_answer_of_an_index_that_cannot_follow_says_degraded(engine: Engine):
    assert engine.search(Query(words="red sofa")).degraded == ()
    engine.projection.last_error = "the database is away"
    assert engine.search(Query(words="red sofa")).degraded == ("index",)


def test_a_build_that_fails_leaves_nothing_behind(engine: Engine, settings: Settings):
    before = {path.name for path in (settings.home / "index").iterdir()}
    with without_listings(settings):
        for _ in range(3):
            with pytest.raises(UnavailableError):
                engine.projection.compact()
    assert {path.name for path in (settings.home / "index").iterdir()} == before
    assert engine.search(Query(words="red sofa")).total
