"""The front page that asks nothing is a feed with reasons; looks, saves and hides of visitors; the switch."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bowerbird.assembly import open_engine
from bowerbird.errors import UnavailableError
from bowerbird.serving.app import create_app
from bowerbird.serving.visitor import SESSION_COOKIE, SHOPPER_COOKIE
from bowerbird.settings import load_settings
from market_homes import MarketHomes


@pytest.fixture(scope="module")
def app(indexed_home: Path, tmp_path_factory: pytest.TempPathFactory, homes: MarketHomes) -> Iterator:
    home = homes.copy(indexed_home, tmp_path_factory.mktemp("feed-pages") / "home")
    settings = load_settings(home, serving={"demo_shoppers": 2})
    with closing(open_engine(settings)) as engine:
        app = create_app(engine, settings)
        yield app
        app.state.events.close()


@pytest.fixture
def client(app) -> TestClient:
    """A browser of its own."""
    return TestClient(app)


def ids(text: str) -> list[str]:
    return re.findall(r'data-listing="([^"]+)"', text)


def events(client: TestClient) -> list:
    """What this browser's session did, the latest first."""
    return client.app.state.events.stores.log.of_session(client.cookies[SESSION_COOKIE])


def act(client: TestClient, kind: str, listing_id: str, **fields: str) -> object:
    given = {"type": kind, "listing_id": listing_id, **fields}
    return client.post("/acts", data=given, headers={"accept": "application/json"})


def test_looks_make_the_front_page_personal(client):
    stranger = client.get("/").text
    assert "nothing is known of you yet" in stranger
    assert re.search(r'class="summary">(Popular now|Newly listed)<', stranger)
    link = re.search(r'/listings/([^?"]+)\?from=([0-9a-f]{32})&amp;at=(\d+)"', stranger)
    assert link[3] == "1"
    client.get(f"/listings/{link[1]}?from={link[2]}&at=1")
    for colour in ("red", "blue", "pink"):
        assert client.get(f"/listings/{colour}-tent").status_code == 200
    looks = events(client)
    assert [one.listing_id for one in looks] == ["pink-tent", "blue-tent", "red-tent", link[1]]
    assert (looks[-1].query_id, looks[-1].position) == (link[2], 1)
    assert looks[0].query_id is None
    known = client.get("/").text
    assert 'class="summary">For you<' in known
    assert "because you looked at" in known
    assert "After what you looked at: Camping" in known
    assert not {one.listing_id for one in looks} & set(ids(known))


def test_buttons_act_at_once_with_a_script_and_without(client):
    first = ids(client.get("/").text)
    reply = act(client, "hide", first[0], query_id="0" * 32, position="1")
    assert reply.json() == {"said": "Hidden. It is not shown to you again."}
    assert (events(client)[0].type, events(client)[0].position) == ("hide", 1)
    assert first[0] not in ids(client.get("/").text)
    plain = client.post(
        "/acts",
        data={"type": "save", "listing_id": first[1]},
        headers={"referer": f"{client.base_url}/?q=sofa"},
        follow_redirects=False,
    )
    assert (plain.status_code, plain.headers["location"]) == (303, "/?q=sofa")
    saved = client.get(f"/?q={first[1].replace('-', '+')}").text
    card = saved[saved.index(f'data-listing="{first[1]}"') :]
    assert 'aria-pressed="true"' in card[: card.index("</form>")]
    less = act(client, "less", "red-guitar")
    assert less.status_code == 200
    hidden = {one.listing_id for one in events(client) if one.type == "hide"}
    assert {first[0], "red-guitar"} < hidden
    assert len(hidden) == 5  # with those most like it


@pytest.mark.parametrize(
    ("given", "status"),
    [({"type": "eat", "listing_id": "red-sofa"}, 422), ({"type": "save", "listing_id": "x"}, 404)],
)
def test_acts_that_cannot_be_are_refused(client, given, status):
    assert act(client, given["type"], given["listing_id"]).status_code == status


