"""Every call of the OpenAPI, asked as schemathesis thinks of asking: no 5xx, no undocumented status.

Requests are drawn from the description, valid ones and ones that break it in one place.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
import schemathesis
from fastapi import FastAPI, Response
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import status_code_conformance

from bowerbird.assembly import open_engine
from bowerbird.serving.app import create_app
from bowerbird.settings import load_settings
from bowerbird.storage.key_store import Scope

# The market has no learned models, so these say, as they are documented to, that one is to be trained.
WITHOUT_A_MODEL = {"/v1/suggest/category", "/v1/suggest/price"}
FEW, MANY = 6, 200


@schemathesis.serializer("application/x-ndjson")
def lines(_: schemathesis.SerializationContext, value: object) -> bytes:
    """Lines of JSON are sent as whatever text was drawn for them."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def guarded(indexed_home, homes, tmp_path_factory) -> Iterator[tuple[FastAPI, str]]:
    """A market that may be spoilt, and a key to all of it; without rates, which would refuse most."""
    home = homes.copy(indexed_home, tmp_path_factory.mktemp("described") / "home")
    market = load_settings(home, serving={"key_per_second": 0})
    with closing(open_engine(market)) as engine:
        app = create_app(engine, market)
        yield app, app.state.keyring.store.create("all", [Scope.ADMIN], datetime.now(UTC)).token


def check_every_call(guarded: tuple[FastAPI, str], examples: int) -> None:
    app, token = guarded
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", app, headers={"Authorization": f"Bearer {token}"}
    )
    asked = 0
    for result in schema.get_all_operations():
        check_call(result.ok(), token, examples)
        asked += 1
    assert asked >= 25


def check_call(operation: APIOperation, token: str, examples: int) -> None:
    strategies = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(strategies))
    def ask(case: schemathesis.Case) -> None:
        response = case.call(headers={"Authorization": f"Bearer {token}"})
        if response.status_code == 503 and operation.path in WITHOUT_A_MODEL:
            return
        assert response.status_code < 500, (case.as_curl_command(), response.text)
        case.validate_response(response, checks=[status_code_conformance])

    ask()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("status", [418, 500])
def test_a_status_that_is_not_described_is_seen(status: int):
    app = FastAPI()

    @app.get("/odd")
    def odd(number: int = 1) -> Response:  # noqa: ARG001  what schemathesis draws
        return Response(status_code=status)

    (operation,) = schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations()
    with pytest.raises((AssertionError, FailureGroup)):
        check_call(operation.ok(), "", 2)


@pytest.mark.filterwarnings("ignore")
def test_a_few_requests_of_every_kind_are_answered_as_described(guarded: tuple[FastAPI, str]):
    check_every_call(guarded, FEW)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_many_requests_of_every_kind_are_answered_as_described(guarded: tuple[FastAPI, str]):
    check_every_call(guarded, MANY)
