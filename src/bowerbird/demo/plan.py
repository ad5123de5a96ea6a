"""What a drawn market holds, decided before anything is painted: things, sellers, prices, words and views.

Everything follows from one seed, listing by listing, so the same arguments give the same market whatever the
number of workers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from bowerbird.demo.kinds.kind import Kind
from bowerbird.demo.kinds.register import KINDS
from bowerbird.demo.palette import SHADES, Shade, distance
from bowerbird.demo.photograph import FAULTS, View
from bowerbird.demo.things import Look
from bowerbird.demo.towns import Seller, draw_sellers
from bowerbird.demo.words import CONDITIONS, Facts, write

COLUMNS = (
    "id", "title", "description", "category", "price", "place", "latitude", "longitude", "status", "seller",
    "created_at", "photos", "brand", "colour", "material", "condition",
)  # fmt: skip
_CONDITION_SHARES = (0.08, 0.22, 0.40, 0.22, 0.08)
_CONDITION_PRICES = dict(zip(CONDITIONS, (1.5, 1.25, 1.0, 0.75, 0.45), strict=True))
_SHAPES = ((640, 480), (480, 640), (600, 600), (800, 600))


@dataclass(frozen=True, slots=True)
class Truth:
    """What is so, whatever the row says."""

    listing_id: str
    kind: str
    colour: str  # one of the eleven basic terms
    shade: str  # its finer name, or the wood
    material: str
    condition: str
    brand: str | None
    photo_faults: tuple[str | None, ...]
    duplicate_of: str | None = None  # the listing whose photos this one shows again
    dirt: str | None = None  # what is wrong with the row on purpose


@dataclass(frozen=True, slots=True)
class DrawnListing:
    """One listing: the truth, and the row (by column) that is written to the file."""

    truth: Truth
    row: dict[str, str]


@dataclass(frozen=True, slots=True)
class PhotoPlan:
    """One photo to paint: its file name, and what is done to the file afterwards."""

    name: str
    kind: str
    look: Look
    view: View
    treatment: str | None = None  # recompressed, cropped, letterboxed or broken


@dataclass(frozen=True, slots=True)
class Plan:
    """A listing and its photos; a relisting with the same photo has none of its own."""

    listing: DrawnListing
    photos: tuple[PhotoPlan, ...]


def plan_market(listings: int, seed: int, until: date) -> list[Plan]:
    """`listings` plans whose dates end the day before `until`."""
    sellers = draw_sellers(max(8, listings // 7), np.random.default_rng([seed, 1]))
    order = _kind_order(listings, np.random.default_rng([seed, 2]))
    plans: list[Plan] = []
    for number, kind in enumerate(order):
        rng = np.random.default_rng([seed, 3, number])
        if number > 20 and rng.random() < 0.03:
            plans.append(_relisting(plans, number, sellers, until, rng))
        else:
            plans.append(_plan(KINDS[kind], _listing_id(seed, number), _seller(sellers, rng), until, rng))
    return plans


def _kind_order(listings: int, rng: np.random.Generator) -> list[str]:
    names = list(KINDS)
    rounds = [rng.permutation(len(names)) for _ in range(listings // len(names) + 1)]
    return [names[i] for i in np.concatenate(rounds)[:listings]]


def _listing_id(seed: int, number: int) -> str:
    return f"d{seed}-{number:05d}"


def _seller(sellers: Sequence[Seller], rng: np.random.Generator) -> Seller:
    # A few sell a great deal and most sell little, as on every marketplace.
    return sellers[int(len(sellers) * rng.random() ** 1.7)]


def _plan(kind: Kind, listing_id: str, seller: Seller, until: date, rng: np.random.Generator) -> Plan:
    materials = tuple(kind.materials)
    # Paint comes in many colours and oak in one: a material weighs as much as it has colours, within reason.
    weights = np.array([min(4, max(1, len(terms))) for terms in kind.materials.values()])
    material = materials[int(rng.choice(len(materials), p=weights / weights.sum()))]
    shades = kind.shades(material)
    shade = _pick_shade(shades, rng)
    condition = CONDITIONS[int(rng.choice(len(CONDITIONS), p=_CONDITION_SHARES))]
    brand = kind.brands[int(rng.integers(len(kind.brands)))] if kind.brands and rng.random() < 0.45 else None
    look = Look(
        shade.rgb, _accent(shade, rng), material, int(rng.integers(1 << 31)), worn=condition == "worn"
    )
    photos = _views(kind, listing_id, look, seller.home, rng)
    truth = Truth(
        listing_id, kind.name, shade.term, shade.name, material, condition, brand,
        tuple(photo.view.fault for photo in photos),
    )  # fmt: skip
    row = _row(kind, truth, shade, seller, until, rng) | {"photos": "|".join(photo.name for photo in photos)}
    return Plan(DrawnListing(truth, row), photos)


def _pick_shade(shades: Sequence[Shade], rng: np.random.Generator) -> Shade:
    terms = sorted({shade.term for shade in shades})
    term = terms[int(rng.integers(len(terms)))]
    kin = [shade for shade in shades if shade.term == term]
    # The plain colour is the commonest of its kin.
    return kin[0] if rng.random() < 0.4 else kin[int(rng.integers(len(kin)))]


def _accent(shade: Shade, rng: np.random.Generator) -> tuple[int, int, int]:
    others = [other.rgb for other in SHADES.values() if distance(other.rgb, shade.rgb) > 70]
    return others[int(rng.integers(len(others)))]


def _views(
    kind: Kind, listing_id: str, look: Look, home: int, rng: np.random.Generator
) -> tuple[PhotoPlan, ...]:
    count = int(rng.choice((1, 2, 3), p=(0.46, 0.36, 0.18)))
    setting = kind.settings[int(rng.integers(len(kind.settings)))]
    fault = FAULTS[int(rng.integers(len(FAULTS)))] if rng.random() < 0.1 else None
    shape = _shape(kind, rng)
    photos = []
    for number in range(count):
        if number and rng.random() < 0.25:
            setting, shape = kind.settings[int(rng.integers(len(kind.settings)))], _shape(kind, rng)
        view = View(
            setting,
            shape,
            yaw=float(rng.uniform(-1, 1)),
            pitch=float(rng.uniform(-1, 1)),
            roll=float(rng.normal(0, 0.012)),
            fill=float(rng.uniform(0.66, 0.86)) if number == 0 else float(rng.uniform(0.7, 1.1)),
            shift=(float(rng.normal(0, 0.015)), float(rng.normal(0.01, 0.015))),
            home=home,
            noise_seed=int(rng.integers(1 << 31)),
            fault=fault if number == 0 else None,
        )
        photos.append(PhotoPlan(f"{listing_id}-{number + 1}.jpg", kind.name, look, view))
    return tuple(photos)


def _shape(kind: Kind, rng: np.random.Generator) -> tuple[int, int]:
    width, height, _ = kind.size
    tall, wide = height > 1.4 * width, width > 1.4 * height
    shares = (
        (0.15, 0.6, 0.23, 0.02) if tall else (0.72, 0.02, 0.18, 0.08) if wide else (0.42, 0.28, 0.25, 0.05)
    )
    return _SHAPES[int(rng.choice(4, p=shares))]


def _row(
    kind: Kind, truth: Truth, shade: Shade, seller: Seller, until: date, rng: np.random.Generator
) -> dict[str, str]:
    facts = Facts(kind, shade, truth.material, truth.condition, truth.brand, seller.town.name)
    words = write(facts, rng)
    blank = rng.random(4) < (0.5, 0.12, 0.3, 0.15)  # what sellers leave out of the form
    brand, colour, material, condition = (
        "" if empty or value is None else value
        for empty, value in zip(
            blank, (truth.brand, truth.colour, truth.material, truth.condition), strict=True
        )
    )
    return {
        "id": truth.listing_id,
        "title": words.title,
        "description": words.description,
        "category": " / ".join(kind.category),
        "price": _price(kind.price * _CONDITION_PRICES[truth.condition], rng),
        "place": seller.town.place,
        "latitude": str(seller.latitude),
        "longitude": str(seller.longitude),
        "status": str(rng.choice(("active", "reserved", "sold"), p=(0.91, 0.04, 0.05))),
        "seller": seller.seller_id,
        "created_at": _created(until, rng).isoformat().replace("+00:00", "Z"),
        "brand": brand,
        "colour": colour,
        "material": material,
        "condition": condition,
    }


def _created(until: date, rng: np.random.Generator) -> datetime:
    days = min(rng.exponential(32.0), 200.0)
    evening = time(int(rng.integers(7, 23)), int(rng.integers(60)), int(rng.integers(60)), tzinfo=UTC)
    return datetime.combine(until - timedelta(days=1 + int(days)), evening)


def _price(usual: float, rng: np.random.Generator) -> str:
    pounds = usual * float(rng.lognormal(0.0, 0.38))
    step = 1 if pounds < 15 else 5 if pounds < 150 else 10 if pounds < 500 else 25
    rounded = max(1, step * round(pounds / step))
    if step > 1 and rng.random() < 0.12:
        rounded -= 1
    form = rng.random()
    if form < 0.15:
        return f"£{rounded:,}.00"
    return f"{rounded}" if form < 0.2 else f"£{rounded:,}"


def _relisting(
    plans: Sequence[Plan], number: int, sellers: Sequence[Seller], until: date, rng: np.random.Generator
) -> Plan:
    """The same thing again in other words: the same photo file, or one saved again or cropped."""
    earlier = plans[int(rng.integers(max(0, number - 400), number))]
    while earlier.listing.truth.duplicate_of is not None:
        earlier = plans[int(rng.integers(number))]
    first, truth = earlier.photos[0], earlier.listing.truth
    seed = truth.listing_id.partition("-")[0]
    listing_id = f"{seed}-{number:05d}"
    treatment = (None, "recompressed", "cropped")[int(rng.integers(3))]
    again = replace(first, name=f"{listing_id}-1.jpg", treatment=treatment)
    photos = () if treatment is None else (again,)
    kind = KINDS[truth.kind]
    shade = next(shade for shade in kind.shades(truth.material) if shade.name == truth.shade)
    truth = replace(
        truth, listing_id=listing_id, duplicate_of=truth.listing_id, photo_faults=(first.view.fault,)
    )
    seller = sellers[first.view.home] if rng.random() < 0.7 else _seller(sellers, rng)
    row = _row(kind, truth, shade, seller, until, rng)
    row["photos"] = again.name if photos else first.name
    return Plan(DrawnListing(truth, row), photos)
