"""Each request gets an id, which its reply and all lines logged for it carry; and, if asked, a line.

The line has the route, not what was asked: queries are people's own affair, and are in the log of replies.
"""

import logging
import time
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bowerbird.serving.log_lines import FIELDS, REQUESTS
from bowerbird.serving.request_notes import RequestNotes, begin_notes
from bowerbird.serving.telemetry import Telemetry

REQUEST_ID = "X-Request-ID"
SLOW_SECONDS = 1.0
log = logging.getLogger(REQUESTS)


class RequestLog:
    """The outermost part of the application."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self.app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request with an id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        notes = begin_notes(Headers(scope=scope).get(REQUEST_ID))
        status = 500  # which is answered further out

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = notes.request_id
            await send(message)

        self._telemetry.in_progress.inc()
        try:
            await self.app(scope, receive, named)
        finally:
            self._telemetry.in_progress.dec()
            if log.isEnabledFor(logging.INFO):
                said = _said(scope, status, time.perf_counter() - started, notes)
                level = logging.WARNING if said["seconds"] >= SLOW_SECONDS else logging.INFO
                log.log(level, "answered", extra={FIELDS: said})


def _said(scope: Scope, status: int, seconds: float, notes: RequestNotes) -> dict[str, Any]:
    said: dict[str, Any] = {
        "method": scope["method"],
        "route": getattr(scope.get("route"), "path", "other"),
        "status": status,
        "seconds": round(seconds, 5),
    }
    if scope.get("client"):
        said["client"] = scope["client"][0]
    if notes.stages:
        said["stages"] = {stage: round(ms, 3) for stage, ms in notes.stages.items()}
    return said
