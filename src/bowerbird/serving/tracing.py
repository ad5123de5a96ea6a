"""A span a request, sent to an OpenTelemetry collector; needs the extra `trace`, and is off unless set.

Names and attributes are those of OpenTelemetry's semantic conventions for HTTP servers; a caller's
`traceparent` (W3C Trace Context) is continued. What each stage of the engine took stands in the span's
attributes, `bowerbird.stage.<name>` in milliseconds.
"""

from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bowerbird import __version__
from bowerbird.errors import UnavailableError
from bowerbird.intake import ObservingSettings
from bowerbird.jobs.trace_parts import lacking_package
from bowerbird.serving.request_notes import current_notes

SERVICE = "bowerbird"
UNTRACED = ("/health/", "/metrics", "/static/")  # asked for all day long by machines


def tracer_provider(settings: ObservingSettings) -> Any:  # noqa: ANN401  opentelemetry is an extra
    """Sends spans to the collector of the settings; `shutdown` sends what waits.

    Raises:
        UnavailableError: the extra is not installed.
    """
    _check_installed()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    provider = TracerProvider(
        resource=Resource.create({"service.name": SERVICE, "service.version": __version__}),
        sampler=ParentBased(TraceIdRatioBased(settings.trace_share)),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otlp_endpoint)))
    return provider


def _check_installed() -> None:
    lacking = lacking_package()
    if lacking is not None:
        raise UnavailableError(
            f"observing.otlp_endpoint is set, but {lacking} is not installed; install bowerbird[trace], or "
            "leave the setting empty"
        )


class Traced:
    """Makes a span of each request that is passed on.

    Args:
        app: what answers.
        provider: of OpenTelemetry, where spans go.
    """

    def __init__(self, app: ASGIApp, provider: Any) -> None:  # noqa: ANN401  opentelemetry is an extra
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self.app = app
        self._tracer = provider.get_tracer(SERVICE, __version__)
        self._callers = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request within a span."""
        if scope["type"] != "http" or scope["path"].startswith(UNTRACED):
            await self.app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind, Status, StatusCode

        context = self._callers.extract(dict(Headers(scope=scope)))
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._tracer.start_as_current_span(
            scope["method"], context, SpanKind.SERVER, attributes={"http.request.method": scope["method"]}
        ) as span:
            notes = current_notes()
            if notes is not None:
                notes.trace_id = f"{span.get_span_context().trace_id:032x}"
                span.set_attribute("bowerbird.request_id", notes.request_id)
            try:
                await self.app(scope, receive, watched)
            finally:
                route = getattr(scope.get("route"), "path", None)
                if route is not None:
                    span.update_name(f"{scope['method']} {route}")
                    span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    span.set_status(Status(StatusCode.ERROR))
                for stage, ms in notes.stages.items() if notes is not None else ():
                    span.set_attribute(f"bowerbird.stage.{stage.replace(' ', '_')}", ms)
