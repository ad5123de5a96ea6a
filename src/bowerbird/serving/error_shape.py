"""Every error as the one shape of the API, with what HTTP says beside it."""

import logging

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from bowerbird.errors import (
    AccessError,
    BowerbirdError,
    BusyError,
    ForbiddenError,
    InputError,
    TooSlowError,
    UnavailableError,
)
from bowerbird.serving.bodies import validation_details
from bowerbird.serving.replies import JSONReply
from bowerbird.serving.request_notes import current_notes

log = logging.getLogger(__name__)
CLIENT_WENT_AWAY = 499  # before its request was whole; nginx's number, in logs and metrics only
UNAVAILABLE_SECONDS = 5  # after which what is missing may be back
_IN_THE_LOG = "the server's log says why under request"
_HTTP_CODES = {400: "invalid_input", 404: "not_found", 405: "method_not_allowed"}


class UnreadableBody(HTTPException):
    """Carries an error out of where a body is read, where FastAPI lets nothing through but its own."""

    def __init__(self, error: BowerbirdError) -> None:
        super().__init__(error.http_status, error.message)
        self.error = error


def add_error_shape(app: FastAPI) -> None:
    """Have `app` answer every error in the one shape."""

    @app.exception_handler(BowerbirdError)
    async def on_ours(_: Request, error: BowerbirdError) -> Response:
        return error_reply(error)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_: Request, error: RequestValidationError) -> Response:
        details = validation_details(error.errors())
        return error_reply(InputError(f"the request cannot be used: {details[0]}", details=details))

    @app.exception_handler(UnreadableBody)
    async def on_unreadable(_: Request, error: UnreadableBody) -> Response:
        return error_reply(error.error)

    @app.exception_handler(StarletteHTTPException)
    async def on_http(request: Request, error: StarletteHTTPException) -> Response:
        code = _HTTP_CODES.get(error.status_code, "http_error")
        message = f"{request.method} {request.url.path}: {error.detail}; /docs lists every call"
        return _reply(error.status_code, code, message)

    @app.exception_handler(ClientDisconnect)
    async def on_gone(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=CLIENT_WENT_AWAY)  # which nobody reads; it is counted

    @app.exception_handler(Exception)
    async def on_unforeseen(request: Request, error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        reply = _reply(500, "error", f"an unforeseen error; {_IN_THE_LOG} {_request_id()}")
        reply.headers["X-Request-ID"] = _request_id()  # it is answered outside of what names the others
        return reply


def error_reply(error: BowerbirdError) -> Response:
    """The reply that says `error`."""
    reply = _reply(error.http_status, error.code, told_outside(error), error.details)
    if isinstance(error, BusyError):
        reply.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, TooSlowError):
        reply.headers["Connection"] = "close"  # else who drips may stay as long as who is idle
    if isinstance(error, UnavailableError):
        reply.headers["Retry-After"] = str(UNAVAILABLE_SECONDS)
    if isinstance(error, AccessError) and not isinstance(error, ForbiddenError):
        reply.headers["WWW-Authenticate"] = "Bearer"
    return reply


def told_outside(error: BowerbirdError) -> str:
    """The message of `error`, but for what names the insides of the service, which goes to the log."""
    if not (isinstance(error, UnavailableError) and error.outward):
        return error.message
    log.error("%s", error.message)
    return f"{error.outward} ({_IN_THE_LOG} {_request_id()})"


def _request_id() -> str:
    notes = current_notes()
    return notes.request_id if notes is not None else "none"


def _reply(status: int, code: str, message: str, details: tuple[str, ...] = ()) -> Response:
    return JSONReply({"error": code, "message": message, "details": list(details)}, status_code=status)
