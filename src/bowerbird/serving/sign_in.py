"""How a person gets in: a key typed once becomes a sign-in, whose token is kept in a cookie for half a day.

The key itself is not kept by the browser. No script reads the cookie, no other site has it sent, and the
sign-in ends with the key that it was made with.
"""

import re
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment
from starlette.concurrency import run_in_threadpool

from bowerbird.serving.access import KEY_COOKIE, cookie
from bowerbird.serving.gate import SIGN_IN
from bowerbird.serving.keys_api import keyring_of
from bowerbird.storage.key_store import ApiKey

LASTING = timedelta(hours=12)
SCOPE = "scope"
_WRONG = "That key opens nothing here: it is unknown, revoked or expired."
_SHORT = "The key that you are signed in with does not reach so far. Use another one."
_HERE = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")  # an address of this site and no other


def register_sign_in(app: FastAPI, environment: Environment) -> None:
    """Add `/sign-in` and `/sign-out` to `app`."""
    pages = _SignIn(environment)
    app.add_api_route(SIGN_IN, pages.blank, methods=["GET"], include_in_schema=False)
    app.add_api_route(SIGN_IN, pages.sign_in, methods=["POST"], include_in_schema=False)
    app.add_api_route("/sign-out", pages.sign_out, methods=["POST"], include_in_schema=False)


class _SignIn:
    """The routes."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def blank(self, request: Request) -> Response:
        """The form."""
        problem = _SHORT if request.query_params.get("why") == SCOPE else ""
        return self._page(request.query_params.get("next", "/"), problem, 200)

    async def sign_in(self, request: Request) -> Response:
        """To where the visitor was going, signed in; or the form again."""
        async with request.form(max_files=0, max_fields=4) as form:
            token, onwards = str(form.get("key", "")).strip(), str(form.get("next", "/"))
        return await run_in_threadpool(self._signed_in, request, token, onwards)

    async def sign_out(self, request: Request) -> Response:
        """To the front page, the sign-in ended."""
        token = cookie(request.headers, KEY_COOKIE)
        if token:
            await run_in_threadpool(_end, request, token)
        response = RedirectResponse("/", 303)
        response.delete_cookie(KEY_COOKIE)
        return response

    def _signed_in(self, request: Request, token: str, onwards: str) -> Response:
        keyring = keyring_of(request)
        keyring.reread()  # a key that was made a moment ago
        key = keyring.key(token)
        if key is None or key.parent is not None:
            return self._page(onwards, _WRONG, 401)
        made = keyring.store.sign_in(key, datetime.now(UTC), LASTING)
        keyring.reread()
        response = RedirectResponse(_here(onwards), 303)
        response.set_cookie(
            KEY_COOKIE,
            made.token,
            int(LASTING.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    def _page(self, onwards: str, problem: str, status: int) -> HTMLResponse:
        template = self._environment.get_template("sign_in.html")
        page = template.render(onwards=_here(onwards), problem=problem)
        return HTMLResponse(page, status, headers={"Cache-Control": "no-store"})


def signed_in_as(request: Request) -> ApiKey | None:
    """The sign-in whose cookie `request` carries; None of a key in a header, or of nobody."""
    token = cookie(request.headers, KEY_COOKIE)
    return keyring_of(request).key(token) if token else None


def _end(request: Request, token: str) -> None:
    keyring = keyring_of(request)
    key = keyring.key(token)
    if key is not None and key.parent is not None:
        keyring.store.sign_out(key.key_id)
        keyring.reread()


def _here(address: str) -> str:
    return address if _HERE.fullmatch(address) else "/"
