"""Groups of photos that show the same picture, with the listings they stand in."""

from collections.abc import Sequence
from dataclasses import dataclass

from bowerbird.cleaning.duplicates import duplicate_photo_groups
from bowerbird.jobs.market_tally import ListedPhoto


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Two or more photos; `identical` where all their bytes are the same."""

    photos: tuple[ListedPhoto, ...]

    @property
    def listings(self) -> int:
        """How many listings they stand in."""
        return len({listed.listing_id for listed in self.photos})

    @property
    def identical(self) -> bool:
        """Whether all have the same bytes."""
        return len({listed.photo.content_hash for listed in self.photos}) == 1


def duplicate_groups(photos: Sequence[ListedPhoto]) -> list[DuplicateGroup]:
    """Every group of two or more, in the order of their first photos."""
    groups: dict[int, list[ListedPhoto]] = {}
    numbers = duplicate_photo_groups([listed.photo for listed in photos]).tolist()
    for number, listed in zip(numbers, photos, strict=True):
        groups.setdefault(number, []).append(listed)
    return [DuplicateGroup(tuple(group)) for group in groups.values() if len(group) > 1]
