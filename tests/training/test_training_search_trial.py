"""One trial: it tells every epoch, goes on after a kill, and says why it cannot learn."""

import contextlib

import pytest
import torch

from bowerbird.progress import Silent
from bowerbird.training.photo_folder import read_photo_folder
from bowerbird.training.photo_slice import sliced_photos
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.ray_trials import Halving
from bowerbird.training.search_folder import End, SearchTrial
from bowerbird.training.search_trial import drop_all_but_best, run_trial

TRAINING = PhotoTraining(
    architecture="scratch", size=32, epochs=4, batch_size=16, augmentation=0, precision="f32"
)
FIGURES = ("epoch", "loss", "accuracy", "macro_f1", "learning_rate")


@pytest.fixture(autouse=True)
def _threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def photos(photo_folder):
    return sliced_photos(read_photo_folder(photo_folder, Silent(), seed=0), None, seed=0)


def told(photos, folder, stop_after=None, training=TRAINING):
    """What a trial reports; it is ended as Ray ends one after the epoch `stop_after`."""
    results = []

    def report(result):
        results.append(result)
        if result["epochs"] == stop_after:
            raise SystemExit(0)

    with contextlib.suppress(SystemExit):
        run_trial(photos, training, folder, report, threads=1)
    return results


def test_a_trial_that_was_cut_short_tells_what_an_unbroken_one_tells(photos, tmp_path):
    whole = told(photos, tmp_path / "whole")
    assert [one["epochs"] for one in whole] == [1, 2, 3, 4]
    assert [one["last"] for one in whole] == [False, False, False, True]
    assert len(told(photos, tmp_path / "cut", stop_after=2)) == 2
    again = told(photos, tmp_path / "cut")
    assert [one["epochs"] for one in again] == [1, 2, 3, 4]
    for old, new in zip(whole, again, strict=True):
        assert [new[name] for name in FIGURES] == pytest.approx([old[name] for name in FIGURES], abs=1e-4)
    # A third time nothing is trained: the seconds are those of before.
    assert told(photos, tmp_path / "cut") == again
    kept = sorted(one.name for one in (tmp_path / "cut").glob("*.safetensors"))
    assert kept == ["best.safetensors", "epoch-00003.safetensors", "last.safetensors"]
    drop_all_but_best(tmp_path / "cut")
    assert [one.name for one in (tmp_path / "cut").glob("*.safetensors")] == ["best.safetensors"]


def test_settings_that_cannot_learn_are_a_result(photos, tmp_path):
    hopeless = TRAINING.changed({"architecture": "efficientnet-lite0", "unfreeze": "17", "size": 0})
    (result,) = told(photos, tmp_path / "run", training=hopeless)
    assert result["last"]
    assert "has 16 blocks, but unfreeze=17" in result["failure"]


def test_what_ended_before_a_kill_counts_when_trials_are_stopped():
    def decision(known, accuracy):
        scheduler = Halving(epochs=9, grace=1, factor=3).scheduler(known)
        new = type("Trial", (), {"trial_id": "new"})()
        scheduler.on_trial_add(None, new)
        return scheduler.on_trial_result(None, new, {"epochs": 1, "accuracy": accuracy})

    good = [
        SearchTrial(number, {}, ({"epoch": 0, "accuracy": accuracy},), End.STOPPED)
        for number, accuracy in enumerate((0.5, 0.6, 0.7), start=1)
    ]
    # Of three the best third, above the percentile 66.7 of 0.5, 0.6 and 0.7, which is 0.633, goes on.
    assert decision(good, 0.63) == "STOP"
    assert decision(good, 0.64) == "CONTINUE"
    assert decision([], 0.1) == "CONTINUE"
