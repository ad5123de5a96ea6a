"""What the API says of how a page was ordered, and what the log keeps of it."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from bowerbird.engine import Engine
from bowerbird.ranking.page_record import PageRecord
from bowerbird.serving.app import create_app
from bowerbird.settings import Settings


@pytest.fixture
def client(engine: Engine, settings: Settings) -> Iterator[TestClient]:
    client = TestClient(create_app(engine, settings))
    yield client
    client.app.state.events.close()


def test_an_explained_reply_names_the_ranker_and_the_parts_of_each_score(client: TestClient):
    reply = client.post("/v1/search", json={"q": "red", "explain": True}).json()
    assert reply["ranker"] == "untrained"
    for hit in reply["hits"]:
        assert hit["score_parts"] == {"fusion_score": pytest.approx(hit["score"])}
    assert "score_parts" not in client.post("/v1/search", json={"q": "red"}).json()["hits"][0]


def test_an_event_moves_the_next_reply_and_the_page_is_logged_with_its_features(client: TestClient):
    asked = {"q": "red", "shopper": "ann", "limit": 8}
    before = [hit["listing_id"] for hit in client.post("/v1/search", json=asked).json()["hits"]]
    for number, colour in enumerate(("blue", "green", "pink", "white")):
        event = {"event_id": f"e{number}", "type": "view", "listing_id": f"{colour}-guitar", "shopper": "ann"}
        assert client.post("/v1/events", json=event).status_code == 200
    reply = client.post("/v1/search", json=asked).json()
    after = [hit["listing_id"] for hit in reply["hits"]]
    assert after.index("red-guitar") < before.index("red-guitar")
    client.app.state.events._writer.flush()
    page = client.app.state.events.stores.queries.get([reply["query_id"]])[reply["query_id"]]
    assert page.features is not None
    record = PageRecord.decode(page.features)
    assert record.ranker == "untrained"
    assert len(record.features) == len(page.listing_ids) == len(after)
