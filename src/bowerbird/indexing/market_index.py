"""Everything that search reads of one market, on shared rows: columns, words, text vectors, photo vectors.

Listing row r is row r of the columns, of the keyword documents and of the text vectors; photo rows point to
their listing's row. A changed listing takes a new row and its old one leaves the bitmap of live rows, which
every search is given: nothing is ever removed from an index in place (FAISS HNSW and RaBitQ cannot).
"""

import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from bowerbird.indexing.exact_index import ExactIndex
from bowerbird.indexing.faiss_index import FaissIndex
from bowerbird.indexing.growing_index import GrowingIndex
from bowerbird.indexing.keyword_index import KeywordIndex
from bowerbird.indexing.keyword_settings import KeywordSettings
from bowerbird.indexing.vector_index import Mask, Vectors
from bowerbird.indexing.vector_index_settings import VectorIndexSettings
from bowerbird.market.listing import Listing, Photo
from bowerbird.market.listing_columns import ListingColumns
from bowerbird.market.query import Filters
from bowerbird.market.ranked_list import RankedList, Rows, Scores


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
        photo_owners: "PhotoOwners",
    ) -> None:
        self.columns = columns
        self.keywords = keywords
        self.texts = texts
        self.photos = photos
        self.photo_owners = photo_owners
        self._live = np.ones(max(16, len(columns)), bool)
        self._rows = {listing_id: row for row, listing_id in enumerate(columns.listing_ids)}
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
            return filters.mask(self.columns) & self._live[: len(self.columns)]

    def add(self, encoded: EncodedListing) -> int:
        """The new row of a created or changed listing; its old row, if any, is answered no more."""
        with self._lock:
            old = self._rows.get(encoded.listing.listing_id)
            if old is not None:
                self._live[old] = False
            self.texts.append(encoded.text[None])
            self.photos.append(encoded.photos)
            row = self.columns.append(encoded.listing)
            self.photo_owners.append(row, encoded.listing.photos)
            if row == len(self._live):
                self._live = np.concatenate([self._live, np.ones(row, bool)])
            self._live[row] = True
            self._rows[encoded.listing.listing_id] = row
        self.keywords.add(row, encoded.listing)
        return row

    def remove(self, listing_id: str) -> None:
        """Answer this listing no more; one that is not here is fine."""
        with self._lock:
            row = self._rows.pop(listing_id, None)
            if row is not None:
                self._live[row] = False

    def search_texts(self, vector: Vectors, depth: int, allowed: Mask) -> RankedList:
        """The `depth` allowed listings whose text is nearest to the (d_text,) unit `vector`."""
        scores, rows = self.texts.search(vector[None], depth, allowed)
        found = rows[0] >= 0
        return RankedList(rows[0][found], scores[0][found])

    def search_photos(self, vector: Vectors, depth: int, allowed: Mask) -> RankedList:
        """The `depth` allowed listings that own the photo nearest to the (d_photo,) unit `vector`.

        A listing scores as its best photo. Photos outnumber listings, so more are asked for until `depth`
        listings are found or no allowed photo is left.
        """
        owners = self.photo_owners.rows(len(allowed))
        if not len(owners):
            return RankedList.empty()
        allowed_photos = allowed[owners]
        wanted = depth
        while True:
            wanted = min(2 * wanted, len(owners))
            scores, rows = self.photos.search(vector[None], wanted, allowed_photos)
            found = rows[0] >= 0
            listings, first = np.unique(owners[rows[0][found]], return_index=True)
            if len(listings) >= depth or not found.all() or wanted == len(owners):
                best = np.sort(first)[:depth]  # scores fall, so the first hit of a listing is its best
                return RankedList(owners[rows[0][found][best]], scores[0][found][best])

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
        columns, owners = ListingColumns(), PhotoOwners()
        texts, photos = (ExactIndex(dimension, np.float16) for dimension in dimensions)
        # Closed even where a batch fails: its threads would go on writing into a folder that is removed.
        with closing(KeywordIndex.create(_made(folder / "keywords"), settings.keywords)) as keywords:
            for encoded in chain.from_iterable(batches):
                row = columns.append(encoded.listing)
                owners.append(row, encoded.listing.photos)
                keywords.add(row, encoded.listing)
                texts.append(encoded.text[None])
                photos.append(encoded.photos)
        for name, part in (("texts", texts), ("photos", photos)):
            FaissIndex.build(part.stored, settings.vectors).save(_made(folder / name))
        owners.save(folder)
        arrays, strings = columns.save()
        np.savez(folder / "columns.npz", allow_pickle=False, **arrays)
        (folder / "columns.json").write_bytes(orjson.dumps(strings))
        return {"listings": len(columns), "photos": len(owners)}

    @classmethod
    def load(cls, folder: Path, keywords_folder: Path, settings: IndexSettings) -> "MarketIndex":
        """The index that `build` wrote; `keywords_folder` is this process's own copy of its keywords."""
        with np.load(folder / "columns.npz", allow_pickle=False) as arrays:
            columns = ListingColumns.load(arrays, orjson.loads((folder / "columns.json").read_bytes()))
        texts, photos = (
            GrowingIndex(FaissIndex.load(folder / name, settings.vectors)) for name in ("texts", "photos")
        )
        keywords = KeywordIndex.open(keywords_folder, settings.keywords)
        return cls(columns, keywords, texts, photos, PhotoOwners.load(folder))

    def close(self) -> None:
        """Let go of the keyword writer."""
        self.keywords.close()


