"""Recommendations as JSON: to a shopper by their logged events, to a session by those it sends along."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from bowerbird.recommending.feed import FeedRequest
from bowerbird.serving.feed_front import MOST_EVENTS, FeedFront
from bowerbird.serving.replies import ERRORS, JSONReply

LARGEST_PAGE = 100
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]
Given = Annotated[str | None, Query(max_length=200)]


class SessionModel(BaseModel):
    """Who asks without having a name, and what they did."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={
            "examples": [
                {
                    "events": [
                        {"type": "view", "listing_id": "red-sofa", "time": "2026-05-01T12:00:00Z"},
                        {"type": "save", "listing_id": "blue-sofa", "time": "2026-05-01T12:01:00Z"},
                    ],
                    "limit": 20,
                }
            ]
        },
    )

    events: list[dict[str, Any]] = Field(
        [],
        max_length=MOST_EVENTS,
        description="As POST /v1/events takes them; they are used for this answer and not stored.",
    )
    session: str | None = Field(
        None, max_length=200, description="Its logged events are read too, and impressions logged as its own."
    )
    limit: int = Field(24, ge=1, le=LARGEST_PAGE)
    cursor: str | None = Field(None, max_length=200)


def feed_router() -> APIRouter:
    """The endpoints of recommendations."""
    router = APIRouter(responses=ERRORS, default_response_class=JSONReply, tags=["recommendations"])

    @router.get("/v1/shoppers/{shopper:path}/recommendations")
    def for_shopper(
        request: Request, shopper: str, limit: Limit = 24, cursor: Given = None, session: Given = None
    ) -> Response:
        """What a shopper may want, each listing with its reason; `personal` is false for an unknown one."""
        asked = FeedRequest(shopper, session, limit=limit, cursor=cursor)
        return JSONReply(feeds_of(request).recommend(asked))

    @router.post("/v1/sessions/recommendations")
    def for_session(request: Request, model: SessionModel) -> Response:
        """What an anonymous session may want, after the events that it sends along."""
        front = feeds_of(request)
        events = front.events(model.events, model.session)
        asked = FeedRequest(None, model.session, events, model.limit, model.cursor)
        return JSONReply(front.recommend(asked))

    return router


def feeds_of(request: Request) -> FeedFront:
    """The feeds that this application serves."""
    front: FeedFront = request.app.state.feeds
    return front
