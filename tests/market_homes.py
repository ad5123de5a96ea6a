"""Homes for tests on either database, and with their vectors in either place.

`--database postgresql` gives each a database of its own, `--vectors milvus` collections of its own in
milvus-lite, which opens in one process only.
"""

import secrets
import shutil
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from postgresql_server import PostgresqlServer

SETTINGS = "bowerbird.toml"
PRISTINE = ".pristine"  # the URL of a copy of a home's database that nobody connects to


class MarketHomes:
    """Makes homes, and copies of those that were kept.

    Args:
        server: where the databases are; None keeps SQLite's file in each home.
        milvus: the URI of the Milvus that keeps the vectors; None keeps them in files.
    """

    def __init__(self, server: PostgresqlServer | None, milvus: str | None = None) -> None:
        self._server = server
        self._milvus = milvus

    def prepare(self, home: Path) -> Path:
        """Make the folder, and its own empty database."""
        home.mkdir(parents=True, exist_ok=True)
        if self._server is not None:
            _name_database(home, self._server.create())
        self.name_collections(home)
        return home

    def keep(self, home: Path) -> None:
        """Remember what is in the database of a home, which no process has open now, for copies."""
        if self._server is not None:
            (home / PRISTINE).write_text(self._server.create(like=_database(home)))

    def copy(self, home: Path, target: Path, *, only_catalogue: bool = False) -> Path:
        """A copy of a home that was kept; with `only_catalogue` nothing but its listings."""
        if only_catalogue:
            target.mkdir(parents=True, exist_ok=True)
            if self._server is None:
                shutil.copy(home / "catalogue.db", target)
        else:
            shutil.copytree(home, target, copy_function=_link, symlinks=True)
        if self._server is not None:
            _name_database(target, self._server.create(like=(home / PRISTINE).read_text()))
        self.name_collections(target)
        return target

    def name_collections(self, home: Path) -> None:
        """Say where the vectors of `home` go, if not into files.

        Its prefix is no other home's: a copy reads what it was copied from, and changes nothing.
        """
        if self._milvus is not None:
            prefix = f"h{secrets.token_hex(6)}"
            milvus = {"uri": self._milvus, "prefix": prefix, "index_type": "FLAT", "index_parameters": {}}
            milvus |= {"gather_limit": 1}
            _set(home, index={**_stored(home).get("index", {}), "vector_index": "milvus"}, milvus=milvus)

    def keep_in_files(self, home: Path) -> bool:
        """Say that the next index of `home` is built into files; whether it would not have been."""
        if self._milvus is not None:
            others = {name: value for name, value in _stored(home)["index"].items() if name != "vector_index"}
            _set(home, index=others)
        return self._milvus is not None

    def remove(self, home: Path) -> None:
        """Remove the database of a home, whoever is connected; its folder stays."""
        if self._server is not None:
            self._server.drop(_database(home))


def _database(home: Path) -> str:
    return str(_stored(home)["database"])


def _name_database(home: Path, url: str) -> None:
    _set(home, database=url)


def _stored(home: Path) -> dict[str, Any]:
    path = home / SETTINGS
    return tomllib.loads(path.read_text()) if path.exists() else {}


def _set(home: Path, **values: Any) -> None:
    (home / SETTINGS).write_text(tomli_w.dumps({**_stored(home), **values}))


def _link(source: str, target: str) -> None:
    """Large files that are never written in place are linked, the databases copied."""
    if Path(source).suffix in (".onnx", ".jpg"):
        Path(target).hardlink_to(source)
    else:
        shutil.copy2(source, target)
