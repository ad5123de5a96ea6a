"""Vectors by content hash: what goes in stays, and comes back in order."""

import hashlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from numpy.typing import NDArray

from bowerbird.errors import InputError, MismatchError, NotFoundError, UnavailableError
from bowerbird.storage.embedding_store import EmbeddingStore


def keys(count: int, start: int = 0) -> list[str]:
    return [hashlib.sha256(b"%d" % n).hexdigest() for n in range(start, start + count)]


def unit_vectors(count: int, dimension: int = 8, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def store(tmp_path: Path):
    opened = EmbeddingStore(tmp_path, "0123456789abcdef", 8)
    yield opened
    opened.close()


def test_vectors_come_back_in_the_order_of_the_keys(store: EmbeddingStore):
    names, vectors = keys(1234), unit_vectors(1234)
    store.put(names, vectors)
    order = np.random.default_rng(1).permutation(1234)
    found = store.get([names[n] for n in order])
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, vectors[order].astype(np.float16).astype(np.float32))
    assert np.abs(found - vectors[order]).max() < 0.0005  # half of float16's step below 1
    assert len(store) == 1234


def test_a_key_may_be_asked_for_twice(store: EmbeddingStore):
    names, vectors = keys(3), unit_vectors(3)
    store.put(names, vectors)
    found = store.get([names[2], names[0], names[2]])
    np.testing.assert_array_equal(found, store.get(names)[[2, 0, 2]])
    assert store.get([]).shape == (0, 8)


def test_the_first_vector_of_a_key_stays(store: EmbeddingStore):
    first, second = unit_vectors(2, seed=1), unit_vectors(2, seed=2)
    store.put(keys(2), first)
    before = store.get(keys(2))
    store.put(keys(2), second)
    np.testing.assert_array_equal(store.get(keys(2)), before)


def test_storing_again_what_get_returns_changes_nothing(tmp_path: Path, store: EmbeddingStore):
    store.put(keys(5), unit_vectors(5))
    copy = EmbeddingStore(tmp_path, "copy", 8)
    copy.put(keys(5), store.get(keys(5)))
    np.testing.assert_array_equal(copy.get(keys(5)), store.get(keys(5)))
    copy.close()


def test_missing_keys_are_listed_once_in_order_and_counted(store: EmbeddingStore):
    store.put(keys(1000), unit_vectors(1000))
    absent = keys(3, start=5000)
    assert store.missing([absent[2], *keys(1000), absent[0], absent[2]]) == [absent[2], absent[0]]
    assert store.missing(keys(1000)) == []
    with pytest.raises(NotFoundError, match=r"3 of 1003 vectors .* not stored; run `bowerbird encode`"):
        store.get([*keys(1000), *absent])


def test_vectors_outlive_the_store(tmp_path: Path, store: EmbeddingStore):
    store.put(keys(5), unit_vectors(5))
    before = store.get(keys(5))
    again = EmbeddingStore(tmp_path, "0123456789abcdef", 8)
    np.testing.assert_array_equal(again.get(keys(5)), before)
    assert again.missing(keys(5)) == []
    again.close()


def test_another_dimension_is_refused(tmp_path: Path, store: EmbeddingStore):
    with pytest.raises(MismatchError, match=r"dimension 9 do not fit .* which holds 8"):
        store.put(keys(2), unit_vectors(2, dimension=9))
    with pytest.raises(MismatchError, match=r"have dimension 8, but it now gives 9.*bowerbird encode"):
        EmbeddingStore(tmp_path, "0123456789abcdef", 9)
    assert len(store) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, 70_000.0])
def test_values_that_cannot_be_kept_are_refused(store: EmbeddingStore, bad: float):
    vectors = unit_vectors(2)
    vectors[1, 3] = bad
    with pytest.raises(InputError, match="not finite or over 65504"):
        store.put(keys(2), vectors)
    assert len(store) == 0


def test_keys_and_vectors_must_pair(store: EmbeddingStore):
    with pytest.raises(InputError, match=r"3 keys were given for vectors of shape \(2, 8\)"):
        store.put(keys(3), unit_vectors(2))


@pytest.mark.parametrize("key", ["", "xy" * 32, "0" * 30, "0" * 66])
def test_only_a_hash_is_a_key(store: EmbeddingStore, key: str):
    with pytest.raises(InputError, match="is no content hash"):
        store.missing([key])


@pytest.mark.parametrize("fingerprint", ["", "../other", ".hidden", "a/b"])
def test_a_fingerprint_names_a_folder(tmp_path: Path, fingerprint: str):
    with pytest.raises(InputError, match="no encoder fingerprint"):
        EmbeddingStore(tmp_path, fingerprint, 8)


def test_many_stores_of_one_file_write_at_once(tmp_path: Path):
    """Each has a connection of its own, as processes have; half of the keys are everyone's."""

    def encode(worker: int) -> None:
        store = EmbeddingStore(tmp_path, "shared", 8)
        for start in range(0, 100, 10):
            mine = keys(10, start) + keys(10, 10_000 * (worker + 1) + start)
            store.put(store.missing(mine) and mine, unit_vectors(20, seed=worker))
        store.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(encode, range(4)))
    store = EmbeddingStore(tmp_path, "shared", 8)
    assert len(store) == 100 + 4 * 100
    assert store.get(keys(100)).shape == (100, 8)
    store.close()


def test_many_may_open_a_new_store_at_once(tmp_path: Path):
    """The switch to WAL does not wait its turn by itself: it failed in 1 of 12 such rounds."""
    for attempt in range(20):
        together = Barrier(6)

        def open_and_close(_: int, attempt: int = attempt, together: Barrier = together) -> None:
            together.wait()
            EmbeddingStore(tmp_path, f"store-{attempt}", 8).close()

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(open_and_close, range(6)))


def test_threads_share_a_store(store: EmbeddingStore):
    store.put(keys(600), unit_vectors(600))
    expected = store.get(keys(600))

    def use(thread: int) -> bool:
        store.put(keys(20, 1000 * (thread + 1)), unit_vectors(20))
        return bool(np.array_equal(store.get(keys(600)), expected))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(use, range(16)))


def test_a_damaged_file_is_told(tmp_path: Path):
    (tmp_path / "abc").mkdir()
    (tmp_path / "abc" / "vectors.db").write_bytes(b"not a database " * 1000)
    with pytest.raises(UnavailableError, match=r"vectors\.db cannot be used: file is not a database"):
        EmbeddingStore(tmp_path, "abc", 8)


def test_every_commit_is_synced(tmp_path: Path, store: EmbeddingStore):
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    file = sqlite3.connect(tmp_path / "0123456789abcdef" / "vectors.db")
    assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    file.close()
