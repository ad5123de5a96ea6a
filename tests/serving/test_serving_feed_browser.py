"""The feed as a visitor uses it: headless Chromium against the real application over a small market."""

import pytest
from in_chromium import CONTRAST
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


def listing_of(page: Page, place: int) -> str:
    return page.locator("#cards .card").nth(place).get_attribute("data-listing")


def test_what_is_hidden_goes_at_once_and_the_next_card_has_the_focus(page: Page) -> None:
    page.goto("/")
    first, second = listing_of(page, 0), listing_of(page, 1)
    page.locator("#cards .card").first.get_by_role("button", name="Hide").click()
    expect(page.locator("#announcement")).to_have_text("Hidden. It is not shown to you again.")
    expect(page.locator(f"#cards [data-listing='{first}']")).to_have_count(0)
    assert page.evaluate("document.activeElement.closest('.card') !== null")
    page.goto("/?q=" + first.replace("-", "+"))  # a search goes on finding it: it was hidden from the feed
    page.goto("/")
    expect(page.locator(f"#cards [data-listing='{first}']")).to_have_count(0)
    expect(page.locator(f"#cards [data-listing='{second}']")).to_have_count(1)


def test_a_saved_card_stays_and_says_so_and_looks_make_a_feed(page: Page) -> None:
    page.goto("/?q=guitar")
    save = page.locator("#cards .card").first.get_by_role("button", name="Save")
    save.click()
    expect(save).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#announcement")).to_contain_text("Saved")
    page.reload()
    expect(page.locator("#cards .card").first.get_by_role("button", name="Save")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.goto("/")
    expect(page.get_by_role("heading", name="For you")).to_be_visible()
    expect(page.locator("#cards .why").first).to_contain_text("guitar")


def test_the_buttons_can_be_read_and_hit(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto("/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(".acts button").first.bounding_box()
    assert min(box["width"], box["height"]) >= 40
    ratios = page.evaluate(CONTRAST, ".acts button, .feed-note")
    assert ratios
    assert min(ratio for ratio, *_ in ratios) >= 4.5
    context.close()
