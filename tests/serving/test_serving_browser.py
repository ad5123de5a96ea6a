"""The pages as a shopper uses them: headless Chromium against the real application over a small market."""

import io

import pytest
from in_chromium import CONTRAST, give, jpeg_file
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

pytestmark = pytest.mark.browser
PHOTO_INPUT = "#search input[data-photo]:not([capture])"


def titles(page: Page) -> list[str]:
    return page.locator("#cards .card-title").all_inner_texts()


def figures(page: Page) -> str:
    return page.locator("#figures").inner_text()


def expect_first_card(page: Page, title: str) -> None:
    expect(page.locator("#cards .card-title").first).to_have_text(title)


def test_words_completed_and_searched_by_keyboard_alone(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("gui")
    options = page.get_by_role("option")
    expect(options.first).to_contain_text("guitar")
    page.keyboard.press("ArrowDown")
    box = page.get_by_role("combobox", name="Search the market")
    expect(box).to_have_attribute("aria-activedescendant", "completion-0")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=guitar")
    expect(page).to_have_title("guitar – bowerbird")
    expect(page.locator("#completions")).to_be_hidden()
    assert all("guitar" in title for title in titles(page)[:4])
    expect(page.get_by_role("status").first).to_have_text(figures(page))


def test_misspelt_words_are_corrected_as_they_are_typed(page: Page) -> None:
    page.goto("/")
    options = page.locator("#completions").get_by_role("option")
    page.locator("#q").press_sequentially("yelow gui")
    expect(options).to_have_text(["yellow guitar1"])
    page.locator("#q").fill("gitar soffa")  # no listing has both, so nothing completes them
    expect(options).to_have_text(["Did you mean guitar sofa"])
    options.click()
    page.wait_for_url("**/?q=guitar+sofa")


def test_escape_closes_the_completions_and_keeps_the_words(page: Page) -> None:
    page.goto("/")
    page.locator("#q").press_sequentially("gui")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#completions")).to_be_hidden()
    expect(page.locator("#q")).to_have_value("gui")


def test_filters_sort_and_back_change_the_page_in_place(page: Page) -> None:
    page.goto("/")
    page.evaluate("window.same = true")
    page.locator(".tree").get_by_role("link", name="Home & Garden").click()
    expect(page.locator("#figures")).to_contain_text("13 listings")
    page.get_by_label("Sort").select_option("price_desc")
    page.wait_for_url("**sort=price_desc")
    expect_first_card(page, "Yellow mug")
    page.get_by_label("to", exact=True).fill("100")
    page.get_by_role("button", name="Go").click()
    page.wait_for_url("**price_max=100**")
    expect_first_card(page, "Blue lamp")
    page.get_by_role("link", name="Remove up to £100").click()
    expect_first_card(page, "Yellow mug")
    page.go_back()
    expect_first_card(page, "Blue lamp")
    assert page.evaluate("window.same")  # never left the first document


def test_more_listings_are_appended_and_take_the_focus(page: Page) -> None:
    page.goto("/")
    shown = titles(page)
    page.get_by_role("link", name="More listings").click()
    expect(page.locator("#cards .card")).to_have_count(29)
    assert titles(page)[: len(shown)] == shown
    assert page.evaluate("document.activeElement.textContent") == titles(page)[len(shown)]
    expect(page.locator("#more")).to_have_count(0)


def test_a_large_photo_is_made_small_searched_with_and_taken_away(page: Page, photo_of) -> None:
    large = io.BytesIO()
    Image.open(io.BytesIO(photo_of("blue", "bicycle", turn=2))).resize((3200, 2400)).save(large, "JPEG")
    page.goto("/")
    with page.expect_request(lambda request: request.method == "POST") as posted:
        page.set_input_files(PHOTO_INPUT, jpeg_file(large.getvalue()))
    expect_first_card(page, "Blue bicycle")
    assert posted.value.headers["content-type"].startswith("multipart/form-data")
    expect(page.get_by_role("heading", level=1)).to_have_text("Like your photo")
    shown = page.locator("#shot-image")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [1024, 768]
    page.get_by_role("link", name="Remove the photo").click()
    expect(page.locator("#figures")).to_contain_text("29 listings")
    expect(shown).to_be_hidden()


def test_a_photo_and_words_stay_together_through_filters_and_back(page: Page, photo_of) -> None:
    page.goto("/")
    page.set_input_files(PHOTO_INPUT, jpeg_file(photo_of("red", "tent", turn=2)))
    expect_first_card(page, "Red tent")
    page.locator("#q").fill("suitcase")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Like your photo, and “suitcase”")
    assert "suitcase" in titles(page)[0]
    page.locator(".tree").get_by_role("link", name="Travel").click()
    expect(page.get_by_role("link", name="Remove Travel")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Like your photo, and “suitcase”")
    page.locator("#cards .card-title a").first.click()
    expect(page.locator("#gallery")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Like your photo, and “suitcase”")
    expect(page.locator("#shot-image")).to_be_visible()


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_photo_is_dropped_or_pasted(page: Page, photo_of, kind: str) -> None:
    page.goto("/listings/red-sofa")  # any page takes one
    if kind == "drop":
        give(page, "dragover", b"")
        expect(page.get_by_text("Drop a photo to search with it")).to_be_visible()
    give(page, kind, photo_of("yellow", "suitcase", turn=2))
    expect_first_card(page, "Yellow suitcase")
    expect(page.locator("#drop-veil")).to_be_hidden()


def test_a_file_that_is_no_photo_is_said_to_be_none(page: Page) -> None:
    page.goto("/")
    page.set_input_files(PHOTO_INPUT, jpeg_file(b"not a photo"))
    expect(page.get_by_text("not a photo that this browser can read").last).to_be_visible()


def test_a_cards_photo_is_searched_with(page: Page) -> None:
    page.goto("/?q=green+mug")
    page.get_by_role("link", name="Search with the photo of Green mug").click()
    page.wait_for_url("**/?like=*")
    expect_first_card(page, "Green mug")
    expect(page.locator("#shot-image")).to_be_visible()


def test_why_a_listing_was_found_opens_without_leaving(page: Page) -> None:
    page.goto("/?q=guitar")
    why = page.locator("#cards .why").first
    why.locator("summary").click()
    expect(why).to_contain_text("By keywords")
    assert page.url.endswith("/?q=guitar")


def test_the_gallery_turns_by_keys_buttons_and_thumbnails(page: Page) -> None:
    page.goto("/listings/blue-sofa")
    thumbs = page.locator(".thumbs a")
    expect(thumbs.nth(0)).to_have_attribute("aria-current", "true")
    first_alike = page.locator("#alike").get_attribute("href")
    page.locator("#stage").focus()
    page.keyboard.press("ArrowRight")
    expect(thumbs.nth(1)).to_have_attribute("aria-current", "true")
    assert page.locator("#alike").get_attribute("href") != first_alike  # it follows the photo that is shown
    page.get_by_role("button", name="Previous photo").click()
    expect(thumbs.nth(0)).to_have_attribute("aria-current", "true")
    thumbs.nth(1).click()
    expect(thumbs.nth(1)).to_have_attribute("aria-current", "true")


def test_the_pages_work_without_javascript(browser: Browser, address: str, photo_of) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="More listings").click()
    expect(page.locator("#cards .card")).to_have_count(5)
    page.get_by_label("Search the market").fill("lamp under 100")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("link", name="Remove up to £100")).to_be_visible()
    page.set_input_files(
        "noscript input[name=photo], .by-hand input", jpeg_file(photo_of("red", "mug", turn=2))
    )
    page.get_by_label("Search the market").fill("")
    page.get_by_role("button", name="Search with the photo").click()
    expect(page.locator("#cards .card-title").first).to_have_text("Red mug")
    context.close()


def test_on_a_phone_nothing_is_cut_off_and_filters_are_a_sheet(browser: Browser, address: str) -> None:
    context = browser.new_context(
        base_url=address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    for path in ("/", "/?q=lamp", "/listings/blue-sofa", "/owner"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.goto("/?q=lamp")
    expect(page.get_by_label("Take a photo and search with it")).to_have_attribute("capture", "environment")
    expect(page.locator("#filters")).to_be_hidden()
    page.get_by_role("button", name="Filters").tap()
    expect(page.locator("#filters")).to_be_visible()
    page.locator("#filters").get_by_role("link", name="Bath, Somerset").tap()
    expect(page.get_by_role("link", name="Remove in Bath, Somerset")).to_be_visible()
    expect(page.locator("#filters")).to_be_hidden()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: Browser, address: str, scheme: str) -> None:
    """WCAG 2.2 AA: 4.5 to 1."""
    context = browser.new_context(base_url=address, color_scheme=scheme)
    page = context.new_page()
    for path in ("/", "/?q=lamp+under+200&place=York", "/?q=xqzvw", "/listings/green-lamp", "/owner"):
        page.goto(path)
        texts = "p, a, h1, h2, h3, dt, dd, li > span, label, summary span, button, .badge, .n, th, td, code"
        measured = page.evaluate(CONTRAST, texts)
        assert len(measured) > 10
        # What stands over a photo has no ground of its own to be measured against.
        poor = [entry for entry in measured if entry[0] < 4.5 and "photo-count" not in entry[1]]
        assert poor == [], path
    context.close()


def test_everything_that_can_be_pressed_has_a_name(page: Page) -> None:
    for path in ("/", "/?q=lamp+under+200", "/listings/blue-sofa", "/owner"):
        page.goto(path)
        tree = page.locator("body").aria_snapshot()
        nameless = [
            line for line in tree.splitlines() if line.strip(" -:") in {"link", "button", "textbox", "img"}
        ]
        assert nameless == [], path
        assert page.locator("h1").count() == 1


def test_the_first_stop_of_the_keyboard_skips_to_the_listings(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the listings")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_slow_answers_show_skeletons_and_a_lost_one_says_so(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/")
    held: list[Route] = []
    page.route("**/?q=sofa", lambda route: held.append(route))  # noqa: PLW0108  playwright marks it
    page.locator("#q").fill("sofa")
    page.keyboard.press("Enter")
    expect(page.locator("#cards .skeleton").first).to_be_visible()
    expect(page.locator("#main")).to_have_attribute("aria-busy", "true")
    held[0].abort()
    expect(page.locator("#main .failure")).to_have_text(
        "The search did not get through. Try again in a moment."
    )
    expect(page.locator("#main")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#cards .skeleton")).to_have_count(0)  # what was there before is back
    assert len(titles(page)) == 24
    context.close()
