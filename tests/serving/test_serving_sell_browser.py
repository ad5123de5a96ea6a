"""The seller's page as a seller uses it: headless Chromium against the application over a small market."""

import io

import pytest
from in_chromium import CONTRAST, give, jpeg_file
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

pytestmark = pytest.mark.browser
PHOTOS = "[data-sell-photos]"


def repeats(page: Page):
    return page.locator("#suggested-duplicates .repeat-title")


def test_words_are_answered_as_they_are_typed(page: Page):
    page.goto("/sell")
    page.get_by_label("Title").press_sequentially("Red sofa")
    page.get_by_label("Description").fill("A sofa in red. Used, works well. Collection only.")
    expect(repeats(page).first).to_have_text("Red sofa")
    expect(page.locator(".repeat-why").first).to_contain_text("The same title and description word for word.")
    expect(page.locator("#announcement")).to_contain_text("possible duplicate")
    expect(page.locator("#suggestions")).not_to_have_attribute("aria-busy", "true")


def test_photos_are_shown_compared_and_taken_away(page: Page, photo_of):
    page.goto("/sell")
    page.set_input_files(PHOTOS, [jpeg_file(photo_of("blue", "tent", 7)), jpeg_file(photo_of("red", "sofa"))])
    shots = page.locator("#sell-shots img")
    expect(shots).to_have_count(2)
    expect(repeats(page)).to_contain_text(["Red sofa"])
    repeat = page.locator(".repeat", has_text="Photo 2 is the same file as theirs.").first
    mine, theirs = repeat.locator(".pair img").all()
    assert mine.get_attribute("src") == shots.nth(1).get_attribute("src")  # side by side
    for image in (mine, theirs):
        expect(image).to_be_visible()
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    page.get_by_role("button", name="Remove photo 2").click()
    expect(shots).to_have_count(1)
    expect(page.locator(".repeat", has_text="same file")).to_have_count(0)


def test_a_large_photo_is_made_small_and_a_file_that_is_none_is_said(page: Page, photo_of):
    large = io.BytesIO()
    Image.open(io.BytesIO(photo_of("blue", "bicycle", turn=2))).resize((3200, 2400)).save(large, "PNG")
    page.goto("/sell")
    page.set_input_files(
        PHOTOS,
        [
            {"name": "large.png", "mimeType": "image/png", "buffer": large.getvalue()},
            {"name": "none.png", "mimeType": "image/png", "buffer": b"no photo"},
        ],
    )
    shot = page.locator("#sell-shots img")
    expect(shot).to_have_count(1)
    assert shot.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])") == [
        1024,
        768,
    ]
    expect(page.locator("#announcement")).not_to_be_empty()


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_photos_dropped_or_pasted_are_for_sale_here(page: Page, photo_of, kind: str):
    page.goto("/sell")
    give(page, kind, photo_of("red", "sofa"))
    expect(page.locator("#sell-shots img")).to_have_count(1)
    expect(page.locator("#shot")).to_be_hidden()  # not searched with
    assert page.url.endswith("/sell")


def test_an_answer_that_was_overtaken_is_dropped(browser: Browser, address: str):
    context = browser.new_context(base_url=address)
    page = context.new_page()
    held: list[Route] = []

    def hold(route: Route) -> None:
        first = 'name="title"\r\n\r\nRed sofa\r\n' in (route.request.post_data or "")
        held.append(route) if first else route.continue_()

    page.goto("/sell")
    page.route("**/sell", hold)
    page.get_by_label("Description").fill("A sofa in red. Used, works well. Collection only.")
    expect(repeats(page).first).to_have_text("Red sofa")  # by its description
    page.get_by_label("Title").fill("Red sofa")
    expect(page.locator("#suggestions")).to_have_attribute("aria-busy", "true")
    page.get_by_label("Title").fill("Green lamp")
    page.get_by_label("Description").fill("A lamp in green. Used, works well. Collection only.")
    expect(repeats(page).first).to_have_text("Green lamp")
    expect(page.locator("#suggestions")).not_to_have_attribute("aria-busy", "true")
    assert held
    expect(repeats(page).first).to_have_text("Green lamp")
    context.close()


