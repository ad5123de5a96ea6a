"""The address of a search page: read into a Query, and written back with one thing changed.

A search page is a pure function of its address (`/?q=sofa&category=...&price_max=100&cursor=...`), so every
filter, chip and 'more' is a plain link: it works without JavaScript, can be shared and opened in a new tab.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.market.listing import CATEGORY_SEPARATOR, Status
from bowerbird.market.query import FACETS, Filters, Near, Query, Sort
from bowerbird.serving.wording import money

Kind = TypeVar("Kind", Status, Sort)
PAGE_SIZE = 24
SORT_LABELS = {
    Sort.RELEVANCE: "Best match",
    Sort.PRICE_ASC: "Price, low to high",
    Sort.PRICE_DESC: "Price, high to low",
    Sort.NEWEST: "Newest",
    Sort.DISTANCE: "Nearest",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that narrows a search, and the address of the search without it."""

    label: str
    href: str
    understood: bool = False  # read out of the words, rather than picked


@dataclass(frozen=True, slots=True)
class SearchForm:
    """What a shopper asked, field by field as the address has it; prices in major units, None is 'any'.

    `near` is 'latitude,longitude,kilometres'. `like` is the content hash of a stored photo to search with.
    """

    q: str = ""
    category: str | None = None
    price_min: float | None = None
    price_max: float | None = None
    place: str | None = None
    status: str | None = None
    seller: str | None = None
    near: str | None = None
    sort: str | None = None
    like: str | None = None
    cursor: str | None = None

    @classmethod
    def read(cls, given: Mapping[str, object]) -> "SearchForm":
        """The form of an address or of posted fields; blank and unknown fields are left out.

        Raises:
            InputError: a price is not a number.
        """
        names = {field.name for field in fields(cls)}
        stripped = {name: value.strip() for name, value in given.items() if isinstance(value, str)}
        values: dict[str, Any] = {name: value for name, value in stripped.items() if value and name in names}
        for name in ("price_min", "price_max"):
            if name in values:
                values[name] = _number(name, values[name])
        return cls(**values)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is asked or narrowed: the front page."""
        return replace(self, sort=None, cursor=None) == SearchForm()

    def query(self, photo: NDArray[np.uint8] | None = None, limit: int = PAGE_SIZE) -> Query:
        """The question to the engine, with every facet and with explanations.

        Raises:
            InputError: a value is not one that the market can use.
        """
        return Query(
            words=self.q,
            photo=photo,
            filters=Filters(
                category=self.category,
                price_min=self.price_min,
                price_max=self.price_max,
                place=self.place,
                near=None if self.near is None else Near.read(self.near),
                status=None if self.status is None else _member(Status, "status", self.status),
                seller=self.seller,
            ),
            sort=Sort.RELEVANCE if self.sort is None else _member(Sort, "sort", self.sort),
            limit=limit,
            cursor=self.cursor,
            facets=FACETS,
        )

    def pairs(self, **changes: str | float | None) -> list[tuple[str, str]]:
        """The (name, value) pairs of this search with `changes` made; a change starts at page one."""
        given: dict[str, Any] = {"cursor": None, **changes}
        changed = replace(self, **given)
        if changed.near is None and changed.sort == Sort.DISTANCE:
            changed = replace(changed, sort=None)
        values = ((field.name, getattr(changed, field.name)) for field in fields(self))
        return [
            (name, _amount(value) if isinstance(value, float) else value)
            for name, value in values
            if value is not None and value != ""
        ]

    def url(self, **changes: str | float | None) -> str:
        """The address of this search with `changes` made."""
        pairs = self.pairs(**changes)
        return f"/?{urlencode(pairs)}" if pairs else "/"

    def cleared(self) -> str:
        """The address of the same words and photo without any picked filter."""
        return SearchForm(q=self.q, sort=self.sort, like=self.like).url()

    def price_text(self, name: str) -> str:
        """What stands in the box `price_min` or `price_max`."""
        price = getattr(self, name)
        return "" if price is None else _amount(price)

    def chips(self, understood: Mapping[str, Any] | None, currency: str) -> list[Chip]:
        """Everything that narrows this search: first the picked filters, then what the words were read as."""
        picked = [
            Chip(_picked_label(self, name, currency), self.url(**{name: None}))
            for name in ("category", "place", "status", "seller", "near")
            if getattr(self, name) is not None
        ]
        if self.price_min is not None or self.price_max is not None:
            label = _price_label(self.price_min, self.price_max, currency)
            picked.append(Chip(label, self.url(price_min=None, price_max=None)))
        spans: dict[str, dict[str, Any]] = {}  # 'between 10 and 50' is one piece of text and two limits
        for span in understood["spans"] if understood else ():
            spans.setdefault(span["text"], {})[span["field"]] = span["value"]
        read = [
            Chip(_understood_label(values, currency), self.url(q=_without(self.q, text)), understood=True)
            for text, values in spans.items()
        ]
        return picked + read


def _picked_label(form: SearchForm, name: str, currency: str) -> str:
    value = str(getattr(form, name))
    if name == "near":
        return f"within {value.split(',')[-1]} km"
    return f"{name}: {value}" if name in ("status", "seller") else _understood_label({name: value}, currency)


def _understood_label(values: Mapping[str, Any], currency: str) -> str:
    if "place" in values:
        return f"in {values['place']}"
    if "category" in values:
        return str(values["category"]).split(CATEGORY_SEPARATOR)[-1]
    return _price_label(values.get("price_min"), values.get("price_max"), currency)


def _price_label(low: float | None, high: float | None, currency: str) -> str:
    if low is not None and high is not None:
        return f"{money(low, currency)} to {money(high, currency)}"
    return f"up to {money(high, currency)}" if high is not None else f"from {money(low or 0, currency)}"


def _without(words: str, span: str) -> str:
    start = words.casefold().find(span.casefold())
    if start < 0:
        return words
    return " ".join((words[:start] + words[start + len(span) :]).split())


def _amount(price: float) -> str:
    return f"{price:.2f}".removesuffix(".00")


def _number(name: str, value: str) -> float:
    try:
        return float(value.lstrip("£$€").replace(",", ""))
    except ValueError:
        raise InputError(f"{name} must be a number, but '{value}' was given") from None


def _member(kind: type[Kind], name: str, value: str) -> Kind:
    try:
        return kind(value)
    except ValueError:
        raise InputError(f"{name} '{value}' is unknown; it may be {', '.join(kind)}") from None
