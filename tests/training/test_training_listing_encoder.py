"""The listing encoder's run: it learns, it goes on after a kill, it is published with its figures."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch

from bowerbird.encoding.listing_encoder import ListingEncoder
from bowerbird.errors import InputError, TrainingError
from bowerbird.evaluation.model_metrics import read_figures
from bowerbird.evaluation.predictions import read_predictions
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.model_registry import active_model
from bowerbird.training import listing_examples
from bowerbird.training.listing_examples import epoch_batches, listing_batch, read_examples
from bowerbird.training.listing_figures import thinned_gallery
from bowerbird.training.listing_training import ListingTraining
from bowerbird.training.train_listing_encoder import (
    learned,
    learning_rate,
    train_listing_encoder,
)
from bowerbird.training.training_data import Part, load_training_data
from tiny_listing import TINY

TESTS = Path(__file__).resolve().parents[1]
TRAINING = ListingTraining(**TINY)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def examples(settings: Settings):
    return read_examples(settings, load_training_data(settings))


def weights(run):
    return {name: tensor.clone() for name, tensor in run.network.state_dict().items()}


class StoppedError(Exception):
    """What stands for a kill within one process."""


class Interrupting(Silent):
    """Stops a run after so many batches."""

    def __init__(self, batches: int) -> None:
        self._left = batches

    def advance(self, units: int) -> None:
        self._left -= units
        if self._left < 0:
            raise StoppedError


def assert_same(one, other):
    for name, tensor in weights(one).items():
        torch.testing.assert_close(weights(other)[name], tensor, atol=1e-4, rtol=0)


def test_a_run_stopped_at_any_epoch_ends_as_an_unbroken_one(tmp_path: Path, examples):
    unbroken = learned(examples, TRAINING, tmp_path / "unbroken", Silent())
    for batches in range(TRAINING.epochs):  # within the first epoch, the second, the third
        with pytest.raises(StoppedError):
            learned(examples, TRAINING, tmp_path / str(batches), Interrupting(batches))
        assert_same(learned(examples, TRAINING, tmp_path / str(batches), Silent()), unbroken)


@pytest.mark.long
def test_a_run_killed_outright_ends_as_an_unbroken_one(home: Path, examples):
    unbroken = learned(examples, TRAINING, home / "runs" / "unbroken", Silent())
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    for epochs in (1, 1):  # two kills on the way: after the first epoch, and after the second
        command = [sys.executable, str(TESTS / "training" / "listing_run_worker.py"), str(home), str(epochs)]
        killed = subprocess.run(command, env=environment, check=False, capture_output=True)
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert_same(learned(examples, TRAINING, home / "runs" / "killed", Silent()), unbroken)


def test_a_trained_model_is_in_use_and_says_what_it_was_measured_on(settings: Settings):
    data = load_training_data(settings)
    model = train_listing_encoder(settings, data, TRAINING, Silent(), trained_at=NOW)
    assert active_model(settings.models, model.kind).fingerprint == model.fingerprint
    figures = read_figures(model.metrics)
    assert {"title to photo R@10", "words to photo R@10", "photo to words R@10"} <= {
        one.name for one in figures
    }
    assert all(one.baseline for one in figures if one.system == "listing encoder")
    found = read_predictions(model.folder)
    assert "title to photo R@1" in found.measures
    assert "One space for photos, words and listings" in (model.folder / "card.md").read_text()
    encoder = ListingEncoder(model)
    np.testing.assert_allclose(np.linalg.norm(encoder.photos(data.features[:3]), axis=1), 1, atol=1e-5)
    assert list((settings.home / "runs" / "listing").glob("*/events*"))
    again = train_listing_encoder(settings, data, TRAINING, Silent(), trained_at=NOW)
    assert again.fingerprint == model.fingerprint  # the same seed and data give the same model


def test_a_batch_holds_photos_and_words_of_its_listings_and_knows_what_is_the_same(examples):
    rows = epoch_batches(examples, TRAINING, 0)[0]
    batch = listing_batch(examples, rows, 1.0, np.random.default_rng(0))
    for place, row in enumerate(rows.tolist()):
        own = examples.features[examples.photos[row]]
        assert any(torch.equal(batch.first[place], photo) for photo in own)
        assert torch.equal(batch.text[place], examples.titles[row])
    assert torch.equal(batch.same.diagonal(), torch.ones(len(rows), dtype=torch.bool))
    groups = examples.data.groups[rows]
    np.testing.assert_array_equal(batch.same.numpy(), groups[:, None] == groups[None])


def test_epochs_differ_and_each_is_the_same_again(examples):
    first, second = (np.concatenate(epoch_batches(examples, TRAINING, epoch)) for epoch in (0, 1))
    assert first.tolist() != second.tolist()
    assert first.tolist() == np.concatenate(epoch_batches(examples, TRAINING, 0)).tolist()
    assert set(first.tolist()) <= set(examples.rows(Part.TRAIN).tolist())


def test_the_gallery_holds_whole_test_listings_and_no_file_twice(examples):
    data = examples.data
    gallery = thinned_gallery(data, Part.TEST, most=7)
    assert len(gallery.photos) <= 7
    assert set(gallery.owners.tolist()) <= set(data.rows(Part.TEST).tolist())
    hashes = [data.photo_hashes[row] for row in gallery.photos]
    assert len(set(hashes)) == len(hashes)


def test_the_learning_rate_rises_and_falls():
    rates = [learning_rate(TRAINING, step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(TRAINING.learning_rate / 10)
    assert max(rates) == rates[9] == pytest.approx(TRAINING.learning_rate)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < TRAINING.learning_rate / 500


def test_a_market_without_photos_cannot_teach_it(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(listing_examples.FEWEST_LISTINGS, Part.TRAIN, 1000)
    with pytest.raises(TrainingError, match="needs at least 1000: import listings with photos"):
        read_examples(settings, load_training_data(load_settings(settings.home)))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"epochs": 0}, "epochs must be at least 1, but 0"),
        ({"title_share": 1.5}, "title_share is a share, 0 to 1, but 1.5"),
        ({"looks": 256}, "256 of 256 numbers for looks leave none for meaning"),
    ],
)
def test_settings_out_of_range_are_refused(given, says):
    with pytest.raises(InputError, match=says):
        ListingTraining(**given)
