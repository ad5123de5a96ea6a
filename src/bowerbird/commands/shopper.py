"""A shopper's own data: given out, and erased."""

import contextlib
from typing import Annotated

import typer

from bowerbird.commands.options import AsJson, Home
from bowerbird.errors import NotFoundError
from bowerbird.settings import load_settings
from bowerbird.terminal import out, print_json

app = typer.Typer(name="shopper", help="Give out or erase what is stored of a shopper.", no_args_is_help=True)
ShopperId = Annotated[str, typer.Argument(metavar="ID", help="The shopper, as events name them.")]


@app.command("export")
def export_shopper(shopper: ShopperId, home: Home = None) -> None:
    """Print, as JSON, all that is stored about a shopper."""
    from bowerbird.assembly import open_event_stores
    from bowerbird.jobs.erase_shopper import record_payload

    with contextlib.closing(open_event_stores(load_settings(home))) as stores:
        record = stores.shoppers.read(shopper)
    if not record:
        raise NotFoundError(f"nothing is stored about a shopper {shopper!r}; check the id")
    print_json(record_payload(shopper, record))


@app.command("erase")
def erase(shopper: ShopperId, home: Home = None, as_json: AsJson = False) -> None:
    """Erase all that is stored about a shopper, and their bytes on the disk; there is no way back."""
    from bowerbird.assembly import open_event_stores
    from bowerbird.jobs.erase_shopper import erase_shopper, erasure_payload

    with contextlib.closing(open_event_stores(load_settings(home))) as stores:
        erasure = erase_shopper(stores, shopper)
    if as_json:
        print_json(erasure_payload(shopper, erasure))
        return
    out.print(
        f"erased {erasure.events:,} events, {erasure.queries:,} queries and {erasure.rejections:,} rejected "
        f"rows of {shopper!r}, with {len(erasure.sessions):,} sessions",
        markup=False,
    )
