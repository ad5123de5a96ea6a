"""One contract for every vector index, and each against a double loop over the vectors."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.errors import InputError, MismatchError, NotFoundError
from bowerbird.indexing.exact_index import ExactIndex, inner_products
from bowerbird.indexing.faiss_index import FaissIndex
from bowerbird.indexing.growing_index import FRESH_FOLDER, MAIN_FOLDER, GrowingIndex
from bowerbird.indexing.milvus_expression import facts_of
from bowerbird.indexing.milvus_settings import MilvusSettings
from bowerbird.indexing.vector_index import VectorIndex
from bowerbird.indexing.vector_index_settings import VectorIndexSettings
from bowerbird.market.listing import Listing
from bowerbird.market.listing_columns import ListingColumns
from milvus_servers import lite_uri, server_uri

DIMENSION = 32
SCAN_NOTHING = 1  # a gather limit that leaves the work to FAISS


def unit_vectors(count: int, seed: int, dimension: int = DIMENSION) -> np.ndarray:
    """Clustered unit vectors, every tenth a copy of its predecessor, rounded to what float16 holds."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((max(1, count // 50), dimension))
    vectors = centres[rng.integers(0, len(centres), count)] + 0.5 * rng.standard_normal((count, dimension))
    vectors[9::10] = vectors[8::10][: len(vectors[9::10])]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16).astype(np.float32)


def double_loop(vectors, queries, k, allowed=None):
    """The specification: score every allowed row, order by falling score and then by row, cut, pad."""
    all_scores, all_rows = [], []
    for query in queries:
        hits = []
        for row, vector in enumerate(vectors):
            if allowed is None or allowed[row]:
                hits.append((-float(inner_products(query, vector[None])[0]), row))
        hits = sorted(hits)[:k]
        hits += [(np.inf, -1)] * (k - len(hits))
        all_scores.append([-score for score, _ in hits])
        all_rows.append([row for _, row in hits])
    return np.array(all_scores, np.float32), np.array(all_rows)


def faiss_index(kind: str):
    return lambda vectors: FaissIndex.build(
        vectors, VectorIndexSettings(kind=kind, gather_limit=SCAN_NOTHING, nprobe=64, codes="SQ8")
    )


def growing_index(vectors: np.ndarray) -> GrowingIndex:
    split = 2 * len(vectors) // 3
    index = GrowingIndex(FaissIndex.build(vectors[:split]), ExactIndex(vectors.shape[1]))
    for start in range(split, len(vectors), 7):
        index.append(vectors[start : start + 7])
    return index


def milvus_index(uri, **settings):
    """Makes indexes in the Milvus at `uri()`, that must be asked wherever it can be."""

    def make(vectors: np.ndarray) -> VectorIndex:
        from bowerbird.indexing.milvus_index import MilvusIndex, MilvusIndexBuilder

        cluster = MilvusSettings(uri(), gather_limit=SCAN_NOTHING, **settings)
        columns = ListingColumns()
        columns.extend(Listing(str(row), "sofa") for row in range(len(vectors)))
        with (
            TemporaryDirectory() as folder,
            closing(MilvusIndexBuilder(Path(folder), "texts", vectors.shape[1], cluster)) as builder,
        ):
            for rows in np.array_split(np.arange(len(vectors)), 3):
                builder.add(vectors[rows], facts_of(columns, rows))
            builder.finish()
            return MilvusIndex.load(Path(folder), cluster)

    return make


FLAT = {"index_type": "FLAT", "index_parameters": {}}
MAKERS = {
    "exact": ExactIndex.of,
    "exact, float16": lambda vectors: ExactIndex.of(vectors, np.float16),
    "faiss, by size": FaissIndex.build,
    "faiss flat": faiss_index("flat"),
    "faiss hnsw": faiss_index("hnsw"),
    "faiss ivf": faiss_index("ivf"),
    "growing": growing_index,
    "milvus-lite": milvus_index(lite_uri, **FLAT),
    "milvus-lite, filtered here": milvus_index(lite_uri, listed_limit=0, rerank=20, **FLAT),
    "milvus server": milvus_index(server_uri, consistency="Strong", **FLAT),
    "milvus server, HNSW": milvus_index(server_uri, consistency="Strong", rerank=300),
}
NAMES = [pytest.param(name, marks=[pytest.mark.long] * ("server" in name)) for name in MAKERS]
VECTORS = unit_vectors(700, seed=1)
QUERIES = unit_vectors(12, seed=2)


