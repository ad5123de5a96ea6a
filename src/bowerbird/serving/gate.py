"""The gate before every call: who asks and whether they may, before anything of the body is read."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bowerbird.errors import AccessError, BowerbirdError, ForbiddenError
from bowerbird.serving.access import Access, Caller
from bowerbird.serving.error_shape import error_reply
from bowerbird.serving.rules import Rule, rule_of

SIGN_IN = "/sign-in"
CALLER = "caller"  # in the request's state


class Gate:
    """Passes on the calls that may be made, with who makes them in their state."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self._access = access
        # Apart from the threads of searches, which may all be busy.
        self._reader = ThreadPoolExecutor(1, "bowerbird-keys")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a call, or answer that it may not be made."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        rule = rule_of(scope["method"], scope["path"])
        try:
            caller = await self._caller(scope, rule)
        except BowerbirdError as error:
            await _refusal(error, scope, rule)(scope, receive, send)
            return
        scope.setdefault("state", {})[CALLER] = caller
        await self.app(scope, receive, _unkept(send) if caller.key else send)

    async def _caller(self, scope: Scope, rule: Rule) -> Caller:
        if rule.scope is not None and self._access.keyring.is_stale:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._reader, self._access.keyring.refresh)
        return self._access.caller(scope, rule)


def caller_of(request: Request) -> Caller:
    """Who asks, as the gate found."""
    caller: Caller = getattr(request.state, CALLER)
    return caller


def _refusal(error: BowerbirdError, scope: Scope, rule: Rule) -> Response:
    """The error; to a browser that asks for a page, the way to sign in."""
    wants_page = "text/html" in Headers(scope=scope).get("accept", "")
    if rule.is_page and wants_page and scope["method"] == "GET" and isinstance(error, AccessError):
        asked = scope["path"] + (
            f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        )
        why = "&why=scope" if isinstance(error, ForbiddenError) else ""
        return RedirectResponse(f"{SIGN_IN}?next={quote(asked, safe='/')}{why}", 303)
    return error_reply(error)


def _unkept(send: Send) -> Send:
    """What was given for a key is kept by no cache that others share."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            kept = headers.get("cache-control")
            headers["Cache-Control"] = "no-store" if kept is None else kept.replace("public", "private")
        await send(message)

    return sent
