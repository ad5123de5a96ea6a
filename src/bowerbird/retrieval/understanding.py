"""What a query says besides words: 'sofa under £100 in Leeds' is 'sofa', a price limit and a place.

Rules and look-ups, no model: exact, fast, and every span can be shown and undone. Prices follow the grammar
of `price_phrases`. A place counts after 'in', 'near', 'around' or 'close to' and only if this market has it;
a category after 'in' or 'category:'. A name that is both is a place, except after 'category:'. The longest
known name wins. Where what was said contradicts itself (two places, a minimum above the maximum) all of it
stays words.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bowerbird.market.listing import CATEGORY_SEPARATOR
from bowerbird.market.listing_columns import ListingColumns
from bowerbird.market.query import Filters
from bowerbird.retrieval.name_forms import TOKEN, normal_name, normal_token, singular_name
from bowerbird.retrieval.price_phrases import first_price_phrase

_MOST_PHRASES = 8  # a query that says more than this is not understood at all
_PREPOSITION = re.compile(
    r"(?<![\w-])(?:(?:based|located)\s+)?(?:(?P<either>in)|(?P<place>near|around|close\s+to))\s+(?P<the>the\s+)?"
    r"|(?<!\w)category\s*:\s*",
    re.IGNORECASE,
)
# 'built in games' and 'walk in wardrobe' name a kind of thing, not where to look.
_COMPOUND_BEFORE = re.compile(
    r"\b(?:built|walk|plug|drop|push|clip|slot|bolt|screw|pop|step)\s$", re.IGNORECASE
)
_CATEGORY_WORD = re.compile(r"\s+(?:category|section|department)(?!\w)", re.IGNORECASE)
_EDGE = " ,;:-"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the query that became a filter: `value` is the filter's, prices in major units."""

    text: str
    field: str  # price_min, price_max, category or place
    value: str | float


@dataclass(frozen=True, slots=True)
class Understood:
    """What is left to search by words, and the filters that the rest became."""

    words: str
    price_min: float | None = None
    price_max: float | None = None
    category: str | None = None
    place: str | None = None
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that a market knows, by their normal form, and whether its listings have prices."""

    places: dict[str, str] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    has_prices: bool = True
    longest: int = 0  # tokens of the longest name

    @classmethod
    def of(cls, columns: ListingColumns) -> "Vocabulary":
        """The vocabulary of a market's columns."""
        known = columns.vocabularies
        return cls.from_names(known["place"], known["category"], has_prices=bool(known["currency"]))

    @classmethod
    def from_names(
        cls, places: Iterable[str], categories: Iterable[str], *, has_prices: bool = True
    ) -> "Vocabulary":
        """The vocabulary of whole places ('Leeds, West Yorkshire') and whole category paths.

        A place is also known by its comma parts and by runs of them, a category by each name on its path. A
        run that is not a whole place stands for its first part, as a filter takes one part or the whole.
        """
        place_names: dict[str, str] = {}
        forms: dict[str, str] = {}  # parts such as counties repeat
        for place in places:
            _add_place(place_names, place, forms)
        category_names: dict[str, str] = {}
        for path in categories:
            _add_category(category_names, path)
        for key in list(category_names):  # after all exact names, so that those win
            category_names.setdefault(singular_name(key), category_names[key])
        keys = (*place_names, *category_names)
        return cls(
            place_names, category_names, has_prices, max((key.count(" ") + 1 for key in keys), default=0)
        )


@dataclass(frozen=True, slots=True)
class _Phrase:
    start: int
    end: int
    price_min: float | None = None
    price_max: float | None = None
    category: str | None = None
    place: str | None = None


def merged_filters(given: Filters, understood: Understood) -> Filters:
    """`given`, and of what was understood that which it leaves open and does not contradict."""
    read = {
        name: getattr(understood, name)
        for name in ("price_min", "price_max", "category", "place")
        if getattr(understood, name) is not None and getattr(given, name) is None
    }
    low, high = read.get("price_min", given.price_min), read.get("price_max", given.price_max)
    if low is not None and high is not None and low > high:
        read = {name: value for name, value in read.items() if name not in ("price_min", "price_max")}
    return replace(given, **read)


