"""Asking the market."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bowerbird.commands.options import AsJson, Home
from bowerbird.errors import InputError
from bowerbird.market.listing import Status
from bowerbird.market.query import Filters, Near, Query, Sort
from bowerbird.settings import load_settings
from bowerbird.terminal import print_answer, print_json

app = typer.Typer()


@app.command()
def search(
    words: Annotated[str, typer.Argument(help="What to look for, in words.")] = "",
    photo: Annotated[Path | None, typer.Option(help="A photo to look like.", show_default=False)] = None,
    category: Annotated[str | None, typer.Option(help="A category at any depth.", show_default=False)] = None,
    price_min: Annotated[float | None, typer.Option(min=0, show_default=False)] = None,
    price_max: Annotated[float | None, typer.Option(min=0, show_default=False)] = None,
    place: Annotated[str | None, typer.Option(help="A place or a part of one.", show_default=False)] = None,
    near: Annotated[
        str | None, typer.Option(help="LATITUDE,LONGITUDE,KILOMETRES of a circle.", show_default=False)
    ] = None,
    status: Annotated[Status | None, typer.Option(show_default=False)] = None,
    seller: Annotated[str | None, typer.Option(help="Listings of one seller.", show_default=False)] = None,
    max_age_days: Annotated[
        float | None, typer.Option(min=0, help="Listed so many days ago or fewer.", show_default=False)
    ] = None,
    shopper: Annotated[str | None, typer.Option(help="In the order for them.", show_default=False)] = None,
    sort: Annotated[Sort, typer.Option(help="The order of the answer.")] = Sort.RELEVANCE,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many listings.")] = 10,
    cursor: Annotated[str | None, typer.Option(help="Where the last page ended.", show_default=False)] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Search the market by words, by a photo, or by both."""
    from bowerbird.assembly import open_engine
    from bowerbird.serving.front import Front

    settings = load_settings(home)
    filters = Filters(
        category,
        price_min,
        price_max,
        place,
        near=None if near is None else Near.read(near),
        status=status,
        seller=seller,
        listed_after=None if max_age_days is None else datetime.now(UTC).timestamp() - 86_400 * max_age_days,
    )
    engine = open_engine(settings)
    with contextlib.closing(engine):
        front = Front(engine, settings)
        image = None if photo is None else front.decoded(read_photo(photo))
        reply = front.search(
            Query(
                words=words,
                photo=image,
                filters=filters,
                sort=sort,
                limit=limit,
                cursor=cursor,
                shopper=shopper,
            )
        )
    if as_json:
        print_json(reply)
        return
    print_answer(reply)


def read_photo(path: Path) -> bytes:
    """The bytes of a photo file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read the photo {path}: {error.strerror}; give the path of a file"
        ) from error
