"""Both rates of the cut-off, on the known market."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from bowerbird.engine import Engine
from bowerbird.jobs import cutoff_rates as job
from bowerbird.jobs.cutoff_rates import CutoffRates, cutoff_rates
from bowerbird.market.listing import Status
from bowerbird.progress import Silent
from bowerbird.settings import load_settings


@pytest.fixture(scope="module")
def rates(indexed_home: Path) -> CutoffRates:
    return cutoff_rates(load_settings(indexed_home), queries=60, seed=3, progress=Silent())


def test_nonsense_finds_nothing_and_titles_keep_their_listing(rates: CutoffRates):
    assert rates.queries == 60
    assert rates.found_nothing >= 0.9
    assert rates.kept_listing == 1.0
    assert rates.lost_listing == ()
    assert (rates.found_nothing == 1.0) == (rates.found_something == ())


def test_the_rates_are_said_to_programs_and_people(rates: CutoffRates):
    payload = json.loads(json.dumps(rates.payload()))
    assert payload["kept_listing"] == 1.0
    assert rates.lines()[1] == "words of a title that keep its listing:  100.0% of 60 queries"
    failed = CutoffRates(10, 0.9, 0.8, ("xqzv",), ("red 'n' blue",))
    assert failed.lines()[0].endswith("90.0% of 10 queries")
    assert failed.lines()[2:] == ["found something: 'xqzv'", "lost their listing: \"red 'n' blue\""]


def test_what_was_sold_is_not_asked_for(engine: Engine):
    listings = engine.stores.catalogue.get(engine.stores.catalogue.all_ids())
    engine.upsert([dataclasses.replace(one, status=Status.SOLD) for one in list(listings.values())[:40]])
    engine.projection.refresh()
    measured = job._measured(engine, 20, np.random.default_rng(0), Silent())
    assert measured.kept_listing == 1.0
