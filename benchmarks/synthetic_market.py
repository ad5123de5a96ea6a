"""A market of any size, made in a minute: listings with their vectors, without encoding each of them.

Words fall off like Zipf's law: kinds of thing, brands, places and sellers by their rank, and descriptions
over 30,000 words of which the commonest are real. A few thousand texts (eight variants of each kind) and a
few hundred drawn photos are encoded for real. A listing's vectors are those of its variant with noise shaped
like the differences between real ones, so that a query, which is encoded for real, meets what it would meet
on a grown market. Photos have features but no files.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from bowerbird.assembly import create_home, open_stores
from bowerbird.cleaning.photo import clean_photo
from bowerbird.demo.market import draw_market
from bowerbird.demo.towns import TOWNS
from bowerbird.encoding.encoder import Vectors
from bowerbird.errors import InputError, MismatchError
from bowerbird.jobs.backbones import ensure_backbones
from bowerbird.market.listing import Listing, Photo, Price, Status
from bowerbird.projection.build import Stores
from bowerbird.settings import Settings
from bowerbird.storage.listing_vectors import text_key
from synthetic_words import COLOURS, CONDITIONS, KINDS, MATERIALS, SELLER_WORDS, SIZES, STYLES

MAKING = 1  # goes up when the same arguments would give another market
BATCH = 5000
VARIANTS = 8
BRANDS = 400
VOCABULARY = 30_000
DRAWN_LISTINGS = 160
DRAWN_FOLDER = "drawn"
TEXT_NOISE = 0.45  # of the length of a vector, in the shape of real differences
LISTING_NOISE, PHOTO_NOISE = 0.35, 0.25  # of the logarithm of a photo feature
_MARKER = "synthetic.json"
_PHOTO_SHARES = (0.1, 0.5, 0.25, 0.1, 0.05)  # of listings with 0 to 4 photos: 1.5 on average
_LAST_DAY = datetime(2026, 11, 20, tzinfo=UTC)
_ONSETS = (
    "b",
    "br",
    "c",
    "d",
    "f",
    "fl",
    "g",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "st",
    "t",
    "v",
    "w",
)
_VOWELS = ("a", "e", "i", "o", "u", "ee", "ou")
_CODAS = ("", "n", "r", "l", "st", "ck", "m")
_ROOT_OF = {kind: root for root, kinds in KINDS.items() for kind in kinds}


@dataclass(frozen=True, slots=True)
class Variant:
    """One sort of a kind of thing: what its text is encoded from."""

    kind: str
    brand: str
    colour: str
    material: str
    style: str

    @property
    def listing(self) -> Listing:
        """A plain listing of this variant."""
        return Listing(
            "template",
            f"{self.brand.title()} {self.style} {self.colour} {self.kind}",
            f"{self.material} {self.kind} in good condition, collection only.",
            attributes=(("colour", self.colour), ("material", self.material)),
        )


class Words:
    """What listings are written with, from the commonest to the rarest."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.brands = [_made_up(rng) for _ in range(BRANDS)]
        made_up = dict.fromkeys(_made_up(rng) for _ in range(2 * VOCABULARY))
        real = dict.fromkeys((*SELLER_WORDS, *(word for kind in _ROOT_OF for word in kind.split())))
        self.vocabulary = np.array([*real, *made_up][:VOCABULARY], object)
        order = rng.permutation(len(_ROOT_OF))
        kinds = list(_ROOT_OF)
        self.variants = [
            Variant(
                kinds[kind],
                self.brands[zipf(1, BRANDS, rng)[0]],
                str(rng.choice(COLOURS)),
                str(rng.choice(MATERIALS)),
                str(rng.choice(STYLES)),
            )
            for kind in order
            for _ in range(VARIANTS)
        ]


def zipf(size: int, ranks: int, rng: np.random.Generator, flat: float = 0.0) -> NDArray[np.int64]:
    """(size,) ranks below `ranks`, rank r drawn in proportion to 1 / (r + 1 + flat)."""
    mass = np.cumsum(1 / (np.arange(ranks) + 1 + flat))
    return np.asarray(np.searchsorted(mass, rng.random(size) * mass[-1]), np.int64)


def make_market(settings: Settings, listings: int, seed: int = 0) -> Stores:
    """The stores of a home that holds `listings` synthetic listings with vectors; one made before is kept.

    Raises:
        MismatchError: the home holds another synthetic market.
    """
    create_home(settings)
    ensure_backbones(settings)
    stores = open_stores(settings)
    marker = settings.home / _MARKER
    made_by = {"making": MAKING, "listings": listings, "seed": seed, "encoders": stores.encoders}
    if marker.exists():
        if (found := json.loads(marker.read_text("utf-8"))) != made_by:
            raise MismatchError(
                f"{settings.home} holds a market made by {found}, not {made_by}; delete it or name another"
            )
        return stores
    draw_market(settings.home / DRAWN_FOLDER, listings=DRAWN_LISTINGS, seed=seed)
    words = Words(np.random.default_rng([seed, 0]))
    texts = stores.vectors.text_encoder.encode([variant.listing.text for variant in words.variants])
    features = stores.vectors.photo_encoder.encode(drawn_photos(settings))
    for number, start in enumerate(range(0, listings, BATCH)):
        rng = np.random.default_rng([seed, 1, number])
        chosen = zipf(min(BATCH, listings - start), len(words.variants), rng, flat=60)
        batch = list(_listings(start, chosen, words, rng))
        stores.catalogue.upsert(batch)
        keys = [text_key(listing.text) for listing in batch]
        stores.vectors.text_store.put(keys, _noisy_texts(texts, chosen, rng))
        counts = np.array([len(listing.photos) for listing in batch])
        hashes = [photo.content_hash for listing in batch for photo in listing.photos]
        stores.vectors.feature_store.put(hashes, _noisy_features(features, chosen, counts, rng))
    marker.write_text(json.dumps(made_by), "utf-8")
    return stores


