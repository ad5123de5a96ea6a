"""A small real market: drawn photos and a CSV with faults, imported, encoded, indexed and opened."""

import csv
import io
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from in_chromium import FLAGS
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bowerbird.assembly import open_engine
from bowerbird.jobs.import_market import import_market
from bowerbird.jobs.index_market import index_market
from bowerbird.progress import Silent
from bowerbird.serving.app import create_app
from bowerbird.settings import Settings, load_settings
from market_homes import MarketHomes

COLOURS = {"red": (205, 40, 40), "blue": (35, 80, 210), "green": (40, 150, 70), "yellow": (235, 200, 40)}
THINGS = {
    "sofa": "Home & Garden / Furniture / Sofas",
    "lamp": "Home & Garden / Lighting",
    "bicycle": "Sports & Leisure / Bicycles",
    "guitar": "Music / Instruments / Guitars",
    "mug": "Home & Garden / Kitchen",
    "suitcase": "Travel / Luggage",
    "tent": "Sports & Leisure / Camping",
}
PLACES = ("Leeds, West Yorkshire", "York, North Yorkshire", "Bath, Somerset")
PATIENCE_MS = 30_000  # for what is there in an instant, but for a busy machine
COLUMNS = (
    "id",
    "title",
    "description",
    "category",
    "price",
    "place",
    "status",
    "seller",
    "created_at",
    "photos",
)


def drawn_photo(colour: str, thing: str, turn: int = 0) -> Image.Image:
    """A (320, 240) photo: a shape of the thing's own in the colour, on a plain ground."""
    image = Image.new("RGB", (320, 240), (238 - 6 * turn, 236, 230))
    pen, fill = ImageDraw.Draw(image), COLOURS[colour]
    x = 12 * turn
    if thing == "sofa":
        pen.rounded_rectangle((50 + x, 90, 250 + x, 190), 20, fill)
    elif thing == "lamp":
        pen.polygon([(130 + x, 50), (190 + x, 50), (220 + x, 120), (100 + x, 120)], fill)
        pen.rectangle((155 + x, 120, 165 + x, 210), fill)
    elif thing == "bicycle":
        pen.ellipse((40 + x, 120, 120 + x, 200), outline=fill, width=9)
        pen.ellipse((180 + x, 120, 260 + x, 200), outline=fill, width=9)
        pen.line((80 + x, 160, 130 + x, 90, 190 + x, 95, 220 + x, 160), fill, 8)
    elif thing == "guitar":
        pen.ellipse((60 + x, 120, 160 + x, 220), fill)
        pen.line((110 + x, 170, 250 + x, 40), fill, 14)
    elif thing == "mug":
        pen.rectangle((110 + x, 90, 190 + x, 190), fill)
        pen.arc((170 + x, 105, 230 + x, 165), 270, 90, fill, 12)
    elif thing == "suitcase":
        pen.rectangle((80 + x, 80, 230 + x, 200), fill)
        pen.arc((125 + x, 50, 185 + x, 110), 180, 360, (40, 40, 40), 10)
    else:
        pen.polygon([(150 + x, 50), (40 + x, 200), (270 + x, 200)], fill)
    return image


def jpeg(image: Image.Image) -> bytes:
    """The bytes of `image` as a JPEG."""
    data = io.BytesIO()
    image.save(data, "JPEG", quality=90)
    return data.getvalue()


