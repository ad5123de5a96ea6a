"""The profile page: figures by value, one self-contained file, every text escaped."""

import io
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from bowerbird.cleaning.rejection import Part, Reason, Rejection
from bowerbird.errors import InputError
from bowerbird.jobs.duplicate_photos import duplicate_groups
from bowerbird.jobs.market_tally import FIELDS, NO_CATEGORY, MarketTally
from bowerbird.jobs.profile import write_profile
from bowerbird.jobs.profile_page import WITHOUT
from bowerbird.jobs.thumbnails import mixed, thumbnail
from bowerbird.market.listing import Listing, Photo, Price, Status

NASTY = "<script>alert('sofa')</script> & \"more\""


def stored(colour, width=40, height=30):
    written = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(written, "JPEG")
    return written.getvalue()


STORE = {"a" * 64: stored("red"), "b" * 64: stored("blue", 30, 60), "c" * 64: stored("green")}


def photo(name, letter, width=40, height=30, perceptual="0f" * 8):
    return Photo(name, letter * 64, perceptual, width, height)


def market():
    """Four listings: one photo stands in two of them."""
    return [
        Listing("1", "Red sofa", "A sofa of red cloth", ("Home", "Sofas"), Price(5000, "GBP"), "Leeds, Kent",
                photos=(photo("p1", "a"), photo("p2", "b", 30, 60, "f0" * 8))),
        Listing("2", NASTY, "", ("Home", "Lamps", "Old"), Price(0, "GBP"), NASTY,
                photos=(photo("p3", "a"),)),
        Listing("3", "Bicycle", "Rides well", ("Sports",), Price(900_000_000, "GBP"), "Leeds, Kent",
                photos=(photo("p4", "c", perceptual="33" * 8),)),
        Listing("4", "Thing", "What is it"),
    ]  # fmt: skip


REJECTIONS = [
    Rejection(Part.VALUE, 7, "9", "price", "£££", Reason.PRICE_UNREADABLE),
    Rejection(Part.ROW, 8, None, "", NASTY, Reason.MISSING_TITLE),
    Rejection(Part.ROW, 9, None, "", ",,,", Reason.MISSING_TITLE, NASTY),
]


def written(tmp_path, listings, rejections=()):
    path = tmp_path / "profile.html"
    return write_profile(listings, rejections, STORE.__getitem__, path), path.read_text(encoding="utf-8")


class Elements(HTMLParser):
    """Every start tag with its attributes; unclosed or crossed elements are an error."""

    VOID = ("meta", "img", "br", "link")

    def __init__(self, page):
        super().__init__()
        self.tags, self._open = [], []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag


def test_the_tally_counts_by_hand():
    tally = MarketTally()
    for listing in market():
        tally.add(listing)
    assert tally.listings == 4
    assert tally.known["price"] == 3
    assert tally.known["place"] == 3
    assert tally.known["status"] == 0
    assert tally.roots() == {"Home": 2, "Sports": 1, NO_CATEGORY: 1}
    assert tally.photos_per_listing == {2: 1, 1: 2, 0: 1}
    assert tally.photo_sizes == {(40, 30): 3, (30, 60): 1}
    assert tally.places["Leeds, Kent"] == 2
    assert tally.description_words == {5: 1, 0: 1, 2: 1, 3: 1}
    assert tally.prices_by_root("GBP")["Home"].tolist() == [0, 5000]
    assert max(tally.dearest) == (900_000_000, "Bicycle", "£9,000,000")


def test_the_currency_of_most_prices_is_drawn_and_the_others_are_counted(tmp_path):
    listings = [Listing(str(n), "Lamp", price=Price(100, "EUR")) for n in range(3)] + market()[:1]
    _, page = written(tmp_path, listings)
    assert "3 listings are priced in EUR, 0 of them are free; 1 are priced in other currencies" in page


def test_the_summary_says_what_the_page_holds(tmp_path):
    summary, page = written(tmp_path, market(), REJECTIONS)
    assert (summary.listings, summary.photos, summary.duplicate_groups) == (4, 4, 1)
    assert summary.rejected == {"missing_title": 2, "price_unreadable": 1}
    assert summary.unknown == ("coordinates", "status", "seller", "date", "attributes")
    assert summary.page_bytes == len(page.encode()) == summary.path.stat().st_size


def test_the_page_is_well_formed_and_needs_nothing_else(tmp_path):
    _, page = written(tmp_path, market(), REJECTIONS)
    tags = Elements(page).tags
    assert not {"script", "link", "iframe"} & {tag for tag, _ in tags}
    for tag, attributes in tags:
        for name in ("src", "href", "srcset"):
            assert attributes.get(name, "data:").startswith("data:image/webp;base64,"[:5]), (tag, attributes)
    assert "url(" not in page
    assert "@import" not in page
    assert "http" not in page


