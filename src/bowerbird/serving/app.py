"""The web application: limits, one error shape, the API and the pages around one engine."""

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bowerbird import __version__
from bowerbird.assembly import open_event_stores
from bowerbird.engine import Engine
from bowerbird.errors import BowerbirdError, InputError, TooLargeError
from bowerbird.serving.api import api_router, front_of
from bowerbird.serving.bodies import validation_details
from bowerbird.serving.event_front import EventFront
from bowerbird.serving.events_api import events_router
from bowerbird.serving.feed_api import feed_router
from bowerbird.serving.feed_front import FeedFront
from bowerbird.serving.front import Front
from bowerbird.serving.pages import register_pages
from bowerbird.serving.replies import JSONReply
from bowerbird.serving.sell_api import sell_router
from bowerbird.serving.sell_front import SellFront
from bowerbird.serving.telemetry import Telemetry
from bowerbird.settings import Settings

log = logging.getLogger(__name__)
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
GZIP_FROM_BYTES = 2000
GZIP_LEVEL = 4  # faster than the default by far, for few more bytes
API_PAGES = ("/docs", "/redoc")  # FastAPI's own pages need their own scripts
HTTP_CODES = {400: "invalid_input", 404: "not_found", 405: "method_not_allowed"}


def create_app(engine: Engine, settings: Settings) -> FastAPI:
    """The application over an open engine, which it closes when it stops."""
    front = Front(engine, settings)
    events = EventFront(open_event_stores(settings), settings, front.telemetry)
    if settings.events.log_queries:
        front.note_page = events.note

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        engine.start()
        events.start()
        yield
        events.close()
        engine.close()

    app = FastAPI(
        title="bowerbird",
        version=__version__,
        description="Search and recommendation ranking for a second-hand marketplace.",
        lifespan=lifespan,
    )
    app.state.front, app.state.events = front, events
    app.state.feeds = FeedFront(engine, settings, front)
    events.listeners.append(engine)
    app.state.sell = SellFront(engine, settings, front.telemetry)
    _add_error_shape(app)
    app.include_router(api_router())
    app.include_router(feed_router())  # before the events', which take whatever follows /v1/shoppers/
    app.include_router(events_router())
    app.include_router(sell_router())
    register_pages(app, front_of)
    app.add_middleware(Compressed)
    app.add_middleware(BodyLimit, max_bytes=settings.serving.max_body_bytes)
    app.add_middleware(Observed, telemetry=front.telemetry)
    return app


class _BodyTooLarge(HTTPException):
    """Raised while a body is read, where FastAPI lets nothing through but its own exception."""

    def __init__(self, error: TooLargeError) -> None:
        super().__init__(error.http_status, error.message)
        self.error = error


class BodyLimit:
    """Refuses a body over the limit, by its declared length or as it streams in."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request within the limit."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise _BodyTooLarge(TooLargeError(self._message(received)))
            return message

        if declared.isdigit() and int(declared) > self.max_bytes:
            await _error_reply(TooLargeError(self._message(int(declared))))(scope, receive, send)
            return
        await self.app(scope, limited, send)

    def _message(self, size: int) -> str:
        return (
            f"a request may hold {self.max_bytes} bytes, but this one has {size} or more; send less at once"
        )


def _add_error_shape(app: FastAPI) -> None:
    @app.exception_handler(BowerbirdError)
    async def on_ours(_: Request, error: BowerbirdError) -> Response:
        return _error_reply(error)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_: Request, error: RequestValidationError) -> Response:
        details = validation_details(error.errors())
        return _error_reply(InputError(f"the request cannot be used: {details[0]}", details=details))

    @app.exception_handler(_BodyTooLarge)
    async def on_too_large(_: Request, error: _BodyTooLarge) -> Response:
        return _error_reply(error.error)

    @app.exception_handler(StarletteHTTPException)
    async def on_http(request: Request, error: StarletteHTTPException) -> Response:
        code = HTTP_CODES.get(error.status_code, "http_error")
        message = f"{request.method} {request.url.path}: {error.detail}; /docs lists every call"
        return _reply(error.status_code, code, message)

    @app.exception_handler(Exception)
    async def on_unforeseen(request: Request, error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return _reply(500, "error", "an unforeseen error; the server's log has it")


def _error_reply(error: BowerbirdError) -> Response:
    return _reply(error.http_status, error.code, error.message, error.details)


def _reply(status: int, code: str, message: str, details: tuple[str, ...] = ()) -> Response:
    return JSONReply({"error": code, "message": message, "details": list(details)}, status_code=status)


class Compressed:
    """Gzips pages and JSON for clients that take it; photos are compressed already."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.gzipped = GZipMiddleware(app, minimum_size=GZIP_FROM_BYTES, compresslevel=GZIP_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request, to be compressed or not."""
        photo = scope["type"] == "http" and scope["path"].startswith("/photos/")
        await (self.app if photo else self.gzipped)(scope, receive, send)


class Observed:
    """Counts and times every request, and adds the headers that every reply carries."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self.app = app
        self.telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request, watching its reply."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = "500"

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "same-origin")
                if not scope["path"].startswith(API_PAGES):
                    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:  # an unforeseen error is answered further out, and counts as 500
            route = getattr(scope.get("route"), "path", "other")
            self.telemetry.requests.labels(route, status).inc()
            self.telemetry.request_seconds.labels(route).observe(time.perf_counter() - started)