def write_market(folder: Path) -> Path:
    """Listings of every thing in every colour, one photo or two each, and two rows that cannot be taken."""
    photos = folder / "photos"
    photos.mkdir(parents=True)
    newest = datetime(2026, 1, 20, tzinfo=UTC)
    rows: list[dict[str, object]] = []
    for number, (colour, thing) in enumerate((colour, thing) for colour in COLOURS for thing in THINGS):
        names = [f"{colour}-{thing}-{turn}.jpg" for turn in range(1 + number % 2)]
        for turn, name in enumerate(names):
            (photos / name).write_bytes(jpeg(drawn_photo(colour, thing, turn)))
        rows.append(
            {
                "id": f"{colour}-{thing}",
                "title": f"{colour.capitalize()} {thing}",
                "description": f"A {thing} in {colour}. Used, works well.\nCollection only.",
                "category": THINGS[thing],
                "price": f"£{10 * (number + 1)}.00",
                "place": PLACES[number % len(PLACES)],
                "status": "reserved" if number == 3 else "active",
                "seller": f"seller-{number % 4}",
                "created_at": (newest - timedelta(days=number)).isoformat(),
                "photos": " ".join(names),
            }
        )
    rows[1]["title"] = "Red lamp <script>alert(1)</script> & shade"
    rows.append({"id": "untitled", "title": "", "price": "£5"})
    rows.append(
        {**rows[0], "id": "joke-sofa", "title": "Red sofa bed", "price": "ask me", "photos": "none.jpg"}
    )
    path = folder / "listings.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="session")
def photo_of() -> Callable[..., bytes]:
    """The JPEG of a thing in a colour; a turn that the market does not have is a new photo of it."""
    return lambda colour, thing, turn=0: jpeg(drawn_photo(colour, thing, turn))


@pytest.fixture(scope="session")
def small_market(
    tmp_path_factory: pytest.TempPathFactory, exported_models: Path, homes: MarketHomes
) -> Settings:
    """The settings of a home that holds the imported, encoded and indexed market."""
    folder = tmp_path_factory.mktemp("small-market")
    source = write_market(folder)
    home = homes.prepare(folder / "home")
    (home / "models").symlink_to(exported_models)
    settings = load_settings(home)
    import_market(settings, str(source), Silent(), photos=str(folder / "photos"))
    index_market(settings, Silent())
    return settings


@pytest.fixture(scope="session")
def small_app(small_market: Settings) -> Iterator[FastAPI]:
    """The web application over that market."""
    engine = open_engine(small_market)
    yield create_app(engine, small_market)
    engine.close()


@pytest.fixture(scope="module")
def address(small_app: FastAPI) -> Iterator[str]:
    """Where the small market is served."""
    with _served(small_app) as address:
        yield address


@pytest.fixture(scope="module")
def filing_address(filing_app: FastAPI) -> Iterator[str]:
    """Where the market with a category model is served."""
    with _served(filing_app) as address:
        yield address


@pytest.fixture(scope="session")
def served() -> Callable[[FastAPI], AbstractContextManager[str]]:
    """Serves an application for the block, and says where."""
    return _served


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    # The application's own lifespan would close the market that other tests use.
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium on the path; on Debian, `apt-get install chromium` brings it")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()


@contextmanager
def quiet_page(browser: Browser, address: str) -> Iterator[Page]:
    """A page that must say nothing on its console, where a refused inline style or a lost file would show."""
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    context.close()
    assert said == []


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A quiet page of the known market."""
    with quiet_page(browser, address) as opened:
        yield opened


@pytest.fixture
def quiet_page_of(browser: Browser) -> Callable[[str], AbstractContextManager[Page]]:
    """A quiet page of whatever is served at an address."""
    return partial(quiet_page, browser)


@pytest.fixture(scope="session")
def filing_app(
    indexed_home: Path, tmp_path_factory: pytest.TempPathFactory, homes: MarketHomes
) -> Iterator[FastAPI]:
    """The web application over the known market, with a category model that was trained on it."""
    from bowerbird.training.category_training import CategoryTraining
    from bowerbird.training.train_category import train_category
    from bowerbird.training.training_data import load_training_data

    home = homes.copy(indexed_home, tmp_path_factory.mktemp("filing") / "home")
    settings = load_settings(home)
    trained_at = datetime(2026, 3, 1, tzinfo=UTC)
    data = load_training_data(settings)
    train_category(settings, data, CategoryTraining(folds=2), Silent(), trained_at=trained_at)
    engine = open_engine(settings)
    yield create_app(engine, settings)
    engine.close()
