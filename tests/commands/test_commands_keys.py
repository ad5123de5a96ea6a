"""Keys by command: shown once, listed without their secret, revoked."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bowerbird import cli
from bowerbird.errors import InputError, NotFoundError
from bowerbird.settings import load_settings
from bowerbird.storage.database import open_database, sqlite_url
from bowerbird.storage.key_store import KeyStore, Scope


@pytest.fixture
def market(tmp_path: Path) -> Path:
    (tmp_path / "market").mkdir()
    return tmp_path / "market"


def run(*arguments: object) -> str:
    result = CliRunner().invoke(cli.app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def keys(home: Path) -> KeyStore:
    return KeyStore(open_database(sqlite_url(load_settings(home).home / "catalogue.db")))


def test_a_key_is_printed_once_and_listed_without_its_secret(market: Path):
    token = run("keys", "create", "shop window", "--home", market).strip()
    (key,) = keys(market).keys()
    assert token.startswith(f"bb_{key.key_id}_")
    assert key.scopes == {Scope.READ}
    listed = run("keys", "list", "--home", market)
    assert key.key_id in listed
    assert "shop window" in listed
    assert token.split("_", 2)[2] not in listed


def test_scopes_and_an_end_may_be_given(market: Path):
    made = json.loads(
        run(
            "keys",
            "create",
            "x",
            "--scope",
            "event",
            "--scope",
            "write",
            "--days",
            "2",
            "--home",
            market,
            "--json",
        )
    )
    assert made["scopes"] == ["event", "write"]
    assert made["expires_at"] > made["created_at"]
    assert "live until" in run("keys", "list", "--home", market)


def test_a_revoked_key_says_so(market: Path):
    made = json.loads(run("keys", "create", "x", "--home", market, "--json"))
    assert "opens nothing any more" in run("keys", "revoke", made["key_id"], "--home", market)
    (listed,) = json.loads(run("keys", "list", "--home", market, "--json"))
    assert listed["revoked_at"] is not None
    assert "token" not in listed
    assert "revoked" in run("keys", "list", "--home", market)
    revoked = json.loads(run("keys", "revoke", made["key_id"], "--home", market, "--json"))
    assert revoked["revoked_at"] == listed["revoked_at"]


def test_a_newcomer_is_told_what_to_do(market: Path, tmp_path: Path):
    assert "bowerbird keys create" in run("keys", "list", "--home", market)
    with pytest.raises(NotFoundError, match="bowerbird keys list"):
        run("keys", "revoke", "nothing", "--home", market)
    with pytest.raises(NotFoundError, match="bowerbird import"):
        run("keys", "list", "--home", tmp_path / "none")
    with pytest.raises(InputError, match="name"):
        run("keys", "create", " ", "--home", market)
