"""What shoppers did, as JSON under /v1/events, and a shopper's own data under /v1/shoppers."""

from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from bowerbird.cleaning.event_rows import LAST_POSITION, LONGEST_ID
from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.cleaning.rejection import Reason, shown
from bowerbird.errors import InputError
from bowerbird.market.event import EventType
from bowerbird.serving.audit import note_change
from bowerbird.serving.event_front import EventFront
from bowerbird.serving.limits import write_lane_of
from bowerbird.serving.replies import ERRORS, JSONReply

_ID = {"type": "string", "maxLength": LONGEST_ID}
_EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Also in the names of the User Behavior Insights standard: action_name, timestamp, "
    "user_id or client_id, session_id, event_attributes.object.object_id, event_attributes.position.ordinal.",
    "required": ["type", "listing_id"],
    "properties": {
        "event_id": {
            **_ID,
            "description": "The same id sent twice counts once. An event without one gets an id made of its "
            "contents, so that it too counts once where it brings its time.",
        },
        "type": {"enum": [kind.value for kind in EventType]},
        "listing_id": _ID,
        "time": {"type": "string", "format": "date-time", "description": "Without one it happened now."},
        "shopper": {**_ID, "description": "A shopper, a session or both."},
        "session": _ID,
        "query_id": {**_ID, "description": "Of the reply that showed the listing."},
        "position": {"type": "integer", "minimum": 1, "maximum": LAST_POSITION},
    },
    "example": {
        "event_id": "6f1c",
        "type": "view",
        "listing_id": "red-sofa",
        "time": "2026-05-01T12:00:00Z",
        "shopper": "ann",
        "position": 3,
    },
}
_EVENTS_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        _EVENT_SCHEMA,
                        {
                            "type": "object",
                            "properties": {"events": {"type": "array", "items": _EVENT_SCHEMA}},
                            "required": ["events"],
                        },
                    ]
                }
            }
        },
    }
}
_LINES_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}


def events_router() -> APIRouter:
    """The endpoints of events and of shoppers' own data."""
    router = APIRouter(responses=ERRORS, default_response_class=JSONReply)

    @router.post("/v1/events", tags=["events"], openapi_extra=_EVENTS_BODY)
    async def events(request: Request) -> Response:
        """One event, or {"events": [...]}: logged once this replies, each row by itself."""
        body = await request.body()
        received = partial(_received, events_of(request), body)
        return JSONReply(await write_lane_of(request).run(received))

    @router.post("/v1/events/bulk", tags=["events"], openapi_extra=_LINES_BODY)
    async def bulk(request: Request) -> Response:
        """JSONL, one event a line; one status a row comes back."""
        body = await request.body()
        received = partial(_received_lines, events_of(request), body)
        return JSONReply(await write_lane_of(request).run(received))

    @router.get("/v1/shoppers/{shopper:path}", tags=["shoppers"])
    def read(request: Request, shopper: str) -> Response:
        """All that is stored about a shopper."""
        return JSONReply(events_of(request).record(shopper))

    @router.delete("/v1/shoppers/{shopper:path}", tags=["shoppers"])
    def erase(request: Request, shopper: str) -> Response:
        """Erase a shopper: events, queries, what is kept in memory, and their bytes on the disk."""
        erased = events_of(request).erase(shopper)
        note_change(request, "shopper.erase", None)  # whose it was is to be forgotten
        return JSONReply(erased)

    return router


def events_of(request: Request) -> EventFront:
    """The logs that this application keeps."""
    front: EventFront = request.app.state.events
    return front


def _received(front: EventFront, body: bytes) -> dict[str, Any]:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(
            f"the body is not JSON: {error}; send an event, or many as JSONL to /v1/events/bulk"
        ) from error
    if isinstance(content, dict) and "events" not in content:
        return front.receive_one(content)
    events = content["events"] if isinstance(content, dict) else content
    if not isinstance(events, list):
        raise InputError(
            f'events must be a list, but a JSON {type(events).__name__} was sent; send {{"events": [...]}}'
        )
    return front.receive([_row(number, event, event) for number, event in enumerate(events, 1)])


def _received_lines(front: EventFront, body: bytes) -> dict[str, Any]:
    lines = [line for line in body.split(b"\n") if line.strip()]
    return front.receive([_row(number, _parsed(line), line) for number, line in enumerate(lines, 1)])


def _parsed(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _row(number: int, values: object, raw: object) -> RawRow:
    if isinstance(values, dict):
        return RawRow(number, values)
    text = raw.decode("utf-8", "backslashreplace") if isinstance(raw, bytes) else raw
    return RawRow(number, fault=Reason.NOT_JSON, text=shown(text))
