"""The front page where nothing is asked: a feed with its reasons; and the buttons on every card."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from bowerbird.market.listing import CATEGORY_SEPARATOR
from bowerbird.market.query import FACETS, Query
from bowerbird.recommending.feed import FeedRequest, ReasonKind
from bowerbird.serving.events_api import events_of
from bowerbird.serving.feed_api import feeds_of
from bowerbird.serving.front import Front
from bowerbird.serving.payloads import answer_payload
from bowerbird.serving.replies import JSONReply
from bowerbird.serving.search_form import PAGE_SIZE, SearchForm
from bowerbird.serving.visitor import Visitor, came_from, remembered, seen_as
from bowerbird.serving.visits import Visits

CURSOR = "feed"  # the field of the front page's address that says where its next page starts
_SHOWN_LEAVES = 3


def register_feed_pages(app: FastAPI) -> None:
    """Add what the buttons of cards and the switch of shoppers are posted to."""
    app.add_api_route("/acts", _act, methods=["POST"], include_in_schema=False)
    app.add_api_route("/visitor", _see_as, methods=["POST"], include_in_schema=False)


def visits_of(request: Request) -> Visits:
    """The visitors of the pages that answer `request`."""
    return Visits(request.app.state.front, events_of(request))


def home_context(request: Request, front: Front, visitor: Visitor) -> dict[str, Any]:
    """What home.html needs beside the links of facets.

    Raises:
        InputError: the cursor in the address is damaged.
    """
    cursor = request.query_params.get(CURSOR)
    asked = FeedRequest(visitor.shopper, visitor.session, limit=PAGE_SIZE, cursor=cursor)
    feed = feeds_of(request).recommend(asked)
    everything = front.engine.search(Query(limit=1, facets=FACETS))  # counted, not shown: it is not logged
    more = feed["next_cursor"]
    return {
        "feed": feed,
        "reply": answer_payload(everything, front.engine),
        "heading": _heading(feed),
        "lately": _lately(front, visitor) if feed["personal"] else [],
        "more_href": f"/?{CURSOR}={more}" if more else None,
        "form": SearchForm(),
    }


async def _act(request: Request) -> Response:
    async with request.form(max_files=0, max_fields=8) as form:
        given = {name: value for name, value in form.items() if isinstance(value, str)}
    return await run_in_threadpool(_acted, request, given)


def _acted(request: Request, given: dict[str, str]) -> Response:
    visits = visits_of(request)
    visitor = visits.visitor(request)
    said = visits.acted(visitor, given)
    wants_json = "application/json" in request.headers.get("accept", "")
    reply = JSONReply({"said": said}) if wants_json else RedirectResponse(came_from(request), 303)
    return remembered(reply, request, visitor)


async def _see_as(request: Request) -> Response:
    async with request.form(max_files=0, max_fields=2) as form:
        shopper = str(form.get("shopper", ""))
    visitor = await run_in_threadpool(visits_of(request).visitor, request)
    known = {choice for choice, _ in visitor.choices}
    return seen_as(request, shopper if shopper in known else None)


def _heading(feed: dict[str, Any]) -> str:
    if feed["personal"]:
        return "For you"
    kinds: Sequence[str] = [hit["why"]["kind"] for hit in feed["hits"]]
    return "Popular now" if ReasonKind.POPULAR in kinds else "Newly listed"


def _lately(front: Front, visitor: Visitor) -> list[str]:
    """The names of the categories that they look at most."""
    taste = front.engine.taste(visitor.shopper, visitor.session)
    return [path.split(CATEGORY_SEPARATOR)[-1] for path in list(taste.leaves)[:_SHOWN_LEAVES]]
