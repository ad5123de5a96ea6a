"""Filters that are pushed down to Milvus leave what the bitmap allows; what fails there says what to do."""

import dataclasses
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from bowerbird.errors import MismatchError, NotFoundError, UnavailableError
from bowerbird.indexing.exact_index import ExactIndex
from bowerbird.indexing.milvus_expression import expression, facts_of
from bowerbird.indexing.milvus_settings import MilvusSettings, collection_of
from bowerbird.indexing.vector_file import VectorFileWriter, map_vectors
from bowerbird.indexing.vector_index_settings import VectorIndexSettings
from bowerbird.indexing.vector_storage import VectorStorage
from bowerbird.market.conditions import Between, OneOf
from bowerbird.market.listing import Listing, Price, Status
from bowerbird.market.listing_columns import ListingColumns
from bowerbird.market.query import Filters, Near
from milvus_servers import lite_uri, server_uri

ROWS, DIMENSION = 400, 16
FLAT = {"index_type": "FLAT", "index_parameters": {}}
FILTERS = {
    "nothing asked": Filters(),
    "category": Filters(category="Home"),
    "category that no listing has": Filters(category="Boats"),
    "price": Filters(price_min=0.3, price_max=1.99),
    "place": Filters(place="leeds"),
    "seller": Filters(seller="ann"),
    "sold": Filters(status=Status.SOLD),
    "since": Filters(listed_after=1_700_000_150.5),
    "near": Filters(near=Near(53.8, -1.5, 60)),
    "near the date line": Filters(near=Near(0, 179.9, 200)),
    "all at once": Filters(category="Home", price_max=3, place="Leeds", near=Near(53.8, -1.5, 500)),
}


def drawn_listing(row: int, rng: np.random.Generator) -> Listing:
    known = rng.random(6) < 0.8
    near_leeds = rng.random() < 0.8
    return Listing(
        str(row),
        "sofa",
        category=(("Home", "Chairs"), ("Home",), ("Sports",))[rng.integers(3)] if known[0] else (),
        price=Price(int(rng.integers(0, 400)), "GBP") if known[1] else None,
        place=("Leeds", "Leeds, Yorkshire", "Truro")[rng.integers(3)] if known[2] else None,
        seller_id=("ann", "bob")[rng.integers(2)] if known[3] else None,
        status=list(Status)[rng.integers(len(Status))] if known[4] else None,
        created_at=datetime.fromtimestamp(1_700_000_000 + row, UTC) if known[5] else None,
        latitude=float(rng.normal(53.8 if near_leeds else 0, 0.5)) if known[2] else None,
        longitude=float(rng.normal(-1.5, 0.5) if near_leeds else rng.choice([-179.9, 179.9]))
        if known[2]
        else None,
    )


@pytest.fixture(
    scope="module",
    params=[lite_uri, pytest.param(server_uri, marks=pytest.mark.long)],
    ids=["lite", "server"],
)
def cluster(request) -> MilvusSettings:
    return MilvusSettings(request.param(), prefix="filters", gather_limit=1, consistency="Strong", **FLAT)


@pytest.fixture(scope="module")
def built(cluster, tmp_path_factory):
    """The folder of an index over drawn listings, their columns and vectors."""
    from bowerbird.indexing.milvus_index import MilvusIndexBuilder

    rng, columns = np.random.default_rng(0), ListingColumns()
    columns.extend(drawn_listing(row, rng) for row in range(ROWS))
    vectors = rng.standard_normal((ROWS, DIMENSION))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    folder = tmp_path_factory.mktemp("milvus")
    with closing(MilvusIndexBuilder(folder, "texts", DIMENSION, cluster)) as builder:
        for rows in np.array_split(np.arange(ROWS), 3):
            builder.add(vectors[rows], facts_of(columns, rows))
        builder.finish()
    return folder, columns, vectors


@pytest.fixture(scope="module")
def index(built, cluster):
    from bowerbird.indexing.milvus_index import MilvusIndex

    return MilvusIndex.load(built[0], cluster)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filtered_search_answers_as_a_scan_of_the_bitmap(index, built, name):
    _, columns, vectors = built
    allowed = FILTERS[name].mask(columns)
    allowed[::7] = False  # rows that died since, of which no condition speaks
    queries = vectors[3:6].astype(np.float32)
    scores, rows = index.search(queries, 5, allowed, lambda: FILTERS[name].conditions(columns))
    expected_scores, expected_rows = ExactIndex.of(vectors).search(queries, 5, allowed)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_array_equal(scores, expected_scores)


