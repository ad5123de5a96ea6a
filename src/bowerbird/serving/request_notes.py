"""What is known of the request that is worked on: its id, and how long each stage of the engine took.

A middleware begins the notes; whatever runs for the request, in threads too, reads and adds to them.
"""

import re
import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_current: ContextVar["RequestNotes | None"] = ContextVar("request_notes", default=None)


@dataclass(slots=True)
class RequestNotes:
    """Of one request: stages in milliseconds; `trace_id` as OpenTelemetry writes it, where it is traced."""

    request_id: str
    stages: dict[str, float] = field(default_factory=dict)
    trace_id: str | None = None


def begin_notes(asked: str | None) -> RequestNotes:
    """Notes of a request that begins; its id is the one asked for, where that can stand in a log."""
    request_id = asked if asked is not None and _ID.fullmatch(asked) else uuid.uuid4().hex
    notes = RequestNotes(request_id)
    _current.set(notes)
    return notes


def current_notes() -> RequestNotes | None:
    """Those of the request that is worked on; None outside of one."""
    return _current.get()
