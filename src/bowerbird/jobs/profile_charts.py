"""A market's tally as charts: which values are binned how, and what stands beside them."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from bowerbird.jobs.charts import Bar, Tick, bars, columns, frames, tree_map
from bowerbird.jobs.market_tally import MarketTally

_MOST_PHOTOS = 12  # listings with more share the last column
_FEW_COLUMNS = 6
_MOST_TILES = 40  # a root's further categories share its last tile
_DESCRIPTION_BINS = (0, 1, 5, 10, 20, 50, 100, 200, 500)
_SIDE_BINS = (0, 100, 200, 300, 400, 600, 800, 1200, 1600, 2400)
# A photo's shape by width over height: upper bound and name.
_SHAPES = ((0.6, "tall"), (0.9, "portrait"), (1.12, "square"), (1.6, "landscape"), (math.inf, "wide"))


def category_map(tally: MarketTally, width: int, height: int) -> Markup:
    """Root categories as blocks, the categories one level below as tiles."""
    tree: dict[str, Counter[str]] = {root: Counter() for root, _ in tally.roots().most_common()}
    for path, count in tally.categories.items():
        tree[path[0]][path[1] if len(path) > 1 else path[0]] += count
    return tree_map(
        {root: _tiles(members) for root, members in tree.items()}, "Listings by category", width, height
    )


def _tiles(members: Counter[str]) -> list[Bar]:
    ordered = members.most_common()
    rest = sum(count for _, count in ordered[_MOST_TILES:])
    tiles = [Bar(name, count, f"{count:,} listings") for name, count in ordered[:_MOST_TILES]]
    others = [Bar("others", rest, f"{rest:,} listings")] if rest else []
    return sorted(tiles + others, key=lambda tile: -tile.value)


def known_fields(tally: MarketTally, names: Sequence[str]) -> Markup:
    """The share of listings that have each of the fields `names`."""
    rows = [
        Bar(name, tally.known[name], _missing(tally.listings - tally.known[name], tally.listings))
        for name in names
    ]
    return bars(rows, "Listings that have each field", most=tally.listings)


def counted(counts: Mapping[str, int], title: str, longest: int | None = None) -> Markup:
    """The counts as bars, the largest first; `longest` is the count of a whole bar, if not the largest."""
    rows = [Bar(name, n, f"{n:,}") for name, n in Counter(counts).most_common()]
    return bars(rows, title, most=longest)


def photos_per_listing(tally: MarketTally) -> Markup:
    """Listings with 0, 1, 2, ... photos."""
    last = min(max(tally.photos_per_listing, default=0), _MOST_PHOTOS)
    counts: Counter[int] = Counter()
    for photos, listings in tally.photos_per_listing.items():
        counts[min(photos, last)] += listings
    more = max(tally.photos_per_listing, default=0) > last
    names = [f"{photos}{'+' if more and photos == last else ''}" for photos in range(last + 1)]
    return _named_columns(names, [counts[photos] for photos in range(last + 1)], "Listings by photos")


def photo_shapes(tally: MarketTally) -> Markup:
    """Photos by width over height."""
    counts: Counter[str] = Counter()
    for (width, height), photos in tally.photo_sizes.items():
        counts[next(name for bound, name in _SHAPES if width / height < bound)] += photos
    names = [name for _, name in _SHAPES]
    return _named_columns(names, [counts[name] for name in names], "Photos by shape")


def photo_sides(tally: MarketTally) -> Markup:
    """Photos by their longer side in pixels."""
    sides: Counter[int] = Counter()
    for size, photos in tally.photo_sizes.items():
        sides[max(size)] += photos
    return _binned(sides, _SIDE_BINS, "Photos by longer side in pixels")


def photo_frames(tally: MarketTally, most: int = 40) -> Markup:
    """The commonest outlines."""
    total = len(tally.photos)
    sizes = [(*size, photos / total) for size, photos in tally.photo_sizes.most_common(most)]
    return frames(sizes, "The commonest photo outlines")


def title_words(tally: MarketTally) -> Markup:
    """Listings by the number of words of their title."""
    last = max(tally.title_words, default=0)
    names = [str(words) for words in range(last + 1)]
    return _named_columns(names, [tally.title_words[words] for words in range(last + 1)], "Words in a title")


def description_words(tally: MarketTally) -> Markup:
    """Listings by the number of words of their description."""
    return _binned(tally.description_words, _DESCRIPTION_BINS, "Words in a description")


def _binned(values: Mapping[int, int], bounds: Sequence[int], title: str) -> Markup:
    counts = [0] * len(bounds)
    for value, count in values.items():
        counts[sum(bound <= value for bound in bounds) - 1] += count
    used = [place for place, count in enumerate(counts) if count] or [0]
    kept = range(used[0], used[-1] + 1)
    names = [f"{bounds[place]}+" if bounds[place] else f"under {bounds[1]}" for place in kept]
    return _named_columns(names, [counts[place] for place in kept], title)


def _named_columns(names: Sequence[str], counts: Sequence[int], title: str) -> Markup:
    """Columns, or lying bars where so few columns would be blocks."""
    every = -(-len(names) // 10)  # at most ten names fit under the columns of a phone
    if len(names) <= _FEW_COLUMNS:
        return bars([Bar(name, n, f"{n:,}") for name, n in zip(names, counts, strict=True)], title)
    ticks = [Tick((place + 0.5) / len(names), names[place]) for place in range(0, len(names), every)]
    columns_ = [Bar(name, n, f"{n:,}") for name, n in zip(names, counts, strict=True)]
    return columns(columns_, ticks, title)


def _missing(missing: int, total: int) -> str:
    if not missing:
        return "all"
    if missing == total:
        return "none"
    share = missing / total
    return f"{missing:,} without ({share:.1%})" if share >= 0.001 else f"{missing:,} without (under 0.1%)"
