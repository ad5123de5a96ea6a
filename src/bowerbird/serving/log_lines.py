"""The server's log: a line of text for people, or of JSON for programs, each with the id of its request.

Whatever a line says, keys and passwords in it are blotted out.
"""

import logging
import re
from datetime import UTC, datetime
from typing import Any

import orjson

from bowerbird.intake import ObservingSettings
from bowerbird.serving.request_notes import current_notes

SERVER = "bowerbird.server"  # the logger of what a server says when it starts
REQUESTS = "bowerbird.requests"  # the logger of answered requests
FIELDS = "fields"  # the attribute of a record that holds more than its message
BLOT = "[hidden]"
_SECRETS = (
    re.compile(r"\bbb_\w+_[\w-]+"),  # one of our keys
    re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+(?=@)"),  # a password in an address
    re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"),
    re.compile(r"(?i)\b(password|passwd|secret|secret_access_key|token)\s*[=:]\s*[^\s&,;'\"]+"),
)


def set_up_logs(settings: ObservingSettings) -> None:
    """Have every log of the process written as the settings say, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if settings.log_format == "json" else TextLines())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(settings.log_level.upper())
    logging.getLogger(SERVER).setLevel(logging.INFO)
    logging.getLogger(REQUESTS).setLevel(logging.INFO if settings.log_requests else logging.CRITICAL)


def without_secrets(text: str) -> str:
    """`text` with keys and passwords blotted out."""
    for secret in _SECRETS:
        text = secret.sub(_blotted, text)
    return text


def _blotted(found: re.Match[str]) -> str:
    said = next((group for group in found.groups() if group), "")
    return f"{said}:{BLOT}" if said else BLOT


class TextLines(logging.Formatter):
    """`LEVEL logger: message [request id]`."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the lines of an exception below it."""
        line, *more = super().format(record).split("\n")
        fields = getattr(record, FIELDS, {})
        line += "".join(f" {name}={value}" for name, value in fields.items() if name != "stages")
        notes = current_notes()
        if notes is not None:
            line += f" [{notes.request_id}]"
        return without_secrets("\n".join([line, *more]))


class JsonLines(logging.Formatter):
    """An object a line: time, level, logger, message, request_id, and what the record adds."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        notes = current_notes()
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if notes is not None:
            line["request_id"] = notes.request_id
            if notes.trace_id is not None:
                line["trace_id"] = notes.trace_id
        line |= getattr(record, FIELDS, {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return without_secrets(orjson.dumps(line, default=str).decode())
