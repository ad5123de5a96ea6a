"""The kinds of query whose time is measured, each a list of distinct questions to one synthetic market."""

import base64
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import orjson
from numpy.typing import NDArray
from PIL import Image

from bowerbird.engine import Engine
from bowerbird.market.listing import Listing
from bowerbird.market.query import Filters, Query, Sort
from bowerbird.retrieval.nonsense import nonsense_queries, title_queries
from bowerbird.settings import Settings
from synthetic_market import drawn_photos

READ_LISTINGS = 20_000
COMMON_SHARE = 0.02  # of listings, at least, hold a common word
EVERYWHERE_SHARE = 0.15  # and one that is everywhere
RARE_LISTINGS = 3  # of those read, at most, hold a rare word


@dataclass(frozen=True, slots=True, eq=False)
class Workloads:
    """Queries by kind, and the JPEG of every photo that is asked with, by the identity of its pixels."""

    queries: dict[str, list[Query]]
    jpegs: dict[int, bytes]

    def body(self, query: Query) -> bytes:
        """The body of POST /v1/search that asks the same."""
        fields: dict[str, object] = {"q": query.words, "limit": query.limit, "facets": list(query.facets)}
        if query.photo is not None:
            fields["photo"] = base64.b64encode(self.jpegs[id(query.photo)]).decode()
        return orjson.dumps(fields)


def workloads(engine: Engine, settings: Settings, n: int, seed: int) -> Workloads:
    """`n` queries of words as people type them, and a quarter as many of every other kind."""
    rng = np.random.default_rng([seed, 2])
    ids = engine.projection.current.index.columns.listing_ids
    read = engine.stores.catalogue.get([ids[row] for row in rng.permutation(len(ids))[:READ_LISTINGS]])
    listings = list(read.values())
    asked = [words for _, words in title_queries([listing.title for listing in listings], n, rng)]
    few = max(20, n // 4)
    queries = {"words": [Query(words) for words in asked]}
    queries |= _by_words(engine, listings, asked, few, rng)
    jpegs = drawn_photos(settings)
    pixels = [np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")) for jpeg in jpegs]
    photos = [pixels[i % len(pixels)] for i in range(few)]
    queries["photo"] = [Query(photo=photo) for photo in photos]
    queries["words and photo"] = [Query(words, photo) for words, photo in zip(asked, photos, strict=False)]
    plain = queries["words"][:few]
    queries |= {
        "words, 4 facets": [replace(q, facets=("category", "price", "place", "status")) for q in plain],
        "words, cheapest first": [replace(q, sort=Sort.PRICE_ASC) for q in plain],
        "words, same without a filter": plain,
    }
    for share in (0.1, 0.01):
        band = _price_band(engine, share)
        queries[f"words, {share:.0%} by price"] = [replace(q, filters=band) for q in plain]
    place = _place(engine, 0.01)
    queries["words, 1% by place"] = [replace(q, filters=place) for q in plain]
    queries["no words: everything"] = [Query(limit=1 + i % 100) for i in range(few)]
    return Workloads(queries, dict(zip(map(id, pixels), jpegs, strict=True)))


def _by_words(
    engine: Engine, listings: Sequence[Listing], asked: Sequence[str], few: int, rng: np.random.Generator
) -> dict[str, list[Query]]:
    """Queries by how many words they have, and by how common the words are."""
    held = Counter(
        word
        for listing in listings
        for word in set(f"{listing.title} {listing.description}".lower().replace(".", "").split())
        if word.isalpha() and len(word) > 3
    )
    common = [word for word, count in held.items() if count >= COMMON_SHARE * len(listings)]
    everywhere = [word for word in common if held[word] >= EVERYWHERE_SHARE * len(listings)]
    rare = [word for word, count in held.items() if count <= RARE_LISTINGS]
    keywords = engine.projection.current.index.keywords
    whole = [listing.title.lower().split() for listing in listings]
    return {
        "1 common word": [Query(word) for word in _drawn(common, few, rng)],
        "1 word that is everywhere": [Query(word) for word in _drawn(everywhere, few, rng)],
        "1 rare word": [Query(word) for word in _drawn(rare, few, rng)],
        "2 common words": [Query(" ".join(rng.choice(common, 2, replace=False))) for _ in range(few)],
        "3 common words": [Query(" ".join(rng.choice(common, 3, replace=False))) for _ in range(few)],
        "a whole title": [Query(" ".join(words)) for words in whole if len(words) > 3][:few],
        "misspelt words": [Query(_misspelt(words, rng)) for words in asked[:few]],
        "nonsense": [Query(words) for words in nonsense_queries(few, keywords.knows, rng)],
    }


def _drawn(words: Sequence[str], n: int, rng: np.random.Generator) -> list[str]:
    return [words[i] for i in rng.choice(len(words), n, replace=len(words) < n)]


def _misspelt(words: str, rng: np.random.Generator) -> str:
    """`words` with two neighbouring letters of the longest swapped."""
    longest = max(words.split(), key=len)
    place = int(rng.integers(1, max(2, len(longest) - 1)))
    swapped = longest[: place - 1] + longest[place : place + 1] + longest[place - 1] + longest[place + 1 :]
    return words.replace(longest, swapped)


def _price_band(engine: Engine, share: float) -> Filters:
    """The prices about the median that a `share` of the listings have."""
    prices: NDArray[np.int64] = engine.projection.current.index.columns.price_minor
    low, high = np.quantile(prices, [0.5, 0.5 + share], method="nearest") / 100
    return Filters(price_min=float(low), price_max=float(high) - 0.01)


def _place(engine: Engine, share: float) -> Filters:
    """The place whose listings are nearest to a `share` of all."""
    columns = engine.projection.current.index.columns
    counts = np.bincount(columns.place, minlength=len(columns.vocabularies["place"]))
    nearest = int(np.argmin(np.abs(counts - share * len(columns))))
    return Filters(place=columns.vocabularies["place"][nearest])