def test_a_lost_answer_says_so_and_the_next_one_mends_it(browser: Browser, address: str):
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/sell")
    page.route("**/sell", lambda route: route.abort())
    page.get_by_label("Title").fill("Red sofa")
    expect(page.locator("#suggestions .failure")).to_contain_text("That did not get through")
    page.unroute("**/sell")
    page.get_by_label("Title").fill("Red sofas")
    expect(page.locator("#suggestions .failure")).to_have_count(0)
    context.close()


def test_a_chosen_category_stays(page: Page):
    page.goto("/sell")
    page.get_by_label("Category").select_option("Travel / Luggage")
    with page.expect_response("**/sell") as answered:
        page.get_by_label("Title").fill("A red thing")
    assert "Travel / Luggage" in (answered.value.request.post_data or "")
    expect(page.get_by_label("Category")).to_have_value("Travel / Luggage")


def test_a_suggested_category_is_filled_in_until_the_seller_presses_another(
    browser: Browser, filing_address: str
):
    context = browser.new_context(base_url=filing_address)
    page = context.new_page()
    page.goto("/sell")
    page.get_by_label("Title").fill("Red sofa in good order, collection only")
    guesses = page.locator(".guess")
    expect(guesses.first).to_be_visible()
    expect(page.locator("#announcement")).to_contain_text("ategory")
    filled = page.locator("#suggested-category").get_attribute("data-category") or ""
    expect(page.get_by_label("Category")).to_have_value(filled)
    other = guesses.nth(1).get_attribute("value")
    guesses.nth(1).click()
    expect(page.get_by_label("Category")).to_have_value(other)
    expect(page.locator(f'.guess[value="{other}"]')).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Title").fill("Blue guitar")
    expect(page.locator("#suggestions")).not_to_have_attribute("aria-busy", "true")
    expect(page.get_by_label("Category")).to_have_value(other)
    context.close()


def test_searching_from_here_and_coming_back_sells_on(page: Page, photo_of):
    page.goto("/sell")
    page.locator("#q").fill("guitar")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=guitar")
    expect(page.locator("#cards .card-title").first).to_contain_text("guitar")
    page.go_back()
    page.set_input_files(PHOTOS, jpeg_file(photo_of("red", "sofa")))
    expect(page.locator("#sell-shots img")).to_have_count(1)
    expect(repeats(page)).to_contain_text(["Red sofa"])


def test_without_a_script_it_is_a_form(browser: Browser, address: str, photo_of):
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sell")
    page.set_input_files(PHOTOS, jpeg_file(photo_of("red", "sofa")))
    page.get_by_label("Title").fill("Settee")
    page.get_by_role("button", name="See what it says").click()
    expect(repeats(page)).to_contain_text(["Red sofa"])
    expect(page.locator("#sell-shots img")).to_have_count(1)
    page.get_by_label("Title").fill("Red settee")
    page.get_by_role("button", name="See what it says").click()
    expect(page.locator("#sell-shots img")).to_have_count(1)  # though the browser sent no file
    expect(repeats(page)).to_contain_text(["Red sofa"])
    context.close()


def test_a_phone_has_room_for_all_of_it(browser: Browser, address: str, photo_of):
    context = browser.new_context(
        base_url=address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto("/sell")
    page.set_input_files(PHOTOS, [jpeg_file(photo_of("red", "sofa"))] * 4)
    expect(repeats(page)).to_contain_text(["Red sofa"])
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_and_everything_has_a_name(browser: Browser, address: str, photo_of, scheme: str):
    context = browser.new_context(base_url=address, color_scheme=scheme)
    page = context.new_page()
    page.goto("/sell")
    page.set_input_files(PHOTOS, jpeg_file(photo_of("red", "sofa")))
    expect(repeats(page)).to_contain_text(["Red sofa"])
    texts = "p, a, h1, h2, h3, label, legend, button, span, strong, .badge, code"
    measured = page.evaluate(CONTRAST, texts)
    assert len(measured) > 20
    # A button on a photo has no ground of its own to be measured against; what is skipped to is off the page.
    assert [entry for entry in measured if entry[0] < 4.5 and "sell-shots" not in entry[1]] == []
    nameless = [
        line
        for line in page.locator("body").aria_snapshot().splitlines()
        if line.strip(" -:") in {"link", "button", "textbox", "img", "combobox"}
    ]
    assert nameless == []
    assert page.locator("h1").count() == 1
    context.close()
