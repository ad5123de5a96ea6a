"""The facets of a search reply as links that narrow or widen the search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bowerbird.market.listing import CATEGORY_SEPARATOR
from bowerbird.serving.search_form import SearchForm
from bowerbird.serving.wording import money

CHART_WIDTH, CHART_HEIGHT = 240.0, 64.0  # of the price chart, in the units of its view box
_LEAST_BAR = 2.0  # so that one listing among thousands is still seen


@dataclass(frozen=True, slots=True)
class FacetLink:
    """One value of a facet: how many listings it keeps, and the address that picks or drops it."""

    label: str
    count: int | None
    href: str
    selected: bool = False
    depth: int = 0


@dataclass(frozen=True, slots=True)
class PriceBar:
    """One bar of the price chart: its box in the chart's units, and the address of its range."""

    low: str
    high: str  # '' where the range is open
    count: int
    href: str
    x: float
    y: float
    width: float
    height: float

    @property
    def label(self) -> str:
        """The range in words."""
        return f"{self.low} to {self.high}" if self.high else f"{self.low} and more"


def category_links(
    values: Sequence[Mapping[str, Any]], form: SearchForm, understood: str | None
) -> list[FacetLink]:
    """The way down to the chosen category, then its children by falling count.

    `values` has every depth; `understood` is the category read out of the words, used where none was picked.
    """
    counts = {tuple(value["path"]): int(value["count"]) for value in values}
    chosen = _chosen_path(form.category or understood, counts)
    links = []
    if form.category:
        links.append(FacetLink("All categories", None, form.url(category=None)))
    links += [
        FacetLink(name, counts.get(path), _category_url(form, path), path == chosen, depth)
        for depth, name in enumerate(chosen)
        for path in [chosen[: depth + 1]]
    ]
    children = [path for path in counts if len(path) == len(chosen) + 1 and path[: len(chosen)] == chosen]
    children.sort(key=lambda path: (-counts[path], path))
    links += [
        FacetLink(path[-1], counts[path], _category_url(form, path), depth=len(chosen)) for path in children
    ]
    return links


def value_links(name: str, values: Sequence[Mapping[str, Any]], form: SearchForm) -> list[FacetLink]:
    """The values of a flat facet (place, status, seller); picking the chosen one again drops it."""
    chosen = getattr(form, name)
    return [
        FacetLink(
            _named(name, str(value["value"])),
            int(value["count"]),
            form.url(**{name: None if value["value"] == chosen else value["value"]}),
            value["value"] == chosen,
        )
        for value in values
    ]


def price_bars(buckets: Sequence[Mapping[str, Any]], form: SearchForm, currency: str) -> list[PriceBar]:
    """The price histogram as bars, one to a bucket in order; the last bucket may be open ended.

    A bucket stops short of its end and a filter does not, so its link stops a penny before.
    """
    highest = max((int(bucket["count"]) for bucket in buckets), default=0)
    if not highest:
        return []
    step = CHART_WIDTH / len(buckets)
    bars = []
    for position, bucket in enumerate(buckets):
        n, low, high = int(bucket["count"]), bucket["from"], bucket["to"]
        height = max(_LEAST_BAR, CHART_HEIGHT * n / highest) if n else 0.0
        bars.append(
            PriceBar(
                low=money(low, currency),
                high="" if high is None else money(high, currency),
                count=n,
                href=form.url(price_min=float(low), price_max=None if high is None else high - 0.01),
                x=round(position * step + 1, 2),
                y=round(CHART_HEIGHT - height, 2),
                width=round(step - 2, 2),
                height=round(height, 2),
            )
        )
    return bars


def _chosen_path(category: str | None, counts: Mapping[tuple[str, ...], int]) -> tuple[str, ...]:
    """The whole path of `category`, which may be a path or one name at any depth."""
    if not category:
        return ()
    named = tuple(category.split(CATEGORY_SEPARATOR))
    for path in sorted(counts, key=len):
        if path == named or path[-1].casefold() == category.casefold():
            return path
    return named


def _named(facet: str, value: str) -> str:
    return value.capitalize() if facet == "status" else value


def _category_url(form: SearchForm, path: tuple[str, ...]) -> str:
    return form.url(category=CATEGORY_SEPARATOR.join(path))