class PhotoOwners:
    """Which listing row owns each photo row, and which stored photo it is; both rows rise together.

    Beside the content hashes it keeps the perceptual ones, 8 bytes a photo: what is near to one is found by
    comparing with all, which takes a millisecond on a million photos.
    """

    def __init__(self) -> None:
        self.content_hashes: list[str] = []
        self._rows = np.empty(16, np.int64)
        self._perceptual = np.empty(16, np.uint64)

    def __len__(self) -> int:
        return len(self.content_hashes)

    def append(self, listing_row: int, photos: Sequence[Photo]) -> None:
        """Add the photos of a listing, in order."""
        end = len(self.content_hashes) + len(photos)
        if end > len(self._rows):
            more = max(end, len(self._rows))
            self._rows = np.concatenate([self._rows, np.empty(more, np.int64)])
            self._perceptual = np.concatenate([self._perceptual, np.empty(more, np.uint64)])
        self._rows[len(self.content_hashes) : end] = listing_row
        self._perceptual[len(self.content_hashes) : end] = [
            int(photo.perceptual_hash, 16) for photo in photos
        ]
        self.content_hashes.extend(photo.content_hash for photo in photos)

    def rows(self, n_listings: int) -> NDArray[np.int64]:
        """(n_photos,) owners of the photos of the first `n_listings` rows."""
        rows = self._rows[: len(self.content_hashes)]
        return rows[: np.searchsorted(rows, n_listings)]

    def photos_of(self, listing_row: int) -> NDArray[np.int64]:
        """The photo rows of one listing."""
        rows = self._rows[: len(self.content_hashes)]
        start, end = np.searchsorted(rows, [listing_row, listing_row + 1])
        return np.arange(start, end)

    def perceptual_hashes(self, n_listings: int) -> NDArray[np.uint64]:
        """(n_photos,) perceptual hashes of the photos of the first `n_listings` rows."""
        return self._perceptual[: len(self.rows(n_listings))]

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        np.save(folder / "photo_owners.npy", self._rows[: len(self)], allow_pickle=False)
        np.save(folder / "perceptual_hashes.npy", self._perceptual[: len(self)], allow_pickle=False)
        (folder / "photo_owners.json").write_bytes(orjson.dumps(self.content_hashes))

    @classmethod
    def load(cls, folder: Path) -> "PhotoOwners":
        """What `save` wrote."""
        owners = cls()
        owners._rows = np.load(folder / "photo_owners.npy", allow_pickle=False)
        owners._perceptual = np.load(folder / "perceptual_hashes.npy", allow_pickle=False)
        owners.content_hashes = orjson.loads((folder / "photo_owners.json").read_bytes())
        return owners


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
