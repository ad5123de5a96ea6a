"""Photos to unit vectors: the photo network and the whitening fitted on the market's photos."""

from collections.abc import Sequence

from bowerbird.encoding.artefact import digest
from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.photo_encoder import PhotoEncoder
from bowerbird.encoding.photo_preparation import PhotoItem
from bowerbird.encoding.whitening import Whitening
from bowerbird.errors import MismatchError


class PhotoEmbedder:
    """An `Encoder` of photos.

    Raises:
        MismatchError: the whitening was fitted on features of another width.
    """

    def __init__(self, encoder: PhotoEncoder, whitening: Whitening) -> None:
        if len(whitening.mean) != encoder.dimension:
            raise MismatchError(
                f"the whitening takes {len(whitening.mean)} features, but the photo network gives "
                f"{encoder.dimension}; run `bowerbird encode` to fit it again"
            )
        self._encoder = encoder
        self._whitening = whitening
        self.fingerprint = digest(encoder.fingerprint, whitening.fingerprint)
        self.dimension = whitening.dimension

    def encode(self, items: Sequence[PhotoItem]) -> Vectors:
        """(n, dimension) float32 unit vectors, row i for photo i.

        Raises:
            InputError: a photo cannot be read.
        """
        return self._whitening.apply(self._encoder.encode(items))
