"""Every exception that bowerbird raises on purpose.

::

    BowerbirdError
    ├── InputError         422, exit 2   what was given cannot be used: a value, a file, a query
    │   ├── TooLargeError  413, exit 2   it is over a limit of bytes, pixels or rows
    │   └── TooSlowError   408, exit 2   it took too long to arrive
    ├── AccessError        401, exit 7   no key was given, or one that opens nothing
    │   └── ForbiddenError 403, exit 7   the key does not reach so far, or another site's page asks
    ├── BusyError          429, exit 8   too much is asked at once; again after `retry_after` seconds
    ├── NotFoundError      404, exit 3   the listing, photo, file or generation does not exist
    ├── MismatchError      409, exit 4   two things that must agree do not (encoders, schema, fingerprints)
    ├── UnavailableError   503, exit 5   a part is missing or not ready: run what the message says
    └── TrainingError      500, exit 6   a network could not be exported or trained

A message says what is wrong, the value seen, and what to do. Bad rows of an import are `Rejection` values,
kept and counted; they are never exceptions.
"""

from collections.abc import Sequence
from typing import ClassVar


class BowerbirdError(Exception):
    """The root of the tree; carries what each front (API, command line) needs to answer."""

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)


class InputError(BowerbirdError):
    """What was given cannot be used."""

    code = "invalid_input"
    http_status = 422
    exit_code = 2


class TooLargeError(InputError):
    """What was given is over a limit."""

    code = "too_large"
    http_status = 413


class TooSlowError(InputError):
    """What was given took too long to arrive."""

    code = "too_slow"
    http_status = 408


class AccessError(BowerbirdError):
    """Who asks is not known."""

    code = "unauthenticated"
    http_status = 401
    exit_code = 7


class ForbiddenError(AccessError):
    """Who asks is known, and may not."""

    code = "forbidden"
    http_status = 403


class BusyError(BowerbirdError):
    """Too much is asked at once; the same may be asked again after `retry_after` seconds."""

    code = "busy"
    http_status = 429
    exit_code = 8

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotFoundError(BowerbirdError):
    """What was asked for does not exist."""

    code = "not_found"
    http_status = 404
    exit_code = 3


class MismatchError(BowerbirdError):
    """Two things that must agree do not."""

    code = "mismatch"
    http_status = 409
    exit_code = 4


class UnavailableError(BowerbirdError):
    """A part is missing or not ready.

    Args:
        message: as of every error.
        outward: what callers over the network are told, where `message` names the machine, the account or
            the files behind it.
    """

    code = "unavailable"
    http_status = 503
    exit_code = 5

    def __init__(self, message: str, *, outward: str = "") -> None:
        super().__init__(message)
        self.outward = outward


class TrainingError(BowerbirdError):
    """A network could not be exported or trained."""

    code = "training"
    exit_code = 6
