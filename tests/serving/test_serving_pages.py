"""The pages over a small real market: what they show, where their links lead, what they never hold."""

import html
import re
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bowerbird.serving.pages import STATIC_FOLDER, _version
from bowerbird.serving.search_form import PAGE_SIZE, SearchForm

N_LISTINGS = 29


@pytest.fixture
def client(small_app: FastAPI):
    # Without the context manager, which would stop the market that other tests use.
    return TestClient(small_app)


def page(client, address="/", **fields):
    response = client.get(f"{address}?{urlencode(fields)}" if fields else address)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/html")
    return response.text


def titles(text):
    return [
        html.unescape(title) for title in re.findall(r'class="card-title"><a href="[^"]+">([^<]*)<', text)
    ]


def ids(text):
    return re.findall(r'data-listing="([^"]+)"', text)


def total(text):
    return int(re.search(r'id="figures">\s*([\d,]+) listing', text)[1].replace(",", ""))


def chips(text):
    """Label -> address without it."""
    found = re.findall(
        r'<li class="chip[^"]*">.*?<a href="([^"]*)" aria-label="Remove ([^"]*)"', text, re.DOTALL
    )
    return {html.unescape(label): html.unescape(address) for address, label in found}


def counted_links(text):
    """(address, count) of every facet value and price bar."""
    values = re.findall(r'<a href="([^"]*)"[^>]*><span>[^<]*</span><span class="n">([\d,]+)</span>', text)
    bars = re.findall(r'<a href="([^"]*)" aria-label="[^"]*: ([\d,]+) listings?"', text)
    return [(html.unescape(address), int(count.replace(",", ""))) for address, count in values + bars]


def test_the_front_page_browses_everything_page_by_page(client):
    text = page(client)
    assert "Find it by its looks" in text
    assert total(text) == N_LISTINGS
    assert len(ids(text)) == PAGE_SIZE
    more = html.unescape(re.search(r'id="more" rel="next" href="([^"]+)"', text)[1])
    rest = page(client, more)
    assert 'id="more"' not in rest
    assert len({*ids(text), *ids(rest)}) == N_LISTINGS == len(ids(text)) + len(ids(rest))


def test_orders_are_called_what_they_are(client):
    assert ">Latest arrivals</option>" in page(client, category="Travel")
    assert ">Best match</option>" in page(client, q="guitar")
    assert ">Nearest</option>" not in page(client, q="guitar")  # near to where?


def test_words_find_what_they_say(client):
    text = page(client, q="green guitar")
    assert titles(text)[0] == "Green guitar"
    assert 'value="green guitar"' in text  # the box keeps them
    assert "guitar’" in text  # and the card says why


def test_a_page_shows_what_the_engine_answers(client, small_app):
    form = SearchForm(q="bicycle", sort="price_desc")
    reply = small_app.state.front.search(form.query())
    text = page(client, form.url())
    assert ids(text) == [hit["listing_id"] for hit in reply["hits"]]
    assert total(text) == reply["total"]


def test_what_the_words_were_read_as_can_be_taken_back(client):
    text = page(client, q="lamp under £170 in Leeds")
    assert ids(text)[0] == "green-lamp"
    assert set(re.findall(r'class="meta">\s*<span>([^<]*)', text)) == {"Leeds, West Yorkshire"}
    assert set(chips(text)) == {"up to £170", "in Leeds"}
    wider = page(client, chips(text)["in Leeds"])
    assert set(chips(wider)) == {"up to £170"}
    assert set(ids(wider)[:3]) == {"red-lamp", "blue-lamp", "green-lamp"}


@pytest.mark.parametrize("address", ["/", "/?q=sofa", "/?category=Home+%26+Garden&price_max=200"])
def test_every_facet_leads_to_as_many_as_it_counts(client, address):
    links = [link for link in counted_links(page(client, address)) if link[1]]
    assert len(links) > 5
    for link, count in links:
        # A chosen value links to the search without it, which counts more.
        if link != "/" and len(link) > len(address):
            assert total(page(client, link)) == count, link


def test_a_photo_finds_what_looks_like_it(client, photo_of):
    photo = {"photo": ("mine.jpg", photo_of("green", "tent", turn=2), "image/jpeg")}
    text = client.post("/", files=photo).text
    assert ids(text)[0] == "green-tent"
    assert "Like your photo" in text
    both = client.post("/", files=photo, data={"q": "suitcase", "price_max": "1000"}).text
    assert "suitcase" in titles(both)[0]
    assert chips(both) == {"up to £1,000": "/?q=suitcase"}


def test_a_listings_photo_is_searched_with_by_its_address(client, small_app):
    photo = small_app.state.front.listing("yellow-mug")["photos"][0]
    text = page(client, like=photo["content_hash"])
    assert ids(text)[0] == "yellow-mug"
    assert f'src="{photo["url"]}?size=320"' in text


