"""What sending traces needs: packages of the extra `trace`, and a collector that listens."""

import socket
from importlib.util import find_spec
from urllib.parse import urlsplit

NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
PATIENCE_SECONDS = 2.0


def lacking_package() -> str | None:
    """The first package that is not installed."""
    for name in NEEDED:
        if find_spec(name.partition(".")[0]) is None or find_spec(name) is None:
            return name
    return None


def why_unreached(endpoint: str) -> str | None:
    """Why no collector is reached at the URL `endpoint`; None where one listens."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "it is no http address"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), PATIENCE_SECONDS).close()
    except OSError as error:
        return str(error)
    return None
