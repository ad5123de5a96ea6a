"""What shoppers of one home would ask, as whole HTTP requests: searches by words and by photo, and feeds.

Words are one to four of a title's, half of them asked by a shopper; photos are those drawn for a synthetic
market, else stored ones; feeds are asked for by shoppers of the log, a fifth of them by strangers.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from urllib.parse import quote

import numpy as np
import orjson

from bowerbird.assembly import open_catalogue, open_event_stores, open_photo_store
from bowerbird.errors import InputError
from bowerbird.retrieval.nonsense import title_queries
from bowerbird.settings import Settings
from load_client import Address, Question
from synthetic_market import DRAWN_FOLDER, drawn_photos

LISTINGS_READ = 20_000
PHOTOS_READ = 200
WORDS_DRAWN = 5000
SHOPPERS_READ = 10_000
KNOWN_SHARE = 0.5  # of searches by words
STRANGER_SHARE = 0.2  # of feeds
WORDS, PHOTO, FEED = "words", "photo", "feed"
MIX = {WORDS: 0.5, PHOTO: 0.25, FEED: 0.25}


class Questions:
    """What is asked in one home, drawn anew for each request.

    Raises:
        InputError: the home has no listings.
    """

    def __init__(self, settings: Settings, seed: int) -> None:
        rng = np.random.default_rng([seed, 5])
        titles, hashes = _read(settings)
        self.listings = len(titles)
        self._words = [words for _, words in title_queries(titles, WORDS_DRAWN, rng)]
        self._photos = [base64.b64encode(photo).decode() for photo in _photos(settings, hashes)]
        with closing(open_event_stores(settings)) as stores:
            self._shoppers = [shopper for shopper, _ in stores.log.busiest_shoppers(SHOPPERS_READ)]

    def ask(
        self, address: Address, mix: Mapping[str, float], rng: np.random.Generator, key: str = ""
    ) -> Iterator[Question]:
        """Questions for ever, each kind with its share of `mix`."""
        makers: dict[str, Callable[[np.random.Generator], tuple[str, str, bytes]]] = {
            WORDS: self._by_words,
            PHOTO: self._by_photo,
            FEED: self._feed,
        }
        if PHOTO in mix and not self._photos:
            raise InputError("the home has no photos to search by; give --mix words=0.7,feed=0.3")
        kinds, shares = list(mix), np.cumsum(list(mix.values())) / sum(mix.values())
        ending = f"host: {address.host}:{address.port}\r\n"
        ending += f"authorization: Bearer {key}\r\n" if key else ""
        while True:
            kind = kinds[int(np.searchsorted(shares, rng.random(), side="right"))]
            method, path, body = makers[kind](rng)
            head = f"{method} {path} HTTP/1.1\r\n{ending}"
            if body:
                head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            yield Question(kind, head.encode() + b"\r\n" + body)

    def _by_words(self, rng: np.random.Generator) -> tuple[str, str, bytes]:
        fields = {"q": self._words[rng.integers(len(self._words))]}
        if self._shoppers and rng.random() < KNOWN_SHARE:
            fields["shopper"] = self._shopper(rng)
        return "POST", "/v1/search", orjson.dumps(fields)

    def _by_photo(self, rng: np.random.Generator) -> tuple[str, str, bytes]:
        fields = {"photo": self._photos[rng.integers(len(self._photos))]}
        return "POST", "/v1/search", orjson.dumps(fields)

    def _feed(self, rng: np.random.Generator) -> tuple[str, str, bytes]:
        known = self._shoppers and rng.random() >= STRANGER_SHARE
        shopper = self._shopper(rng) if known else f"stranger-{rng.integers(10**9)}"
        return "GET", f"/v1/shoppers/{quote(shopper, safe='')}/recommendations", b""

    def _shopper(self, rng: np.random.Generator) -> str:
        return self._shoppers[rng.integers(len(self._shoppers))]


def _read(settings: Settings) -> tuple[list[str], list[str]]:
    """Titles of listings, and the first photo of each that has one."""
    titles: list[str] = []
    hashes: list[str] = []
    with closing(open_catalogue(settings)) as catalogue:
        for batch in catalogue.scan():
            titles += [listing.title for listing in batch]
            hashes += [listing.photos[0].content_hash for listing in batch if listing.photos]
            if len(titles) >= LISTINGS_READ:
                break
    if not titles:
        raise InputError(f"{settings.home} has no listings to ask about; run `bowerbird import FILE`")
    return titles, hashes


def _photos(settings: Settings, hashes: list[str]) -> list[bytes]:
    if (settings.home / DRAWN_FOLDER).is_dir():
        return drawn_photos(settings)
    store = open_photo_store(settings)
    return [store.read(content_hash) for content_hash in hashes[:PHOTOS_READ]]
