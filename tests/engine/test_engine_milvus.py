"""The whole engine over milvus-lite answers as over FAISS, and leaves nothing behind in Milvus."""

import dataclasses
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from secrets import token_hex

import numpy as np
import pytest

import known_market
from bowerbird.assembly import open_engine, open_generations, open_stores
from bowerbird.engine import Engine
from bowerbird.errors import InputError, MismatchError
from bowerbird.indexing.milvus_settings import collections_of
from bowerbird.jobs.doctor import Verdict, examine
from bowerbird.jobs.index_market import index_market
from bowerbird.market.listing import Listing, Price, Status
from bowerbird.market.query import Filters, Query, Sort
from bowerbird.progress import Silent
from bowerbird.projection.build import build_generation
from bowerbird.settings import Settings, described_settings, load_settings, write_settings
from bowerbird.stages import projection_settings
from market_homes import MarketHomes
from milvus_servers import lite_uri

FLAT = {"index_type": "FLAT", "index_parameters": {}, "gather_limit": 1}
PHOTO = np.asarray(known_market.draw("red-bicycle", seed=3))
QUERIES = [
    Query(words="red sofa"),
    Query(words="something to sit on"),
    Query(photo=PHOTO),
    Query(words="blue", photo=PHOTO),
    Query(photo=PHOTO, filters=Filters(category="Home & Garden", price_max=100)),
    Query(words="bike", filters=Filters(place="leeds", price_min=50), sort=Sort.PRICE_ASC),
    Query(photo=PHOTO, filters=Filters(seller="seller-3")),
]


def indexed_into_milvus(home: Path) -> Settings:
    """The settings of `home`, whose vectors are in milvus-lite from here on."""
    into = {"uri": lite_uri(), "prefix": f"m{token_hex(4)}", **FLAT}
    write_settings(load_settings(home), index={"vector_index": "milvus", "keep_generations": 1}, milvus=into)
    settings = load_settings(home)
    index_market(settings, Silent())
    return settings


