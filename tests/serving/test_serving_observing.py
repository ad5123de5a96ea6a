"""What a server tells those who run it: ids, log lines, traces, metrics; never a secret."""

import json
import logging
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bowerbird.errors import UnavailableError
from bowerbird.intake import ObservingSettings
from bowerbird.jobs import trace_parts
from bowerbird.serving.error_shape import add_error_shape
from bowerbird.serving.log_lines import BLOT, FIELDS, JsonLines, TextLines, set_up_logs, without_secrets
from bowerbird.serving.observing import Observers
from bowerbird.serving.request_log import REQUEST_ID
from bowerbird.serving.telemetry import Telemetry

ROOT = Path(__file__).resolve().parents[2]
SECRET = "bb_0a1b2c_" + "s3cr3t-" * 6


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    handlers, level = list(logging.root.handlers), logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def small(settings: ObservingSettings) -> tuple[FastAPI, Observers]:
    """An application with a call that works, one that fails and one whose stages are told."""
    app, telemetry, observers = FastAPI(), Telemetry(), Observers(settings)
    add_error_shape(app)

    @app.get("/things/{name}")
    def thing(name: str) -> str:
        telemetry.observe_stages({"encode": 2.5})
        logging.getLogger("bowerbird.test").warning("looked at %s", name)
        return name

    @app.get("/broken")
    def broken() -> None:
        raise ZeroDivisionError("of the test")

    observers.watch(app, telemetry)
    return app, observers


def test_a_request_id_is_kept_made_or_replaced():
    client = TestClient(small(ObservingSettings())[0])
    assert (
        client.get("/things/a", headers={REQUEST_ID: "from-the-proxy.1"}).headers[REQUEST_ID]
        == "from-the-proxy.1"
    )
    made = [client.get("/things/a").headers[REQUEST_ID] for _ in range(2)]
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in made)
    assert made[0] != made[1]
    for bad in ("two words", "x" * 200, 'a"b', ""):
        assert client.get("/things/a", headers={REQUEST_ID: bad}).headers[REQUEST_ID] != bad
    assert client.get("/nowhere").headers[REQUEST_ID]


def test_an_unforeseen_error_names_its_request():
    client = TestClient(small(ObservingSettings())[0], raise_server_exceptions=False)
    reply = client.get("/broken", headers={REQUEST_ID: "r1"})
    assert (reply.status_code, reply.headers[REQUEST_ID]) == (500, "r1")
    assert "under request r1" in reply.json()["message"]


def test_what_is_not_ready_does_not_tell_strangers_where_it_is(caplog: pytest.LogCaptureFixture):
    app, _ = small(ObservingSettings())

    @app.get("/away")
    def away() -> None:
        raise UnavailableError(
            "db.internal, user bb, failed; try again", outward="the database failed; try again"
        )

    reply = TestClient(app).get("/away", headers={REQUEST_ID: "r2"})
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "5")
    assert reply.json()["message"] == (
        "the database failed; try again (the server's log says why under request r2)"
    )
    assert "db.internal" in caplog.text


def test_lines_of_json(capsys: pytest.CaptureFixture[str]):
    settings = ObservingSettings(log_format="json", log_requests=True)
    set_up_logs(settings)
    TestClient(small(settings)[0]).get(f"/things/{SECRET}?q=my+private+query", headers={REQUEST_ID: "r2"})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "bowerbird" in line]
    looked, answered = lines
    assert (looked["level"], looked["message"]) == ("warning", f"looked at {BLOT}")
    assert looked["request_id"] == answered["request_id"] == "r2"
    assert (answered["route"], answered["status"], answered["stages"]) == (
        "/things/{name}",
        200,
        {"encode": 2.5},
    )
    assert answered["seconds"] < 60
    assert "private" not in json.dumps(lines)