@cache
def index_of(name: str) -> VectorIndex:
    return MAKERS[name](VECTORS)


@pytest.fixture(params=NAMES)
def index(request) -> VectorIndex:
    return index_of(request.param)


def masks() -> dict[str, np.ndarray | None]:
    rng = np.random.default_rng(3)
    return {
        "all": None,
        "every": np.ones(700, bool),
        "half": rng.random(700) < 0.5,
        "twentieth": rng.random(700) < 0.05,
        "one": np.arange(700) == 13,
        "none": np.zeros(700, bool),
    }


@pytest.mark.parametrize("filtered", masks())
@pytest.mark.parametrize("k", [1, 10, 900])
def test_ids_and_scores_are_those_of_a_double_loop(index, filtered, k):
    allowed = masks()[filtered]
    scores, rows = index.search(QUERIES, k, allowed)
    expected_scores, expected_rows = double_loop(VECTORS, QUERIES, k, allowed)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_array_equal(scores, expected_scores)


def test_one_query_at_a_time_answers_as_a_batch(index):
    scores, rows = index.search(QUERIES, 5)
    for i, query in enumerate(QUERIES):
        one_score, one_row = index.search(query[None], 5)
        np.testing.assert_array_equal(one_row[0], rows[i])
        np.testing.assert_array_equal(one_score[0], scores[i])


def test_scores_and_vectors_are_those_of_the_rows_asked_for(index):
    rows = np.array([699, 3, 3, 0])
    np.testing.assert_array_equal(index.vectors(rows), VECTORS[rows])
    np.testing.assert_array_equal(index.scores(QUERIES[0], rows), inner_products(QUERIES[0], VECTORS[rows]))
    assert len(index.scores(QUERIES[0], rows[:0])) == 0


def test_a_short_bitmap_speaks_for_the_first_rows_only(index):
    _, rows = index.search(QUERIES, 20, np.ones(100, bool))
    assert rows.max() < 100
    assert rows.min() >= 0


def test_many_threads_get_the_answers_of_one(index):
    allowed = np.arange(700) % 3 == 0
    expected = [index.search(query[None], 10, allowed)[1].tolist() for query in QUERIES]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            got = pool.map(lambda query: index.search(query[None], 10, allowed)[1].tolist(), QUERIES)
            assert list(got) == expected


def test_vectors_of_another_length_are_refused(index):
    with pytest.raises(MismatchError, match="32 numbers"):
        index.search(np.ones((1, 31), np.float32), 5)
    with pytest.raises(InputError, match="k must be 1 or more"):
        index.search(QUERIES, 0)


def test_what_was_saved_answers_the_same(index, tmp_path: Path):
    index.save(tmp_path)
    if isinstance(index, GrowingIndex):
        loaded = GrowingIndex(
            FaissIndex.load(tmp_path / MAIN_FOLDER), ExactIndex.load(tmp_path / FRESH_FOLDER)
        )
    elif isinstance(index, ExactIndex | FaissIndex):
        loaded = type(index).load(tmp_path)
    else:
        loaded = type(index).load(tmp_path, index.settings)
    assert len(loaded) == len(index)
    for before, after in zip(index.search(QUERIES, 30), loaded.search(QUERIES, 30), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_handful_of_rows_is_enough(name, count):
    vectors = unit_vectors(count, seed=5)
    scores, rows = MAKERS[name](vectors).search(QUERIES, 3)
    expected_scores, expected_rows = double_loop(vectors, QUERIES, 3)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_array_equal(scores, expected_scores)


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf", "auto"])
def test_an_index_of_nothing_finds_nothing(kind):
    index = FaissIndex.build(np.empty((0, DIMENSION), np.float32), VectorIndexSettings(kind=kind))
    scores, rows = index.search(QUERIES, 3)
    assert (rows == -1).all()
    assert np.isneginf(scores).all()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_growing_index_equals_one_exact_index(data):
    count = data.draw(st.integers(0, 60))
    split = data.draw(st.integers(0, count))
    vectors = unit_vectors(count, seed=data.draw(st.integers(0, 1000)))
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)), bool)
    index = GrowingIndex(ExactIndex.of(vectors[:split]), ExactIndex(DIMENSION))
    index.append(vectors[split:])
    k = data.draw(st.integers(1, 8))
    for got, expected in zip(
        index.search(QUERIES, k, allowed), ExactIndex.of(vectors).search(QUERIES, k, allowed), strict=True
    ):
        np.testing.assert_array_equal(got, expected)


