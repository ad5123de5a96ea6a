"""The page of a market's profile: figures into words, photos into thumbnails, both into the template."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bowerbird.cleaning.rejection import Part, Reason, Rejection
from bowerbird.jobs import price_charts, profile_charts
from bowerbird.jobs.duplicate_photos import DuplicateGroup
from bowerbird.jobs.market_tally import FIELDS, MarketTally
from bowerbird.jobs.thumbnails import ReadPhoto, mixed, thumbnail
from bowerbird.market.listing import Price

TEMPLATES = Path(__file__).parent / "templates"
WALL_PHOTOS = 60
WALL_SIDE = 180  # pixels
TWIN_SIDE = 220
SHOWN_GROUPS = 8
SHOWN_TWINS = 8
SHOWN_EXAMPLES = 8
SHOWN_PLACES = 24
PARTS = ((Part.ROW, "rows"), (Part.PHOTO, "photos"), (Part.VALUE, "values left unknown"))
# What a reader cannot have while no listing has the field.
WITHOUT = {
    "title": "Words find descriptions alone, and cards have no name.",
    "description": "Words find titles alone.",
    "category": "No filter, facet or suggestion of categories.",
    "price": "No price filter, no sorting by price, no suggested prices.",
    "photo": "No search by photo; words alone find listings.",
    "place": "No filter or facet of places.",
    "coordinates": "No search around a point: places match by their names.",
    "status": "Every listing counts as available; a sold one leaves only when it is deleted.",
    "seller": "No filter by seller, and nobody's own listings can be left out of what they are shown.",
    "date": "No sorting by newest and no filter by age.",
    "attributes": "No fields of the seller's own, such as a brand or a size.",
}


@dataclass(slots=True)
class Refused:
    """What was dropped for one reason: how much, and the first of it."""

    reason: Reason
    part: Part
    count: int = 0
    examples: list[Rejection] = field(default_factory=list)


def profile_page(
    tally: MarketTally,
    refused: Sequence[Refused],
    groups: Sequence[DuplicateGroup],
    unknown: Sequence[str],
    read_photo: ReadPhoto,
) -> str:
    """The whole page as HTML; every text of the market is escaped.

    Raises:
        InputError: a stored photo is not an image.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    wall = mixed(tally.photos, WALL_PHOTOS, seed=0)
    return environment.get_template("profile.html").render(
        charts=profile_charts,
        tally=tally,
        roots=tally.roots(),
        tiles=_tiles(tally, refused, groups),
        wall=[thumbnail(listed, read_photo, WALL_SIDE, square=True) for listed in wall],
        prices=_prices(tally),
        fields=[name for name in FIELDS if tally.known[name]],
        unknown=[(name, WITHOUT[name]) for name in unknown],
        duplicates=_duplicates(groups, read_photo),
        places=tally.places.most_common(SHOWN_PLACES),
        refused=refused,
        refused_by_part=[(kind, sum(k.count for k in refused if k.part is part)) for part, kind in PARTS],
        refused_by_reason={kind.reason.text: kind.count for kind in refused},
    )


def _tiles(
    tally: MarketTally, refused: Sequence[Refused], groups: Sequence[DuplicateGroup]
) -> list[dict[str, str]]:
    figures: list[tuple[str, int | str]] = [
        ("listings", tally.listings),
        ("photos", len(tally.photos)),
        ("categories", len(tally.roots())),
        ("places", len(tally.places)),
        ("duplicate groups", len(groups)),
        ("refused", sum(kind.count for kind in refused)),
    ]
    currency = tally.currency()
    if currency is not None:
        median = np.median(np.concatenate(list(tally.prices_by_root(currency).values())))
        figures.insert(3, ("median price", str(Price(round(float(median)), currency))))
    return [
        {"label": label, "value": value if isinstance(value, str) else f"{value:,}"}
        for label, value in figures
    ]


def _prices(tally: MarketTally) -> dict[str, Any] | None:
    currency = tally.currency()
    if currency is None:
        return None
    by_root = tally.prices_by_root(currency)
    prices = np.sort(np.concatenate(list(by_root.values())))
    axis = price_charts.PriceAxis.over(prices, currency)
    usual = price_charts.PriceAxis.over(prices[: int(np.ceil(0.98 * len(prices)))], currency)
    free, missing = int(np.count_nonzero(prices == 0)), tally.listings - tally.known["price"]
    other = tally.known["price"] - len(prices)
    parts = [f"{len(prices):,} listings are priced in {currency}, {free:,} of them are free"]
    parts += [f"{other:,} are priced in other currencies, which are not drawn"] if other else []
    parts += [f"{missing:,} have no price"] if missing else []
    return {
        "sentence": "; ".join(parts) + ".",
        "columns": price_charts.price_columns(prices, axis),
        "spans": price_charts.price_spans(by_root, usual),
        "favourites": price_charts.favourite_prices(prices, currency),
        "dearest": [
            {"title": title, "price": price}
            for minor, title, price in sorted(tally.dearest, reverse=True)
            if minor
        ],
    }


def _duplicates(groups: Sequence[DuplicateGroup], read_photo: ReadPhoto) -> dict[str, Any]:
    if not groups:
        return {"sentence": "No two photos are the same.", "groups": []}
    photos = sum(len(group.photos) for group in groups)
    across = sum(group.listings > 1 for group in groups)
    shown = sorted(groups, key=lambda group: (-group.listings, -len(group.photos)))[:SHOWN_GROUPS]
    return {
        "sentence": f"{photos:,} photos stand in {len(groups):,} groups of the same or nearly the same "
        f"picture; {across:,} groups span listings. The largest:",
        "groups": [
            {
                "kind": "Identical" if group.identical else "Look alike",
                "note": f"{len(group.photos)} photos in {group.listings} listings",
                "photos": [
                    thumbnail(listed, read_photo, TWIN_SIDE, square=False)
                    for listed in group.photos[:SHOWN_TWINS]
                ],
            }
            for group in shown
        ],
    }