def test_lines_of_text_and_none_for_requests_unless_asked(capsys: pytest.CaptureFixture[str]):
    set_up_logs(ObservingSettings())
    TestClient(small(ObservingSettings())[0]).get("/things/a", headers={REQUEST_ID: "r3"})
    assert [line for line in capsys.readouterr().err.splitlines() if "httpx" not in line] == [
        "WARNING bowerbird.test: looked at a [r3]"
    ]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"key {SECRET} is refused", f"key {BLOT} is refused"),
        ("postgresql://anna:geheim@db/market", f"postgresql://anna:{BLOT}@db/market"),
        ("Authorization: Bearer abcdefgh12345", f"Authorization: Bearer:{BLOT}"),
        ("password=geheim&q=sofa", f"password:{BLOT}&q=sofa"),
        ("secret_access_key: AbC/12+3", f"secret_access_key:{BLOT}"),
        ("a red sofa at 12:30, £20", "a red sofa at 12:30, £20"),
    ],
)
def test_secrets_are_blotted_out(said: str, kept: str):
    assert without_secrets(said) == kept
    record = logging.LogRecord("x", logging.ERROR, "", 0, "%s", (said,), None)
    setattr(record, FIELDS, {"of": said})
    for line in (TextLines().format(record), JsonLines().format(record)):
        assert "geheim" not in line
        assert SECRET not in line


class Collector:
    """Takes spans as an OpenTelemetry collector does, over HTTP."""

    def __init__(self) -> None:
        spans = self.spans = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    spans.extend(span for scope in resource.scope_spans for span in scope.spans)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/traces"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_traces_reach_a_collector():
    collector = Collector()
    app, observers = small(ObservingSettings(otlp_endpoint=collector.url))
    client = TestClient(app)
    caller = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01", REQUEST_ID: "r4"}
    assert client.get("/things/a", headers=caller).status_code == 200
    assert client.get("/health/live").status_code == 404  # not traced, as nobody asks about it
    observers.close()
    collector.close()
    (span,) = collector.spans
    attributes = {one.key: one.value for one in span.attributes}
    assert (span.name, span.trace_id.hex(), span.parent_span_id.hex()) == (
        "GET /things/{name}",
        "ab" * 16,
        "cd" * 8,
    )
    assert attributes["http.response.status_code"].int_value == 200
    assert attributes["bowerbird.stage.encode"].double_value == 2.5
    assert attributes["bowerbird.request_id"].string_value == "r4"


def test_no_trace_is_made_unless_asked():
    assert Observers(ObservingSettings())._provider is None


def test_tracing_without_its_extra_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trace_parts, "NEEDED", ("no_such_package.sdk",))
    with pytest.raises(UnavailableError, match=r"install bowerbird\[trace\]"):
        Observers(ObservingSettings(otlp_endpoint="http://127.0.0.1:1/v1/traces"))


def metric_names(text: str) -> set[str]:
    """Every name that /metrics tells, also those of histograms' parts."""
    names = set()
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE):
        names |= {f"{name}_{part}" for part in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return names


def used_names(text: str) -> set[str]:
    """Names of metrics in expressions."""
    return set(re.findall(r"\b(?:bowerbird|process)_\w+", text)) - {"bowerbird_info"}


def test_dashboard_and_alarms_use_only_what_is_told(small_app: FastAPI):
    told = metric_names(TestClient(small_app).get("/metrics").text)
    assert "process_resident_memory_bytes" in told
    dashboard = json.loads((ROOT / "deploy/grafana/bowerbird.json").read_text("utf-8"))
    asked = used_names(
        " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    )
    groups = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text("utf-8"))["groups"]
    asked |= used_names(" ".join(rule["expr"] for group in groups for rule in group["rules"]))
    assert len(asked) > 12
    assert asked <= told
    assert not used_names("sum(bowerbird_no_such_total)") <= told, "the test can fail"


def test_each_alarm_is_in_the_runbook():
    groups = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text("utf-8"))["groups"]
    alarms = [rule["alert"] for group in groups for rule in group["rules"]]
    page = (ROOT / "docs/runbook.md").read_text("utf-8")
    section = page.partition("## Alarms")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^### (\w+)$", section, re.MULTILINE)) == sorted(alarms)


def test_metric_names_are_as_prometheus_wants_them(small_app: FastAPI):
    text = TestClient(small_app).get("/metrics").text
    for name, kind in re.findall(r"^# TYPE (bowerbird_\w+) (\w+)$", text, re.MULTILINE):
        assert (kind == "counter") == name.endswith("_total") or name.endswith("_created"), name
        assert not re.search(r"_(ms|milliseconds|kb|mb|count|sum)$", name), (
            f"{name}: base units, no suffixes of parts"
        )
