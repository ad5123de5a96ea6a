"""`bowerbird profile`: one self-contained HTML page that shows what is in a market.

In: the listings, what an import refused, and a way to read photos. Out: a page of charts and pictures without
scripts or outside files, light and dark, and the figures that a program may want.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bowerbird.cleaning.rejection import Rejection
from bowerbird.errors import InputError
from bowerbird.jobs.duplicate_photos import duplicate_groups
from bowerbird.jobs.market_tally import FIELDS, MarketTally
from bowerbird.jobs.profile_page import SHOWN_EXAMPLES, Refused, profile_page
from bowerbird.jobs.thumbnails import ReadPhoto
from bowerbird.market.listing import Listing


@dataclass(frozen=True, slots=True)
class ProfileSummary:
    """What the page says, in figures; `unknown` names the fields that no listing has."""

    path: Path
    page_bytes: int
    listings: int
    photos: int
    duplicate_groups: int
    rejected: dict[str, int]  # by reason
    unknown: tuple[str, ...]


def write_profile(
    listings: Iterable[Listing], rejections: Iterable[Rejection], read_photo: ReadPhoto, path: Path
) -> ProfileSummary:
    """Write the page to `path` and say what it holds.

    Args:
        listings: the whole market, read once.
        rejections: what the last import refused, in the order of its rows.
        read_photo: content hash -> the stored photo file; asked only for the photos that are shown.
        path: where the page goes; its folder exists.

    Raises:
        InputError: a stored photo is not an image, or `path` cannot be written.
    """
    tally = MarketTally()
    for listing in listings:
        tally.add(listing)
    refused = _by_reason(rejections)
    groups = duplicate_groups(tally.photos)
    unknown = tuple(name for name in FIELDS if tally.listings and not tally.known[name])
    page = profile_page(tally, refused, groups, unknown, read_photo)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"the profile cannot be written to {path} ({error}); give another path") from error
    return ProfileSummary(
        path=path,
        page_bytes=len(page.encode()),
        listings=tally.listings,
        photos=len(tally.photos),
        duplicate_groups=len(groups),
        rejected={kind.reason.value: kind.count for kind in refused},
        unknown=unknown,
    )


def _by_reason(rejections: Iterable[Rejection]) -> list[Refused]:
    """Every reason met, the commonest first."""
    kinds: dict[str, Refused] = {}
    for rejection in rejections:
        kind = kinds.setdefault(rejection.reason, Refused(rejection.reason, rejection.part))
        kind.count += 1
        if len(kind.examples) < SHOWN_EXAMPLES:
            kind.examples.append(rejection)
    return sorted(kinds.values(), key=lambda kind: -kind.count)