@pytest.mark.parametrize("name", FILTERS)
def test_the_server_answers_by_the_conditions_alone_what_the_mask_holds(index, built, name):
    _, columns, vectors = built
    conditions = FILTERS[name].conditions(columns)
    rows = index.collection.propose(vectors[:1].astype(np.float32), ROWS, expression(conditions))[0]
    meant = np.ones(ROWS, bool)
    for condition in conditions:
        meant &= condition.holds(columns)
    assert sorted(rows[rows >= 0]) == np.flatnonzero(meant).tolist()
    assert set(np.flatnonzero(FILTERS[name].mask(columns))) <= set(rows.tolist())


def test_only_the_market_that_made_a_collection_deletes_from_it(built, cluster, index):
    from bowerbird.indexing.milvus_index import MilvusIndex

    folder, _, vectors = built
    of_a_copy = dataclasses.replace(cluster, prefix="copy")
    MilvusIndex.load(folder, of_a_copy).forget(np.arange(10))
    storage = VectorStorage(VectorIndexSettings(), of_a_copy, in_milvus=True)
    storage.drop([collection_of(folder)])
    assert len(index.collection) == ROWS
    index.forget(np.array([ROWS - 1]))
    index.forget(np.array([ROWS - 1]))
    assert len(index.collection) == ROWS - 1
    query = vectors[ROWS - 1 :].astype(np.float32)
    assert index.search(query, 1, np.ones(ROWS, bool))[1][0, 0] != ROWS - 1


def test_an_alias_moves_in_one_step_and_falls_with_its_collection(cluster):
    from bowerbird.indexing.milvus_collection import MilvusCollection, connected

    client, names = connected(cluster), [cluster.new_collection("texts") for _ in range(2)]
    for name in names:
        MilvusCollection(name, cluster).create(DIMENSION)
        MilvusCollection(name, cluster).answer_to("filters_alias")
        assert client.describe_alias("filters_alias")["collection_name"] == name
    for name in names * 2:
        MilvusCollection(name, cluster).drop()
    assert not set(names) & set(client.list_collections())


def test_an_index_of_nothing_finds_nothing(cluster, tmp_path):
    from bowerbird.indexing.milvus_index import MilvusIndex, MilvusIndexBuilder

    with closing(MilvusIndexBuilder(tmp_path, "photos", DIMENSION, cluster)) as builder:
        builder.add(np.empty((0, DIMENSION), np.float32), facts_of(ListingColumns(), np.arange(0)))
        builder.finish()
    index = MilvusIndex.load(tmp_path, cluster)
    scores, rows = index.search(np.ones((2, DIMENSION), np.float32), 3)
    assert (rows == -1).all()
    assert np.isneginf(scores).all()
    index.collection.drop()
    with pytest.raises(MismatchError, match="run `bowerbird index`"):
        MilvusIndex.load(tmp_path, cluster)
    with pytest.raises(NotFoundError, match=r"lacks milvus\.json"):
        MilvusIndex.load(tmp_path / "nowhere", cluster)


def test_a_server_that_is_not_there_is_said():
    pytest.importorskip("pymilvus", reason="pip install 'bowerbird[milvus]' for the tests of Milvus")
    nobody = MilvusSettings("http://127.0.0.1:9", timeout_seconds=1)
    storage = VectorStorage(VectorIndexSettings(), nobody, in_milvus=True)
    with pytest.raises(UnavailableError, match=r"Milvus at http://127\.0\.0\.1:9 failed while connecting"):
        storage.builder(Path(), "texts", DIMENSION)


def test_conditions_are_written_as_milvus_reads_them():
    conditions = [
        OneOf("status", (-1, 0)),
        OneOf("category", ()),
        Between("price_minor", 29.5, 199.5),
        Between("created", 1.5),
        Between("latitude", 53.25, None),
    ]
    assert expression(conditions, [3, 8]) == (
        "status in [-1, 0] and row < 0 and price_minor >= 30 and price_minor <= 199 and created >= 2 "
        "and latitude >= 53.250000 and row not in [3, 8]"
    )
    assert expression([]) == ""
    assert expression([Between("created", -1e300, 1e300)]) == (
        "created >= -9223372036854775807 and created <= 9223372036854775807"
    )


def test_a_file_of_vectors_holds_what_came_batch_by_batch(tmp_path):
    batches = [np.random.default_rng(n).standard_normal((n, 5)).astype(np.float16) for n in (0, 3, 700)]
    with VectorFileWriter(tmp_path, 5) as writer:
        for batch in batches:
            writer.append(batch)
        with pytest.raises(MismatchError, match=r"array of shape \(2, 4\)"):
            writer.append(np.ones((2, 4)))
    np.testing.assert_array_equal(map_vectors(tmp_path), np.concatenate(batches))
