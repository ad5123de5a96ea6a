"""What a seller is told of what they are about to offer."""

import contextlib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bowerbird.commands.options import AsJson, Home
from bowerbird.commands.search import read_photo
from bowerbird.errors import InputError
from bowerbird.settings import load_settings
from bowerbird.terminal import out, print_json

app = typer.Typer()


@app.command()
def suggest(
    title: Annotated[str, typer.Option(help="What is sold, in a few words.")] = "",
    description: Annotated[str, typer.Option(help="More words.")] = "",
    photo: Annotated[
        list[Path] | None, typer.Option(help="A photo of it; may be given again.", show_default=False)
    ] = None,
    category: Annotated[
        str | None, typer.Option(help="Where it belongs, if known: 'Home / Sofas'.", show_default=False)
    ] = None,
    place: Annotated[str | None, typer.Option(help="Where it is.", show_default=False)] = None,
    listing: Annotated[
        str | None, typer.Option(help="The id of a stored listing to look at.", show_default=False)
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Suggest a category and a price, and find what is on sale already."""
    from bowerbird.assembly import open_engine
    from bowerbird.serving.bodies import checked
    from bowerbird.serving.sell_front import SellFront
    from bowerbird.serving.sell_requests import SuggestModel
    from bowerbird.serving.telemetry import Telemetry

    given = {"title": title, "description": description, "category": category, "place": place}
    known = {name: value for name, value in given.items() if value}
    if not (title or description or photo or listing):
        raise InputError("there is nothing to go by; give --title, --photo, or --listing with an id")
    settings = load_settings(home)
    model = checked(SuggestModel, known | ({"listing_id": listing} if listing else {}))
    files = [read_photo(path) for path in photo or ()]
    with contextlib.closing(open_engine(settings)) as engine:
        reply = SellFront(engine, settings, Telemetry()).suggest(model, files)
    if as_json:
        print_json(reply)
    else:
        _print_category(reply)
        _print_price(reply)
        _print_duplicates(reply)


def _print_category(reply: dict[str, Any]) -> None:
    category = reply["category"]
    if category is None:
        out.print(f"category: {reply['messages']['category']}", soft_wrap=True)
        return
    out.print("category: not sure; perhaps" if category["unsure"] else "category:")
    for guess in category["leaf"][:3]:
        out.print(f"  {100 * guess['probability']:3.0f}%  {guess['category']}", soft_wrap=True)


def _print_price(reply: dict[str, Any]) -> None:
    price = reply["price"]
    if price is None:
        out.print(f"price: {reply['messages']['price']}", soft_wrap=True)
        return
    if price["priceable"]:
        low, median, high = (f"{price[name]:,g}" for name in ("low", "median", "high"))
        out.print(f"price: {low} to {high} {price['currency']}, around {median}")
    else:
        out.print(f"price: none; {price['reason']}", soft_wrap=True)
    if price["comparables"]:
        table = Table("comparable", "price", "title", box=None, header_style="bold")
        for one in price["comparables"]:
            table.add_row(one["listing_id"][:13], f"{one['amount']:,g}", one["listing"]["title"])
        out.print(table)


def _print_duplicates(reply: dict[str, Any]) -> None:
    if not reply["duplicates"]:
        out.print("duplicates: none on sale")
        return
    table = Table("duplicate", "score", "title", "why", box=None, header_style="bold")
    for one in reply["duplicates"]:
        table.add_row(one["listing_id"][:13], f"{one['score']:.2f}", one["listing"]["title"], one["reason"])
    out.print(table)
