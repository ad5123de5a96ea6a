"""Photos to unit vectors: the photo network, then what was fitted or learned on the market's photos."""

from collections.abc import Sequence

from bowerbird.encoding.artefact import digest
from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.listing_encoder import ListingEncoder
from bowerbird.encoding.photo_encoder import PhotoEncoder
from bowerbird.encoding.photo_preparation import PhotoItem
from bowerbird.encoding.whitening import Whitening
from bowerbird.errors import MismatchError


class PhotoEmbedder:
    """An `Encoder` of photos into one space: the whitened features', or a listing encoder's.

    Raises:
        MismatchError: the whitening was fitted on features of another width.
    """

    def __init__(self, encoder: PhotoEncoder, space: Whitening | ListingEncoder) -> None:
        if isinstance(space, Whitening) and len(space.mean) != encoder.dimension:
            raise MismatchError(
                f"the whitening takes {len(space.mean)} features, but the photo network gives "
                f"{encoder.dimension}; run `bowerbird encode` to fit it again"
            )
        self._encoder = encoder
        self._space = space
        self.fingerprint = digest(encoder.fingerprint, space.fingerprint)
        self.dimension = space.dimension

    def encode(self, items: Sequence[PhotoItem]) -> Vectors:
        """(n, dimension) float32 unit vectors, row i for photo i.

        Raises:
            InputError: a photo cannot be read.
        """
        return self.of_features(self._encoder.encode(items))

    def of_features(self, features: Vectors) -> Vectors:
        """(n, dimension) float32 unit vectors of (n, f) raw features, such as the store keeps."""
        if isinstance(self._space, Whitening):
            return self._space.apply(features)
        return self._space.photos(features)
