"""What a seller has typed and dropped so far, with its vectors."""

from dataclasses import dataclass

from bowerbird.encoding.encoder import Vectors
from bowerbird.market.listing import Listing


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A listing that is not one yet. Words, photos, category and place may each be missing.

    `listing` carries them as a listing would (cleaned, with the hashes of its photos); its id is '' unless
    the draft changes a listing that exists.
    """

    listing: Listing
    text: Vectors  # (1, t) float32 unit vector of the text encoder; (0, t) without words
    features: Vectors  # (p, f) float32 raw features of the photo encoder, a row a photo
