"""The web application: limits, one error shape, the API and the pages around one engine."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bowerbird import __version__
from bowerbird.assembly import open_event_stores
from bowerbird.engine import Engine
from bowerbird.intake import ServingSettings
from bowerbird.serving.access import Access
from bowerbird.serving.api import api_router, front_of
from bowerbird.serving.api_description import describe_access
from bowerbird.serving.audit import Audit, audit_router
from bowerbird.serving.error_shape import add_error_shape
from bowerbird.serving.event_front import EventFront
from bowerbird.serving.events_api import events_router
from bowerbird.serving.feed_api import feed_router
from bowerbird.serving.feed_front import FeedFront
from bowerbird.serving.front import Front
from bowerbird.serving.gate import Gate
from bowerbird.serving.keyring import Keyring
from bowerbird.serving.keys_api import keys_router
from bowerbird.serving.limits import BodyLimit, FairShare, WriteLane
from bowerbird.serving.moderation import Moderation
from bowerbird.serving.moderation_api import moderation_router
from bowerbird.serving.observing import Observers
from bowerbird.serving.pages import register_pages
from bowerbird.serving.photo_replies import photo_origin
from bowerbird.serving.rates import Rate
from bowerbird.serving.sell_api import sell_router
from bowerbird.serving.sell_front import SellFront
from bowerbird.serving.telemetry import Telemetry
from bowerbird.settings import Settings
from bowerbird.storage.audit_log import AuditLog
from bowerbird.storage.key_store import KeyStore
from bowerbird.storage.reports import ReportStore

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:{photos}; style-src 'self'; script-src 'self'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
# FastAPI's page of the API brings a script of its own and fetches Swagger's.
API_PAGES_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net https://fonts.googleapis.com; "
    "font-src https://fonts.gstatic.com; img-src 'self' data: https://fastapi.tiangolo.com; "
    "worker-src blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
A_YEAR_OF_HTTPS = "max-age=31536000"
CORS_SECONDS = 600
GZIP_FROM_BYTES = 2000
GZIP_LEVEL = 4  # faster than the default by far, for few more bytes
API_PAGES = ("/docs", "/redoc")


def create_app(
    engine: Engine, settings: Settings, host: str | None = None, telemetry: Telemetry | None = None
) -> FastAPI:
    """The application over an open engine, which it closes when it stops.

    Args:
        engine: the market.
        settings: of its home.
        host: the address that will be listened on; None where it is called in this process alone.
        telemetry: what counts; its own where several processes count together.
    """
    front = Front(engine, settings, telemetry=telemetry)
    stores = open_event_stores(settings)
    events = EventFront(stores, settings, front.telemetry)
    keyring = Keyring(KeyStore(stores.database))
    observers = Observers(settings.observing)
    if settings.events.log_queries:
        front.note_page = events.note

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = settings.serving.threads
        engine.start()
        events.start()
        yield
        events.close()
        engine.close()
        observers.close()

    app = FastAPI(
        title="bowerbird",
        version=__version__,
        description="Search and recommendation ranking for a second-hand marketplace.",
        lifespan=lifespan,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.state.front, app.state.events = front, events
    app.state.writes = WriteLane(settings.serving.write_threads)
    app.state.keyring, app.state.access = keyring, _access(keyring, settings, host)
    app.state.feeds = FeedFront(engine, settings, front)
    events.listeners.append(engine)
    app.state.sell = SellFront(engine, settings, front.telemetry)
    app.state.audit = Audit(AuditLog(stores.database), settings.serving.keep_audit_days)
    app.state.moderation = Moderation(engine, ReportStore(stores.database))
    front.check_photo = app.state.moderation.check_photo
    add_error_shape(app)
    app.include_router(moderation_router())  # before the catalogue's, which take whatever follows
    app.include_router(api_router())
    app.include_router(feed_router())  # before the events', which take whatever follows /v1/shoppers/
    app.include_router(events_router())
    app.include_router(sell_router())
    app.include_router(keys_router())
    app.include_router(audit_router())
    register_pages(app, front_of)
    describe_access(app)
    _add_guards(app, settings.serving, front.telemetry, photo_origin(front))
    observers.watch(app, front.telemetry)
    return app


def _add_guards(app: FastAPI, serving: ServingSettings, telemetry: Telemetry, photos: str) -> None:
    """What a request passes on its way in; the last one added is the first it meets."""
    app.add_middleware(Compressed)
    app.add_middleware(BodyLimit, max_bytes=serving.max_body_bytes, max_seconds=serving.max_request_seconds)
    app.add_middleware(
        FairShare,
        keys=Rate(serving.key_per_second, serving.key_burst, "a key"),
        addresses=Rate(serving.address_per_second, serving.address_burst, "an address without a key"),
        writes=app.state.writes,
        waiting=serving.waiting,
    )
    app.add_middleware(Gate, access=app.state.access)
    if serving.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=serving.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Retry-After"],
            max_age=CORS_SECONDS,
        )
    app.add_middleware(Observed, telemetry=telemetry, photos=photos)


def _access(keyring: Keyring, settings: Settings, host: str | None) -> Access:
    serving = settings.serving
    return Access(keyring, public_pages=serving.public_pages, origins=serving.cors_origins, host=host)


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
    """Counts and times every request, and adds the headers that every reply carries.

    Args:
        app: what answers.
        telemetry: what is told.
        photos: where else than here photos are read, such as https://bucket.example; '' for nowhere.
    """

    def __init__(self, app: ASGIApp, telemetry: Telemetry, photos: str) -> None:
        self.app = app
        self.telemetry = telemetry
        self.policy = CONTENT_SECURITY_POLICY.format(photos=f" {photos}" if photos else "")

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
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                policy = API_PAGES_POLICY if scope["path"] in API_PAGES else self.policy
                headers.setdefault("Content-Security-Policy", policy)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", A_YEAR_OF_HTTPS)
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:  # an unforeseen error is answered further out, and counts as 500
            route = getattr(scope.get("route"), "path", "other")
            self.telemetry.requests.labels(route, status).inc()
            self.telemetry.request_seconds.labels(route).observe(time.perf_counter() - started)
