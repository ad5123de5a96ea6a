"""What watches every request from outside: its id, its line in the log, its span."""

from typing import Any

from fastapi import FastAPI

from bowerbird.intake import ObservingSettings
from bowerbird.serving.request_log import RequestLog
from bowerbird.serving.telemetry import Telemetry
from bowerbird.serving.tracing import Traced, tracer_provider


class Observers:
    """Those of one application, while it runs.

    Raises:
        UnavailableError: traces are to be sent, and what sends them is not installed.
    """

    def __init__(self, settings: ObservingSettings, provider: Any = None) -> None:  # noqa: ANN401  of an extra
        self._provider = provider or (tracer_provider(settings) if settings.otlp_endpoint else None)

    def watch(self, app: FastAPI, telemetry: Telemetry) -> None:
        """Stand around `app`; to be called once all else that is around it stands there."""
        if self._provider is not None:
            app.add_middleware(Traced, provider=self._provider)
        app.add_middleware(RequestLog, telemetry=telemetry)

    def close(self) -> None:
        """Send the spans that wait."""
        if self._provider is not None:
            self._provider.shutdown()
