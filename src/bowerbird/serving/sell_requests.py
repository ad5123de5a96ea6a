"""What a seller sends of what they are about to offer, checked, and the listing it would become."""

from pydantic import ConfigDict, Field

from bowerbird.errors import InputError
from bowerbird.market.listing import Listing, Photo
from bowerbird.serving.requests import LONGEST_ID, ListingChange, changed_listing

MOST_PHOTOS = 12


class SuggestModel(ListingChange):
    """A listing on its way, every field optional; with `listing_id` a change of one that exists."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"title": "Red sofa", "description": "Two seats, hardly used.", "place": "Leeds"}]
        }
    )

    title: str | None = Field(None, max_length=500)
    photos: list[str] | None = Field(None, max_length=MOST_PHOTOS, description="base64 each.")
    listing_id: str | None = Field(
        None,
        max_length=LONGEST_ID,
        description="A stored listing that this changes: fields that are left out are its own, and it is no "
        "duplicate of itself.",
    )

    def listing(self, stored: Listing | None, currency: str) -> Listing:
        """`stored`, or else a blank listing, with the fields that were given; photos are looked at apart."""
        given = self.model_dump(exclude_unset=True, exclude={"listing_id", "photos", "title"})
        base = stored or Listing("", "")
        changed = changed_listing(base, ListingChange.model_validate(given), currency, _no_photo)
        if "title" not in self.model_fields_set:
            return changed
        return changed_listing(
            changed, ListingChange.model_construct({"title"}, title=self.title or ""), currency, _no_photo
        )


def _no_photo(data: bytes) -> Photo:
    raise InputError(f"photos are read apart from the words, but {len(data)} bytes came with them")
