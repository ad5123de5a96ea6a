"""Which column of a source holds which field of a listing, from a TOML or JSON file or guessed by name.

A file has one key a field (a column name, or a list of them, joined) and the options beside it::

    id = "sku"
    title = ["brand", "model"]
    price = "price_cents"
    price_unit = "minor"
    currency = "GBP"
    attributes = ["colour", "specification"]
    status_values = { live = "active", gone = "sold" }

`currency` names a column, or, where it is three capitals, the currency itself.
"""

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bowerbird.cleaning.category import SELLER_LEVELS
from bowerbird.cleaning.price import ISO_4217
from bowerbird.errors import InputError, NotFoundError
from bowerbird.market.listing import CATEGORY_SEPARATOR, Status

# Every field, with the column names by which sources commonly call it, the surest first.
_KNOWN_NAMES = """
id           id listing_id product_id item_id ad_id uuid sku asin
title        title name product_name product_title listing_title item_name subject heading
description  description product_description item_description desc body text details
category     category categories category_path category_name product_category category_tree
price        price asking_price price_amount amount price_minor price_cents price_pence
currency     currency currency_code price_currency
place        place location city town region area
latitude     latitude lat
longitude    longitude lon lng long
status       status availability
seller       seller seller_id user_id owner_id vendor seller_name
created_at   created_at created create_time listed_at posted_at published_at date timestamp
photos       photos images photo image pictures image_urls image_url image_file filename
attributes   attributes brand condition colour color size material
"""
KNOWN_NAMES = {
    name: tuple(spellings)
    for name, *spellings in (line.split() for line in _KNOWN_NAMES.strip().splitlines())
}
FIELDS = tuple(KNOWN_NAMES)
OPTIONS = ("category_separator", "category_drop_last", "price_unit", "date_format", "status_values")
_MINOR_NAMES = ("price_minor", "price_cents", "price_pence")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Columns by field, and how their values are to be read."""

    columns: dict[str, tuple[str, ...]]
    currency: str | None = None  # ISO 4217, where a price and its row name none
    price_unit: str = "major"
    category_separator: str = CATEGORY_SEPARATOR
    category_drop_last: frozenset[str] = frozenset()
    date_format: str | None = None  # for datetime.strptime; None reads ISO 8601 and seconds since 1970
    status_values: dict[str, Status] = field(default_factory=dict)  # keys in lower case

    def check(self, columns: Sequence[str], source: str) -> None:
        """See that every mapped column is among the `columns` of `source`.

        Raises:
            InputError: some are not.
        """
        mapped = {column for names in self.columns.values() for column in names}
        if missing := sorted(mapped.difference(columns)):
            raise InputError(
                f"the column map names {', '.join(missing)}, which {source} does not have; "
                f"its columns are {_listed(columns)}"
            )


CLASSIC_PRODUCT_COLUMNS = ("id", "product_name", "category", "product_description", "price", "location")
CLASSIC_IMAGE_COLUMNS = ("id", "product_id")
CLASSIC_MAP = ColumnMap(
    columns={
        "id": ("id",),
        "title": ("product_name",),
        "description": ("product_description",),
        "category": ("category",),
        "price": ("price",),
        "place": ("location",),
    },
    currency="GBP",
    category_drop_last=SELLER_LEVELS,
)


def guess_column_map(columns: Sequence[str], source: str) -> ColumnMap:
    """The map of `columns` by the names that sources commonly use; the classic set is known by its columns.

    Raises:
        InputError: no column looks like an id or a title.
    """
    if set(CLASSIC_PRODUCT_COLUMNS) <= set(columns):
        return CLASSIC_MAP
    plain = {re.sub(r"[\s-]+", "_", column.strip().lower()): column for column in reversed(columns)}
    guessed: dict[str, tuple[str, ...]] = {}
    for name, known in KNOWN_NAMES.items():
        found = tuple(plain[spelling] for spelling in known if spelling in plain)
        if found:
            guessed[name] = found if name == "attributes" else found[:1]
    if missing := [name for name in ("id", "title") if name not in guessed]:
        raise InputError(
            f"no column of {source} looks like its {' or '.join(missing)}; "
            f"the columns are {_listed(columns)}; "
            'write a column map such as  id = "sku"  title = "heading"  and give it with --map'
        )
    minor = any(plain.get(name) in guessed.get("price", ()) for name in _MINOR_NAMES)
    return ColumnMap(guessed, price_unit="minor" if minor else "major")


def load_column_map(path: Path) -> ColumnMap:
    """The map in a TOML or JSON file.

    Raises:
        NotFoundError: there is no such file.
        InputError: it cannot be parsed, or a key or value is not one that a map knows.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except FileNotFoundError:
        raise NotFoundError(f"there is no column map at {path}") from None
    except ValueError as error:  # JSONDecodeError, TOMLDecodeError and UnicodeDecodeError are all ValueErrors
        raise InputError(f"the column map {path} is neither TOML nor JSON: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"the column map {path} must hold keys and values, but holds {content!r}")
    return column_map_of(content)


def column_map_of(content: dict[str, Any]) -> ColumnMap:
    """The map that parsed TOML or JSON says.

    Raises:
        InputError: a key or value is not one that a map knows, or id or title is not mapped.
    """
    if unknown := sorted(set(content) - {*FIELDS, *OPTIONS}):
        raise InputError(
            f"the column map does not know {', '.join(unknown)}; "
            f"fields are {', '.join(FIELDS)}; options are {', '.join(OPTIONS)}"
        )
    currency = content.get("currency")
    constant = currency if isinstance(currency, str) and re.fullmatch("[A-Z]{3}", currency) else None
    if constant is not None and constant not in ISO_4217:
        raise InputError(f"the column map's currency {constant!r} is no ISO 4217 code such as GBP or EUR")
    columns = {
        name: _columns(name, content[name])
        for name in FIELDS
        if name in content and not (name == "currency" and constant)
    }
    if missing := [name for name in ("id", "title") if name not in columns]:
        raise InputError(f"the column map must say which column is the {' and which the '.join(missing)}")
    unit = content.get("price_unit", "major")
    if unit not in ("major", "minor"):
        raise InputError(f'price_unit is "major" (pounds) or "minor" (pence), but {unit!r} was given')
    return ColumnMap(
        columns,
        constant,
        unit,
        _text("category_separator", content.get("category_separator", CATEGORY_SEPARATOR)),
        frozenset(_columns("category_drop_last", content.get("category_drop_last", ()))),
        None if "date_format" not in content else _text("date_format", content["date_format"]),
        _statuses(content.get("status_values", {})),
    )


def _columns(name: str, value: object) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(column, str) and column for column in names):
        raise InputError(f"{name} takes a column name or a list of them, but {value!r} was given")
    return tuple(names)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InputError(f"{name} takes a text, but {value!r} was given")
    return value


def _statuses(values: object) -> dict[str, Status]:
    known = [status.value for status in Status]
    if not isinstance(values, dict) or not all(value in known for value in values.values()):
        raise InputError(
            f"status_values takes a table from the source's words to {', '.join(known)}; got {values!r}"
        )
    return {str(word).strip().lower(): Status(value) for word, value in values.items()}


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(column if column.strip() else "(a nameless one)" for column in columns)
