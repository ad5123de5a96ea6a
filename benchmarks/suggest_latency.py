"""How long a seller waits for category, price and duplicates of a brand-new listing, over HTTP.

    python benchmarks/suggest_latency.py --home DIR [--drafts 200] [--json]

The home has a category and a price model in use. Its listings are offered again as what the server has never
seen: each photo scaled to a size between 300 and 1,000 pixels and saved anew, so that every one is decoded,
cleaned and encoded. One client asks on a connection that is kept open; drafts of one, two and three photos
come in turn. An interval bounds the percentile itself (order statistics, 95%).
"""

import argparse
import base64
import io
import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import orjson
from PIL import Image

from bowerbird.assembly import open_catalogue, open_photo_store
from bowerbird.errors import BowerbirdError, InputError
from bowerbird.market.listing import Listing
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.photo_store import PhotoStore
from loopback_server import Server, answer_times
from search_latency import VALUE, Figure, percentiles, printed_table

WARM_UP = 9  # drafts; as many of one, of two and of three photos
PHOTOS = (1, 2, 3)
SMALLEST, LARGEST = 300, 1000  # pixels of a photo's longest side
ALL = "/v1/suggest"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code."""
    given = _parsed(arguments)
    settings = load_settings(given.home)
    try:
        bodies = _drafts(settings, given.drafts + WARM_UP, given.seed)
        with Server(settings) as server:
            figures = list(_measured(server, bodies))
    except BowerbirdError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    if given.json:
        print(json.dumps({"drafts": given.drafts, "figures": [figure.as_json() for figure in figures]}))
    else:
        print(printed_table(figures))
    return 0


def _measured(server: Server, bodies: Sequence[bytes]) -> Iterable[Figure]:
    """All three parts of every draft first, each photo for the first time; then each part alone."""
    times = np.array(answer_times(server.port, bodies, warm_up=WARM_UP, path=ALL))
    yield from percentiles("category, price and duplicates in one call", times)
    for place, count in enumerate(PHOTOS):
        name = f"in one call, {count} photo{'s' if count > 1 else ''}"
        yield from percentiles(name, times[place :: len(PHOTOS)])
    known = np.array(answer_times(server.port, bodies[-100:], warm_up=WARM_UP, path=ALL))
    yield from percentiles("in one call, the same photos again", known)
    yield Figure("mean size of a request, kB", VALUE, float(np.mean([len(body) for body in bodies])) / 1000)
    yield Figure("server memory, MB", VALUE, server.resident_mb())


def _drafts(settings: Settings, count: int, seed: int) -> list[bytes]:
    """The bodies of `count` requests, with one, two and three photos in turn."""
    rng = np.random.default_rng(seed)
    with closing(open_catalogue(settings)) as catalogue:
        ids = catalogue.all_ids()
        listings = catalogue.get([ids[place] for place in rng.permutation(len(ids))[: 10 * count]])
    store = open_photo_store(settings)
    pictured = [one for one in listings.values() if one.photos and one.description]
    if len(pictured) < count:
        raise InputError(
            f"{count} listings with photos and a description are needed, but the home has {len(pictured)}; "
            "give a larger market or fewer --drafts"
        )
    hashes = [photo.content_hash for one in pictured for photo in one.photos]
    return [_body(pictured[place], PHOTOS[place % len(PHOTOS)], hashes, store, rng) for place in range(count)]


def _body(
    listing: Listing, photos: int, hashes: Sequence[str], store: PhotoStore, rng: np.random.Generator
) -> bytes:
    """A draft with the listing's words, its photos, and others' where it has too few."""
    shown = [photo.content_hash for photo in listing.photos][:photos]
    shown += [hashes[place] for place in rng.integers(len(hashes), size=photos - len(shown))]
    encoded = [base64.b64encode(_saved_anew(store.read(one), rng)).decode() for one in shown]
    return orjson.dumps(
        {
            "title": listing.title,
            "description": listing.description,
            "place": listing.place,
            "photos": encoded,
        }
    )


def _saved_anew(stored: bytes, rng: np.random.Generator) -> bytes:
    with Image.open(io.BytesIO(stored)) as image:
        scale = rng.uniform(SMALLEST, LARGEST) / max(image.size)
        size = (max(32, round(scale * image.width)), max(32, round(scale * image.height)))
        saved = io.BytesIO()
        image.resize(size, Image.Resampling.LANCZOS).save(saved, "JPEG", quality=int(rng.integers(80, 93)))
    return saved.getvalue()


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--drafts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