def test_nobody_is_sent_to_another_site(client):
    for referer in ("https://elsewhere.example/", "http://testserver//elsewhere.example", "nonsense", ""):
        reply = client.post(
            "/acts",
            data={"type": "save", "listing_id": "red-sofa"},
            headers={"referer": referer},
            follow_redirects=False,
        )
        location = reply.headers["location"]
        assert location.startswith("/")
        assert not location.startswith("//")


def test_the_cookie_is_a_random_number_out_of_reach_of_scripts(client):
    set_cookie = client.get("/").headers["set-cookie"]
    assert re.match(
        rf"{SESSION_COOKIE}=[0-9a-f]{{32}}; HttpOnly; Max-Age=\d+; Path=/; SameSite=lax", set_cookie
    )
    assert "set-cookie" not in client.get("/").headers
    forged = TestClient(client.app, cookies={SESSION_COOKIE: "somebody"})
    assert SESSION_COOKIE in forged.get("/").headers["set-cookie"]


def test_the_demo_is_seen_with_a_shoppers_eyes_and_then_with_new_ones(client):
    told = [
        {"type": "view", "listing_id": f"{colour}-guitar", "shopper": "guitarist & co"}
        for colour in ("red", "blue", "green", "pink")
    ]
    client.post("/v1/events", json={"events": told})
    client.get("/listings/red-tent")
    page = client.get("/").text
    assert '<option value="guitarist &amp; co">' in page
    session = client.cookies[SESSION_COOKIE]
    as_guitarist = client.post("/visitor", data={"shopper": "guitarist & co"})
    assert "After what guitarist &amp; co looked at: Instruments" in as_guitarist.text
    assert any(one.endswith("-guitar") for one in ids(as_guitarist.text)[:4])
    assert client.cookies[SESSION_COOKIE] != session  # so that tents do not colour the guitarist's taste
    assert ids(client.get("/?q=red").text)
    anew = client.post("/visitor", data={"shopper": ""})
    assert "nothing is known of you yet" in anew.text
    stranger = client.post("/visitor", data={"shopper": "somebody else"})
    assert "nothing is known of you yet" in stranger.text


def test_only_the_demos_shoppers_can_be_looked_through(client):
    client.post(
        "/v1/events", json={"events": [{"type": "view", "listing_id": "red-sofa", "shopper": "private"}]}
    )
    busy = [
        {"type": "view", "listing_id": one, "shopper": f"busy-{n}"}
        for n in (1, 2)
        for one in ("a", "b", "c", "d", "e")
    ]
    client.post("/v1/events", json={"events": busy})
    borrowed = TestClient(client.app, cookies={SHOPPER_COOKIE: "private"})
    assert "nothing is known of you yet" in borrowed.get("/").text
    assert "private" not in borrowed.get("/").text


def test_pages_of_the_feed_follow_one_another(client):
    first = client.get("/").text
    more = re.search(r'id="more" rel="next" href="(/\?feed=[^"]+)"', first)[1]
    second = client.get(more).text
    assert not set(ids(first)) & set(ids(second))
    assert re.search(r"at=25\"", second)
    assert client.get("/?feed=x").status_code == 422


def test_without_following_nothing_is_kept_nor_offered(indexed_home, tmp_path, known_engine, homes):
    homes.copy(indexed_home, tmp_path, only_catalogue=True)
    settings = load_settings(tmp_path, serving={"follow_visitors": False})
    client = TestClient(create_app(known_engine, settings))
    page = client.get("/")
    assert "set-cookie" not in page.headers
    assert "data-act" not in page.text
    client.get("/listings/red-sofa")
    assert len(client.app.state.events.stores.log) == 0
    assert act(client, "save", "red-sofa").status_code == 422
    client.app.state.events.close()


def test_a_page_made_without_the_log_says_so(client, monkeypatch):
    client.get("/listings/red-tent")

    def away(*_: object, **__: object) -> None:
        raise UnavailableError("the database is away; try again")

    monkeypatch.setattr("bowerbird.storage.event_log.EventLog.doings", away)
    monkeypatch.setattr("bowerbird.projection.attentions.Attentions.of", away)
    page = client.get("/")
    assert page.status_code == 200
    assert "made without taste" in page.text
    assert len(ids(page.text)) == 24