def understand(words: str, vocabulary: Vocabulary) -> Understood:
    """What `words` say; never raises, and understanding what is left again changes nothing."""
    whole = " ".join(words.split())
    left, phrases, spans = whole, list[_Phrase](), list[Span]()
    while (phrase := _first_phrase(left, vocabulary)) is not None:
        phrases.append(phrase)
        spans += _spans(left, phrase)
        left = _without(left, phrase)
        if len(phrases) == _MOST_PHRASES:
            return Understood(whole)
    price_min = max((p.price_min for p in phrases if p.price_min is not None), default=None)
    price_max = min((p.price_max for p in phrases if p.price_max is not None), default=None)
    categories = {phrase.category for phrase in phrases if phrase.category is not None}
    places = {phrase.place for phrase in phrases if phrase.place is not None}
    crossed = price_min is not None and price_max is not None and price_min > price_max
    if crossed or len(categories) > 1 or len(places) > 1:
        return Understood(whole)
    category, place = next(iter(categories), None), next(iter(places), None)
    spans.sort(key=lambda span: whole.find(span.text))
    return Understood(left, price_min, price_max, category, place, tuple(spans))


def _first_phrase(words: str, vocabulary: Vocabulary) -> _Phrase | None:
    price = first_price_phrase(words) if vocabulary.has_prices else None
    if price is not None:
        return _Phrase(price.start, price.end, price.price_min, price.price_max)
    return _named_phrase(words, vocabulary)


def _spans(words: str, phrase: _Phrase) -> list[Span]:
    text = words[phrase.start : phrase.end]
    values = ((name, getattr(phrase, name)) for name in ("price_min", "price_max", "category", "place"))
    return [Span(text, name, value) for name, value in values if value is not None]


def _named_phrase(words: str, vocabulary: Vocabulary) -> _Phrase | None:
    if not vocabulary.longest:
        return None
    for opening in _PREPOSITION.finditer(words):
        if opening["either"] and _COMPOUND_BEFORE.search(words, max(0, opening.start() - 7), opening.start()):
            continue
        tokens = _tokens_from(words, opening.end(), vocabulary.longest)
        takes_place = bool(opening["either"] or opening["place"])
        for count in range(len(tokens), 0, -1):
            key = " ".join(token for token, _ in tokens[:count])
            end = tokens[count - 1][1]
            one_thing = opening["the"] and count == 1  # 'in the bath' is no place
            if takes_place and not one_thing and key in vocabulary.places:
                return _Phrase(opening.start(), end, place=vocabulary.places[key])
            category = vocabulary.categories.get(key) or vocabulary.categories.get(singular_name(key))
            if category is not None and not opening["place"]:
                closing = _CATEGORY_WORD.match(words, end)
                return _Phrase(opening.start(), closing.end() if closing else end, category=category)
    return None


def _tokens_from(words: str, start: int, most: int) -> list[tuple[str, int]]:
    """Up to `most` (normal form, end) tokens from `start` on, the first right there."""
    tokens: list[tuple[str, int]] = []
    for match in TOKEN.finditer(words, start):
        if len(tokens) == most or (not tokens and match.start() != start):
            break
        tokens.append((normal_token(match.group()), match.end()))
    return tokens


def _without(words: str, phrase: _Phrase) -> str:
    before = words[: phrase.start].rstrip(_EDGE)
    after = words[phrase.end :].lstrip(_EDGE)
    return f"{before} {after}".strip()


def _add_place(names: dict[str, str], place: str, forms: dict[str, str]) -> None:
    parts = [part.strip() for part in place.split(",")]
    normal = [forms.get(part) or forms.setdefault(part, normal_name(part)) for part in parts]
    for start, first in enumerate(parts):
        key = ""
        for form in normal[start:]:
            key = f"{key} {form}".strip()
            if key:
                names.setdefault(key, first)
    if whole := " ".join(filter(None, normal)):
        names[whole] = place


def _add_category(names: dict[str, str], path: str) -> None:
    parts = path.split(CATEGORY_SEPARATOR)
    for depth, name in enumerate(parts, start=1):
        for value in (name, CATEGORY_SEPARATOR.join(parts[:depth])):
            if key := normal_name(value):
                names.setdefault(key, value)
