"""Asking the market for what somebody may want."""

import contextlib
from typing import Annotated

import typer

from bowerbird.commands.options import AsJson, Home
from bowerbird.errors import InputError
from bowerbird.settings import load_settings
from bowerbird.terminal import print_feed, print_json

app = typer.Typer()


@app.command()
def recommend(
    shopper: Annotated[
        str | None, typer.Option(help="A shopper, as events name them.", show_default=False)
    ] = None,
    session: Annotated[
        str | None, typer.Option(help="A session, as events name it.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many listings.")] = 10,
    cursor: Annotated[str | None, typer.Option(help="Where the last page ended.", show_default=False)] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Recommend listings to a shopper or a session, with reasons; to a stranger what is popular."""
    from bowerbird.assembly import open_engine
    from bowerbird.recommending.feed import FeedRequest
    from bowerbird.serving.feed_front import FeedFront
    from bowerbird.serving.front import Front

    if not shopper and not session:
        raise InputError("nobody is named; give --shopper or --session, as events name them")
    settings = load_settings(home)
    with contextlib.closing(open_engine(settings)) as engine:
        front = FeedFront(engine, settings, Front(engine, settings))
        reply = front.recommend(FeedRequest(shopper, session, limit=limit, cursor=cursor))
    if as_json:
        print_json(reply)
        return
    print_feed(reply)