@pytest.fixture(autouse=True)
def _beside_files(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--vectors") == "milvus":
        pytest.skip("these set homes whose vectors are in files beside those in Milvus")


@pytest.fixture(scope="module")
def milvus_home(
    indexed_home: Path, homes: MarketHomes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A copy of the known market's home, indexed into milvus-lite; read only."""
    home = homes.copy(indexed_home, tmp_path_factory.mktemp("milvus") / "home")
    indexed_into_milvus(home)
    yield home
    homes.remove(home)


@pytest.fixture(scope="module")
def milvus_engine(milvus_home: Path) -> Iterator[Engine]:
    with closing(open_engine(load_settings(milvus_home))) as engine:
        yield engine


def collections(settings: Settings) -> set[str]:
    """Those in Milvus that are this home's own."""
    from bowerbird.indexing.milvus_collection import connected

    cluster = settings.milvus_cluster
    assert cluster is not None
    return {name for name in connected(cluster).list_collections() if cluster.owns(name)}


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_answers_are_those_over_faiss(milvus_engine: Engine, known_engine: Engine, number: int):
    over_milvus, over_faiss = milvus_engine.search(QUERIES[number]), known_engine.search(QUERIES[number])
    assert over_faiss.hits
    assert [(hit.listing.listing_id, hit.score) for hit in over_milvus.hits] == [
        (hit.listing.listing_id, hit.score) for hit in over_faiss.hits
    ]
    assert over_milvus.total == over_faiss.total


def test_similar_listings_are_those_over_faiss(milvus_engine: Engine, known_engine: Engine):
    for listing_id in ("red-sofa", "white-kettle"):
        over_milvus, over_faiss = milvus_engine.similar(listing_id), known_engine.similar(listing_id)
        assert [hit.listing.listing_id for hit in over_milvus.hits] == [
            hit.listing.listing_id for hit in over_faiss.hits
        ]


def test_aliases_mean_the_collections_of_the_newest_generation(milvus_home: Path):
    from bowerbird.indexing.milvus_collection import connected

    settings = load_settings(milvus_home)
    client, prefix = connected(settings.milvus_cluster), settings.milvus.prefix
    newest = open_generations(settings).newest()
    assert newest is not None
    meant = {client.describe_alias(f"{prefix}_{part}")["collection_name"] for part in ("texts", "photos")}
    assert meant == collections_of(newest.folder) == collections(settings)


def test_changes_are_seen_at_once_and_dead_rows_leave_milvus(home: Path):
    settings = indexed_into_milvus(home)
    with closing(open_engine(settings)) as engine:
        texts = engine.projection.current.index.texts.main.collection
        assert len(texts) == 48
        engine.upsert([Listing("canoe", "Orange canoe", price=Price(5000, "GBP"), place="Leeds")])
        engine.upsert([dataclasses.replace(engine.listing("red-sofa"), status=Status.SOLD)])
        engine.delete(["blue-sofa"])
        assert not {"red-sofa", "blue-sofa"} & found(engine, "sofa")
        engine.projection.refresh()
        assert "canoe" in found(engine, "orange canoe")
        assert len(texts) == 46
        was = collections(settings)
        engine.projection.compact()
        assert "canoe" in found(engine, "orange canoe")
        assert not {"red-sofa", "blue-sofa"} & found(engine, "sofa")
        assert not was & collections(settings)  # one generation is kept, and nothing of older ones
        assert len(engine.projection.current.index.texts.main.collection) == 48


def found(engine: Engine, words: str) -> set[str]:
    return {hit.listing.listing_id for hit in engine.search(Query(words=words, limit=50)).hits}


def test_a_build_that_fails_leaves_nothing_in_milvus(milvus_home: Path):
    settings = load_settings(milvus_home)
    before = collections(settings)

    def fail(_listings: int) -> None:
        raise KeyboardInterrupt

    with closing(open_stores(settings)) as stores, pytest.raises(KeyboardInterrupt):
        build_generation(stores, projection_settings(settings), fail)
    assert collections(settings) == before


def test_the_doctor_says_what_milvus_holds(milvus_home: Path, home: Path):
    settings = load_settings(milvus_home)
    check = examine(settings, ["index"])[0]
    assert check.verdict is Verdict.OK
    assert "48 texts in m" in check.seen
    assert "48 photos in m" in check.seen
    nowhere = {"uri": str(home / "other.db"), "prefix": settings.milvus.prefix, **FLAT}
    write_settings(load_settings(home), index={"vector_index": "milvus"}, milvus=nowhere)
    check = examine(load_settings(home), ["index"])[0]
    assert (check.verdict, check.advice) == (Verdict.WARNING, "run `bowerbird index`")
    assert "its vectors are in files" in check.seen
    shutil.rmtree(home / "index")
    shutil.copytree(milvus_home / "index", home / "index")
    check = examine(load_settings(home), ["index"])[0]
    assert check.verdict is Verdict.FAILED
    assert "has no collection m" in check.seen
    assert "run `bowerbird index`" in check.advice


def test_a_cluster_that_is_not_named_is_asked_for(home: Path, milvus_home: Path):
    write_settings(load_settings(home), index={"vector_index": "milvus"})
    with pytest.raises(InputError, match=r"milvus\.uri is empty"):
        projection_settings(load_settings(home))
    write_settings(load_settings(home), index={"vector_index": "auto"})
    shutil.rmtree(home / "index")
    shutil.copytree(milvus_home / "index", home / "index")
    with pytest.raises(MismatchError, match=r"set index\.vector_index to another than milvus"):
        open_engine(load_settings(home))


def test_the_token_is_not_shown(home: Path):
    write_settings(load_settings(home), milvus={"token": "root:very-secret"})
    settings = load_settings(home)
    assert "very-secret" not in repr(settings)
    assert "very-secret" not in str(described_settings(settings))
    assert settings.milvus.token.get_secret_value() == "root:very-secret"
