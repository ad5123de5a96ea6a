"""Who comes when and asks for what: sessions of searches and of looks at the home feed, in order of time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.demo.kinds.register import KINDS
from bowerbird.demo.market_truth import KIND_NAMES
from bowerbird.demo.palette import TERMS
from bowerbird.demo.relevance import ANY, Asked
from bowerbird.demo.shopper_tastes import INTERESTS, ShopperTastes, wanted_log_price

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
_MEAN_LOG_SESSIONS, _SPREAD_LOG_SESSIONS, _MOST_SESSIONS = 1.2, 0.9, 60
_LATE, _ANONYMOUS = 0.15, 0.12  # who came only lately; sessions that name no shopper
_MORE_PAGES, _MOST_PAGES = 1.3, 6
_FEED_FIRST, _FEED_LATER = 0.4, 0.15
_STAYS, _OFF_INTEREST = 0.75, 0.08
_NOUN, _COLOUR, _PRICE = 0.55, 0.3, 0.1  # shares of what is searched for; the rest names a shelf
_PAGE_SECONDS = 75.0


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """(p,) pages asked for, by time."""

    asked: Asked
    words: tuple[str, ...]  # empty on a feed
    sessions: Codes
    named: NDArray[np.bool_]  # whether the shopper is signed in
    times: Floats  # seconds since 1970

    def __len__(self) -> int:
        return len(self.words)


def draw_visits(tastes: ShopperTastes, start: float, days: float, rng: np.random.Generator) -> Visits:
    """What `tastes` ask for in the `days` from `start`, in seconds since 1970."""
    counts = 1 + rng.lognormal(_MEAN_LOG_SESSIONS, _SPREAD_LOG_SESSIONS, len(tastes)).astype(np.int64)
    owners = np.repeat(np.arange(len(tastes)), np.minimum(counts, _MOST_SESSIONS))
    joined = np.where(rng.random(len(tastes)) < _LATE, 0.93, rng.uniform(0, 0.6, len(tastes)))
    shares = joined[owners] + (1 - joined[owners]) * rng.random(len(owners))
    named = rng.random(len(owners)) >= _ANONYMOUS
    pages = np.minimum(1 + rng.poisson(_MORE_PAGES, len(owners)), _MOST_PAGES)
    sessions = np.repeat(np.arange(len(owners)), pages)
    turn = np.arange(len(sessions)) - np.repeat(np.cumsum(pages) - pages, pages)
    shoppers = owners[sessions]
    epochs = tastes.epochs(shoppers, shares[sessions])
    times = start + shares[sessions] * days * 86_400 + turn * _PAGE_SECONDS + rng.uniform(0, 20, len(turn))
    order = np.argsort(times, kind="stable")
    asked, words = _questions(tastes, shoppers, epochs, sessions, turn, rng)
    return Visits(
        asked.taken(order),
        tuple(words[page] for page in order),
        sessions[order],
        named[sessions][order],
        times[order],
    )


def draw_searches(
    tastes: ShopperTastes, shoppers: Codes, epochs: Codes, rng: np.random.Generator
) -> tuple[Asked, list[str]]:
    """One search of each of `shoppers` for something that they are interested in, and its words."""
    interest = _picked(tastes.weights[epochs, shoppers], rng)
    asked = Asked(shoppers, epochs, tastes.kinds[epochs, shoppers, interest], np.full(len(shoppers), ANY))
    return _worded(tastes, asked, rng)


def _questions(
    tastes: ShopperTastes,
    shoppers: Codes,
    epochs: Codes,
    sessions: Codes,
    turn: Codes,
    rng: np.random.Generator,
) -> tuple[Asked, list[str]]:
    weights = tastes.weights[epochs, shoppers]
    by_session = _picked(weights, rng)[np.flatnonzero(turn == 0)][sessions]
    interest = np.where(rng.random(len(turn)) < _STAYS, by_session, _picked(weights, rng))
    kinds = tastes.kinds[epochs, shoppers, interest]
    away = rng.random(len(turn)) < _OFF_INTEREST
    kinds = np.where(away, rng.integers(len(KIND_NAMES), size=len(turn)), kinds)
    asked, words = _worded(tastes, Asked(shoppers, epochs, kinds, np.full(len(turn), ANY)), rng)
    feed = rng.random(len(turn)) < np.where(turn == 0, _FEED_FIRST, _FEED_LATER)
    on_feed = Asked(shoppers, epochs, np.where(feed, ANY, asked.kinds), np.where(feed, ANY, asked.colours))
    return on_feed, ["" if empty else text for empty, text in zip(feed, words, strict=True)]


def _worded(tastes: ShopperTastes, asked: Asked, rng: np.random.Generator) -> tuple[Asked, list[str]]:
    """Words for each kind that is wanted: often a bare noun, sometimes with a colour or a limit."""
    interest = tastes.interests_in(asked.epochs, asked.shoppers, asked.kinds)
    palettes = tastes.colours[asked.epochs, asked.shoppers, interest]
    favourite = np.argmax(palettes + rng.normal(0, 0.5, palettes.shape), axis=1)
    form = rng.random(len(asked))
    coloured = (form >= _NOUN) & (form < _NOUN + _COLOUR)
    limits = np.exp(wanted_log_price(tastes, asked.shoppers, asked.kinds) + 0.5)
    picks = rng.random(len(asked))
    words = []
    for page, number in enumerate(asked.kinds.tolist()):
        kind = KINDS[KIND_NAMES[number]]
        noun = kind.nouns[int(picks[page] * len(kind.nouns))]
        if form[page] < _NOUN:
            words.append(noun)
        elif coloured[page]:
            words.append(f"{TERMS[favourite[page]]} {noun}")
        elif form[page] < _NOUN + _COLOUR + _PRICE:
            words.append(f"{noun} under {_round(limits[page])}")
        else:
            words.append(kind.category[-1])
    colours = np.where(coloured, favourite, ANY)
    return Asked(asked.shoppers, asked.epochs, asked.kinds, colours), words


def _round(pounds: float) -> int:
    step = 5 if pounds < 40 else 10 if pounds < 100 else 50
    return max(step, step * round(pounds / step))


def _picked(weights: Floats, rng: np.random.Generator) -> Codes:
    """(p,) one interest of each row of shares."""
    drawn = rng.random(len(weights))[:, None] >= np.cumsum(weights, axis=1)
    # The last share may round to just under 1, and an interest that is not there has none.
    most = np.where(weights > 0, np.arange(INTERESTS), 0).max(axis=1)
    return np.asarray(np.minimum(drawn.sum(axis=1), most), np.int64)
