"""Texts and photos encoded on a Ray cluster, in the very batches in which this process would encode them.

Machines need neither a home nor networks: those are sent along, and so are photos, unless they lie in a
bucket, from which each machine reads its own. Vectors are compared by bits, so a machine must compute in the
precision of this one.
"""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.artefact import Artefact, Kind, load_artefact
from bowerbird.encoding.photo_encoder import DEFAULT_BATCH, PhotoEncoder
from bowerbird.encoding.text_encoder import TextEncoder
from bowerbird.errors import MismatchError
from bowerbird.storage.listing_vectors import Encode, Encoded, ListingVectors, Missing
from bowerbird.storage.photo_store import PhotoStore

if TYPE_CHECKING:  # Ray takes seconds to import, and most jobs run here
    from bowerbird.workers.ray_cluster import RayCluster

PHOTOS_AT_ONCE = 8 * DEFAULT_BATCH  # some seconds of one processor: little is lost with a machine


@dataclass(frozen=True, slots=True)
class NetworkFiles:
    """An exported network to be sent; two are equal where their fingerprints are."""

    fingerprint: str
    files: dict[str, NDArray[np.uint8]] = field(compare=False, repr=False)

    @staticmethod
    def of(artefact: Artefact) -> "NetworkFiles":
        """The files of `artefact`."""
        files = {path.name: np.fromfile(path, np.uint8) for path in sorted(artefact.folder.iterdir())}
        return NetworkFiles(artefact.fingerprint, files)

    def load(self, folder: Path) -> Artefact:
        """Written into `folder`, and checked.

        Raises:
            MismatchError: they are not what they were.
        """
        for name, content in self.files.items():
            content.tofile(folder / name)
        artefact = load_artefact(folder)
        if artefact.fingerprint != self.fingerprint:
            raise MismatchError(
                f"the network {artefact.fingerprint} arrived where {self.fingerprint} was sent; run it again"
            )
        return artefact


@dataclass(frozen=True, slots=True)
class EncoderParts:
    """What a machine makes both encoders of."""

    text: NetworkFiles
    photo: NetworkFiles
    text_precision: str
    photo_precision: str
    text_length: int
    photos_url: str  # of the bucket; empty where photos are sent

    @staticmethod
    def of(vectors: ListingVectors) -> "EncoderParts":
        """Of the encoders in `vectors`."""
        text, photo = vectors.text_encoder, vectors.photo_encoder
        return EncoderParts(
            NetworkFiles.of(text.artefact),
            NetworkFiles.of(photo.artefact),
            text.precision,
            photo.precision,
            text.max_length,
            "" if vectors.photo_store.is_local else vectors.photo_store.location,
        )


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Texts that one machine encodes at a time."""

    keys: list[str]
    texts: list[str]


@dataclass(frozen=True, slots=True)
class PhotoBatch:
    """Photos that one machine encodes at a time."""

    content_hashes: list[str]
    photos: list[bytes] | None  # None where the machine reads them itself


def encode_on(cluster: "RayCluster", vectors: ListingVectors) -> Encode:
    """Encodes on `cluster` what `vectors` would encode here, and gives the same."""

    def encode(missing: Iterable[Missing]) -> Iterator[Encoded]:
        return cluster.map(encode_batch, EncoderParts.of(vectors), _batches(missing, vectors.photo_store))

    return encode


def encode_batch(parts: EncoderParts, batch: TextBatch | PhotoBatch) -> Encoded:
    """Encode a batch, on one processor.

    Raises:
        UnavailableError: this machine does not compute in the precision that is asked for.
        NotFoundError: a photo is not in the bucket.
        InputError: a photo cannot be read.
    """
    text_encoder, photo_encoder = _encoders(parts)
    if isinstance(batch, TextBatch):
        return Encoded(Kind.TEXT, batch.keys, text_encoder.encode(batch.texts))
    photos: Iterable[tuple[str, bytes]] = (
        PhotoStore(parts.photos_url).read_many(batch.content_hashes)
        if batch.photos is None
        else zip(batch.content_hashes, batch.photos, strict=True)
    )
    features = [found for _, found in photo_encoder.encode_stream(photos)]
    return Encoded(Kind.PHOTO, batch.content_hashes, np.concatenate(features))


def _batches(missing: Iterable[Missing], photo_store: PhotoStore) -> Iterator[TextBatch | PhotoBatch]:
    for lacking in missing:
        for texts in lacking.text_batches():
            yield TextBatch(list(texts), list(texts.values()))
        for start in range(0, len(lacking.photos), PHOTOS_AT_ONCE):
            hashes = lacking.photos[start : start + PHOTOS_AT_ONCE]
            sent = [data for _, data in photo_store.read_many(hashes)] if photo_store.is_local else None
            yield PhotoBatch(hashes, sent)


@lru_cache(maxsize=1)
def _encoders(parts: EncoderParts) -> tuple[TextEncoder, PhotoEncoder]:
    """Loaded once a process."""
    with tempfile.TemporaryDirectory(prefix="bowerbird-") as text, tempfile.TemporaryDirectory() as photo:
        return (
            TextEncoder(
                parts.text.load(Path(text)), parts.text_precision, max_length=parts.text_length, threads=1
            ),
            PhotoEncoder(parts.photo.load(Path(photo)), parts.photo_precision, decoders=1, threads=1),
        )
