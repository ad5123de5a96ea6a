"""Keys: hashed, scoped, expiring, revoked; and sign-ins, which end with their key."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bowerbird.errors import InputError, NotFoundError
from bowerbird.storage import key_store
from bowerbird.storage.database import Database
from bowerbird.storage.key_store import KeyStore, NewKey, Scope, split_token
from bowerbird.storage.schema import api_keys

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def keys(database: Database) -> KeyStore:
    return KeyStore(database)


def made(keys: KeyStore, *scopes: Scope, **more: object) -> NewKey:
    return keys.create("window", scopes or (Scope.READ,), NOON, **more)


def test_a_key_is_found_by_its_token_and_proved_by_its_secret(keys: KeyStore):
    new = made(keys, Scope.READ, Scope.EVENT)
    key_id, secret = split_token(new.token)
    found = keys.live(NOON)[key_id]
    assert found == new.key == keys.keys()[0]
    assert found.is_proved_by(secret)
    assert not found.is_proved_by(secret[:-1] + ("A" if secret[-1] != "A" else "B"))
    assert found.reaches(Scope.EVENT)
    assert not found.reaches(Scope.WRITE)


def test_admin_reaches_everything(keys: KeyStore):
    assert all(made(keys, Scope.ADMIN).key.reaches(scope) for scope in Scope)


def test_no_part_of_a_token_that_proves_it_is_stored(keys: KeyStore, database: Database):
    new = made(keys)
    secret = split_token(new.token)[1]
    with database.reading() as connection:
        stored = repr(connection.execute(select(api_keys)).all())
    assert secret not in stored
    assert secret not in repr(new.key)


def test_two_keys_share_nothing(keys: KeyStore):
    tokens = [made(keys).token for _ in range(20)]
    assert len({split_token(token)[0] for token in tokens}) == 20
    assert len({split_token(token)[1] for token in tokens}) == 20


@pytest.mark.parametrize(
    "token", ["", "bb_", "bb_0123456789ab_short", "x" * 60, "bb_ABCDEF012345_" + 43 * "a"]
)
def test_what_is_no_token_names_no_key(token: str):
    assert split_token(token) is None


def test_a_revoked_key_opens_nothing_and_stays_listed(keys: KeyStore):
    key_id = made(keys).key.key_id
    first = keys.revoke(key_id, NOON + HOUR)
    again = keys.revoke(key_id, NOON + 2 * HOUR)
    assert first.revoked_at == again.revoked_at == NOON + HOUR
    assert keys.live(NOON + HOUR) == {}
    assert keys.keys() == [first]


def test_a_key_expires(keys: KeyStore):
    key = made(keys, expires_at=NOON + HOUR).key
    assert key.key_id in keys.live(NOON)
    assert keys.live(NOON + HOUR) == {}
    assert key.is_live(NOON)
    assert not key.is_live(NOON + HOUR)


def test_a_sign_in_reaches_as_far_as_its_key_and_is_not_listed(keys: KeyStore):
    key = made(keys, Scope.ADMIN).key
    sign_in = keys.sign_in(key, NOON, HOUR).key
    assert sign_in.parent == key.key_id
    assert sign_in.scopes == key.scopes
    assert set(keys.live(NOON)) == {key.key_id, sign_in.key_id}
    assert set(keys.live(NOON + HOUR)) == {key.key_id}
    assert keys.keys() == [key]


def test_a_sign_in_ends_no_later_than_its_key(keys: KeyStore):
    key = made(keys, expires_at=NOON + HOUR).key
    assert keys.sign_in(key, NOON, 5 * HOUR).key.expires_at == NOON + HOUR


def test_sign_ins_end_with_their_key_or_by_signing_out(keys: KeyStore):
    key = made(keys).key
    first, second = (keys.sign_in(key, NOON, HOUR).key for _ in range(2))
    keys.sign_out(first.key_id)
    keys.sign_out(key.key_id)  # a key itself is revoked, not signed out
    assert set(keys.live(NOON)) == {key.key_id, second.key_id}
    keys.revoke(key.key_id, NOON)
    assert keys.live(NOON) == {}


def test_sign_ins_do_not_pile_up(keys: KeyStore, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(key_store, "MOST_SIGN_INS", 3)
    key = made(keys).key
    signed = [keys.sign_in(key, NOON + timedelta(seconds=n), HOUR).key.key_id for n in range(5)]
    assert set(keys.live(NOON)) == {key.key_id, *signed[2:]}


def test_what_cannot_be_a_key_is_refused(keys: KeyStore, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(InputError, match="name"):
        keys.create("  ", [Scope.READ], NOON)
    with pytest.raises(InputError, match="name"):
        keys.create("x" * 101, [Scope.READ], NOON)
    with pytest.raises(InputError, match="scope"):
        keys.create("window", [], NOON)
    with pytest.raises(InputError, match="past"):
        made(keys, expires_at=NOON)
    monkeypatch.setattr(key_store, "MOST_KEYS", 1)
    made(keys)
    with pytest.raises(InputError, match="revoke one first"):
        made(keys)
    assert len(keys.keys()) == 1


def test_revoking_an_unknown_key_or_a_sign_in_is_said(keys: KeyStore):
    sign_in = keys.sign_in(made(keys).key, NOON, HOUR).key
    for key_id in ("nothing", sign_in.key_id):
        with pytest.raises(NotFoundError, match="bowerbird keys list"):
            keys.revoke(key_id, NOON)


def test_every_change_leaves_another_mark(keys: KeyStore):
    marks = [keys.mark()]
    assert marks[0].made == 0
    key = made(keys).key
    marks.append(keys.mark())
    signed = keys.sign_in(key, NOON + HOUR, HOUR).key
    marks.append(keys.mark())
    keys.sign_out(signed.key_id)
    marks.append(keys.mark())
    keys.sign_in(key, NOON + 2 * HOUR, HOUR)
    marks.append(keys.mark())
    keys.revoke(key.key_id, NOON)
    marks.append(keys.mark())
    assert marks[3] == marks[1]  # what was made is gone again
    assert len(set(marks)) == len(marks) - 1
    assert marks[-1] == keys.mark()
    assert marks[-1].made == 1
