"""The owner's page about shoppers: what is asked, done and clicked, and each ranker; counted seldom."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from fastapi.testclient import TestClient

from bowerbird.assembly import open_engine
from bowerbird.jobs import market_activity
from bowerbird.market.event import Event, EventType
from bowerbird.ranking.page_record import PageRecord, empty_features
from bowerbird.serving.app import create_app
from bowerbird.serving.owner_activity import KEPT_SECONDS, ActivityPanels
from bowerbird.settings import Settings
from bowerbird.storage.database import Database, open_database, sqlite_url
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.query_log import ServedPage

START = datetime(2026, 1, 5, tzinfo=UTC)
LISTINGS = tuple(f"listing-{number}" for number in range(6))
NASTY = "<b>bath</b> & body"


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(open_engine(settings), settings)) as client:
        yield client


@pytest.fixture
def stores(tmp_path) -> Iterator[EventStores]:
    opened = EventStores.on(open_database(sqlite_url(tmp_path / "logs.db")))
    yield opened
    opened.close()


def draw_log(stores: EventStores, pages: int = 400) -> None:
    """Pages in drawn orders, half of them interleaved, where upper positions and the first ranker win."""
    numbers = np.random.default_rng(5)
    served, done = [], []
    for number in range(pages):
        ids = tuple(map(str, numbers.permutation(LISTINGS)))
        rankers, teams = (("good", "poor"), (0, 1, 0, 1, 0, 1)) if number % 2 else (("fusion",), ())
        time, whose = START + timedelta(hours=number), f"shopper-{number % 40}"
        record = PageRecord(rankers, empty_features(6), teams).encode()
        words = ("red sofa", "lamp", NASTY)[number % 3]
        total = 0 if words == NASTY else 6
        served.append(
            ServedPage(f"q{number}", "search", time, ids, total, words, shopper=whose, features=record)
        )
        for place in np.flatnonzero(numbers.random(6) < 0.5 / np.arange(1, 7)):
            event_id = f"e{number}-{place}"
            done.append(Event(event_id, EventType.VIEW, ids[place], time, whose, query_id=f"q{number}"))
    stores.queries.append(served)
    stores.log.append(done)


def owner_page(client: TestClient) -> str:
    response = client.get("/owner")
    assert response.status_code == 200, response.text
    assert "style=" not in response.text  # which the content security policy forbids
    return response.text


def panel_of(page: str, name: str) -> str:
    return page.partition(f'id="{name}"')[2].partition("</section>")[0]


def test_an_empty_log_is_said_to_be_empty(client: TestClient):
    page = owner_page(client)
    assert "Nothing has been logged yet" in panel_of(page, "asked")
    assert 'id="rankers"' not in page


def test_everything_of_a_log_is_shown_and_escaped(client: TestClient):
    draw_log(client.app.state.events.stores)
    page = owner_page(client)
    assert NASTY not in page
    asked = panel_of(page, "asked")
    assert "&lt;b&gt;bath&lt;/b&gt; &amp; body" in asked
    assert "133 (33.2%)" in asked
    assert "/?q=red%20sofa" in asked
    assert "21 Jan 2026" in asked
    for name in ("events", "positions", "rankers"):
        panel = panel_of(page, name)
        assert ET.fromstring(panel[panel.index("<svg") : panel.index("</svg>") + 6]).tag == "svg"  # noqa: S314
        assert panel.count("<table") == 1  # beside its chart
    assert "looked at, as estimated" in panel_of(page, "positions")
    rankers = panel_of(page, "rankers")
    for said in ("nDCG of clicks", "interleaved pages won against poor", "good and poor", "200 pages"):
        assert said in rankers


def test_a_search_of_the_pages_is_shown(client: TestClient):
    client.get("/", params={"q": "a sofa that nobody has"})
    client.app.state.events._writer.flush()
    page = owner_page(client)
    assert "a sofa that nobody has" in panel_of(page, "asked")
    assert "No event has been logged yet" in panel_of(page, "events")
    assert "Nobody has clicked on the first position" in panel_of(page, "positions")


def test_reloading_does_not_count_again(stores: EventStores):
    draw_log(stores, 20)
    clock = [0.0]
    panels = ActivityPanels(lambda: clock[0])
    first = panels.latest(stores)
    clock[0] = KEPT_SECONDS
    assert panels.latest(stores) is first
    clock[0] = KEPT_SECONDS + 1
    again = panels.latest(stores)
    assert again is not first
    assert again.activity.asked == first.activity.asked


def test_what_an_erased_shopper_asked_is_gone_at_once(stores: EventStores):
    stores.queries.append([ServedPage("q1", "search", START, ("a",), 1, "my own name", shopper="ann")])
    panels = ActivityPanels(lambda: 0.0)
    assert panels.latest(stores).activity.asked[0].words == "my own name"
    stores.shoppers.erase("ann")
    assert panels.latest(stores).activity.asked == ()


def test_nobody_waits_while_another_counts(stores: EventStores):
    draw_log(stores, 20)
    clock, entered, go_on = [0.0], threading.Event(), threading.Event()

    def slowly(stores: EventStores) -> market_activity.MarketActivity:
        entered.set()
        assert go_on.wait(20)
        return market_activity.read_activity(stores)

    panels = ActivityPanels(lambda: clock[0], slowly)

    def counting() -> threading.Thread:
        entered.clear()
        go_on.clear()
        thread = threading.Thread(target=panels.latest, args=(stores,))
        thread.start()
        assert entered.wait(20)
        return thread

    first = counting()
    assert "are being counted" in panels.latest(stores).problem
    go_on.set()
    first.join()
    kept = panels.latest(stores)
    assert kept.activity is not None
    clock[0] = 2 * KEPT_SECONDS
    second = counting()
    assert panels.latest(stores) is kept
    go_on.set()
    second.join()
    assert panels.latest(stores) is not kept


def test_only_the_latest_part_of_a_long_log_is_read(stores: EventStores, monkeypatch: pytest.MonkeyPatch):
    draw_log(stores, 300)
    whole = market_activity.read_activity(stores)
    assert (whole.searches.searches, whole.ranked, whole.cut) == (300, 300, False)
    monkeypatch.setattr(market_activity, "COUNTED_REPLIES", 100)
    monkeypatch.setattr(market_activity, "RANKED_REPLIES", 30)
    part = market_activity.read_activity(stores)
    assert (part.searches.searches, part.ranked, part.cut) == (100, 30, True)
    assert sum(part.rankers.pages.values()) == 30


def test_a_closed_database_is_a_notice_not_an_error(tmp_path):
    opened = open_database(sqlite_url(tmp_path / "logs.db"))
    opened.close()
    (tmp_path / "logs.db").write_bytes(b"this is no database" * 100)
    stores = EventStores.on(Database(opened.engine))
    assert "the database" in ActivityPanels().latest(stores).problem
