"""Features drawn anew equal those that were served; the command says what it lacks."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bowerbird.cli import app
from bowerbird.engine import Engine
from bowerbird.market.event import Event, EventType
from bowerbird.market.query import Filters, Query
from bowerbird.progress import Silent
from bowerbird.ranking.features import FEATURES
from bowerbird.serving.served_pages import search_page
from bowerbird.storage.ranking_log import events_of, read_ranking_log
from bowerbird.training.replayed_features import replay_features

START = datetime(2026, 2, 1, tzinfo=UTC)


def test_replayed_features_equal_those_that_were_served(engine: Engine):
    stores = engine.tastes.stores
    served = {}
    for number, words in enumerate(("red", "blue", "tent")):
        query = Query(words=words, shopper="ann", filters=Filters(price_max=150.0), limit=6)
        time = START + timedelta(minutes=number)
        page = search_page(query, engine.search(query), time)
        # As an imported log has it: without features, which are kept aside to compare with.
        stores.queries.append([dataclasses.replace(page, features=None)])
        served[page.query_id] = page
        event = Event(f"e{number}", EventType.VIEW, page.listing_ids[1], time, "ann", query_id=page.query_id)
        engine.received([one for one in stores.log.append([event]) if one is not None])
        engine.tastes.refresh()
    pages = read_ranking_log(stores)
    replayed = replay_features(engine, pages, events_of(stores), 300, Silent())
    assert replayed.keys() == served.keys()
    stores.queries.append(
        [dataclasses.replace(page, query_id=f"{name}-again") for name, page in served.items()]
    )
    recorded = {one.page.query_id: one.record for one in read_ranking_log(stores)}
    timeless = [place for place, name in enumerate(FEATURES) if name != "age_days"]
    for name, features in replayed.items():
        record = recorded[f"{name}-again"]
        assert record is not None
        assert features[:, timeless] == pytest.approx(record.features[:, timeless], abs=1e-4, nan_ok=True)
    visits = [features[0, FEATURES.index("visits")] for features in replayed.values()]
    assert sorted(visits) == [0, 1, 2]
    shown = [features[:, FEATURES.index("impressions")].max() for features in replayed.values()]
    assert shown[0] == 0 < shown[2]  # what was served before, and not the page itself


def test_a_question_with_a_photo_cannot_be_asked_again(engine: Engine):
    stores = engine.tastes.stores
    query = Query(words="red", photo=np.zeros((8, 8, 3), np.uint8), limit=3)
    page = search_page(query, engine.search(query), START)
    stores.queries.append([dataclasses.replace(page, features=None)])
    assert replay_features(engine, read_ranking_log(stores), [], 300, Silent()) == {}


def test_the_commands_say_what_they_lack(home: Path):
    runner = CliRunner()
    trained = runner.invoke(app, ["train", "ranker", "--home", str(home)])
    assert "pages of search with a click" in str(trained.exception)
    compared = runner.invoke(app, ["evaluate", "rankers", "--json", "--home", str(home)])
    assert json.loads(compared.stdout) == {"pages": {}, "position_bias_corrected": False, "figures": []}
    shown = runner.invoke(app, ["evaluate", "rankers", "--home", str(home)])
    assert "no page of search yet" in shown.stdout
