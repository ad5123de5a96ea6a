"""A server needs none of what trains: it answers everything without torch and its like being imported.

Run as a script, this module is the server: it opens a home, answers, and says what it has imported.
"""

import json
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bowerbird.assembly import open_engine
from bowerbird.market.listing import Listing, Price
from bowerbird.progress import Silent
from bowerbird.settings import load_settings

TRAINS = (
    "torch",
    "lightning",
    "sklearn",
    "ray",
    "kornia",
    "transformers",
    "sentence_transformers",
    "tensorboard",
)
KINDS = {"sofa": (200, ("Home & Garden", "Living Room")), "guitar": (90, ("Music", "Instruments"))}


@pytest.fixture
def learned_home(home_of_processes: Path) -> Path:
    """A home whose category and price models are in use, learned from enough listings for both."""
    from bowerbird.training.category_training import CategoryTraining
    from bowerbird.training.price_training import PriceTraining
    from bowerbird.training.train_category import train_category
    from bowerbird.training.train_price import train_price
    from bowerbird.training.training_data import load_training_data

    settings = load_settings(home_of_processes)
    words = (
        "oak",
        "worn",
        "pale",
        "large",
        "small",
        "plain",
        "carved",
        "tuned",
        "soft",
        "signed",
        "rare",
        "new",
    )
    with closing(open_engine(settings)) as engine:
        engine.upsert(
            [
                Listing(
                    f"more-{kind}-{number}",
                    f"{kind} {words[number % 12]} {words[number // 2 % 12]} {number}",
                    category=category,
                    price=Price(100 * (pounds + number), "GBP"),
                )
                for kind, (pounds, category) in KINDS.items()
                for number in range(60)
            ]
        )
    data, now = load_training_data(settings), datetime(2026, 3, 1, tzinfo=UTC)
    train_category(settings, data, CategoryTraining(folds=3), Silent(), trained_at=now)
    train_price(settings, data, PriceTraining(), Silent(), trained_at=now)
    return home_of_processes


def test_serving_imports_nothing_that_trains(learned_home: Path):
    said = subprocess.run(
        [sys.executable, __file__, str(learned_home)], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    answers = json.loads(said.stdout.splitlines()[-1])
    assert answers["statuses"] == dict.fromkeys(answers["statuses"], 200)
    assert answers["root"] in {"Home & Garden", "Music", "Sports"}
    assert answers["priceable"] is True
    assert [module for module in TRAINS if module in answers["modules"]] == []


def serve(home: Path) -> None:
    from fastapi.testclient import TestClient

    from bowerbird.serving.app import create_app

    settings = load_settings(home)
    with TestClient(create_app(open_engine(settings), settings)) as client:
        pages = ("/?q=red+sofa", "/owner", "/listings/red-sofa")
        replies = {page: client.get(page) for page in pages}
        replies["search"] = client.post("/v1/search", json={"q": "red sofa"})
        draft = {"title": "large oak sofa", "description": "A sofa in good order."}
        for part in ("category", "price", "duplicates"):
            replies[part] = client.post(f"/v1/suggest/{part}", json=draft)
    said = {
        "statuses": {call: reply.status_code for call, reply in replies.items()},
        "root": replies["category"].json()["root"][0]["category"],
        "priceable": replies["price"].json()["priceable"],
        "modules": sorted({name.partition(".")[0] for name in sys.modules}),
    }
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