def drawn_photos(settings: Settings) -> list[bytes]:
    """The drawn photos of the home, cleaned as uploaded ones are; the demo breaks a few on purpose."""
    limits = settings.photos
    photos = []
    for path in sorted((settings.home / DRAWN_FOLDER / "photos").glob("*.jpg")):
        with suppress(InputError):
            cleaned = clean_photo(path.read_bytes(), max_pixels=limits.max_pixels, max_bytes=limits.max_bytes)
            photos.append(cleaned.data)
    return photos


def _listings(
    start: int, chosen: NDArray[np.int64], words: Words, rng: np.random.Generator
) -> Iterator[Listing]:
    n = len(chosen)
    lengths = np.clip(rng.lognormal(3.4, 0.6, n), 3, 200).astype(int)
    spoken = np.split(words.vocabulary[zipf(lengths.sum(), VOCABULARY, rng)], np.cumsum(lengths)[:-1])
    brands, towns, sellers = zipf(n, BRANDS, rng), zipf(n, len(TOWNS), rng), zipf(n, 20_000, rng, flat=50)
    photo_counts = rng.choice(len(_PHOTO_SHARES), n, p=_PHOTO_SHARES)
    ages = np.minimum(rng.exponential(40, n), 400)
    spread = rng.lognormal(0, 0.4, n)
    for i in range(n):
        variant = words.variants[chosen[i]]
        yield Listing(
            f"s{start + i:07d}",
            _title(variant, words.brands[brands[i]], rng),
            f"{variant.material} {variant.kind}. {' '.join(spoken[i])}.",
            category=(_ROOT_OF[variant.kind], variant.kind.title()),
            price=_price(variant.kind, float(spread[i])),
            place=TOWNS[towns[i]].place,
            latitude=TOWNS[towns[i]].latitude,
            longitude=TOWNS[towns[i]].longitude,
            status=Status.SOLD if rng.random() < 0.05 else Status.ACTIVE,
            seller_id=f"seller{sellers[i]}",
            created_at=_LAST_DAY - timedelta(days=float(ages[i])),
            photos=tuple(_photo(start + i, place) for place in range(photo_counts[i])),
            attributes=(("colour", variant.colour), ("condition", str(rng.choice(CONDITIONS)))),
        )


def _title(variant: Variant, brand: str, rng: np.random.Generator) -> str:
    model = f"{brand[:2]}{rng.integers(10, 10_000)}"
    parts = (
        (0.55, brand.title()),
        (0.3, model.upper()),
        (0.4, variant.style),
        (0.6, variant.colour),
        (0.3, variant.material),
        (1.0, variant.kind),
        (0.5, SIZES[rng.integers(len(SIZES))]),
    )
    said = rng.random(len(parts))
    return " ".join(part for draw, (share, part) in zip(said, parts, strict=True) if draw < share and part)


def _price(kind: str, spread: float) -> Price:
    usual = 4 * 1.035 ** (int(hashlib.sha256(kind.encode()).hexdigest()[:4], 16) % 150)
    return Price(max(50, round(100 * usual * spread)), "GBP")


def _photo(number: int, place: int) -> Photo:
    name = f"s{number:07d}-{place}"
    digest = hashlib.sha256(name.encode()).hexdigest()
    return Photo(name, digest, digest[:16], 640, 480)


def _noisy_texts(texts: Vectors, chosen: NDArray[np.int64], rng: np.random.Generator) -> Vectors:
    """(n, d) unit vectors about those of the `chosen` variants."""
    _, spreads, axes = np.linalg.svd(texts - texts.mean(axis=0), full_matrices=False)
    noise = rng.standard_normal((len(chosen), len(spreads)), np.float32) * spreads @ axes
    noise *= TEXT_NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
    vectors = texts[chosen] + noise
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _noisy_features(
    features: Vectors, chosen: NDArray[np.int64], counts: NDArray[np.int64], rng: np.random.Generator
) -> Vectors:
    """(photos, f) features about the drawn photo that stands for each variant; never negative."""
    listing_noise = LISTING_NOISE * rng.standard_normal((len(chosen), features.shape[1]), np.float32)
    owners = np.repeat(np.arange(len(chosen)), counts)
    noise = listing_noise[owners]
    noise += PHOTO_NOISE * rng.standard_normal(noise.shape, np.float32)
    # Neighbouring variants are of one kind: an odd stride spreads the kinds over the drawn photos.
    drawn = (chosen[owners] * 7) % len(features)
    return np.asarray(features[drawn] * np.exp(noise), np.float32)


def _made_up(rng: np.random.Generator) -> str:
    syllables = int(rng.integers(2, 4))
    return "".join(
        str(choices[rng.integers(len(choices))])
        for _ in range(syllables)
        for choices in (_ONSETS, _VOWELS, _CODAS)
    )
