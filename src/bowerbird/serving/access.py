"""Who asks, by the key in the request or the sign-in in a cookie, and whether they may.

Keys are off only while no key was ever made and nobody but this machine can reach the port. Then, too, a page
of another site must not act through the owner's browser, so what names another host is refused.
"""

from collections.abc import Collection
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope as Call

from bowerbird.errors import AccessError, ForbiddenError
from bowerbird.intake import is_loopback
from bowerbird.serving.keyring import Keyring
from bowerbird.serving.rules import Rule
from bowerbird.storage.key_store import ApiKey

KEY_COOKIE = "bowerbird_key"
MAKE_ONE = "`bowerbird keys create NAME --scope admin` makes one"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({"same-origin", "none"})  # values of Sec-Fetch-Site


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks; `key` is None where keys are off, and of a visitor of public pages.

    `is_owner` where keys are off: whoever works at this machine.
    """

    key: ApiKey | None = None
    is_owner: bool = False

    @property
    def key_id(self) -> str | None:
        """Names the key, for the audit log and the rate; of a sign-in the key that was signed in with."""
        return None if self.key is None else self.key.parent or self.key.key_id


NOBODY = Caller()
OWNER = Caller(is_owner=True)


class Access:
    """The door of one application.

    Args:
        keyring: the market's keys.
        public_pages: whether shoppers need no key for their pages.
        origins: other sites whose pages may ask.
        host: the address that is listened on; None where the application is called in its own process.
    """

    def __init__(
        self, keyring: Keyring, *, public_pages: bool, origins: Collection[str], host: str | None
    ) -> None:
        self.keyring = keyring
        self._public_pages = public_pages
        self._origins = frozenset(origins)
        self._host = host

    @property
    def keys_are_off(self) -> bool:
        """Whether everybody may do everything."""
        return self.keyring.is_empty and (self._host is None or is_loopback(self._host))

    def caller(self, call: Call, rule: Rule) -> Caller:
        """Who asks for what `rule` guards; the keyring is fresh.

        Raises:
            AccessError: they are not known.
            ForbiddenError: they may not.
        """
        headers = Headers(scope=call)
        bearer = _bearer(headers)
        if bearer is None and call["method"] not in _SAFE_METHODS:
            self._check_own_site(headers)
        if rule.scope is None:
            return NOBODY
        if self.keys_are_off:
            self._check_local(call, headers)
            return OWNER
        key = self._key(headers, bearer)
        if key is not None and key.reaches(rule.scope):
            return Caller(key)
        if rule.is_shoppers and self._public_pages:
            return Caller(key)
        if key is None:
            raise AccessError(f"this needs a key: send it as `Authorization: Bearer KEY`; {MAKE_ONE}")
        reach = ", ".join(sorted(key.scopes))
        raise ForbiddenError(
            f"this needs a key with the scope {rule.scope}, but key {key.key_id} has {reach}; use another key"
        )

    def _key(self, headers: Headers, bearer: str | None) -> ApiKey | None:
        """The key that is sent.

        Raises:
            AccessError: a program sent one that opens nothing; a browser's sign-in merely ends.
        """
        if bearer is None:
            token = cookie(headers, KEY_COOKIE)
            return self.keyring.key(token) if token else None
        key = self.keyring.key(bearer)
        if key is None:
            raise AccessError(f"the key is unknown, revoked or expired; use another one: {MAKE_ONE}")
        return key

    def _check_own_site(self, headers: Headers) -> None:
        """A browser sends cookies, and reaches this machine, on behalf of any page that it shows."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin in self._origins:
            return
        if site is None:
            if origin is None or urlsplit(origin).netloc == headers.get("host"):
                return
        elif site in _OWN_SITE:
            return
        raise ForbiddenError(
            f"a page of another site asks ({origin or site}); send a key in the Authorization header, or add "
            "the site to the setting serving.cors_origins"
        )

    def _check_local(self, call: Call, headers: Headers) -> None:
        """Without keys only this machine is answered: not through a proxy, nor by another name."""
        if self._host is None:
            return
        client = call.get("client") or ("",)
        named = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        if not is_loopback(client[0]) or not is_loopback(named):
            raise AccessError(
                f"keys are off, so only this machine is answered, but {client[0]} asks for {named!r}; "
                f"{MAKE_ONE}"
            )


def cookie(headers: Headers, name: str) -> str | None:
    """A cookie's value."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return None if found is None else found.value


def _bearer(headers: Headers) -> str | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None
