"""`bowerbird train category` and `train text` on a market whose truth is known, as a newcomer runs them."""

import json
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bowerbird import cli
from bowerbird.assembly import open_catalogue, open_stores
from bowerbird.encoding.learned_model import CARD_FILE, LearnedKind
from bowerbird.evaluation.model_metrics import read_figures
from bowerbird.evaluation.predictions import read_predictions
from bowerbird.market.listing import Listing
from bowerbird.settings import load_settings
from bowerbird.storage.model_registry import active_model
from bowerbird.suggesting.category import CategorySuggester
from bowerbird.suggesting.draft import Draft

INPUT, NOT_FOUND, TRAINING = 2, 3, 6


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable:
    """Run `bowerbird train ...`: its exit code and what it printed."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> SimpleNamespace:
        monkeypatch.setattr(sys, "argv", ["bowerbird", "train", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return SimpleNamespace(code=code, out=said.out, err=said.err)

    return run


def test_the_category_model_is_published_measured_and_suggests(run, home):
    done = run("category", "--home", str(home), "--folds", "4", "--json")
    assert done.code == 0, done.err
    settings = load_settings(home)
    model = active_model(settings.models, LearnedKind.CATEGORY)
    assert json.loads(done.out)["fingerprint"] == model.fingerprint
    names = {(figure.name, figure.system) for figure in read_figures(model.metrics)}
    for level in ("root", "leaf"):
        for figure in ("accuracy", "top-3", "macro-F1", "calibration error"):
            assert {(f"{level} {figure}", "words"), (f"{level} {figure}", "words and photos")} <= names
    assert "# Category of a listing" in (model.folder / CARD_FILE).read_text()
    predictions = read_predictions(model.folder)
    assert {"correct", "leaf_correct", "words_correct"} <= set(predictions.measures)
    with closing(open_stores(settings)) as stores:
        suggester = CategorySuggester(model, stores.encoders)
        listing = Listing("", "Purple guitar")
        none = np.empty((0, stores.vectors.photo_encoder.dimension), np.float32)
        draft = Draft(listing, stores.vectors.text_encoder.encode([listing.text]), none)
    assert suggester.suggest(draft).leaf[0][0] == "Music / Instruments"


@pytest.mark.parametrize("architecture", ["kernel", "conv"])
def test_a_text_classifier_is_published(run, home, architecture):
    done = run("text", "--architecture", architecture, "--epochs", "1", "--home", str(home))
    assert done.code == 0, done.err
    model = active_model(load_settings(home).models, LearnedKind.TEXT_CLASSIFIER)
    assert model.fingerprint in done.out
    assert model.config["architecture"] == architecture
    assert (model.folder / "network.onnx").exists() == (architecture == "conv")


def test_a_folder_that_is_no_home_is_said_to_be_none(run, tmp_path):
    for command in ("category", "text"):
        done = run(command, "--home", str(tmp_path / "nowhere"))
        assert done.code == NOT_FOUND
        assert str(tmp_path / "nowhere") in done.err


def test_a_market_without_categories_says_what_to_do(run, home):
    settings = load_settings(home)
    with closing(open_catalogue(settings)) as catalogue:
        listings = [one for batch in catalogue.scan() for one in batch]
        catalogue.upsert(
            [Listing(one.listing_id, one.title, one.description, photos=one.photos) for one in listings]
        )
    for command in ("category", "text"):
        done = run(command, "--home", str(home))
        assert done.code == TRAINING
        assert "categor" in done.err
        assert "import" in done.err


def test_an_unknown_architecture_is_refused(run, home: Path):
    assert run("text", "--architecture", "bert", "--home", str(home)).code == INPUT