def test_a_file_that_is_no_photo_is_refused_on_a_page(client):
    response = client.post("/", files={"photo": ("mine.jpg", b"not a photo", "image/jpeg")})
    assert response.status_code == 422
    assert "That did not work" in response.text


def test_nothing_found_helps_on(client):
    text = page(client, q="xqzvw jkwpt")
    assert total(text) == 0
    assert "Nothing here goes by “xqzvw jkwpt”" in text
    narrowed = page(client, q="lamp", price_max="1")
    assert "within this filter. Try without" in narrowed


def test_a_misspelt_word_is_corrected(client):
    text = page(client, q="guitra")
    assert 'Did you mean <a href="/?q=guitar">guitar</a>' in text
    assert all("guitar" in title for title in titles(text)[:4])


@pytest.mark.parametrize(
    ("address", "status", "message"),
    [
        ("/?price_min=ten", 422, "price_min must be a number"),
        ("/?price_min=9&price_max=1", 422, "is above price_max"),
        ("/?q=sofa&cursor=nonsense", 422, "cursor"),
        ("/?sort=best", 422, "sort &#39;best&#39; is unknown"),
        (f"/?like={'0' * 64}", 404, "0000"),
        ("/listings/none", 404, "&#39;none&#39; does not exist"),
    ],
)
def test_an_error_is_a_page_that_says_what_to_do(client, address, status, message):
    response = client.get(address)
    assert response.status_code == status
    assert 'role="alert"' in response.text
    assert message in response.text


def test_a_listing_page_shows_it_whole_and_what_is_like_it(client):
    text = page(client, "/listings/blue-lamp")
    assert "<h1>Blue lamp</h1>" in text
    assert "£90" in text
    assert "Used, works well." in text
    for path in ("Home & Garden", "Home & Garden / Lighting"):
        assert html.escape(SearchForm(category=path).url()) in text
    assert html.escape(SearchForm(place="Bath, Somerset").url()) in text
    assert len(re.findall(r'<li id="photo-\d"', text)) == 1
    assert "blue-lamp" not in ids(text)
    assert any("lamp" in title.lower() for title in titles(text)[:3])


def test_two_photos_make_a_gallery(client):
    text = page(client, "/listings/blue-sofa")
    assert re.findall(r'href="#(photo-\d)"', text) == ["photo-1", "photo-2"]


def test_the_owners_page_accounts_for_the_import(client, small_app):
    text = page(client, "/owner")
    encoders = small_app.state.front.engine.stores.encoders
    assert all(fingerprint in text for fingerprint in encoders.values())
    tiles = dict(re.findall(r'tile-label">([^<]+)</span> <strong>([^<]+)<', text))
    assert tiles["Listings"] == str(N_LISTINGS)
    assert tiles["Index lag"] == "0 changes"
    for reason, raw in (
        ("no title", ""),
        ("price is not one amount", "ask me"),
        ("photo is not", "none.jpg"),
    ):
        assert reason in text
        assert raw in text


def test_seller_text_is_text(client):
    for text in (page(client, q="red lamp"), page(client, "/listings/red-lamp")):
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; shade" in text
    assert "<script>alert" not in page(client, q="<script>alert(2)</script>")


@pytest.mark.parametrize(
    "address", ["/", "/?q=lamp+under+90&price_min=1", "/listings/red-sofa", "/owner", "/?sort=x"]
)
def test_pages_obey_their_content_security_policy(client, address):
    response = client.get(address)
    policy = response.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", response.text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", response.text))


def test_degraded_answers_say_so(client, small_app, monkeypatch):
    monkeypatch.setattr(small_app.state.front.engine.projection, "last_error", "the disk is full")
    assert "made without index" in page(client, q="sofa")
    assert "the disk is full" in page(client, "/owner")


def test_static_files_are_kept_for_good_under_an_address_of_their_content(client, tmp_path):
    address = re.search(r'href="(/static/[0-9a-f]{8}/search\.css)"', page(client))[1]
    response = client.get(address)
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.content == (STATIC_FOLDER / "search.css").read_bytes()
    (tmp_path / "a.css").write_text("a")
    before = _version(tmp_path)
    (tmp_path / "a.css").write_text("b")
    assert _version(tmp_path) != before


def test_every_root_category_is_on_the_shelf(client):
    shelf = re.search(r'<nav class="shelf".*?</nav>', page(client), re.DOTALL)[0]
    names = [html.unescape(name) for name in re.findall(r'<a href="[^"]+">([^<]+?) <span', shelf)]
    assert names == ["Home & Garden", "Sports & Leisure", "Music", "Travel"]  # by falling count
