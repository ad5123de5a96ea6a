"""Signing in, reporting and hiding as people do them, in headless Chromium, whose console stays silent."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from bowerbird.assembly import open_engine
from bowerbird.serving.app import create_app
from bowerbird.settings import load_settings
from bowerbird.storage.key_store import Scope

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def guarded(indexed_home, homes, tmp_path_factory) -> Iterator[FastAPI]:
    """The known market with a key, its shoppers' pages public."""
    home = homes.copy(indexed_home, tmp_path_factory.mktemp("guarded") / "home")
    settings = load_settings(home, serving={"public_pages": True})
    with closing(open_engine(settings)) as engine:
        yield create_app(engine, settings)


@pytest.fixture(scope="module")
def token(guarded: FastAPI) -> str:
    return guarded.state.keyring.store.create("owner", [Scope.ADMIN], datetime.now(UTC)).token


@pytest.fixture
def guarded_page(quiet_page_of, guarded: FastAPI, served, token: str) -> Iterator[Page]:  # noqa: ARG001  made first
    """A quiet page of the market that asks for keys."""
    with served(guarded) as address, quiet_page_of(address) as opened:
        yield opened


def test_a_shopper_reports_and_the_owner_signs_in_hides_it_and_out(guarded_page: Page, token: str):
    page = guarded_page
    page.goto("/listings/red-sofa")
    page.get_by_text("Report this listing").click()
    page.get_by_label("What is wrong with it?").select_option("It looks like a scam")
    page.get_by_label("More, if you like").fill("asks for gift cards")
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_text("Thank you.")).to_be_visible()
    page.get_by_role("link", name="Owner").first.click()
    page.wait_for_url("**/sign-in?next=/owner")
    expect(page.get_by_label("Your key")).to_be_focused()
    page.get_by_label("Your key").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/owner")
    assert page.evaluate("document.cookie").find("bowerbird_key") == -1  # no script reads it
    reported = page.locator("#reports")
    expect(reported).to_contain_text("asks for gift cards")
    reported.get_by_role("button", name="Hide the listing").click()
    page.wait_for_url("**/owner#reports")
    expect(reported).to_contain_text("Nothing is reported")
    expect(reported.get_by_role("button", name="Show it again")).to_be_visible()
    page.goto("/?q=red+sofa")
    expect(page.locator("#cards")).not_to_contain_text("Red sofa")
    page.goto("/owner")
    page.locator("#reports").get_by_role("button", name="Show it again").click()
    page.wait_for_url("**/owner#reports")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/")
    page.goto("/owner")
    page.wait_for_url("**/sign-in?next=/owner")


def test_public_pages_work_without_a_key(guarded_page: Page):
    page = guarded_page
    page.goto("/")
    page.locator("#q").press_sequentially("sofa")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=sofa")
    expect(page.locator("#cards")).to_contain_text("sofa")
    page.goto("/listings/blue-sofa")
    expect(page.locator("h1")).to_contain_text("sofa")
