"""API keys: who may call, and how far they may reach; only the hash of a key is stored.

A token is `bb_<id>_<secret>`: the id finds the key, the secret proves it. The secret is 256 random bits, and
nobody guesses those, so one round of SHA-256 hides it (a slow hash is for passwords, which people choose). A
sign-in of a browser is a key too, with a `parent`: it ends when that one does.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from bowerbird.cleaning.field_values import UNSTORABLE
from bowerbird.errors import InputError, NotFoundError
from bowerbird.storage.database import Database
from bowerbird.storage.listing_row import microseconds, moment
from bowerbird.storage.schema import api_keys

LONGEST_NAME = 100
MOST_KEYS = 1_000  # live ones, all of which every process keeps in memory
MOST_SIGN_INS = 50  # live ones of one key; another one ends the oldest
_SECRET_BYTES = 32
_TOKEN = re.compile(r"bb_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_OWN = api_keys.c.parent.is_(None)
_COLUMNS = tuple(
    api_keys.c[name]
    for name in (
        "key_id",
        "name",
        "scopes",
        "secret_hash",
        "created_at_us",
        "expires_at_us",
        "revoked_at_us",
        "parent",
    )
)


_MARK = select(func.count(), func.count(api_keys.c.revoked_at_us), func.max(api_keys.c.created_at_us))


class Scope(StrEnum):
    """What a key may do; admin includes the others."""

    READ = "read"
    EVENT = "event"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key, without its secret."""

    key_id: str
    name: str
    scopes: frozenset[Scope]
    secret_hash: bytes
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    parent: str | None = None

    def reaches(self, scope: Scope) -> bool:
        """Whether it may do what needs `scope`."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def is_live(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired; a sign-in also needs its key to be."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def is_proved_by(self, secret: str) -> bool:
        """Whether `secret` is its own; takes the same time whatever it is given."""
        return hmac.compare_digest(self.secret_hash, _hash(secret))


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key with its token, which is shown once and stored nowhere."""

    key: ApiKey
    token: str


def split_token(token: str) -> tuple[str, str] | None:
    """(key id, secret) of a token; None of what is none."""
    found = _TOKEN.fullmatch(token)
    return None if found is None else (found[1], found[2])


@dataclass(frozen=True, slots=True)
class KeyMark:
    """How many keys and sign-ins there are, how many of them revoked, and when the latest was made."""

    made: int
    revoked: int
    latest_us: int | None


class KeyStore:
    """The keys of one market. Safe to share between threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, name: str, scopes: Collection[Scope], now: datetime, expires_at: datetime | None = None
    ) -> NewKey:
        """Make a key.

        Raises:
            InputError: it has no name, no scope or a past expiry, or there are too many keys.
        """
        name = name.strip()
        if not 1 <= len(name) <= LONGEST_NAME or UNSTORABLE.search(name):
            raise InputError(f"a key's name has 1 to {LONGEST_NAME} characters, but {name[:120]!r} was given")
        if not scopes:
            raise InputError(f"a key needs a scope; give one or more of {', '.join(Scope)}")
        if expires_at is not None and expires_at <= now:
            raise InputError(
                f"a key cannot expire at {expires_at.isoformat()}, which is past; give a later time"
            )
        with self._database.writing() as connection:
            live = select(func.count()).select_from(api_keys).where(_OWN, _live(now))
            if connection.execute(live).scalar_one() >= MOST_KEYS:
                raise InputError(f"there are {MOST_KEYS} live keys already; revoke one first")
            return _insert(connection, name, frozenset(scopes), now, expires_at)

    def sign_in(self, key: ApiKey, now: datetime, lasting: timedelta) -> NewKey:
        """A sign-in with `key`, for a browser's cookie; it reaches as far and ends no later."""
        ends = now + lasting if key.expires_at is None else min(key.expires_at, now + lasting)
        of_key = api_keys.c.parent == key.key_id
        with self._database.writing() as connection:
            connection.execute(delete(api_keys).where(~_OWN, ~_live(now)))
            latest = select(api_keys.c.key_id).where(of_key).order_by(api_keys.c.created_at_us.desc())
            older = list(connection.scalars(latest))[MOST_SIGN_INS - 1 :]
            connection.execute(delete(api_keys).where(api_keys.c.key_id.in_(older)))
            return _insert(connection, key.name, key.scopes, now, ends, key.key_id)

    def sign_out(self, key_id: str) -> None:
        """End a sign-in."""
        with self._database.writing() as connection:
            connection.execute(delete(api_keys).where(api_keys.c.key_id == key_id, ~_OWN))

    def keys(self) -> list[ApiKey]:
        """Every key ever made, the oldest first; no sign-ins."""
        query = select(*_COLUMNS).where(_OWN).order_by(api_keys.c.created_at_us, api_keys.c.key_id)
        with self._database.reading() as connection:
            return [_key(row) for row in connection.execute(query)]

    def revoke(self, key_id: str, now: datetime) -> ApiKey:
        """Have a key, and the sign-ins made with it, open nothing from now on; the key.

        Raises:
            NotFoundError: there is no such key.
        """
        mine = api_keys.c.key_id == key_id
        with self._database.writing() as connection:
            connection.execute(
                update(api_keys)
                .where(mine, _OWN, api_keys.c.revoked_at_us.is_(None))
                .values(revoked_at_us=microseconds(now))
            )
            connection.execute(delete(api_keys).where(api_keys.c.parent == key_id))
            row = connection.execute(select(*_COLUMNS).where(mine, _OWN)).first()
        if row is None:
            raise NotFoundError(f"there is no key {key_id!r}; `bowerbird keys list` shows those there are")
        return _key(row)

    def live(self, now: datetime) -> dict[str, ApiKey]:
        """The keys and sign-ins that open something, by id."""
        with self._database.reading() as connection:
            keys = [_key(row) for row in connection.execute(select(*_COLUMNS).where(_live(now)))]
        return {key.key_id: key for key in keys}

    def mark(self) -> KeyMark:
        """What differs once a key or a sign-in was made, revoked or ended; cheap to ask again and again."""
        with self._database.reading() as connection:
            return KeyMark(*connection.execute(_MARK).one())


def _live(now: datetime) -> Any:  # noqa: ANN401  SQLAlchemy's own expression
    unexpired = or_(api_keys.c.expires_at_us.is_(None), api_keys.c.expires_at_us > microseconds(now))
    return api_keys.c.revoked_at_us.is_(None) & unexpired


def _insert(
    connection: Connection,
    name: str,
    scopes: frozenset[Scope],
    now: datetime,
    expires_at: datetime | None,
    parent: str | None = None,
) -> NewKey:
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    key = ApiKey(secrets.token_hex(6), name, scopes, _hash(secret), now, expires_at, None, parent)
    row = {
        "key_id": key.key_id,
        "parent": parent,
        "name": name,
        "scopes": [scope.value for scope in Scope if scope in scopes],
        "secret_hash": key.secret_hash,
        "created_at_us": microseconds(now),
        "expires_at_us": None if expires_at is None else microseconds(expires_at),
    }
    connection.execute(insert(api_keys), row)
    return NewKey(key, f"bb_{key.key_id}_{secret}")


def _key(row: Sequence[Any]) -> ApiKey:
    key_id, name, scopes, secret_hash, created, expires, revoked, parent = row
    return ApiKey(
        key_id,
        name,
        frozenset(Scope(scope) for scope in scopes),
        secret_hash,
        moment(created),
        None if expires is None else moment(expires),
        None if revoked is None else moment(revoked),
        parent,
    )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
