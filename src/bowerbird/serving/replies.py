"""What every reply of the API has: JSON by orjson, and one shape of error."""

from typing import Any

import orjson
from fastapi.responses import Response

ERROR_SCHEMA = {
    "type": "object",
    "properties": {
        "error": {"type": "string"},
        "message": {"type": "string"},
        "details": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["error", "message", "details"],
}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/json": {"schema": ERROR_SCHEMA}}}
    for status, text in {
        404: "It does not exist.",
        409: "It was changed meanwhile.",
        413: "Over a limit.",
        422: "It cannot be used; the message says why.",
        503: "A part is not ready; the message says what to run.",
    }.items()
}


class JSONReply(Response):
    """A dictionary, with numpy arrays in it, written by orjson."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """The bytes of the reply."""
        return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
