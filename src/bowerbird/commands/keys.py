"""API keys: made, listed and revoked by whoever has the home."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bowerbird.commands.options import AsJson, Home
from bowerbird.settings import load_settings
from bowerbird.storage.key_store import ApiKey, KeyStore, Scope
from bowerbird.terminal import err, out, print_json

LONGEST_DAYS = 36_500
app = typer.Typer(name="keys", help="Make, list and revoke API keys.", no_args_is_help=True)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Says whose the key is, or what for.")],
    scope: Annotated[
        list[Scope],
        typer.Option(
            help="What it may do; more than once for more. admin includes the others, and alone opens the "
            "owner's page.",
            show_default="read",
        ),
    ] = [Scope.READ],  # noqa: B006  Typer copies it
    days: Annotated[
        float | None,
        typer.Option(
            min=0.001, max=LONGEST_DAYS, help="How long it opens anything; else until it is revoked."
        ),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, and print it this once."""
    from bowerbird.serving.keys_api import key_payload

    now = datetime.now(UTC)
    expires_at = None if days is None else now + timedelta(days=days)
    with _key_store(home) as keys:
        made = keys.create(name, scope, now, expires_at)
    if as_json:
        print_json({**key_payload(made.key), "token": made.token})
        return
    err.print("Keep it now: only its hash is stored, so it cannot be shown again.")
    out.print(made.token, soft_wrap=True)


@app.command("list")
def list_keys(home: Home = None, as_json: AsJson = False) -> None:
    """Every key ever made, without what it opens with."""
    from bowerbird.serving.keys_api import key_payloads

    with _key_store(home) as store:
        keys = store.keys()
    if as_json:
        print_json(key_payloads(keys))
        return
    if not keys:
        out.print("there is no key yet; `bowerbird keys create NAME --scope admin` makes one")
        return
    table = Table("key", "name", "scopes", "made", "state", box=None, header_style="bold")
    for key in keys:
        scopes = ", ".join(scope.value for scope in Scope if scope in key.scopes)
        table.add_row(key.key_id, key.name, scopes, f"{key.created_at:%Y-%m-%d}", _state(key))
    out.print(table)


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="As `bowerbird keys list` shows it.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Have a key open nothing any more; running servers know within a second."""
    from bowerbird.serving.keys_api import key_payload

    with _key_store(home) as store:
        key = store.revoke(key_id, datetime.now(UTC))
    if as_json:
        print_json(key_payload(key))
        return
    out.print(f"key {key.key_id} ({key.name}) opens nothing any more")


@contextmanager
def _key_store(home: Path | None) -> Iterator[KeyStore]:
    from bowerbird.assembly import open_event_stores

    with closing(open_event_stores(load_settings(home))) as stores:
        yield KeyStore(stores.database)


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires_at is None:
        return "live"
    word = "live until" if key.is_live(datetime.now(UTC)) else "expired"
    return f"{word} {key.expires_at:%Y-%m-%d %H:%M}"
