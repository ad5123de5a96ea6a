"""Who may call what: every call of the OpenAPI without a key, with a dead, a small and a right one."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from inspect import iscoroutinefunction
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from httpx import Response

from bowerbird.assembly import database_url, open_engine
from bowerbird.errors import UnavailableError
from bowerbird.serving.api import api_router
from bowerbird.serving.app import create_app
from bowerbird.serving.events_api import events_router
from bowerbird.serving.feed_api import feed_router
from bowerbird.serving.keyring import Keyring
from bowerbird.serving.moderation_api import moderation_router
from bowerbird.serving.rules import rule_of
from bowerbird.serving.sell_api import sell_router
from bowerbird.serving.server import say_who_may_call
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.database import Database, open_database, sqlite_url
from bowerbird.storage.key_store import KeyStore, Scope

OPEN = {("GET", "/health/live"), ("GET", "/health/ready"), ("GET", "/healthcheck")}
METHODS = ("get", "put", "post", "delete", "patch")
HTML = {"accept": "text/html"}


@dataclass(frozen=True)
class Guarded:
    """An application whose market has keys."""

    app: FastAPI
    settings: Settings
    keys: KeyStore
    tokens: dict[str, str]

    def client(self, token: str | None = None, app: FastAPI | None = None) -> TestClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return TestClient(
            app or self.app, headers=headers, raise_server_exceptions=False, follow_redirects=False
        )

    def made(self, *scopes: Scope, **more: Any) -> str:
        token = self.keys.create("one more", scopes, datetime.now(UTC), **more).token
        self.app.state.keyring.reread()
        return token


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, indexed_home, homes) -> Iterator[Guarded]:
    home = homes.copy(indexed_home, tmp_path_factory.mktemp("guarded") / "home")
    market = load_settings(home)
    with closing(open_engine(market)) as engine:
        app = create_app(engine, market)
        keys = app.state.keyring.store
        tokens = {scope.value: keys.create(scope, [scope], datetime.now(UTC)).token for scope in Scope}
        dead = keys.create("dead", [Scope.ADMIN], datetime.now(UTC))
        keys.revoke(dead.key.key_id, datetime.now(UTC))
        tokens["dead"] = dead.token
        tokens["forged"] = tokens["admin"][:-4] + ("AAAA" if not tokens["admin"].endswith("AAAA") else "BBBB")
        yield Guarded(app, market, keys, tokens)


def calls(app: FastAPI) -> list[tuple[str, str]]:
    """(method, path) of every call that the OpenAPI describes, its parameters filled in."""
    described = app.openapi()["paths"]
    return [
        (method.upper(), re.sub(r"\{.*?\}", "nothing", path))
        for path, methods in described.items()
        for method in METHODS
        if method in methods
    ]


def refusal(response: Response, status: int) -> str:
    assert response.status_code == status, response.text
    assert set(response.json()) == {"error", "message", "details"}
    return response.json()["message"]


@pytest.mark.parametrize("token", [None, "dead", "forged", "nonsense"])
def test_every_call_but_health_refuses_who_is_not_known(guarded: Guarded, token: str | None):
    client = guarded.client(None if token is None else guarded.tokens.get(token, token))
    for method, path in calls(guarded.app):
        response = client.request(method, path)
        if (method, path) in OPEN:
            assert response.status_code == 200, (method, path)
            assert client.head(path).status_code == 200, path
        else:
            assert "bowerbird keys create" in refusal(response, 401), (method, path)
            assert response.headers["www-authenticate"] == "Bearer"


def test_every_call_needs_its_scope_or_admin_and_nothing_less(guarded: Guarded):
    for method, path in calls(guarded.app):
        needed = rule_of(method, path).scope
        for scope in Scope:
            response = guarded.client(guarded.tokens[scope]).request(method, path)
            if needed is None or scope in (needed, Scope.ADMIN):
                assert response.status_code not in (401, 403), (method, path, scope, response.text)
            else:
                assert f"scope {needed}" in refusal(response, 403), (method, path, scope)


def test_no_call_is_left_to_the_rule_of_what_is_unknown(guarded: Guarded):
    assert {rule_of(method, path).methods for method, path in calls(guarded.app)} & {frozenset()} == set()


def test_calls_that_write_take_no_thread_of_searches():
    """FastAPI runs a plain function in one of those; the others give their work to the `WriteLane`."""
    writing = {
        (method, route.path): route.endpoint
        for router in (api_router(), events_router(), moderation_router(), sell_router(), feed_router())
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
        if rule_of(method, re.sub(r"\{.*?\}", "nothing", route.path)).is_write
    }
    assert len(writing) == 7
    assert [call for call, endpoint in writing.items() if not iscoroutinefunction(endpoint)] == []


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/owner", Scope.ADMIN),
        ("GET", "/v1/shoppers/ann", Scope.ADMIN),
        ("GET", "/v1/shoppers/ann/recommendations\n", Scope.ADMIN),
        ("GET", "/v1/shoppers/ann/recommendations", Scope.READ),
        ("DELETE", "/v1/shoppers/ann/recommendations", Scope.ADMIN),
        ("GET", "/metrics", Scope.READ),
        ("GET", "/what/is/this", Scope.ADMIN),
        ("POST", "/v1/listings/bulk", Scope.WRITE),
        ("PUT", "/v1/listings/a/b/similar", Scope.WRITE),
        ("HEAD", "/health/live", None),
        ("POST", "/health/live", Scope.ADMIN),
    ],
)
def test_what_shows_words_of_shoppers_needs_admin_and_so_does_the_unknown(method, path, scope):
    assert rule_of(method, path).scope is scope


def test_the_description_says_what_each_call_needs(guarded: Guarded):
    paths = guarded.app.openapi()["paths"]
    search, live = paths["/v1/search"]["post"], paths["/health/live"]["get"]
    assert search["security"] == [{"key": []}]
    assert "scope `read`" in search["description"]
    assert {"401", "403"} <= set(search["responses"])
    assert "security" not in live


def test_the_key_is_looked_at_before_the_body(guarded: Guarded):
    refusal(guarded.client().post("/v1/search", content=b"no JSON"), 401)
    refusal(guarded.client(guarded.tokens["read"]).post("/v1/search", content=b"no JSON"), 422)


def test_a_revoked_key_opens_nothing_at_once_here_and_within_a_second_elsewhere(guarded: Guarded):
    token = guarded.made(Scope.READ)
    elsewhere = Keyring(KeyStore(open_database(database_url(guarded.settings))))
    elsewhere.refresh()
    assert elsewhere.key(token) is not None
    key_id = token.split("_")[1]
    admin = guarded.client(guarded.tokens["admin"])
    assert admin.delete(f"/v1/keys/{key_id}").json()["revoked_at"] is not None
    refusal(guarded.client(token).get("/v1/autocomplete"), 401)
    deadline = time.monotonic() + 1
    while elsewhere.key(token) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        if elsewhere.is_stale:
            elsewhere.refresh()


def test_an_expired_key_opens_nothing_without_being_read_again(tmp_path):
    now = datetime(2026, 5, 1, tzinfo=UTC)
    moments = [now]
    store = KeyStore(open_database(sqlite_url(tmp_path / "keys.db")))
    keyring = Keyring(store, clock=lambda: 0.0, now=lambda: moments[0])
    key = store.create("brief", [Scope.READ], now, now + timedelta(hours=1))
    signed = store.sign_in(key.key, now, timedelta(hours=5))
    keyring.reread()
    assert keyring.key(key.token) == key.key
    assert keyring.key(signed.token) == signed.key
    moments[0] = now + timedelta(hours=1)
    assert keyring.key(key.token) is None
    assert keyring.key(signed.token) is None


def test_where_keys_cannot_be_read_nobody_gets_in(tmp_path):
    database = open_database(sqlite_url(tmp_path / "keys.db"))
    broken = open_database(sqlite_url(tmp_path / "keys.db"))
    keyring = Keyring(KeyStore(Database(broken.engine)), clock=lambda: 0.0)
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE api_keys")
    with pytest.raises(UnavailableError):
        keyring.refresh()
    assert keyring.is_stale


def test_keys_are_made_listed_and_revoked_by_the_api(guarded: Guarded):
    admin = guarded.client(guarded.tokens["admin"])
    made = admin.post("/v1/keys", json={"name": "shop", "scopes": ["read", "event"], "days": 1})
    assert made.status_code == 201
    token = made.json()["token"]
    assert guarded.client(token).get("/v1/autocomplete").status_code == 200
    listed = next(key for key in admin.get("/v1/keys").json()["keys"] if key["name"] == "shop")
    assert listed["scopes"] == ["read", "event"]
    assert listed["expires_at"] is not None
    assert "token" not in listed
    assert token not in admin.get("/v1/keys").text
    refusal(admin.delete("/v1/keys/000000000000"), 404)
    for wrong in (
        {"name": "x", "scopes": []},
        {"name": "", "scopes": ["read"]},
        {"name": "x", "scopes": ["all"]},
    ):
        refusal(admin.post("/v1/keys", json=wrong), 422)


def test_a_person_signs_in_with_a_key_and_out_again(guarded: Guarded):
    client = guarded.client()
    sent_away = client.get("/owner", headers=HTML)
    assert sent_away.status_code == 303
    assert sent_away.headers["location"] == "/sign-in?next=/owner"
    form = client.get(sent_away.headers["location"])
    assert 'name="next" value="/owner"' in form.text
    wrong = client.post("/sign-in", data={"key": "bb_wrong", "next": "/owner"})
    assert wrong.status_code == 401
    assert "unknown, revoked or expired" in wrong.text
    right = client.post("/sign-in", data={"key": guarded.tokens["admin"], "next": "/owner"})
    assert right.status_code == 303
    assert right.headers["location"] == "/owner"
    said = right.headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip() for part in said.split(";")}
    assert guarded.tokens["admin"].lower() not in said
    owner = client.get("/owner", headers=HTML)
    assert owner.status_code == 200
    assert "Signed in with the key" in owner.text
    assert owner.headers["cache-control"] == "no-store"
    assert client.get("/v1/autocomplete").status_code == 200
    kept = dict(client.cookies)
    assert client.post("/sign-out").status_code == 303
    client.cookies.update(kept)  # the cookie of a sign-in that ended opens nothing
    assert client.get("/owner", headers=HTML).status_code == 303


def test_the_cookie_is_secure_where_the_page_is(guarded: Guarded):
    client = TestClient(guarded.app, base_url="https://shop.example", follow_redirects=False)
    signed = client.post("/sign-in", data={"key": guarded.tokens["read"]})
    assert "secure" in signed.headers["set-cookie"].lower()


def test_a_key_that_reaches_too_little_is_said_on_the_page(guarded: Guarded):
    client = guarded.client()
    client.post("/sign-in", data={"key": guarded.tokens["read"]})
    sent_away = client.get("/owner", headers=HTML)
    assert sent_away.status_code == 303
    assert "does not reach so far" in client.get(sent_away.headers["location"]).text


@pytest.mark.parametrize(
    "onwards",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/x\r\nSet-Cookie: a=b", "", "evil"],
)
def test_signing_in_leads_to_no_other_site(guarded: Guarded, onwards: str):
    signed = guarded.client().post("/sign-in", data={"key": guarded.tokens["read"], "next": onwards})
    assert signed.headers["location"] == "/"


def test_a_sign_in_ends_with_its_key(guarded: Guarded):
    token, client = guarded.made(Scope.ADMIN), guarded.client()
    client.post("/sign-in", data={"key": token})
    assert client.get("/owner", headers=HTML).status_code == 200
    guarded.client(guarded.tokens["admin"]).delete(f"/v1/keys/{token.split('_')[1]}")
    assert client.get("/owner", headers=HTML).status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://testserver"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_a_page_of_another_site_does_nothing_through_a_sign_in(guarded: Guarded, headers, status: int):
    client = guarded.client()
    client.post("/sign-in", data={"key": guarded.tokens["admin"]})
    assert client.post("/v1/search", json={"q": "sofa"}, headers=headers).status_code == status
    keyed = guarded.client(guarded.tokens["read"])  # a key in a header is no browser's doing
    assert keyed.post("/v1/search", json={"q": "sofa"}, headers=headers).status_code == 200


def reopened(guarded: Guarded, host: str | None = None, **serving: Any) -> FastAPI:
    changed = guarded.settings.model_copy(
        update={"serving": guarded.settings.serving.model_copy(update=serving)}
    )
    return create_app(guarded.app.state.front.engine, changed, host)


def test_pages_of_shoppers_may_be_public_and_the_owners_never(guarded: Guarded):
    client = guarded.client(app=reopened(guarded, public_pages=True))
    for path in ("/", "/?q=sofa", "/listings/red-sofa", "/v1/autocomplete?q=so"):
        assert client.get(path, headers=HTML).status_code == 200, path
    for path in ("/owner", "/sell", "/docs", "/v1/listings/red-sofa", "/metrics"):
        assert client.get(path).status_code == 401, path
    refusal(client.post("/v1/search", json={"q": "sofa"}), 401)
    assert client.post("/acts", data={"type": "save", "listing_id": "red-sofa"}).status_code == 303


def test_what_was_given_for_a_key_is_kept_by_no_shared_cache(guarded: Guarded):
    keyed, public = (
        guarded.client(guarded.tokens["read"]),
        guarded.client(app=reopened(guarded, public_pages=True)),
    )
    photo = keyed.get("/v1/listings/red-sofa").json()["photos"][0]["url"]
    assert keyed.get(photo).headers["cache-control"].startswith("private")
    assert public.get(photo).headers["cache-control"].startswith("public")
    assert keyed.get("/v1/listings/red-sofa").headers["cache-control"] == "no-store"


@pytest.fixture
def keyless(engine, settings) -> Callable[..., TestClient]:
    """Clients, from an address and by a name, of a market without keys on a loopback address."""

    def client(address: str, name: str = "127.0.0.1:8000", host: str = "127.0.0.1") -> TestClient:
        app = create_app(engine, settings, host)
        return TestClient(app, base_url=f"http://{name}", client=(address, 40_000))

    return client


def test_without_keys_this_machine_does_everything(keyless):
    for name in ("127.0.0.1:8000", "localhost:8000", "[::1]:8000"):
        client = keyless("127.0.0.1", name)
        assert client.get("/owner").status_code == 200
        assert client.get("/v1/keys").status_code == 200


def test_without_keys_nobody_else_does_anything(keyless):
    for client in (
        keyless("203.0.113.9"),  # through a proxy that says so
        keyless("127.0.0.1", "rebound.example"),
        keyless("127.0.0.1", host="0.0.0.0"),  # noqa: S104  nothing listens
    ):
        assert "bowerbird keys create" in refusal(client.get("/v1/autocomplete"), 401)
        assert client.get("/health/live").status_code == 200
    attacker = keyless("127.0.0.1").post(
        "/v1/listings/bulk", content="{}", headers={"origin": "https://evil.example"}
    )
    refusal(attacker, 403)


def test_the_first_key_ends_the_time_without_keys(keyless):
    client = keyless("127.0.0.1")
    token = client.post("/v1/keys", json={"name": "first", "scopes": ["admin"]}).json()["token"]
    refusal(client.get("/v1/keys"), 401)
    key_id = token.split("_")[1]
    admin = {"Authorization": f"Bearer {token}"}
    assert client.delete(f"/v1/keys/{key_id}", headers=admin).status_code == 200
    refusal(client.get("/v1/keys"), 401)  # nor does revoking the last one bring it back


def test_an_address_that_others_reach_is_not_served_without_a_key(settings: Settings):
    said: list[str] = []
    say_who_may_call(settings, "127.0.0.1", said.append)
    assert said[0].startswith("keys are off")
    with pytest.raises(UnavailableError, match=r"0\.0\.0\.0 is not served .* `bowerbird keys create"):
        say_who_may_call(settings, "0.0.0.0", said.append)  # noqa: S104  nothing listens
    keys = KeyStore(open_database(database_url(settings)))
    key = keys.create("first", [Scope.READ], datetime.now(UTC)).key
    say_who_may_call(settings, "0.0.0.0", said.append)  # noqa: S104
    assert len(said) == 1
    keys.revoke(key.key_id, datetime.now(UTC))
    with pytest.raises(UnavailableError, match="no key is live"):
        say_who_may_call(settings, "127.0.0.1", said.append)


def test_other_sites_may_ask_where_the_setting_names_them(guarded: Guarded):
    preflight = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    closed, opened = (
        guarded.client(),
        guarded.client(app=reopened(guarded, cors_origins=["https://shop.example"])),
    )
    assert "access-control-allow-origin" not in closed.options("/v1/search", headers=preflight).headers
    allowed = opened.options("/v1/search", headers=preflight)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-credentials" not in allowed.headers
    stranger = {**preflight, "origin": "https://evil.example"}
    assert "access-control-allow-origin" not in opened.options("/v1/search", headers=stranger).headers
    refused = opened.post("/v1/search", json={}, headers={"origin": "https://shop.example"})
    assert refused.status_code == 401
    assert (
        refused.headers["access-control-allow-origin"] == "https://shop.example"
    )  # so that its page can read why
