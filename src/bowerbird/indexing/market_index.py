"""Everything that search reads of one market, on shared rows: columns, words, text vectors, photo vectors.

Listing row r is row r of the columns, of the keyword documents and of the text vectors; photo rows point to
their listing's row. A changed listing takes a new row and its old one leaves the bitmap of live rows, which
every search is given: nothing is ever removed from an index in place (FAISS HNSW and RaBitQ cannot).
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import orjson

from bowerbird.indexing.growing_index import GrowingIndex
from bowerbird.indexing.keyword_index import KeywordIndex
from bowerbird.indexing.keyword_settings import KeywordSettings
from bowerbird.indexing.milvus_expression import facts_of
from bowerbird.indexing.milvus_settings import MilvusSettings
from bowerbird.indexing.photo_owners import PhotoOwners
from bowerbird.indexing.title_stems import TitleStems
from bowerbird.indexing.vector_index import Mask, Vectors, Within
from bowerbird.indexing.vector_index_settings import VectorIndexSettings
from bowerbird.indexing.vector_storage import PARTS, VectorStorage
from bowerbird.market.listing import Listing
from bowerbird.market.listing_columns import ListingColumns
from bowerbird.market.query import Filters
from bowerbird.market.ranked_list import RankedList, Rows, Scores

_NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True, eq=False)
class EncodedListing:
    """A listing with its vectors; both come out of the embedding store, so a rebuild indexes equal ones."""

    listing: Listing
    text: Vectors  # (d_text,)
    photos: Vectors  # (n_photos, d_photo), in the order of listing.photos


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """How the parts are built."""

    vectors: VectorIndexSettings
    keywords: KeywordSettings
    milvus: MilvusSettings | None = None  # the cluster, where there is one
    in_milvus: bool = False  # whether new generations keep their vectors there

    @property
    def storage(self) -> VectorStorage:
        """Where vectors are kept."""
        return VectorStorage(self.vectors, self.milvus, self.in_milvus)


class MarketIndex:
    """A searchable projection of the catalogue, open to live changes.

    Reading needs no lock beyond `allowed`, which fixes how many rows a search sees; changes go through `add`
    and `remove`, one thread at a time.
    """

    def __init__(
        self,
        columns: ListingColumns,
        keywords: KeywordIndex,
        texts: GrowingIndex,
        photos: GrowingIndex,
        photo_owners: PhotoOwners,
        titles: TitleStems,
    ) -> None:
        self.columns = columns
        self.keywords = keywords
        self.texts = texts
        self.photos = photos
        self.photo_owners = photo_owners
        self.titles = titles
        self._live = np.ones(max(16, len(columns)), bool)
        self._rows = {listing_id: row for row, listing_id in enumerate(columns.listing_ids)}
        self._dead: list[int] = []  # rows that the vector indexes were not told of yet
        self._shown: Mask | None = None  # what filters that ask nothing allow, until a listing changes
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many listings are live."""
        return len(self._rows)

    @property
    def fresh_rows(self) -> int:
        """How many rows were added since the generation was built: compaction is due when they are many."""
        return self.texts.fresh_rows

    def row(self, listing_id: str) -> int | None:
        """The live row of a listing."""
        return self._rows.get(listing_id)

    def allowed(self, filters: Filters) -> Mask:
        """(n,) True for the live rows that satisfy `filters`; n is how many rows this search will see.

        Raises:
            InputError: a filter is on a field that this market does not have.
        """
        with self._lock:
            if filters == _NO_FILTERS and self._shown is not None:
                return self._shown.copy()
            mask = filters.mask(self.columns) & self._live[: len(self.columns)]
            if filters == _NO_FILTERS:
                self._shown = mask.copy()
            return mask

    def add(self, encoded: EncodedListing) -> int:
        """The new row of a created or changed listing; its old row, if any, is answered no more."""
        with self._lock:
            old = self._rows.get(encoded.listing.listing_id)
            if old is not None:
                self._bury(old)
            self.texts.append(encoded.text[None])
            self.photos.append(encoded.photos)
            self.titles.append(encoded.listing.title)
            row = self.columns.append(encoded.listing)
            self.photo_owners.append(row, encoded.listing.photos)
            if row == len(self._live):
                self._live = np.concatenate([self._live, np.ones(row, bool)])
            self._live[row] = True
            self._shown = None
            self._rows[encoded.listing.listing_id] = row
        self.keywords.add(row, encoded.listing)
        return row

    def remove(self, listing_id: str) -> None:
        """Answer this listing no more; one that is not here is fine."""
        with self._lock:
            row = self._rows.pop(listing_id, None)
            if row is not None:
                self._bury(row)

    def forget_dead(self) -> None:
        """Let the vector indexes go of rows that died since the last call; searches are right without it.

        Raises:
            UnavailableError: vectors are kept in Milvus, which does not answer; the next call tells it again.
        """
        with self._lock:
            dead, self._dead = self._dead, []
        if not dead:
            return
        try:
            self.texts.forget(np.array(dead, np.int64))
            self.photos.forget(np.concatenate([self.photo_owners.photos_of(row) for row in dead]))
        except BaseException:
            with self._lock:
                self._dead = dead + self._dead
            raise

    def _bury(self, row: int) -> None:
        self._live[row] = False
        self._shown = None
        self._dead.append(row)

    def search_texts(
        self, vector: Vectors, depth: int, allowed: Mask, filters: Filters | None = None
    ) -> RankedList:
        """The `depth` allowed listings whose text is nearest to the (d_text,) unit `vector`.

        Args:
            vector: what is asked.
            depth: how many.
            allowed: (n,) True where a listing may be answered.
            filters: those that `allowed` came from; they help an index that keeps columns itself.
        """
        scores, rows = self.texts.search(vector[None], depth, allowed, self._within(filters))
        found = rows[0] >= 0
        return RankedList(rows[0][found], scores[0][found])

    def search_photos(
        self, vector: Vectors, depth: int, allowed: Mask, filters: Filters | None = None
    ) -> RankedList:
        """The `depth` allowed listings that own the photo nearest to the (d_photo,) unit `vector`.

        A listing scores as its best photo. Photos outnumber listings, so more are asked for until `depth`
        listings are found or no allowed photo is left. The arguments are those of `search_texts`.
        """
        owners = self.photo_owners.rows(len(allowed))
        if not len(owners):
            return RankedList.empty()
        allowed_photos = allowed[owners]
        wanted = depth
        while True:
            wanted = min(2 * wanted, len(owners))
            scores, rows = self.photos.search(vector[None], wanted, allowed_photos, self._within(filters))
            found = rows[0] >= 0
            listings, first = np.unique(owners[rows[0][found]], return_index=True)
            if len(listings) >= depth or not found.all() or wanted == len(owners):
                best = np.sort(first)[:depth]  # scores fall, so the first hit of a listing is its best
                return RankedList(owners[rows[0][found][best]], scores[0][found][best])

    def _within(self, filters: Filters | None) -> Within | None:
        return None if filters is None else partial(filters.conditions, self.columns)

    def photo_scores(self, vector: Vectors, rows: Rows) -> Scores:
        """(n,) scores of the listings `rows` by their best photo; -1 where one has none."""
        photos = [self.photo_owners.photos_of(int(row)) for row in rows]
        scores = np.full(len(rows), -1, np.float32)
        counts = np.array([len(of_listing) for of_listing in photos], np.int64)
        if counts.sum():
            owner = np.repeat(np.arange(len(rows)), counts)
            np.maximum.at(scores, owner, self.photos.scores(vector, np.concatenate(photos)))
        return scores

    def best_photo(self, vector: Vectors, row: int) -> tuple[str, float] | None:
        """The content hash and score of the photo of listing `row` nearest to the (d_photo,) `vector`."""
        photo_rows = self.photo_owners.photos_of(row)
        if not len(photo_rows):
            return None
        scores = self.photos.scores(vector, photo_rows)
        best = int(np.argmax(scores))
        return self.photo_owners.content_hashes[int(photo_rows[best])], float(scores[best])

    @classmethod
    def build(
        cls,
        folder: Path,
        batches: Iterable[Sequence[EncodedListing]],
        dimensions: tuple[int, int],
        settings: IndexSettings,
    ) -> dict[str, int]:
        """Write a whole index of `batches` into the existing empty `folder`; returns its counts.

        Args:
            folder: where to write.
            batches: every listing once.
            dimensions: of text and of photo vectors.
            settings: how the parts are built.
        """
        columns, owners, titles = ListingColumns(), PhotoOwners(), TitleStems()
        # Closed even where a batch fails: its threads would go on writing into a folder that is removed.
        with ExitStack() as parts:
            keywords = parts.enter_context(
                closing(KeywordIndex.create(_made(folder / "keywords"), settings.keywords))
            )
            texts, photos = (
                parts.enter_context(closing(settings.storage.builder(_made(folder / part), part, dimension)))
                for part, dimension in zip(PARTS, dimensions, strict=True)
            )
            for batch in batches:
                rows = np.arange(len(columns), len(columns) + len(batch))
                columns.extend(encoded.listing for encoded in batch)
                for row, encoded in zip(rows.tolist(), batch, strict=True):
                    owners.append(row, encoded.listing.photos)
                    titles.append(encoded.listing.title)
                    keywords.add(row, encoded.listing)
                if not batch:
                    continue
                pictured = np.repeat(rows, [len(encoded.photos) for encoded in batch])
                texts.add(np.stack([encoded.text for encoded in batch]), facts_of(columns, rows))
                photos.add(np.concatenate([encoded.photos for encoded in batch]), facts_of(columns, pictured))
            texts.finish()
            photos.finish()
        owners.save(folder)
        titles.save(folder)
        arrays, strings = columns.save()
        np.savez(folder / "columns.npz", allow_pickle=False, **arrays)
        (folder / "columns.json").write_bytes(orjson.dumps(strings))
        return {"listings": len(columns), "photos": len(owners)}

    @classmethod
    def load(
        cls,
        folder: Path,
        keywords_folder: Path,
        settings: IndexSettings,
        read_titles: Callable[[Sequence[str]], Mapping[str, str]],
    ) -> "MarketIndex":
        """The index that `build` wrote.

        Args:
            folder: where it was written.
            keywords_folder: this process's own copy of its keywords.
            settings: how it is searched.
            read_titles: by id, for an index of a version that kept no stems of them.
        """
        with np.load(folder / "columns.npz", allow_pickle=False) as arrays:
            columns = ListingColumns.load(arrays, orjson.loads((folder / "columns.json").read_bytes()))
        texts, photos = (GrowingIndex(settings.storage.load(folder / part)) for part in PARTS)
        keywords = KeywordIndex.open(keywords_folder, settings.keywords)
        titles = TitleStems.load(folder, columns.listing_ids, read_titles)
        return cls(columns, keywords, texts, photos, PhotoOwners.load(folder), titles)

    def close(self) -> None:
        """Let go of the keyword writer."""
        self.keywords.close()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
