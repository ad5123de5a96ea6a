"""The demo from nothing to an answer, and the drawn market asked questions whose answers are known."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bowerbird.assembly import open_engine
from bowerbird.demo.market import read_truth
from bowerbird.demo.plan import COLUMNS, Plan, Truth, plan_market
from bowerbird.demo.run import DRAWN_FOLDER, run_demo
from bowerbird.engine import Engine
from bowerbird.errors import InputError
from bowerbird.jobs.import_market import import_market
from bowerbird.jobs.index_market import index_market
from bowerbird.market.query import Filters, Query, Sort
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings

DRAWN = 24
PLANNED_KINDS = ("bicycle", "sofa", "guitar", "jumper")


def home_with(folder: Path, exported_models: Path) -> Settings:
    folder.mkdir()
    (folder / "models").symlink_to(exported_models)
    return load_settings(folder, encoders={"precision": "f32"})


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, exported_models: Path) -> tuple[Settings, list[str]]:
    """A small demo with what it said."""
    settings = home_with(tmp_path_factory.mktemp("demo") / "home", exported_models)
    return settings, list(run_demo(settings, Silent(), listings=DRAWN, seed=11))


@pytest.fixture(scope="module")
def demo_engine(demo: tuple[Settings, list[str]]) -> Iterator[Engine]:
    with closing(open_engine(demo[0])) as engine:
        yield engine


def test_the_demo_draws_imports_and_indexes_and_says_so(
    demo: tuple[Settings, list[str]], demo_engine: Engine
):
    drew, rows, *_, indexed = demo[1]
    stored = len(demo_engine.stores.catalogue)
    dirty = DRAWN - stored  # a few rows are spoilt on purpose
    assert drew.startswith(f"drew {DRAWN} listings and ")
    assert rows == f"rows: {DRAWN} = {stored} accepted + {dirty} rejected"
    assert dirty <= 3
    assert indexed.startswith(f"encoded {stored} texts and ")
    assert indexed.endswith(f"indexed {stored} listings")


def test_a_second_run_draws_and_encodes_nothing(demo: tuple[Settings, list[str]], demo_engine: Engine):
    settings, _ = demo
    drawn = sorted((settings.home / DRAWN_FOLDER / "photos").iterdir())
    before = [path.stat().st_mtime_ns for path in drawn]
    said = "\n".join(run_demo(settings, Silent(), listings=DRAWN, seed=11))
    assert f"0 created, 0 changed, {len(demo_engine.stores.catalogue)} unchanged" in said
    assert "encoded 0 texts and 0 photos" in said
    assert [path.stat().st_mtime_ns for path in drawn] == before


def test_another_seed_in_the_same_home_is_refused(demo: tuple[Settings, list[str]]):
    with pytest.raises(InputError, match="delete it or give another folder"):
        list(run_demo(demo[0], Silent(), listings=DRAWN, seed=12))


def test_every_listing_knows_what_a_shopper_filters_by(demo_engine: Engine):
    facets = demo_engine.search(Query(facets=("category", "price", "place", "status", "seller"))).facets
    assert all(facets.values())
    town = facets["place"][0]["value"]
    near = demo_engine.search(Query(filters=Filters(place=town), sort=Sort.PRICE_ASC))
    assert {hit.listing.place for hit in near.hits} == {town}


def test_its_own_photo_finds_each_listing(demo: tuple[Settings, list[str]], demo_engine: Engine):
    """Or the one that shows the very same photo: a relisting."""
    shown = set(demo_engine.matching_ids(Query()))
    asked = found = 0
    for drawn in read_truth(demo[0].home / DRAWN_FOLDER)[:12]:
        name = drawn.row["photos"].split("|")[0]
        path = demo[0].home / DRAWN_FOLDER / "photos" / name
        if drawn.truth.listing_id not in shown or drawn.truth.dirt or not path.exists():
            continue
        with Image.open(path) as image:
            answer = demo_engine.search(Query(photo=np.asarray(image.convert("RGB"))))
        asked += 1
        twins = {drawn.truth.listing_id, drawn.truth.duplicate_of}
        found += bool(answer.hits) and answer.hits[0].listing.listing_id in twins
    assert asked >= 8
    assert found >= asked - 1


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    """Hundreds of planned listings of a few kinds."""
    return [
        plan for plan in plan_market(4000, 0, date(2026, 6, 30)) if plan.listing.truth.kind in PLANNED_KINDS
    ]


@pytest.fixture(scope="module")
def words_engine(
    tmp_path_factory: pytest.TempPathFactory, exported_models: Path, plans: list[Plan]
) -> Iterator[Engine]:
    """The engine of `plans`, by their words alone: painting them all would take minutes."""
    folder = tmp_path_factory.mktemp("planned")
    settings = home_with(folder / "home", exported_models)
    columns = [name for name in COLUMNS if name != "photos"]
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(plan.listing.row for plan in plans)
    import_market(settings, str(folder / "rows.csv"), Silent())
    index_market(settings, Silent())
    with closing(open_engine(settings)) as engine:
        yield engine


def shown_truths(engine: Engine, plans: list[Plan]) -> dict[str, Truth]:
    shown = set(engine.matching_ids(Query()))
    truths = (plan.listing.truth for plan in plans)
    return {truth.listing_id: truth for truth in truths if truth.listing_id in shown}


def test_red_bicycle_finds_red_bicycles(words_engine: Engine, plans: list[Plan]):
    """Precision among the first five, over every colour of every kind that has three or more."""
    truths = shown_truths(words_engine, plans)
    wanted: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for truth in truths.values():
        wanted[truth.colour, truth.kind].add(truth.listing_id)
    precisions, of_the_kind = {}, []
    for (colour, kind), relevant in wanted.items():
        if len(relevant) < 3:
            continue
        hits = words_engine.search(Query(words=f"{colour} {kind}", limit=5)).hits
        first = [truths[hit.listing.listing_id] for hit in hits][: len(relevant)]
        precisions[colour, kind] = np.mean([truth.listing_id in relevant for truth in first])
        of_the_kind += [truth.kind == kind for truth in first]
    assert len(precisions) >= 20
    assert ("red", "bicycle") in precisions
    assert np.mean(of_the_kind) >= 0.98
    assert np.mean(list(precisions.values())) >= 0.93
    assert precisions["red", "bicycle"] >= 0.8


def test_every_listing_of_a_kind_is_among_the_matches(words_engine: Engine, plans: list[Plan]):
    truths = shown_truths(words_engine, plans)
    for kind in PLANNED_KINDS:
        matched = set(words_engine.matching_ids(Query(words=kind)))
        of_kind = {listing_id for listing_id, truth in truths.items() if truth.kind == kind}
        assert len(matched & of_kind) >= 0.9 * len(of_kind)


def test_a_limit_in_the_words_is_kept(words_engine: Engine):
    answer = words_engine.search(Query(words="sofa under 100", limit=50))
    assert answer.hits
    assert all(hit.listing.price is not None and hit.listing.price.major <= 100 for hit in answer.hits)
