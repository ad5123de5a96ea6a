"""API keys: made, listed and revoked by whoever has the home; and what was changed with them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bowerbird.commands.options import AsJson, Home
from bowerbird.settings import load_settings
from bowerbird.storage.audit_log import AuditLog
from bowerbird.storage.database import Database
from bowerbird.storage.key_store import ApiKey, KeyStore, Scope
from bowerbird.terminal import err, out, print_json

LONGEST_DAYS = 36_500
app = typer.Typer(
    name="keys", help="Make, list and revoke API keys, and see what was done with them.", no_args_is_help=True
)


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
    with _database(home) as database:
        made = KeyStore(database).create(name, scope, now, expires_at)
        AuditLog(database).append("key.create", [made.key.key_id], None, now)
    if as_json:
        print_json({**key_payload(made.key), "token": made.token})
        return
    err.print("Keep it now: only its hash is stored, so it cannot be shown again.")
    out.print(made.token, soft_wrap=True)


@app.command("list")
def list_keys(home: Home = None, as_json: AsJson = False) -> None:
    """Every key ever made, without what it opens with."""
    from bowerbird.serving.keys_api import key_payloads

    with _database(home) as database:
        keys = KeyStore(database).keys()
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

    now = datetime.now(UTC)
    with _database(home) as database:
        key = KeyStore(database).revoke(key_id, now)
        AuditLog(database).append("key.revoke", [key_id], None, now)
    if as_json:
        print_json(key_payload(key))
        return
    out.print(f"key {key.key_id} ({key.name}) opens nothing any more")


@app.command("audit")
def audit(
    subject: Annotated[str | None, typer.Option(help="Only changes of this listing or key.")] = None,
    key: Annotated[str | None, typer.Option(help="Only changes made with this key.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, the latest first.")] = 100,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Who changed what through the API, or made and revoked keys; the latest first."""
    with _database(home) as database:
        entries = AuditLog(database).latest(limit, subject=subject, key_id=key)
    if as_json:
        print_json(
            [
                {"time": entry.time, "action": entry.action, "subject": entry.subject, "key_id": entry.key_id}
                for entry in entries
            ]
        )
        return
    table = Table("when", "key", "what", "which", box=None, header_style="bold")
    for entry in entries:
        when = f"{entry.time:%Y-%m-%d %H:%M:%S}"
        table.add_row(when, entry.key_id or "no key", entry.action, entry.subject or "")
    out.print(table)


@contextmanager
def _database(home: Path | None) -> Iterator[Database]:
    from bowerbird.assembly import open_event_stores

    with closing(open_event_stores(load_settings(home))) as stores:
        yield stores.database


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires_at is None:
        return "live"
    word = "live until" if key.is_live(datetime.now(UTC)) else "expired"
    return f"{word} {key.expires_at:%Y-%m-%d %H:%M}"
