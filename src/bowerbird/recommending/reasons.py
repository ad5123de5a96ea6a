"""Why each listing of a page is recommended, in a sentence that is true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bowerbird.recommending.blending import INTERESTS, NEXT, TRENDING
from bowerbird.recommending.composing import Entry
from bowerbird.recommending.feed import Reason, ReasonKind
from bowerbird.recommending.newcomers import UsualPlace
from bowerbird.taste.shopper_taste import ShopperTaste

_LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class Led:
    """The listing of a shopper's visits that speaks most for another, and whether others went that way."""

    listing_id: str
    went_on: bool


def reasons_for(
    entries: Sequence[Entry],
    taste: ShopperTaste,
    led: Mapping[str, Led],
    titles: Mapping[str, str],
    place: UsualPlace | None,
) -> list[Reason]:
    """The reason for each of `entries`.

    Args:
        entries: what a page shows.
        taste: what they were drawn from.
        led: by listing, for those that the next listing recommends.
        titles: of the listings that reasons name; one without a title gives a reason that names none.
        place: where the shopper looks.
    """
    return [_reason(entry, taste, led.get(entry.listing_id), titles, place) for entry in entries]


def _reason(
    entry: Entry, taste: ShopperTaste, led: Led | None, titles: Mapping[str, str], place: UsualPlace | None
) -> Reason:
    if entry.source == NEXT and led is not None:
        return _went_on(led.listing_id, titles) if led.went_on else _looked_at(led.listing_id, titles)
    if entry.source in (INTERESTS, NEXT) and entry.interest >= 0:
        return _looked_at(taste.interests[entry.interest].face, titles)
    if entry.source == TRENDING:
        return Reason(ReasonKind.POPULAR, "popular now")
    return Reason(ReasonKind.NEW, f"new near {place.name}" if place else "newly listed")


def _looked_at(listing_id: str, titles: Mapping[str, str]) -> Reason:
    title = titles.get(listing_id)
    text = f"because you looked at {_short(title)}" if title else "like what you looked at"
    return Reason(ReasonKind.LOOKED_AT, text, listing_id)


def _went_on(listing_id: str, titles: Mapping[str, str]) -> Reason:
    title = titles.get(listing_id)
    text = f"people who looked at {_short(title)} went on to this" if title else "others went on to this"
    return Reason(ReasonKind.WENT_ON, text, listing_id)


def _short(title: str) -> str:
    return title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1].rstrip() + "…"