def test_what_people_wrote_is_escaped(tmp_path):
    _, page = written(tmp_path, market(), REJECTIONS)
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") >= 4  # a photo's words, a place and a refused row at least


def test_each_part_of_the_market_is_on_the_page(tmp_path):
    _, page = written(tmp_path, market(), REJECTIONS)
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
    for heading in (
        "Categories",
        "Prices",
        "What is known",
        "Photos",
        "Duplicates",
        "Words",
        "Places",
        "Refused",
    ):
        assert f"<h2>{heading}</h2>" in page
    assert "£9,000,000 Bicycle" in words
    assert "2 photos in 2 listings" in words
    assert "2 rows, 0 photos, 1 values left unknown." in words
    assert Reason.MISSING_TITLE.text in words
    assert "7 price £££" in words
    assert WITHOUT["status"] in words.replace("&#39;", "'")


def test_a_duplicate_stands_beside_its_twin(tmp_path):
    _, page = written(tmp_path, market())
    twins = page.partition('<div class="twins">')[2].partition("</section>")[0]
    assert twins.count("<img") == 2
    assert "Identical" in twins
    assert "Red sofa" in twins


def test_photos_that_only_look_alike_are_a_group_too():
    tally = MarketTally()
    for number, (letter, perceptual) in enumerate([("a", "0f" * 8), ("b", "0f" * 7 + "33"), ("c", "f0" * 8)]):
        tally.add(Listing(str(number), "Lamp", photos=(photo("p", letter, perceptual=perceptual),)))
    groups = duplicate_groups(tally.photos)
    assert [[listed.listing_id for listed in group.photos] for group in groups] == [["0", "1"]]
    assert not groups[0].identical
    assert groups[0].listings == 2


def test_an_empty_market_has_a_page_too(tmp_path):
    summary, page = written(tmp_path, [])
    Elements(page)
    assert summary.unknown == ()
    assert "Nothing was refused." in page
    assert "No two photos are the same." in page


def test_a_market_that_knows_everything_has_nothing_unknown(tmp_path):
    listing = Listing(
        "1", "Lamp", "Shines", ("Home",), Price(1, "GBP"), "Leeds", 53.8, -1.5, Status.ACTIVE, "ann",
        None, (photo("p", "a"),), (("brand", "Anglepoise"),),
    )  # fmt: skip
    summary, page = written(tmp_path, [listing])
    assert summary.unknown == ("date",)
    assert "status" not in re.findall(r"<dt>(.*?)</dt>", page)
    assert set(WITHOUT) == set(FIELDS)


def test_the_wall_takes_first_photos_of_each_root_in_turn():
    tally = MarketTally()
    for n in range(30):
        tally.add(Listing(f"h{n}", "Lamp", category=("Home",), photos=(photo("x", "a"), photo("y", "b"))))
    tally.add(Listing("s", "Bicycle", category=("Sports",), photos=(photo("z", "c"),)))
    wall = mixed(tally.photos, 5, seed=1)
    assert [listed.root for listed in wall] == ["Home", "Sports", "Home", "Home", "Home"]
    assert {listed.place for listed in wall} == {0}
    assert len({listed.listing_id for listed in wall}) == 5
    assert wall == mixed(tally.photos, 5, seed=1)


def test_thumbnails_are_small_and_keep_their_shape_or_are_cut_square():
    tally = MarketTally()
    tally.add(Listing("1", "Lamp", photos=(photo("x", "b", 30, 60),)))
    whole = thumbnail(tally.photos[0], STORE.__getitem__, 20, square=False)
    cut = thumbnail(tally.photos[0], STORE.__getitem__, 20, square=True)
    assert (whole.width, whole.height) == (10, 20)
    assert (cut.width, cut.height) == (20, 20)
    assert whole.uri.startswith("data:image/webp;base64,")


def test_a_broken_photo_and_an_unwritable_path_are_said(tmp_path):
    with pytest.raises(InputError, match="the stored photo p1 cannot be opened"):
        write_profile(market()[:1], [], lambda _: b"no image", tmp_path / "profile.html")
    with pytest.raises(InputError, match="cannot be written to"):
        write_profile([], [], STORE.__getitem__, tmp_path / "absent" / "profile.html")


@pytest.mark.browser
def test_the_page_fits_a_phone_and_asks_for_nothing(tmp_path):
    from playwright.sync_api import sync_playwright

    summary, _ = written(tmp_path, market(), REJECTIONS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 800})
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(summary.path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert [url for url in asked if not url.startswith("data:")] == [summary.path.as_uri()]
        assert said == []
        browser.close()
