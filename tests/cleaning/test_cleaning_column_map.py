"""Column maps: read, guessed, checked."""

import json

import pytest

from bowerbird.cleaning.column_map import (
    CLASSIC_MAP,
    FIELDS,
    OPTIONS,
    ColumnMap,
    column_map_of,
    guess_column_map,
    load_column_map,
)
from bowerbird.errors import InputError, NotFoundError
from bowerbird.market.listing import Status

TOML = """
id = "sku"
title = ["brand", "model"]
price = "price_cents"
price_unit = "minor"
currency = "GBP"
category_separator = ">"
category_drop_last = ["Private"]
date_format = "%d/%m/%Y"
attributes = ["colour", "specification"]
status_values = { Live = "active", gone = "sold" }
"""


def test_toml_and_json_say_the_same(tmp_path):
    (tmp_path / "map.toml").write_text(TOML)
    read = load_column_map(tmp_path / "map.toml")
    assert read == ColumnMap(
        columns={
            "id": ("sku",),
            "title": ("brand", "model"),
            "price": ("price_cents",),
            "attributes": ("colour", "specification"),
        },
        currency="GBP",
        price_unit="minor",
        category_separator=">",
        category_drop_last=frozenset({"Private"}),
        date_format="%d/%m/%Y",
        status_values={"live": Status.ACTIVE, "gone": Status.SOLD},
    )
    content = {
        "id": "sku", "title": ["brand", "model"], "price": "price_cents", "price_unit": "minor",
        "currency": "GBP",
        "category_separator": ">", "category_drop_last": ["Private"], "date_format": "%d/%m/%Y",
        "attributes": ["colour", "specification"], "status_values": {"Live": "active", "gone": "sold"},
    }  # fmt: skip
    (tmp_path / "map.json").write_text(json.dumps(content))
    assert load_column_map(tmp_path / "map.json") == read
    assert set(content) <= {*FIELDS, *OPTIONS}
    assert set(OPTIONS) <= set(content)


def test_a_currency_that_is_not_three_capitals_is_a_column():
    read = column_map_of({"id": "id", "title": "t", "currency": "money"})
    assert (read.currency, read.columns["currency"]) == (None, ("money",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"id": "id", "title": "t", "colour": "c"}, "does not know colour; fields are id, title"),
        ({"id": "id"}, "must say which column is the title"),
        ({}, "must say which column is the id and which the title"),
        ({"id": 3, "title": "t"}, "id takes a column name or a list of them, but 3"),
        ({"id": "id", "title": "t", "price_unit": "pence"}, "but 'pence' was given"),
        ({"id": "id", "title": "t", "currency": "XXY"}, "'XXY' is no ISO 4217 code"),
        ({"id": "id", "title": "t", "status_values": {"gone": "away"}}, "to active, reserved, sold"),
        ({"id": "id", "title": "t", "date_format": ""}, "date_format takes a text, but ''"),
    ],
)
def test_what_a_map_cannot_say(content, message):
    with pytest.raises(InputError, match=message):
        column_map_of(content)


def test_files_that_are_no_map(tmp_path):
    with pytest.raises(NotFoundError, match="no column map at"):
        load_column_map(tmp_path / "map.toml")
    (tmp_path / "map.toml").write_text("id = ")
    with pytest.raises(InputError, match="neither TOML nor JSON"):
        load_column_map(tmp_path / "map.toml")
    (tmp_path / "map.json").write_text("[]")
    with pytest.raises(InputError, match="must hold keys and values"):
        load_column_map(tmp_path / "map.json")


def test_well_known_names_are_guessed():
    columns = ["Product ID", "name", "Price-Cents", "currency", "brand", "attributes", "lat", "lng", "weight"]
    guessed = guess_column_map(columns, "things.csv")
    assert guessed.columns == {
        "id": ("Product ID",),
        "title": ("name",),
        "price": ("Price-Cents",),
        "currency": ("currency",),
        "latitude": ("lat",),
        "longitude": ("lng",),
        "attributes": ("attributes", "brand"),
    }
    assert guessed.price_unit == "minor"


def test_the_classic_set_is_known_by_its_columns():
    columns = ["", "id", "product_name", "category", "product_description", "price", "location"]
    assert guess_column_map(columns, "p.csv") is CLASSIC_MAP


def test_a_guess_that_fails_says_which_columns_there_are():
    with pytest.raises(
        InputError, match=r"looks like its id or title; the columns are \(a nameless one\), weight; .*--map"
    ):
        guess_column_map(["", "weight"], "things.csv")


def test_a_map_is_checked_against_the_columns():
    column_map = column_map_of({"id": "id", "title": ["brand", "model"]})
    column_map.check(["id", "brand", "model", "x"], "t.csv")
    with pytest.raises(
        InputError, match=r"names brand, model, which t.csv does not have; its columns are id, x"
    ):
        column_map.check(["id", "x"], "t.csv")
