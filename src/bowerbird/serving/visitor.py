"""Who looks at the pages: a session in a cookie, and in a demo the shopper whose eyes are borrowed.

The cookie holds a random number and nothing else. It is what events of the pages are logged under, so that
taste follows a visitor who has no name.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

SESSION_COOKIE = "bowerbird_session"
SHOPPER_COOKIE = "bowerbird_shopper"
KEPT_SECONDS = 90 * 86_400
_SESSION = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at the pages; None of a name or a session that they do not have.

    `choices` are the shoppers that the pages may be seen as, with how much each did.
    """

    shopper: str | None = None
    session: str | None = None
    is_new: bool = False
    choices: Sequence[tuple[str, int]] = field(default=())

    @property
    def is_followed(self) -> bool:
        """Whether what they do is logged."""
        return self.session is not None


def visitor_of(request: Request, *, followed: bool, choices: Sequence[tuple[str, int]]) -> Visitor:
    """Who sends `request`; a shopper who is no choice is nobody's eyes to borrow."""
    named = unquote(request.cookies.get(SHOPPER_COOKIE, ""))
    shopper = named if named in {choice for choice, _ in choices} else None
    if not followed:
        return Visitor(shopper, None, False, choices)
    session = request.cookies.get(SESSION_COOKIE, "")
    if _SESSION.fullmatch(session):
        return Visitor(shopper, session, False, choices)
    return Visitor(shopper, secrets.token_hex(16), True, choices)


def remembered(response: Response, request: Request, visitor: Visitor) -> Response:
    """`response`, with the cookie of a visitor who has none yet."""
    if visitor.is_new and visitor.session is not None:
        _set(response, request, SESSION_COOKIE, visitor.session)
    return response


def seen_as(request: Request, shopper: str | None) -> Response:
    """Back to where `request` came from, as a shopper or, with None, as somebody who was never here.

    The session begins anew, so that what was done with one pair of eyes does not colour another's taste.
    """
    response = RedirectResponse(came_from(request), 303)
    _set(response, request, SESSION_COOKIE, secrets.token_hex(16))
    if shopper is None:
        response.delete_cookie(SHOPPER_COOKIE)
    else:
        _set(response, request, SHOPPER_COOKIE, quote(shopper, safe=""))
    return response


def came_from(request: Request) -> str:
    """The address, on this site, of the page that sent `request`; the front page where it is not known."""
    page = urlsplit(request.headers.get("referer", ""))
    if page.netloc != request.headers.get("host") or not page.path.startswith("/"):
        return "/"
    path = "/" + page.path.lstrip("/")  # '//elsewhere' would leave the site
    return f"{path}?{page.query}" if page.query else path


def _set(response: Response, request: Request, name: str, value: str) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, KEPT_SECONDS, httponly=True, samesite="lax", secure=secure)