def test_more_equal_vectors_than_are_reranked_still_put_the_lower_row_first():
    vectors = np.repeat(unit_vectors(2, seed=6)[:1], 6000, axis=0)
    index = FaissIndex.build(vectors, VectorIndexSettings(kind="flat"))
    assert index.search(vectors[:1], 10)[1].tolist() == [list(range(10))]


def test_rows_appended_during_a_search_do_not_disturb_it():
    index = ExactIndex.of(VECTORS)
    expected = index.search(QUERIES, 10, np.ones(700, bool))[1]
    with ThreadPoolExecutor(2) as pool:
        growing = pool.submit(lambda: [index.append(VECTORS[:5]) for _ in range(2000)])
        while not growing.done():
            np.testing.assert_array_equal(index.search(QUERIES, 10, np.ones(700, bool))[1], expected)
    assert len(index) == 10_700


@cache
def large_index(kind: str) -> FaissIndex:
    return FaissIndex.build(unit_vectors(20_000, seed=7), VectorIndexSettings(kind=kind, gather_limit=50))


@pytest.mark.parametrize(("kind", "floor"), [("hnsw", 0.95), ("ivf", 0.95)])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.1, 0.02])
def test_filters_do_not_cost_recall(kind, floor, share):
    vectors, queries = unit_vectors(20_000, seed=7), unit_vectors(50, seed=7)[::2]
    index = large_index(kind)
    allowed = np.random.default_rng(8).random(len(vectors)) < share
    _, rows = index.search(queries, 10, allowed)
    _, expected = ExactIndex.of(vectors).search(queries, 10, allowed)
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(rows, expected, strict=True)])
    assert allowed[rows].all()
    assert recall >= floor


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf"])
def test_building_twice_gives_the_same_bytes(kind, tmp_path: Path):
    files = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        FaissIndex.build(VECTORS, VectorIndexSettings(kind=kind)).save(tmp_path / name)
        files.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert files[0] == files[1]


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path):
    FaissIndex.build(VECTORS).save(tmp_path)
    np.save(tmp_path / "vectors.npy", VECTORS[:5].astype(np.float16), allow_pickle=False)
    with pytest.raises(MismatchError, match="build it anew"):
        FaissIndex.load(tmp_path)
    (tmp_path / "index.faiss").write_bytes(b"torn")
    with pytest.raises(MismatchError, match="cannot be read"):
        FaissIndex.load(tmp_path)
    (tmp_path / "index.faiss").unlink()
    with pytest.raises(NotFoundError, match="lacks index"):
        FaissIndex.load(tmp_path)
    with pytest.raises(NotFoundError, match="run `bowerbird index`"):
        ExactIndex.load(tmp_path / "absent")


def test_settings_that_mean_nothing_are_refused():
    with pytest.raises(InputError, match="unknown vector index kind 'tree'"):
        VectorIndexSettings(kind="tree")
    with pytest.raises(InputError, match="nprobe must be 1 or more"):
        VectorIndexSettings(nprobe=0)
    with pytest.raises(InputError, match="FAISS cannot make an index"):
        FaissIndex.build(VECTORS, VectorIndexSettings(kind="ivf", codes="Nonsense8"))
    with pytest.raises(MismatchError, match="main index holds vectors of 32"):
        GrowingIndex(ExactIndex(32), ExactIndex(31))
    with pytest.raises(MismatchError, match=r"array of shape \(2, 31\)"):
        ExactIndex(32).append(np.ones((2, 31), np.float32))


def test_size_decides_the_kind():
    chosen = VectorIndexSettings(flat_limit=1000)
    assert [chosen.kind_for(count) for count in (0, 1000, 1001)] == ["flat", "flat", "ivf"]
    assert chosen.lists_for(1_000_000) == 4096
    assert chosen.nprobe_for(count=1_000_000, allowed=1_000_000, lists=4096, width=210) == 32
    assert chosen.nprobe_for(count=1_000_000, allowed=100_000, lists=4096, width=210) == 320
    assert chosen.nprobe_for(count=1_000_000, allowed=5_000, lists=4096, width=210) == 688
